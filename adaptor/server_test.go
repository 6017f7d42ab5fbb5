package adaptor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

// handlers is a network without sockets: each host is a handler.
type handlers map[string]http.Handler

func (h handlers) RoundTrip(r *http.Request) (answer *http.Response, err error) {
	handler := h[r.URL.Host]
	if handler == nil {
		return nil, &net.DNSError{Err: "no such host", Name: r.URL.Host, IsNotFound: true}
	}
	defer func() {
		if recover() != nil {
			err = errors.New("connection reset by peer")
		}
	}()
	recorder := httptest.NewRecorder()
	request := r.Clone(r.Context())
	request.RequestURI = r.URL.RequestURI()
	handler.ServeHTTP(recorder, request)
	if r.Context().Err() != nil {
		return nil, r.Context().Err()
	}
	return recorder.Result(), nil
}

// allReceivers has a receiver for each channel, named as the channel.
func allReceivers() *Config {
	config := &Config{}
	for _, c := range Channels() {
		config.Receivers = append(config.Receivers, Receiver{Name: c.Name, Channel: c, Target: targets[c.Name]})
	}
	return config
}

// bench is an adaptor with fake messengers around it, on a virtual clock.
type bench struct {
	*Server
	ims map[string]*fakeim.IM
	log *bytes.Buffer

	mu         sync.Mutex
	deliveries []Delivery
	stop       context.CancelFunc
	stopped    chan error
}

// newBench starts an adaptor; call it inside a bubble.
func newBench(t *testing.T, options Options) *bench {
	t.Helper()
	b := &bench{ims: map[string]*fakeim.IM{}, log: &bytes.Buffer{}, stopped: make(chan error, 1)}
	network := handlers{}
	for _, c := range Channels() {
		b.ims[c.Name] = newFake(t, c.Name)
		for _, host := range slices.Concat(c.Hosts, []string{targets[c.Name].Host()}) {
			network[host] = b.ims[c.Name]
		}
	}
	if options.Config == nil {
		options.Config = allReceivers()
	}
	if options.Transport == nil {
		options.Transport = network
	}
	options.Logger = slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	options.Observe = func(d Delivery) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.deliveries = append(b.deliveries, d)
	}
	server, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	b.Server = server
	ctx, stop := context.WithCancel(t.Context())
	b.stop = stop
	go func() { b.stopped <- server.Run(ctx) }()
	synctest.Wait()
	return b
}

// post posts a body to a receiver and returns the status and the answer.
func (b *bench) post(receiver, body string) (int, string) {
	return post(b.Handler(), http.MethodPost, "/api/v1/notify/"+receiver, strings.NewReader(body))
}

func post(h http.Handler, method, path string, body io.Reader) (int, string) {
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, httptest.NewRequest(method, path, body))
	return recorder.Code, strings.TrimSpace(recorder.Body.String())
}

// outcomes lists the attempts as "attempt outcome".
func (b *bench) outcomes() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []string
	for _, d := range b.deliveries {
		all = append(all, fmt.Sprint(d.Attempt, " ", d.Outcome))
	}
	return all
}

// input reads a webhook body of testdata.
func input(t testing.TB, name string) string {
	t.Helper()
	body, err := os.ReadFile(golden + "/webhook/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// named is a webhook body with one firing alert of the given name.
func named(name string) string {
	return fmt.Sprintf(`{"version":"4","receiver":"im","groupKey":"g-%s","alerts":[{"status":"firing","labels":{"alertname":%q}}]}`, name, name)
}

func TestDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		for _, c := range Channels() {
			if status, answer := b.post(c.Name, input(t, "firing")); status != http.StatusOK {
				t.Errorf("%s: %d %s", c.Name, status, answer)
			}
		}
		b.stop()
		if err := <-b.stopped; err != nil {
			t.Error(err)
		}
		for name, im := range b.ims {
			received := im.Received()
			if len(received) != 1 || !received[0].OK || !strings.Contains(received[0].Text, "PostgreSQLTooManyConnections") ||
				!strings.Contains(received[0].Text, "FIRING") {
				t.Errorf("%s received %+v", name, received)
			}
		}
		for _, d := range b.deliveries {
			if d.Outcome != Done || d.MessageReceiver != "im" || d.GroupKey != `{}:{alertname="PostgreSQLTooManyConnections"}` ||
				d.Status != http.StatusOK || d.Channel != d.Receiver || d.URL == "" || len(d.Body) == 0 || !d.At.Equal(time.Now()) {
				t.Errorf("delivery %+v", d)
			}
		}
	})
}

func TestRefusals(t *testing.T) {
	server, err := New(Options{Config: allReceivers(), Queue: NewMemoryQueue(MemoryLimits{Items: 1})})
	if err != nil {
		t.Fatal(err)
	}
	h := server.Handler()
	notify := "/api/v1/notify/"
	ok := named("A")
	tests := []struct {
		name, method, path, body string
		status                   int
		answer                   string
	}{
		{"unknown", "POST", notify + "feishuu", ok, 404, `there is no receiver "feishuu"; did you mean "feishu"?`},
		{"far from any", "POST", notify + "pagerduty", ok, 404, `there is no receiver "pagerduty" in the adaptor's configuration`},
		{"traversal", "POST", notify + "..%2F..%2Fetc%0Apasswd", ok, 404, `there is no receiver "../../etc passwd" in the adaptor's configuration`},
		{"method", "GET", notify + "feishu", "", 405, ""},
		{"path", "POST", "/", ok, 404, "nothing takes alerts at /: Alertmanager posts to /api/v1/notify/NAME"},
		{"longer path", "POST", notify + "feishu/x%0Ay", ok, 404, "nothing takes alerts at /api/v1/notify/feishu/x y: Alertmanager posts to"},
		{"another page", "GET", "/graph", "", 404, "404 page not found"},
		{"no name", "POST", notify, ok, 404, "nothing takes alerts at /api/v1/notify/: Alertmanager posts to"},
		{"no body", "POST", notify + "feishu", "", 400, "the body is not JSON: unexpected end of JSON input (at byte 0)"},
		{"not JSON", "POST", notify + "feishu", "hello", 400, "the body is not JSON: invalid character 'h' looking for beginning of value (at byte 1)"},
		{"truncated", "POST", notify + "feishu", ok[:len(ok)-2], 400, "the body is not JSON: unexpected end of JSON input"},
		{"two values", "POST", notify + "feishu", ok + ok, 400, "the body is not JSON: invalid character '{' after top-level value"},
		{"an array", "POST", notify + "feishu", "[]", 400, "the body is a JSON array, want an object (at byte 1)"},
		{"a string", "POST", notify + "feishu", `"x"`, 400, "the body is a JSON string, want an object"},
		{"wrong status", "POST", notify + "feishu", `{"status":5,"alerts":[]}`, 400, "status is a JSON number, want a string (at byte 11)"},
		{"wrong alert", "POST", notify + "feishu", `{"alerts":[5]}`, 400, "alerts is a JSON number, want an object"},
		{"wrong label", "POST", notify + "feishu", `{"alerts":[{"labels":{"a":{}}}]}`, 400, "alerts.labels is a JSON object, want a string"},
		{"wrong count", "POST", notify + "feishu", `{"truncatedAlerts":-1}`, 400, "truncatedAlerts is a JSON number -1, want a number of alerts"},
		{"wrong time", "POST", notify + "feishu", `{"alerts":[{"startsAt":"now"}]}`, 400, `"now" is not a time in RFC 3339 form`},
		{"time as number", "POST", notify + "feishu", `{"alerts":[{"startsAt":5}]}`, 400, "the body is not an Alertmanager webhook message"},
		{"null alert", "POST", notify + "feishu", `{"alerts":[null]}`, 400, "alerts[0] is no alert: it has no labels"},
		{"null labels", "POST", notify + "feishu", `{"alerts":[{"labels":null}]}`, 400, "alerts[0] is no alert: it has no labels"},
		{"no alerts", "POST", notify + "feishu", `{}`, 400, "the body has no alerts, so there is nothing to tell"},
		{"null", "POST", notify + "feishu", `null`, 400, "the body has no alerts, so there is nothing to tell"},
		{"deep", "POST", notify + "feishu", strings.Repeat("[", 1<<20), 400, "the body is not JSON: invalid character '[' exceeded max depth"},
		{"too large", "POST", notify + "feishu", strings.Repeat(" ", MaxBody) + ok, 413, "the body is larger than 8388608 bytes: set max_alerts in Alertmanager's webhook_configs"},
		{"accepted", "POST", notify + "feishu", strings.Repeat(" ", MaxBody-len(ok)) + ok, 200, "accepted"},
		{"again", "POST", notify + "feishu", ok, 200, "duplicate"},
		{"full", "POST", notify + "feishu", named("B"), 503, "the queue is full"},
		{"healthy", "GET", "/-/healthy", "", 200, "healthy"},
		{"not running", "GET", "/-/ready", "", 503, "not ready"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, answer := post(h, test.method, test.path, strings.NewReader(test.body))
			if status != test.status || !strings.HasPrefix(answer, test.answer) || strings.Contains(answer, "\n") {
				t.Errorf("got %d %q, want %d %q", status, answer, test.status, test.answer)
			}
		})
	}
}

// TestShutdown: what waits is delivered, within a bound, and what is lost is said.
func TestShutdown(t *testing.T) {
	t.Run("drains", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, Options{})
			b.ims["slack"].Fail(b.ims["slack"].Throttled())
			for i := range 20 {
				b.post("slack", named(fmt.Sprint("A", i)))
			}
			b.stop()
			synctest.Wait()
			if status, _ := b.post("slack", named("late")); status != http.StatusServiceUnavailable {
				t.Errorf("a post while stopping got %d", status)
			}
			if status, _ := post(b.Handler(), http.MethodGet, "/-/ready", nil); status != http.StatusServiceUnavailable {
				t.Errorf("ready while stopping: %d", status)
			}
			if err := <-b.stopped; err != nil {
				t.Error(err)
			}
			told := strings.Join(acceptedTexts(b.ims["slack"]), "\n")
			for i := range 20 {
				if !strings.Contains(told, fmt.Sprint("A", i)) {
					t.Errorf("A%d was not delivered", i)
				}
			}
		})
	})
	t.Run("gives up", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, Options{DrainTimeout: 5 * time.Second})
			b.ims["slack"].Fail(fakeim.Fault{Delay: time.Hour})
			b.post("slack", named("A"))
			b.post("slack", named("B"))
			synctest.Wait()
			b.stop()
			began := time.Now()
			err := <-b.stopped
			if err == nil || err.Error() != "stopped with 2 notifications not delivered" || time.Since(began) != 5*time.Second {
				t.Errorf("got %v after %s", err, time.Since(began))
			}
		})
	})
}

// TestServe runs everything over real sockets, many posts at once.
func TestServe(t *testing.T) {
	const posts = 40
	im, err := fakeim.New("webhook")
	if err != nil {
		t.Fatal(err)
	}
	messenger := httptest.NewServer(im)
	defer messenger.Close()
	ops := Receiver{Name: "ops", Channel: channelOfType("webhook"), Target: Target{URL: Secret(messenger.URL + "/token-of-a-bot")}}
	server, err := New(Options{Config: &Config{Receivers: []Receiver{ops}}})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, listener) }()
	address := "http://" + listener.Addr().String() + "/api/v1/notify/ops"
	var clients sync.WaitGroup
	for i := range posts {
		clients.Go(func() {
			answer, err := http.Post(address, "application/json", strings.NewReader(named(fmt.Sprint("A", i))))
			if err != nil || answer.StatusCode != http.StatusOK {
				t.Errorf("post: %v, %v", answer, err)
				return
			}
			_ = answer.Body.Close()
		})
	}
	clients.Wait()
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
	received := im.Received()
	if len(received) != posts {
		t.Errorf("%d messages of %d", len(received), posts)
	}
	for _, r := range received {
		if !r.OK {
			t.Errorf("refused: %s", r.Answer)
		}
	}
}

// BenchmarkNotify measures one accepted notification of five alerts, without its delivery.
func BenchmarkNotify(b *testing.B) {
	config := allReceivers()
	config.DedupWindow = 1
	server, err := New(Options{Config: config, Queue: NewMemoryQueue(MemoryLimits{Items: 1 << 30, Bytes: 1 << 40})})
	if err != nil {
		b.Fatal(err)
	}
	h, body := server.Handler(), input(b, "mixed")
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if status, answer := post(h, http.MethodPost, NotifyPath+"feishu", strings.NewReader(body)); status != http.StatusOK {
			b.Fatal(answer)
		}
	}
}
