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

// toChannel is a configuration with one receiver.
func toChannel(name string) *Config {
	return &Config{Receivers: []Receiver{{Name: name, Channel: channelOfType(name), Target: targets[name]}}}
}

// groupOf is a webhook body with so many alerts.
func groupOf(key string, alerts int, status string) string {
	var all []string
	for i := range alerts {
		all = append(all, fmt.Sprintf(`{"status":%q,"labels":{"alertname":"Disk","severity":"warning","pod":"pod-%s-%d"},
			"annotations":{"summary":"disk %s-%d is full","description":%q},"startsAt":"2026-01-05T00:00:00Z","endsAt":"2026-01-05T01:00:00Z"}`,
			status, key, i, key, i, strings.Repeat("much to say ", 20)))
	}
	return fmt.Sprintf(`{"version":"4","receiver":"im","groupKey":%q,"alerts":[%s]}`, key, strings.Join(all, ","))
}

// acceptedTexts are the texts that a messenger accepted, in order.
func acceptedTexts(im *fakeim.IM) []string {
	var texts []string
	for _, r := range im.Received() {
		if r.OK {
			texts = append(texts, r.Text)
		}
	}
	return texts
}

// TestParts: a group that does not fit into a message comes in parts that say which they are,
// each alert once.
func TestParts(t *testing.T) {
	for _, name := range []string{"feishu", "dingtalk", "wecom", "slack"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{Config: toChannel(name)})
				b.post(name, groupOf("a", 400, "firing"))
				time.Sleep(time.Hour)
				b.stop()
				<-b.stopped
				texts := acceptedTexts(b.ims[name])
				if len(texts) < 2 {
					t.Fatalf("got %d messages", len(texts))
				}
				for i, text := range texts {
					if mark := fmt.Sprintf(" %d/%d", i+1, len(texts)); !strings.Contains(text, mark) {
						t.Errorf("no mark %q in\n%.300s", mark, text)
					}
				}
				whole := strings.Join(texts, "\n")
				for i := range 400 {
					if n := strings.Count(whole, fmt.Sprintf("disk a-%d is full", i)); n != 1 {
						t.Errorf("alert %d is told %d times", i, n)
					}
				}
			})
		})
	}
}

// TestPartsOverARestart: what was accepted is not sent again, and the part whose fate nobody
// knows says that it may come twice.
func TestPartsOverARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queue := NewMemoryQueue(MemoryLimits{})
		first := newBench(t, Options{Config: toChannel("feishu"), Queue: keepOpen{queue}, DrainTimeout: time.Second})
		first.ims["feishu"].Fail(fakeim.Fault{}, fakeim.Fault{Delay: time.Minute})
		first.post("feishu", groupOf("a", 100, "firing"))
		time.Sleep(5 * time.Second)
		first.stop()
		<-first.stopped
		second := newBench(t, Options{Config: toChannel("feishu"), Queue: keepOpen{queue}})
		time.Sleep(time.Hour)
		before, after := acceptedTexts(first.ims["feishu"]), acceptedTexts(second.ims["feishu"])
		second.stop()
		<-second.stopped
		// The messenger accepted the second part, although nobody waited for its answer any more.
		if len(before) != 2 || len(after) == 0 {
			t.Fatalf("%d messages before, %d after", len(before), len(after))
		}
		if !strings.Contains(after[0], english.Unsure) || strings.Contains(before[0], english.Unsure) {
			t.Errorf("the part that may come twice does not say so:\n%s", after[0])
		}
		for _, text := range after[1:] {
			if strings.Contains(text, english.Unsure) {
				t.Errorf("a part that cannot come twice says that it may:\n%s", text)
			}
		}
		whole := strings.Join(append(before[:1], after...), "\n")
		for i := range 100 {
			if n := strings.Count(whole, fmt.Sprintf("disk a-%d is full", i)); n != 1 {
				t.Errorf("alert %d is told %d times", i, n)
			}
		}
	})
}

// keepOpen is a queue that outlives the server it is given to.
type keepOpen struct{ Queue }

func (keepOpen) Close() {}

// TestDigest: in a storm every alert is named, in order, in messages that are no more than the
// messenger allows.
func TestDigest(t *testing.T) {
	for _, name := range []string{"feishu", "dingtalk", "wecom", "slack"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const groups = 600
				b := newBench(t, Options{Config: toChannel(name)})
				for i := range groups {
					b.post(name, groupOf(fmt.Sprintf("g%03d", i), 1, "firing"))
				}
				time.Sleep(90 * time.Minute)
				b.stop()
				<-b.stopped
				received := b.ims[name].Received()
				var calls []time.Time
				for _, r := range received {
					calls = append(calls, r.At)
					if !r.OK {
						t.Errorf("refused: %d %s", r.Status, r.Answer)
					}
				}
				for _, rate := range channelOfType(name).Rates {
					if problem := overRate(calls, rate); problem != "" {
						t.Error(problem)
					}
				}
				if len(received) > groups/2 {
					t.Errorf("%d messages for %d groups", len(received), groups)
				}
				whole, last := strings.Join(acceptedTexts(b.ims[name]), "\n"), -1
				for i := range groups {
					at := strings.Index(whole, fmt.Sprintf("disk g%03d-0 is full", i))
					if at < last {
						t.Fatalf("group %d is missing or out of order", i)
					}
					last = at
				}
			})
		})
	}
}

// TestFiredAndResolvedInTheQueue: an alert that comes and goes while the messenger is down is
// told of as both.
func TestFiredAndResolvedInTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Config: toChannel("dingtalk")})
		for range 6 {
			b.ims["dingtalk"].Fail(fakeim.Fault{Status: 503})
		}
		b.post("dingtalk", groupOf("g", 1, "firing"))
		synctest.Wait()
		for i := range 40 {
			b.post("dingtalk", groupOf(fmt.Sprint("g", i), 1, "firing"))
		}
		b.post("dingtalk", groupOf("g7", 1, "resolved"))
		time.Sleep(time.Hour)
		b.stop()
		<-b.stopped
		whole := strings.Join(acceptedTexts(b.ims["dingtalk"]), "\n")
		if !strings.Contains(whole, english.FiredAndResolved+": disk g7-0 is full") {
			t.Errorf("not told as both:\n%s", whole)
		}
	})
}

// TestDigestRefused: a digest that is refused for good is tried one by one, so that one bad
// notification is lost alone.
func TestDigestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Config: toChannel("dingtalk")})
		bad := fakeim.Fault{Status: 200, Body: `{"errcode":400102,"errmsg":"bot stopped"}`}
		b.ims["dingtalk"].Fail(fakeim.Fault{Delay: time.Second}, bad, bad)
		b.post("dingtalk", groupOf("g0", 1, "firing"))
		synctest.Wait()
		for i := 1; i < 50; i++ {
			b.post("dingtalk", groupOf(fmt.Sprint("g", i), 1, "firing"))
		}
		time.Sleep(time.Hour)
		b.stop()
		<-b.stopped
		dead, told := 0, strings.Join(acceptedTexts(b.ims["dingtalk"]), "\n")
		for _, d := range b.deliveries {
			if d.Outcome == DeadLetter {
				dead++
			}
		}
		if dead != 1 {
			t.Errorf("%d dead letters, want only the one that was refused by itself: %v", dead, b.outcomes())
		}
		missing := 0
		for i := range 50 {
			if !strings.Contains(told, fmt.Sprintf("disk g%d-0 is full", i)) {
				missing++
			}
		}
		if missing != 1 {
			t.Errorf("%d groups are missing", missing)
		}
	})
}

// TestTooOld: what waited for too long is kept as a dead letter and not told as news.
func TestTooOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queue := NewMemoryQueue(MemoryLimits{})
		if _, err := queue.Put(t.Context(), Item{Receiver: "slack", Body: []byte(named("Old")), Accepted: time.Now()}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Hour)
		b := newBench(t, Options{Config: toChannel("slack"), Queue: queue})
		if status, answer := b.post("slack", named("New")); status != http.StatusOK {
			t.Errorf("%d %s", status, answer)
		}
		synctest.Wait()
		time.Sleep(time.Minute)
		if texts := acceptedTexts(b.ims["slack"]); len(texts) != 1 || !strings.Contains(texts[0], "New") {
			t.Errorf("told %q", texts)
		}
		letters, err := queue.DeadLetters(t.Context(), "", 10)
		if err != nil || len(letters) != 1 || letters[0].Why != "it waited for 3h0m0s, and may wait for 2h0m0s" {
			t.Errorf("dead letters %+v, %v", letters, err)
		}
		b.stop()
		<-b.stopped
	})
}

// TestLateIsSaid: a message that comes late says when Alertmanager sent it.
func TestLateIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Config: toChannel("slack")})
		b.ims["slack"].Fail(fakeim.Fault{Status: 429, Header: map[string]string{"Retry-After": "1800"}})
		b.post("slack", named("A"))
		time.Sleep(time.Hour)
		b.stop()
		<-b.stopped
		texts := acceptedTexts(b.ims["slack"])
		if len(texts) != 1 || !strings.Contains(texts[0], "Delivered late: Alertmanager sent it at 2000-01-01 00:00:00 UTC.") {
			t.Errorf("told %q", texts)
		}
	})
}

// sharedBot has two receivers of one bot.
func sharedBot() *Config {
	config := &Config{}
	for _, name := range []string{"one", "two"} {
		config.Receivers = append(config.Receivers, Receiver{Name: name, Channel: channelOfType("wecom"), Target: targets["wecom"]})
	}
	return config
}

// TestSharedBot: two receivers of one bot keep its rate together.
func TestSharedBot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := sharedBot()
		b := newBench(t, Options{Config: config})
		for i := range 60 {
			b.post([]string{"one", "two"}[i%2], named(fmt.Sprint("A", i)))
		}
		time.Sleep(time.Hour)
		b.stop()
		<-b.stopped
		var refused []string
		for _, r := range b.ims["wecom"].Received() {
			if !r.OK {
				refused = append(refused, r.Answer)
			}
		}
		if diff := cmp.Diff([]string(nil), refused); diff != "" {
			t.Error(diff)
		}
	})
}

// TestLateParts: a part that comes late says so, also where the first was in time.
func TestLateParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Config: toChannel("feishu")})
		b.ims["feishu"].Fail(fakeim.Fault{Delay: time.Second}, fakeim.Fault{Status: 429, Header: map[string]string{"Retry-After": "1800"}})
		b.post("feishu", groupOf("a", 100, "firing"))
		time.Sleep(time.Hour)
		b.stop()
		<-b.stopped
		texts := acceptedTexts(b.ims["feishu"])
		for i, text := range texts {
			if strings.Contains(text, "Delivered late") != (i > 0) {
				t.Errorf("part %d of %d: %.3000s", i+1, len(texts), text)
			}
		}
	})
}
