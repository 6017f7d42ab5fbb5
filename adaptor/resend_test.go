package adaptor

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

// TestSecondPartOverARestart: however many alerts a group has, what was in the part that may have
// arrived is sent again in messages that say so, and no alert comes twice without that.
func TestSecondPartOverARestart(t *testing.T) {
	for alerts := 100; alerts <= 500; alerts += 100 {
		for _, channel := range []string{"feishu", "dingtalk"} {
			t.Run(fmt.Sprint(alerts, " alerts to ", channel), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { resendSecondPart(t, channel, alerts) })
			})
		}
	}
}

func resendSecondPart(t *testing.T, channel string, alerts int) {
	queue := NewMemoryQueue(MemoryLimits{})
	first := newBench(t, Options{Config: toChannel(channel), Queue: keepOpen{queue}, DrainTimeout: time.Second})
	first.ims[channel].Fail(fakeim.Fault{}, fakeim.Fault{Delay: time.Minute})
	first.post(channel, groupOf("a", alerts, "firing"))
	time.Sleep(5 * time.Second)
	first.stop()
	<-first.stopped
	second := newBench(t, Options{Config: toChannel(channel), Queue: keepOpen{queue}})
	time.Sleep(time.Hour)
	second.stop()
	<-second.stopped
	told, unmarked := map[string]int{}, map[string]int{}
	for _, text := range append(acceptedTexts(first.ims[channel]), acceptedTexts(second.ims[channel])...) {
		for i := range alerts {
			name := fmt.Sprintf("disk a-%d is full", i)
			told[name] += strings.Count(text, name)
			if !strings.Contains(text, english.Unsure) {
				unmarked[name] += strings.Count(text, name)
			}
		}
	}
	for name, times := range told {
		if times == 0 || unmarked[name] > 1 {
			t.Errorf("%s: told %d times, %d of them without a mark", name, times, unmarked[name])
		}
	}
}

// unmarked are the words that come again in a message that does not say so.
func unmarked(texts []string, words ...string) (again []string) {
	seen := map[string]bool{}
	for _, text := range texts {
		for _, word := range words {
			if strings.Contains(text, word) {
				if seen[word] && !strings.Contains(text, english.Unsure) {
					again = append(again, word)
				}
				seen[word] = true
			}
		}
	}
	return again
}

// exactly is a group of two alerts whose message is as large as can be.
func exactly(t *testing.T, c *Channel, target Target, key string) string {
	for n, size := 100, 0; n < c.MaxBytes; n += max(1, c.MaxBytes-size) {
		body := fmt.Sprintf(`{"receiver":"im","groupKey":%q,"alerts":[
			{"status":"firing","labels":{"alertname":"A","pod":"p1"},"annotations":{"description":%q}},
			{"status":"firing","labels":{"alertname":"A","pod":"p2"},"annotations":{"description":"last"}}]}`, key, strings.Repeat("x", n))
		p, err := decode([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		request, err := c.Encode(target, newMessage(p, Style{}), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if size = request.Size; size == c.MaxBytes {
			return body
		}
	}
	t.Fatal("no such size")
	return ""
}

// TestJustFits: a message that has no room for the note that it may come twice is cut so that it has,
// before anybody knows that the note is needed.
func TestJustFits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Config: toChannel("dingtalk")})
		b.ims["dingtalk"].Fail(fakeim.Fault{Delay: time.Minute})
		b.post("dingtalk", exactly(t, channelOfType("dingtalk"), targets["dingtalk"], "g"))
		time.Sleep(time.Hour)
		b.stop()
		<-b.stopped
		texts := acceptedTexts(b.ims["dingtalk"])
		if again := unmarked(texts, "p1", "p2"); len(texts) != 3 || !strings.Contains(texts[0], " 1/2") || len(again) > 0 {
			t.Errorf("%q come a second time without saying so, in %d messages that begin with %.40q", again, len(texts), texts[0])
		}
	})
}

// TestUnsureDigestApart: a digest that may have arrived and turns out to be too large comes in smaller
// messages, each of which says so.
func TestUnsureDigestApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Config: toChannel("dingtalk")})
		im := b.ims["dingtalk"]
		im.Fail(fakeim.Fault{Delay: time.Second}, fakeim.Fault{Delay: time.Minute}, fakeim.Fault{Status: 413}, fakeim.Fault{Status: 413}, fakeim.Fault{Status: 413})
		b.post("dingtalk", groupOf("z", 1, "firing"))
		synctest.Wait()
		b.post("dingtalk", groupOf("a", 60, "firing"))
		var words []string
		for i := range 60 {
			words = append(words, fmt.Sprintf("disk a-%d is full", i))
		}
		for i := range 50 {
			b.post("dingtalk", groupOf(fmt.Sprint("g", i), 1, "firing"))
			words = append(words, fmt.Sprintf("disk g%d-0 is full", i))
		}
		time.Sleep(time.Hour)
		b.stop()
		<-b.stopped
		texts := acceptedTexts(im)
		if got := unmarked(texts, words...); len(got) > 0 {
			t.Errorf("%d come a second time without saying so: %q", len(got), got)
		}
	})
}

// TestUnsureSplit: a message that may have arrived and turns out to be too large comes in parts, each
// of which says so.
func TestUnsureSplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Config: toChannel("feishu")})
		b.ims["feishu"].Fail(fakeim.Fault{Delay: time.Minute}, fakeim.Fault{Status: 413})
		b.post("feishu", groupOf("a", 40, "firing"))
		time.Sleep(time.Hour)
		b.stop()
		<-b.stopped
		var words []string
		for i := range 40 {
			words = append(words, fmt.Sprintf("disk a-%d is full", i))
		}
		if got := unmarked(acceptedTexts(b.ims["feishu"]), words...); len(got) > 0 {
			t.Errorf("come a second time without saying so: %q", got)
		}
	})
}

// TestUnsureReplayed: a dead letter that may have arrived says so when it is replayed.
func TestUnsureReplayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Config: toChannel("feishu"), Retry: RetryPolicy{Attempts: 1}})
		b.ims["feishu"].Fail(fakeim.Fault{Delay: time.Minute})
		b.post("feishu", named("Alert"))
		time.Sleep(time.Hour)
		letters, err := b.queue.DeadLetters(t.Context(), "", 10)
		if err != nil || len(letters) != 1 {
			t.Fatal(letters, err)
		}
		if err := b.queue.Replay(t.Context(), letters[0].ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		b.stop()
		<-b.stopped
		if got := unmarked(acceptedTexts(b.ims["feishu"]), "Alert"); len(got) > 0 {
			t.Errorf("come a second time without saying so: %q", got)
		}
	})
}

// distant is a network that takes its time in both directions, so that no two calls are made at
// the same instant.
type distant struct{ handlers }

func (d distant) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(10 * time.Millisecond)
	defer time.Sleep(10 * time.Millisecond)
	return d.handlers.RoundTrip(r)
}

// TestLimitOverRestarts: an adaptor that is started again and again keeps to the limit of a bot
// that two receivers have.
func TestLimitOverRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := &Config{}
		for _, name := range []string{"one", "two"} {
			config.Receivers = append(config.Receivers, Receiver{Name: name, Channel: channelOfType("dingtalk"), Target: targets["dingtalk"]})
		}
		im := newFake(t, "dingtalk")
		network := distant{handlers{"oapi.dingtalk.com": im}}
		queue, err := OpenJetStream(t.Context(), JetStreamOptions{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		const groups, restarts = 120, 30
		for i := range restarts {
			server := newBench(t, Options{Config: config, Queue: keepOpen{queue}, Transport: network, DrainTimeout: time.Second})
			for g := range groups / restarts {
				server.post([]string{"one", "two"}[g%2], named(fmt.Sprintf("A%d-%d-", i, g)))
			}
			time.Sleep(time.Duration(3+i%5) * time.Second)
			server.stop()
			<-server.stopped
		}
		last := newBench(t, Options{Config: config, Queue: queue, Transport: network})
		time.Sleep(time.Hour)
		last.stop()
		if err := <-last.stopped; err != nil {
			t.Error(err)
		}
		if err := queue.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		all := strings.Join(acceptedTexts(im), "\n")
		for _, r := range im.Received() {
			if !r.OK {
				t.Errorf("refused at %s: %s", r.At, r.Answer)
			}
		}
		for i := range groups {
			if name := fmt.Sprintf("A%d-%d-", i/(groups/restarts), i%(groups/restarts)); !strings.Contains(all, name) {
				t.Errorf("%s was not told", name)
			}
		}
	})
}
