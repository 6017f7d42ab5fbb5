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

// slackBot is a bot that the fake knows.
var slackBot = Target{URL: slackPostMessage, Params: map[string]Secret{slackToken: "xoxb-token-of-a-bot", slackChannel: "C0123456789"}}

// newSlackBench starts an adaptor whose only receiver is a bot.
func newSlackBench(t *testing.T) *bench {
	t.Helper()
	b := newBench(t, Options{Config: &Config{Receivers: []Receiver{{Name: "bot", Channel: channelOfType("slack-bot"), Target: slackBot}}}})
	b.ims["slack"].AddBot(string(slackBot.Params[slackToken]), "")
	return b
}

// heard are the calls that a fake got since the last time, as "method, what became of it: text".
func heard(im *fakeim.IM, since *int) []string {
	var calls []string
	received := im.Received()
	for _, r := range received[*since:] {
		method := r.URL[strings.LastIndex(r.URL, "/")+1:]
		calls = append(calls, fmt.Sprintf("%s %t %s", method, r.OK, r.Text))
	}
	*since = len(received)
	return calls
}

// TestSlackConversation: the messages of a group are a thread below the first, which is changed
// when all is resolved. The next firing begins anew.
func TestSlackConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newSlackBench(t)
		im, since := b.ims["slack"], 0
		step := func(name, body string, wants ...string) []fakeim.Received {
			t.Helper()
			b.post("bot", body)
			time.Sleep(time.Minute)
			before := since
			calls := heard(im, &since)
			if len(calls) != len(wants) {
				t.Fatalf("%s: %d calls, want %d: %q", name, len(calls), len(wants), calls)
			}
			for i, want := range wants {
				for part := range strings.SplitSeq(want, "|") {
					if !strings.Contains(calls[i], part) {
						t.Errorf("%s: call %d does not have %q: %s", name, i+1, part, calls[i])
					}
				}
			}
			return im.Received()[before:]
		}
		first := step("first", groupOf("a", 2, "firing"), "chat.postMessage true|[FIRING:2] Disk")
		ts := between(first[0].Answer, `"ts":"`, `"`)
		if strings.Contains(first[0].Body, "thread_ts") {
			t.Errorf("the first message is a reply: %s", first[0].Body)
		}
		again := step("new alerts", groupOf("a", 3, "firing"), "chat.postMessage true|[FIRING:3] Disk")
		if !strings.Contains(again[0].Body, fmt.Sprintf(`"thread_ts":%q,"reply_broadcast":true`, ts)) {
			t.Errorf("no reply in the thread and the channel: %s", again[0].Body)
		}
		over := step("resolved", groupOf("a", 3, "resolved"), "chat.update true|[RESOLVED:3] Disk|much to say", "chat.postMessage true|[RESOLVED:3] Disk|disk a-2 is full")
		if !strings.Contains(over[0].Body, fmt.Sprintf(`"ts":%q`, ts)) || !strings.Contains(over[0].Body, `"color":"#2eb67d"`) || strings.Contains(over[0].Body, "thread_ts") {
			t.Errorf("the first message is not changed to green: %s", over[0].Body)
		}
		if !strings.Contains(over[1].Body, fmt.Sprintf(`"thread_ts":%q`, ts)) || strings.Contains(over[1].Body, "reply_broadcast") {
			t.Errorf("no quiet reply: %s", over[1].Body)
		}
		next := step("firing again", groupOf("a", 1, "firing"), "chat.postMessage true|[FIRING:1] Disk")
		if strings.Contains(next[0].Body, "thread_ts") {
			t.Errorf("what fires anew is in the old thread: %s", next[0].Body)
		}
		other := step("another group", groupOf("b", 1, "resolved"), "chat.postMessage true|[RESOLVED:1] Disk")
		if strings.Contains(other[0].Body, "thread_ts") {
			t.Errorf("another group is in the thread: %s", other[0].Body)
		}
		for _, r := range im.Received() {
			if r.Answer == "" || strings.Contains(r.URL+r.Body, "xoxb-") {
				t.Errorf("the token is in the address or the body: %s %s", r.URL, r.Body)
			}
		}
		b.stop()
		<-b.stopped
		if strings.Contains(b.log.String(), "xoxb-") {
			t.Error("the token is in the log")
		}
	})
}

// TestSlackParts: the further parts of a group are replies to the first.
func TestSlackParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newSlackBench(t)
		b.post("bot", groupOf("a", 400, "firing"))
		time.Sleep(time.Minute)
		received := b.ims["slack"].Received()
		if len(received) < 2 {
			t.Fatalf("got %d messages", len(received))
		}
		ts := between(received[0].Answer, `"ts":"`, `"`)
		for i, r := range received {
			if !r.OK || strings.Contains(r.Body, fmt.Sprintf(`"thread_ts":%q`, ts)) != (i > 0) {
				t.Errorf("part %d: %s: %.300s", i+1, r.Answer, r.Body)
			}
		}
		b.stop()
		<-b.stopped
	})
}

// TestSlackOtherChannel: a bot that was given another channel does not reply in the old one.
func TestSlackOtherChannel(t *testing.T) {
	m := sampleMessage(t, "firing", Style{})
	for _, test := range []struct {
		channel, thread string
		threaded        bool
	}{{"C1AA", "C1AA 1.2", true}, {"C2BB", "C1AA 1.2", false}, {"alerts", "C1AA 1.2", true}, {"C1AA", "", false}} {
		m.Thread = test.thread
		target := Target{URL: slackPostMessage, Params: map[string]Secret{slackToken: "xoxb", slackChannel: Secret(test.channel)}}
		request, err := encodeSlack(target, m, time.Time{})
		if threaded := strings.Contains(string(request.Body), "thread_ts"); err != nil || threaded != test.threaded {
			t.Errorf("%+v: %v %s", test, err, request.Body)
		}
	}
}

// TestSlackTruncated: the first message of a group that Alertmanager has cut turns green only if
// that says that all is over.
func TestSlackTruncated(t *testing.T) {
	for status, updated := range map[string]bool{"resolved": true, "firing": false} {
		p, err := decode([]byte(input(t, "resolved")))
		if err != nil {
			t.Fatal(err)
		}
		p.Status, p.TruncatedAlerts = status, 5
		m := newMessage(p, Style{})
		m.Thread = "C0123456789 1.2"
		request, err := encodeSlack(slackBot, m, time.Time{})
		if err != nil || (request.Before != nil) != updated {
			t.Errorf("%s: %v, before %+v", status, err, request.Before)
		}
	}
}

// TestSlackFirstMessageGone: a thread whose first message was deleted is forgotten, and nothing
// is lost.
func TestSlackFirstMessageGone(t *testing.T) {
	for _, word := range []string{"message_not_found", "cant_update_message"} {
		t.Run(word, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newSlackBench(t)
				im := b.ims["slack"]
				b.post("bot", groupOf("a", 1, "firing"))
				time.Sleep(time.Minute)
				im.Fail(fakeim.Fault{Status: http.StatusOK, Body: `{"ok":false,"error":"` + word + `"}`})
				b.post("bot", groupOf("a", 1, "resolved"))
				time.Sleep(time.Minute)
				received := im.Received()
				last := received[len(received)-1]
				if len(received) != 3 || !last.OK || !strings.Contains(last.Text, "disk a-0 is full") {
					t.Fatalf("got %d calls, the last %+v", len(received), last)
				}
				if threaded := strings.Contains(last.Body, "thread_ts"); threaded != (word == "cant_update_message") {
					t.Errorf("the message after %s: %s", word, last.Body)
				}
				b.stop()
				<-b.stopped
			})
		})
	}
}

// between is what is between two texts in a text.
func between(text, before, after string) string {
	_, rest, _ := strings.Cut(text, before)
	middle, _, _ := strings.Cut(rest, after)
	return middle
}

// TestSlackAPIVerdicts: HTTP 200 says nothing; each refusal of the Web API is judged by its word.
func TestSlackAPIVerdicts(t *testing.T) {
	verdict := func(word string, header http.Header) Verdict {
		return judgeSlack(Response{Status: http.StatusOK, Header: header, Body: []byte(fmt.Sprintf(`{"ok":false,"error":%q}`, word))})
	}
	for word := range slackAdvice {
		if got := verdict(word, nil); got.Outcome != DeadLetter || !strings.Contains(got.Reason, word) || !strings.Contains(got.Reason, slackAdvice[word]) {
			t.Errorf("%s: %+v", word, got)
		}
	}
	for _, word := range slackLater {
		if got := verdict(word, http.Header{"Retry-After": {"30"}}); got.Outcome != Retry || got.After != 30*time.Second || got.ThreadGone || got.Doubt != strings.HasSuffix(word, "al_error") {
			t.Errorf("%s: %+v", word, got)
		}
	}
	if got := verdict("ratelimited", nil); got.After != time.Minute {
		t.Errorf("ratelimited without a time: %+v", got)
	}
	for _, word := range slackTooLong {
		if got := verdict(word, nil); got.Outcome != Split {
			t.Errorf("%s: %+v", word, got)
		}
	}
	for _, word := range slackGone {
		if got := verdict(word, nil); got.Outcome != Retry || !got.ThreadGone {
			t.Errorf("%s: %+v", word, got)
		}
	}
	if got := verdict("something_new", nil); got.Outcome != Retry || got.Attempts != doubtfulAttempts {
		t.Errorf("an unknown word: %+v", got)
	}
	if got := judgeSlack(Response{Status: http.StatusOK, Body: []byte(`{"ok":true,"channel":"C1","ts":"1.2"}`)}); got.Outcome != Done || got.Thread != "C1 1.2" {
		t.Errorf("accepted: %+v", got)
	}
}
