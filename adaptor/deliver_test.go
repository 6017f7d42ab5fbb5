package adaptor

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

// TestRetries: a throttling messenger gets the message later, and once.
func TestRetries(t *testing.T) {
	for _, c := range Channels() {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{})
				im := b.ims[c.Name]
				doubtful := fakeim.Fault{Status: http.StatusOK}
				if c.Verdict(Response{Status: http.StatusOK}).Outcome == Done {
					doubtful.Status = http.StatusBadGateway
				}
				im.Fail(im.Throttled(), fakeim.Fault{Status: 500, Body: "oops"}, doubtful,
					fakeim.Fault{Reset: true}, fakeim.Fault{Delay: time.Minute})
				b.post(c.Name, named("First"))
				b.post(c.Name, named("Second"))
				time.Sleep(time.Hour)
				b.stop()
				if err := <-b.stopped; err != nil {
					t.Error(err)
				}
				want := []string{"1 retry", "2 retry", "3 retry", "4 retry", "5 retry", "6 done", "1 done"}
				if diff := cmp.Diff(want, b.outcomes()); diff != "" {
					t.Error(diff)
				}
				received := im.Received()
				last, before := received[len(received)-1], received[len(received)-2]
				if !before.OK || !strings.Contains(before.Text, "First") || !last.OK || !strings.Contains(last.Text, "Second") {
					t.Errorf("out of order: %q then %q", before.Text, last.Text)
				}
			})
		})
	}
}

// TestDoubtAfterAnOutage: answers that are not understood count from the first of them, not
// from the outage before.
func TestDoubtAfterAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		for range 10 {
			b.ims["wecom"].Fail(fakeim.Fault{Status: 503})
		}
		for range doubtfulAttempts - 1 {
			b.ims["wecom"].Fail(fakeim.Fault{Status: 200, Body: "<html>"})
		}
		b.post("wecom", named("A"))
		time.Sleep(24 * time.Hour)
		b.stop()
		<-b.stopped
		if got := b.outcomes(); got[len(got)-1] != "15 done" {
			t.Errorf("outcomes %q", got)
		}
	})
}

// TestRetryAfterIsHonoured: not a moment before the messenger allows it.
func TestRetryAfterIsHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		b.ims["slack"].Fail(fakeim.Fault{Status: 429, Header: map[string]string{"Retry-After": "90"}})
		b.post("slack", named("A"))
		time.Sleep(time.Hour)
		received := b.ims["slack"].Received()
		if len(received) != 2 || received[1].At.Sub(received[0].At) != 90*time.Second {
			t.Errorf("received %+v", received)
		}
		b.stop()
		<-b.stopped
	})
}

// TestGivingUp: the bounds of the retries hold, the loss is logged, and the next notification
// has its turn.
func TestGivingUp(t *testing.T) {
	always := func(im *fakeim.IM, fault fakeim.Fault) {
		for range 1000 {
			im.Fail(fault)
		}
	}
	tests := []struct {
		name     string
		retry    RetryPolicy
		fault    fakeim.Fault
		attempts int
		reason   string
	}{
		{"attempts", RetryPolicy{Attempts: 4}, fakeim.Fault{Status: 500}, 4, "gave up after 4 attempts: HTTP 500: empty body"},
		{"age", RetryPolicy{MaxAge: 10 * time.Second}, fakeim.Fault{Status: 500}, 0, "gave up after"},
		{"never understood", RetryPolicy{}, fakeim.Fault{Status: 200, Body: "<html>"}, doubtfulAttempts, "gave up after 5 attempts: answer not understood"},
		{"permanent", RetryPolicy{}, fakeim.Fault{Status: 200, Body: `{"code":19021,"msg":"sign match fail"}`}, 1, "feishu error 19021: sign match fail (the secret is wrong"},
		{"always too large", RetryPolicy{}, fakeim.Fault{Status: 413}, 6, "HTTP 413"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{Retry: test.retry})
				always(b.ims["feishu"], test.fault)
				b.post("feishu", named("A"))
				time.Sleep(24 * time.Hour)
				b.stop()
				if err := <-b.stopped; err != nil {
					t.Error(err)
				}
				last := b.deliveries[len(b.deliveries)-1]
				if last.Outcome != DeadLetter || !strings.HasPrefix(last.Reason, test.reason) || (test.attempts > 0 && last.Attempt != test.attempts) {
					t.Errorf("got %s at attempt %d: %s", last.Outcome, last.Attempt, last.Reason)
				}
				if !strings.Contains(b.log.String(), "level=ERROR msg=\"given up, now a dead letter\" receiver=feishu") {
					t.Errorf("the loss is not in the log:\n%s", b.log)
				}
				if took := last.At.Sub(b.deliveries[0].At); took > 3*time.Hour {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// TestTooLargeAfterAll: a messenger whose limit is lower than we know gets smaller parts, and no
// alert is missing.
func TestTooLargeAfterAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Config: toChannel("feishu")})
		b.ims["feishu"].Fail(fakeim.Fault{Status: 200, Body: `{"code":19036,"msg":"The message exceeds the size limit of 30KB"}`})
		b.post("feishu", groupOf("a", 60, "firing"))
		time.Sleep(time.Hour)
		b.stop()
		if err := <-b.stopped; err != nil {
			t.Error(err)
		}
		whole := strings.Join(acceptedTexts(b.ims["feishu"]), "\n")
		for _, r := range b.ims["feishu"].Received()[1:] {
			if !r.OK || len(r.Body) > 10_000 {
				t.Errorf("%d bytes: %s", len(r.Body), r.Answer)
			}
		}
		for i := range 60 {
			if n := strings.Count(whole, fmt.Sprintf("disk a-%d is full", i)); n != 1 {
				t.Errorf("alert %d is told %d times", i, n)
			}
		}
	})
}

// TestOneSlowMessenger: a messenger that hangs holds up nobody else.
func TestOneSlowMessenger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		b.ims["wecom"].Fail(fakeim.Fault{Delay: time.Hour})
		b.post("wecom", named("A"))
		b.post("slack", named("A"))
		synctest.Wait()
		if received := b.ims["slack"].Received(); len(received) != 1 || !received[0].OK {
			t.Errorf("slack received %+v", received)
		}
		time.Sleep(sendTimeout + 10*time.Second)
		if received := b.ims["wecom"].Received(); len(received) != 2 {
			t.Errorf("wecom received %d requests: the hanging one was not given up", len(received))
		}
		b.stop()
		<-b.stopped
	})
}

// TestSecretsStayHidden: no log record, error or reason has a token or a secret in it, not even
// when a messenger quotes the request.
func TestSecretsStayHidden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Each messenger quotes all it was told, the secret at a place where the text is cut.
		network := handlers{}
		for _, c := range Channels() {
			echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusBadGateway)
				fmt.Fprintf(w, "cannot post %s to %s %s %s", r.URL, r.Host, strings.Repeat("x", 120), strings.Repeat(string(targets[c.Name].Secret)+" ", 20))
			})
			for _, host := range c.Hosts {
				network[host] = echo
			}
		}
		delete(network, "qyapi.weixin.qq.com")
		b := newBench(t, Options{Transport: network, Retry: RetryPolicy{Attempts: 2}})
		for _, c := range Channels() {
			b.post(c.Name, named("A"))
		}
		time.Sleep(time.Hour)
		b.stop()
		<-b.stopped
		text := b.log.String()
		for _, d := range b.deliveries {
			text += d.Reason
		}
		text += fmt.Sprintf("%v %+v %#v %s", targets, targets, targets, targets)
		for _, secret := range []string{"token-of", "tests", "SECte"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q is in\n%s", secret, text)
			}
		}
		if strings.Count(text, "given up, now a dead letter") != len(Channels()) {
			t.Errorf("log:\n%s", text)
		}
	})
}

// TestBrokenEncoder: a message that makes a channel panic is lost alone.
func TestBrokenEncoder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := *channelOfType("slack")
		broken.Encode = func(target Target, m Message, now time.Time) (Request, error) {
			if m.Name == "Bad" {
				panic("cannot encode for " + string(target.URL))
			}
			return encodeSlack(target, m, now)
		}
		b := newBench(t, Options{Config: &Config{Receivers: []Receiver{{Name: "slack", Channel: &broken, Target: targets["slack"]}}}})
		b.post("slack", named("Bad"))
		b.post("slack", named("Good"))
		b.stop()
		if err := <-b.stopped; err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"1 dead letter", "1 done"}, b.outcomes()); diff != "" {
			t.Error(diff)
		}
		if got := b.deliveries[0].Reason; got != "internal error: cannot encode for <secret>" {
			t.Errorf("reason %q", got)
		}
	})
}

// BenchmarkSplit measures writing a group for each channel: one of a few alerts, one of 200, and
// one as large as is accepted.
func BenchmarkSplit(b *testing.B) {
	few, many := input(b, "mixed"), input(b, "many")
	alert := fmt.Sprintf(`{"status":"firing","labels":{"alertname":"A","pod":"p"},"annotations":{"description":%q}},`, strings.Repeat("x", 700))
	largest := `{"alerts":[` + strings.TrimSuffix(strings.Repeat(alert, MaxAlerts), ",") + `]}`
	for _, c := range Channels() {
		for _, size := range []struct{ name, body string }{{"few", few}, {"many", many}, {"largest", largest}} {
			b.Run(c.Name+"/"+size.name, func(b *testing.B) {
				for b.Loop() {
					p, err := decode([]byte(size.body))
					if err != nil {
						b.Fatal(err)
					}
					e := newEncoder(c, targets[c.Name], time.Now())
					m, ends, err := e.plan(newMessage(p, Style{}), 0)
					if err != nil {
						b.Fatal(err)
					}
					if _, err := e.encode(m.part(0, ends[0], 1, len(ends))); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
