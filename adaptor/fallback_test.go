package adaptor

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

// TestFallback: what a receiver cannot deliver comes through its fallback, which says so.
func TestFallback(t *testing.T) {
	tests := []struct {
		name  string
		after time.Duration
		fault fakeim.Fault
		most  time.Duration
	}{
		{"refused for good", 0, fakeim.Fault{Status: 404, Body: "no_service"}, time.Second},
		{"down for too long", 10 * time.Minute, fakeim.Fault{Status: 503}, 11 * time.Minute},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config := allReceivers()
				for i := range config.Receivers {
					if r := &config.Receivers[i]; r.Name == "slack" {
						r.Fallback, r.FallbackAfter = "wecom", test.after
					}
				}
				b := newBench(t, Options{Config: config})
				for range 100 {
					b.ims["slack"].Fail(test.fault)
				}
				began := time.Now()
				b.post("slack", named("A"))
				time.Sleep(time.Hour)
				b.stop()
				<-b.stopped
				received := b.ims["wecom"].Received()
				if len(received) != 1 || !received[0].OK || received[0].At.Sub(began) > test.most {
					t.Fatalf("the fallback received %+v", received)
				}
				if !strings.Contains(received[0].Text, "Here because slack could not deliver it: ") {
					t.Errorf("the message does not say why it is there:\n%s", received[0].Text)
				}
				if letters, err := b.queue.DeadLetters(t.Context(), "", 10); err != nil || len(letters) != 0 {
					t.Errorf("dead letters %v, %v: the fallback has it", letters, err)
				}
			})
		})
	}
}

// TestFallbackOfParts: a fallback that gets the rest of a notification calls its own people, and says
// that it is late.
func TestFallbackOfParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := toChannel("feishu")
		config.Receivers[0].Fallback, config.Receivers[0].FallbackAfter = "dingtalk", 30*time.Minute
		config.Receivers = append(config.Receivers, toChannel("dingtalk").Receivers...)
		config.Receivers[1].Mentions = []MentionRule{{Users: []string{"oncall"}}}
		b := newBench(t, Options{Config: config})
		b.ims["feishu"].Fail(fakeim.Fault{Delay: time.Second})
		for range 100 {
			b.ims["feishu"].Fail(fakeim.Fault{Status: 503})
		}
		b.post("feishu", groupOf("a", 60, "firing"))
		time.Sleep(time.Hour)
		b.stop()
		<-b.stopped
		before, after := acceptedTexts(b.ims["feishu"]), acceptedTexts(b.ims["dingtalk"])
		if len(before) == 0 || len(after) == 0 || !strings.Contains(after[0], "oncall") {
			t.Errorf("nobody is called by the fallback: %d before, %.400q", len(before), after)
		}
		if len(after) > 0 && !strings.Contains(after[0], "Delivered late") {
			t.Errorf("the fallback does not say that it is late: %.3000q", after[0])
		}
	})
}

// TestFallbackStorm: what waits for a messenger that is down goes to the fallback after its time,
// however much it is.
func TestFallbackStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := toChannel("dingtalk")
		config.Receivers[0].Fallback, config.Receivers[0].FallbackAfter = "webhook", 10*time.Minute
		config.Receivers = append(config.Receivers, toChannel("webhook").Receivers...)
		b := newBench(t, Options{Config: config})
		for range 2000 {
			b.ims["dingtalk"].Fail(fakeim.Fault{Status: 503})
		}
		for i := range 1000 {
			b.post("dingtalk", named(fmt.Sprint("A", i)))
		}
		time.Sleep(15 * time.Minute)
		if got := len(acceptedTexts(b.ims["webhook"])); got != 1000 {
			t.Errorf("after 15 minutes the fallback has %d of 1000", got)
		}
		time.Sleep(24 * time.Hour)
		b.stop()
		<-b.stopped
	})
}

// TestFallbackOfASilencedBot: so does what waits while the messenger wants no calls.
func TestFallbackOfASilencedBot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := toChannel("dingtalk")
		config.Receivers[0].Fallback, config.Receivers[0].FallbackAfter = "webhook", 10*time.Minute
		config.Receivers = append(config.Receivers, toChannel("webhook").Receivers...)
		b := newBench(t, Options{Config: config})
		b.ims["dingtalk"].Fail(fakeim.Fault{Status: 429, Header: map[string]string{"Retry-After": "3600"}})
		for i := range 3 {
			b.post("dingtalk", named(fmt.Sprint("A", i)))
			time.Sleep(time.Second)
		}
		time.Sleep(10*time.Minute + time.Second)
		if got := len(acceptedTexts(b.ims["webhook"])); got != 3 {
			t.Errorf("the fallback has %d of 3", got)
		}
		if got := len(b.ims["dingtalk"].Received()); got != 1 {
			t.Errorf("%d calls of a messenger that wanted none", got-1)
		}
		b.stop()
		<-b.stopped
	})
}

// TestFallbackOfAFullQueue: what fills the queue and has no room in the line of the fallback becomes a
// dead letter at last, so that the queue takes others again.
func TestFallbackOfAFullQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := allReceivers()
		for i := range config.Receivers {
			if r := &config.Receivers[i]; r.Name == "slack" {
				r.Fallback = "wecom"
			}
		}
		b := newBench(t, Options{Config: config, Queue: NewMemoryQueue(MemoryLimits{Items: 5})})
		for range 200 {
			b.ims["slack"].Fail(fakeim.Fault{Status: 503})
		}
		for i := range 5 {
			b.post("slack", named(fmt.Sprint("A", i)))
		}
		time.Sleep(6 * time.Hour)
		if status, answer := b.post("wecom", named("New")); status != http.StatusOK {
			t.Errorf("after 6 hours: %d %s", status, answer)
		}
		b.stop()
		<-b.stopped
	})
}

// killedByPut is a queue whose process is killed once something is in the line of a fallback.
type killedByPut struct{ *mortal }

func (q killedByPut) Put(ctx context.Context, item Item) (bool, error) {
	duplicate, err := q.mortal.Put(ctx, item)
	if item.FallbackFor != "" {
		q.killed.Store(true)
	}
	return duplicate, err
}

// TestFallbackTwice: what is in both lines after the adaptor was killed says so where it comes second.
func TestFallbackTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := toChannel("slack")
		config.Receivers[0].Fallback = "wecom"
		config.Receivers = append(config.Receivers, toChannel("wecom").Receivers...)
		memory := NewMemoryQueue(MemoryLimits{})
		if _, err := memory.Put(t.Context(), Item{Receiver: "slack", Body: []byte(named("Alert")), Accepted: time.Now().Add(-3 * time.Hour)}); err != nil {
			t.Fatal(err)
		}
		first := newBench(t, Options{Config: config, Queue: killedByPut{&mortal{Queue: memory}}, DrainTimeout: time.Second})
		first.stop()
		<-first.stopped
		time.Sleep(2 * DefaultDedupWindow)
		second := newBench(t, Options{Config: config, Queue: memory})
		time.Sleep(time.Hour)
		second.stop()
		<-second.stopped
		texts := acceptedTexts(second.ims["wecom"])
		if again := unmarked(texts, "Alert"); len(texts) != 2 || len(again) > 0 {
			t.Errorf("%d messages, of which some come again without saying so: %q", len(texts), texts)
		}
	})
}
