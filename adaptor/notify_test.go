package adaptor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
)

// request makes a request with headers and returns the answer.
func request(h http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, r)
	return recorder
}

// TestToken: a receiver with a token takes posts that bear it, and no others, and says nothing
// of it.
func TestToken(t *testing.T) {
	config := onlySlack()
	config.Receivers[0].Token = "a-long-token"
	server, err := New(Options{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	for i, test := range []struct {
		authorization string
		status        int
	}{
		{"Bearer a-long-token", 200}, {"bearer a-long-token", 200}, {"Bearer  a-long-token ", 200},
		{"", 401}, {"Bearer", 401}, {"Bearer ", 401}, {"Bearer a-long-toke", 401}, {"Bearer a-long-token2", 401},
		{"Basic a-long-token", 401}, {"a-long-token", 401}, {"Bearer A-LONG-TOKEN", 401}, {"Bearer " + strings.Repeat("a", 100_000), 401},
	} {
		var headers []string
		if test.authorization != "" {
			headers = []string{"Authorization", test.authorization}
		}
		answer := request(server.Handler(), http.MethodPost, NotifyPath+"slack", named(fmt.Sprint("A", i)), headers...)
		if answer.Code != test.status {
			t.Errorf("%.40q: %d %s", test.authorization, answer.Code, answer.Body)
		}
		if challenge := answer.Header().Get("WWW-Authenticate"); (challenge == "") != (test.status == 200) || strings.Contains(answer.Body.String()+challenge, "long") {
			t.Errorf("%.40q: challenge %q, answer %s", test.authorization, challenge, answer.Body)
		}
	}
	if got := scrape(t, server.Handler())[`refused_requests_total{status="401"}`]; got != "9" {
		t.Errorf("%s refusals counted", got)
	}
}

func TestContentEncoding(t *testing.T) {
	server, err := New(Options{Config: onlySlack()})
	if err != nil {
		t.Fatal(err)
	}
	answer := request(server.Handler(), http.MethodPost, NotifyPath+"slack", named("A"), "Content-Encoding", "gzip")
	if answer.Code != http.StatusUnsupportedMediaType {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
}

// brokenQueue fails with a path in its error.
type brokenQueue struct{ Queue }

func (brokenQueue) Put(context.Context, Item) (bool, error) {
	return false, errors.New("write /var/lib/adaptor/msgs: input/output error")
}

func (brokenQueue) Ready(ctx context.Context) error {
	if _, bounded := ctx.Deadline(); !bounded {
		return errors.New("asked without a bound")
	}
	return errors.New("write /var/lib/adaptor/msgs: input/output error")
}

// TestQueueThatCannotBeWritten: Alertmanager is to try again, the load balancer to look
// elsewhere, and the log to tell why.
func TestQueueThatCannotBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Config: onlySlack(), Queue: brokenQueue{NewMemoryQueue(MemoryLimits{})}})
		for _, answer := range []*httptest.ResponseRecorder{
			request(b.Handler(), http.MethodPost, NotifyPath+"slack", named("A")),
			request(b.Handler(), http.MethodGet, "/-/ready", ""),
		} {
			if answer.Code != http.StatusServiceUnavailable || strings.Contains(answer.Body.String(), "/var/lib") {
				t.Errorf("%d %s", answer.Code, answer.Body)
			}
		}
		if got := strings.Count(b.log.String(), "write /var/lib/adaptor/msgs: input/output error"); got != 2 {
			t.Errorf("the log says why %d times:\n%s", got, b.log)
		}
		b.stop()
		<-b.stopped
	})
}

// slowBody is a body whose end comes late.
type slowBody struct {
	io.Reader
	ended chan struct{}
}

func (b slowBody) Read(into []byte) (int, error) {
	n, err := b.Reader.Read(into)
	if err != nil {
		<-b.ended
	}
	return n, err
}

// TestSlowLargeBodies: of large bodies that do not end the largest are refused when memory is
// needed, and keep nobody out.
func TestSlowLargeBodies(t *testing.T) {
	const slow = 8
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Config: onlySlack()})
		ended, answers := make(chan struct{}), make(chan int, slow)
		for i := range slow {
			body := slowBody{strings.NewReader(named(fmt.Sprint("Slow", i)) + strings.Repeat(" ", MaxBody-500)), ended}
			go func() {
				status, _ := post(b.Handler(), http.MethodPost, NotifyPath+"slack", body)
				answers <- status
			}()
			synctest.Wait()
			if status, answer := b.post("slack", named(fmt.Sprint("A", i))); status != http.StatusOK {
				t.Errorf("a small post got %d %s", status, answer)
			}
			if held := b.bodies.used; held > maxBodies {
				t.Errorf("%d bytes of bodies", held)
			}
		}
		// A large one that comes whole is taken, at the cost of those that do not end.
		large := strings.Repeat(" ", MaxBody-500) + named("Large")
		if status, answer := b.post("slack", large); status != http.StatusOK {
			t.Errorf("a large post got %d %s", status, answer)
		}
		close(ended)
		for range slow {
			if status := <-answers; status != http.StatusServiceUnavailable {
				t.Errorf("a slow post got %d", status)
			}
		}
		if b.bodies.used != 0 || len(b.bodies.reading) != 0 || len(b.bodies.decoding) != 0 {
			t.Errorf("left over: %d bytes, %d bodies", b.bodies.used, len(b.bodies.reading))
		}
		b.stop()
		<-b.stopped
	})
}

// TestBodiesBeingWorkedOn: while complete large bodies take all of the budget, small posts pass.
func TestBodiesBeingWorkedOn(t *testing.T) {
	server, err := New(Options{Config: onlySlack()})
	if err != nil {
		t.Fatal(err)
	}
	server.bodies.used = maxBodies
	for size, want := range map[int]int{100: http.StatusOK, smallBody + 1: http.StatusServiceUnavailable} {
		body := named(fmt.Sprint("A", size))
		body += strings.Repeat(" ", max(0, size-len(body)))
		if status, answer := post(server.Handler(), http.MethodPost, NotifyPath+"slack", strings.NewReader(body)); status != want {
			t.Errorf("%d bytes: %d %s", size, status, answer)
		}
	}
	if server.bodies.used != maxBodies {
		t.Errorf("%d bytes are counted", server.bodies.used)
	}
}

// TestProfilingIsOff unless it is asked for.
func TestProfilingIsOff(t *testing.T) {
	for _, profiling := range []bool{false, true} {
		server, err := New(Options{Config: onlySlack(), Profiling: profiling})
		if err != nil {
			t.Fatal(err)
		}
		want := map[bool]int{false: http.StatusNotFound, true: http.StatusOK}[profiling]
		if status, _ := post(server.Handler(), http.MethodGet, "/debug/pprof/cmdline", nil); status != want {
			t.Errorf("profiling %t: %d", profiling, status)
		}
	}
}

// TestBrokenOffBodies: what was not sent to its end is not taken, and may be posted again, however
// far it came.
func TestBrokenOffBodies(t *testing.T) {
	server, err := New(Options{Config: onlySlack()})
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 1, firstChunk - 1, firstChunk, firstChunk + 1, 3 * firstChunk, 1 << 20} {
		body := named(fmt.Sprint("A", size))
		body += strings.Repeat(" ", max(0, size-len(body)))
		read, err := newBodyBudget().begin(strings.NewReader(body)).readAll()
		if err != nil || string(read) != body {
			t.Errorf("%d bytes: read %d, %v", len(body), len(read), err)
		}
		broken := io.MultiReader(strings.NewReader(body), iotest.ErrReader(io.ErrUnexpectedEOF))
		status, answer := post(server.Handler(), http.MethodPost, NotifyPath+"slack", broken)
		if status != http.StatusServiceUnavailable || answer != errUnread.Error() {
			t.Errorf("%d bytes, then broken off: %d %s", len(body), status, answer)
		}
	}
}
