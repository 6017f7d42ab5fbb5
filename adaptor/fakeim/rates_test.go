package fakeim

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// simple is a body that the messenger takes.
var simple = map[string]string{
	"feishu":   `{"msg_type":"text","content":{"text":"x"}}`,
	"dingtalk": `{"msgtype":"text","text":{"content":"x"}}`,
	"wecom":    `{"msgtype":"text","text":{"content":"x"}}`,
	"slack":    `{"text":"x"}`,
	"webhook":  `{}`,
}

var addresses = map[string]string{
	"feishu": feishuURL, "dingtalk": dingTalkURL, "wecom": weComURL, "slack": slackHook, "webhook": "https://webhook.example/x",
}

func newTestIM(t *testing.T, channel string) *IM {
	t.Helper()
	im, err := New(channel)
	if err != nil {
		t.Fatal(err)
	}
	return im
}

// post sends a message and tells whether it was accepted.
func (im *IM) post(address, body string, header ...string) bool {
	send(im, address, body, header...)
	received := im.Received()
	return received[len(received)-1].OK
}

// TestRates: on the virtual clock, each messenger takes exactly as many as it documents, and
// another as soon as it may.
func TestRates(t *testing.T) {
	tests := []struct {
		channel string
		// at are instants of calls, accepted how many of them are taken.
		at       []time.Duration
		accepted int
		refusal  string
	}{
		{"feishu", times(6, 0), 5, `"code":11232`},
		{"feishu", append(times(5, 0), time.Second-1), 5, `"code":11232`},
		{"feishu", append(times(5, 0), time.Second), 6, ""},
		{"feishu", times(100, 200*time.Millisecond), 100, ""},
		{"feishu", times(101, 200*time.Millisecond), 100, `"code":11232`},
		{"feishu", append(times(101, 200*time.Millisecond), time.Minute), 101, `"code":11232`},
		{"dingtalk", times(20, 0), 20, ""},
		{"dingtalk", times(21, 0), 20, `"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute","status":1111,"wait":5,"source":"x5","punish":"deny"`},
		{"dingtalk", append(times(20, 0), time.Minute), 21, ""},
		{"dingtalk", append(times(21, 0), 10*time.Minute-1), 20, `130101`},
		{"dingtalk", append(times(21, 0), 5*time.Minute, 10*time.Minute), 21, `130101`},
		{"wecom", times(21, 0), 20, `"errcode":45009`},
		{"wecom", append(times(20, 0), time.Minute), 21, ""},
		// A refused call keeps the window full.
		{"wecom", append(times(20, 0), 30*time.Second, time.Minute), 21, `45009`},
		{"wecom", append(append(times(20, 0), timesFrom(20, 30*time.Second)...), time.Minute), 20, `45009`},
		{"slack", times(11, 0), 10, `{"retry_after":1,"ok":false,"error":"rate_limited"}`},
		{"slack", append(times(11, 0), time.Second), 11, "rate_limited"},
		{"slack", append(times(11, 0), time.Second, time.Second), 11, "rate_limited"},
		{"slack", times(60, time.Second), 60, ""},
		{"slack", times(30, 500*time.Millisecond), 24, "rate_limited"},
		{"webhook", times(1000, 0), 1000, ""},
	}
	for i, test := range tests {
		t.Run(fmt.Sprint(test.channel, i), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				im := newTestIM(t, test.channel)
				begun := time.Now()
				accepted := 0
				for _, at := range test.at {
					time.Sleep(time.Until(begun.Add(at)))
					if im.post(addresses[test.channel], simple[test.channel]) {
						accepted++
					}
				}
				if accepted != test.accepted {
					t.Errorf("%d of %d were accepted, want %d", accepted, len(test.at), test.accepted)
				}
				refusal := ""
				for _, r := range im.Received() {
					if !r.OK {
						refusal = r.Answer
					}
				}
				if (refusal == "") != (test.refusal == "") || !strings.Contains(refusal, test.refusal) {
					t.Errorf("refused with %s, want %s", refusal, test.refusal)
				}
			})
		})
	}
}

// times are n instants with the same time between each two.
func times(n int, apart time.Duration) []time.Duration {
	all := make([]time.Duration, n)
	for i := range all {
		all[i] = time.Duration(i) * apart
	}
	return all
}

func timesFrom(n int, from time.Duration) []time.Duration {
	all := times(n, 0)
	for i := range all {
		all[i] += from
	}
	return all
}

// TestRatesAreOfABot: one bot's messages do not count against another, nor one Slack channel's
// against another's; what DingTalk refuses counts against nobody.
func TestRatesAreOfABot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, channel := range []string{"feishu", "dingtalk", "wecom", "slack"} {
			im := newTestIM(t, channel)
			first, second := addresses[channel], addresses[channel]+"2"
			for range 30 {
				im.post(first, simple[channel])
			}
			if im.post(first, simple[channel]) || !im.post(second, simple[channel]) {
				t.Errorf("%s: the bots are not told apart", channel)
			}
		}
		slack := newTestIM(t, "slack")
		for range 10 {
			slack.post(slackPost, `{"channel":"C1","text":"x"}`, "Authorization", "Bearer xoxb")
		}
		if slack.post(slackPost, `{"channel":"C1","text":"x"}`, "Authorization", "Bearer xoxb") ||
			!slack.post(slackPost, `{"channel":"C2","text":"x"}`, "Authorization", "Bearer xoxb") {
			t.Error("slack: the channels are not told apart")
		}
		if status, answer := send(slack, slackPost, `{"channel":"C1","text":"x"}`, "Authorization", "Bearer xoxb"); status != 429 || answer != `{"ok":false,"error":"ratelimited"}` {
			t.Errorf("the Web API throttles with %d %s", status, answer)
		}
		ding := newTestIM(t, "dingtalk")
		for range 100 {
			ding.post(dingTalkURL, `{"msgtype":"text"}`)
		}
		if !ding.post(dingTalkURL, simple["dingtalk"]) {
			t.Error("dingtalk: refused messages count")
		}
	})
}

func TestNoRates(t *testing.T) {
	for _, channel := range Channels() {
		im := newTestIM(t, channel)
		im.NoRates()
		for i := range 300 {
			if !im.post(addresses[channel], simple[channel]) {
				t.Fatalf("%s refused message %d: %s", channel, i, im.Received()[i].Answer)
			}
		}
	}
}

// TestMetersAreForgotten: a flood of tokens does not fill the memory.
func TestMetersAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		im := newTestIM(t, "feishu")
		for i := range 3 * maxMeters {
			send(im, fmt.Sprint(feishuURL, i), simple["feishu"])
			time.Sleep(time.Second)
		}
		if n := len(im.meters); n > maxMeters {
			t.Errorf("%d meters are kept", n)
		}
	})
}
