package fakeim

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// api calls a method of Slack's Web API.
func api(t *testing.T, im *IM, method, body string, header ...string) (answer struct {
	OK                 bool
	Error, Channel, TS string
}) {
	t.Helper()
	if len(header) == 0 {
		header = []string{"Authorization", "Bearer xoxb"}
	}
	status, text := send(im, "https://slack.com/api/"+method, body, header...)
	if err := json.Unmarshal([]byte(text), &answer); err != nil || status != 200 {
		t.Fatalf("%s: %d %s", method, status, text)
	}
	return answer
}

// TestSlackThreads: a message can be replied to and changed by its ts, in the channel that its
// answer names, and in no other way.
func TestSlackThreads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(2 * time.Hour)
		im := newTestIM(t, "slack")
		first := api(t, im, "chat.postMessage", `{"channel":"#ops","text":"[FIRING:1] A"}`)
		second := api(t, im, "chat.postMessage", `{"channel":"#ops","text":"[FIRING:1] B"}`)
		if !first.OK || first.Channel != second.Channel || !slackID.MatchString(first.Channel) || first.TS == second.TS || first.TS != "946692000.000000" {
			t.Fatalf("got %+v and %+v", first, second)
		}
		time.Sleep(time.Minute)
		update := func(channel, ts, text string) string {
			a := api(t, im, "chat.update", fmt.Sprintf(`{"channel":%q,"ts":%q,"text":%q}`, channel, ts, text))
			if a.OK && (a.Channel != channel || a.TS != ts) {
				t.Errorf("updated %+v", a)
			}
			return a.Error
		}
		for _, test := range []struct{ channel, ts, text, want string }{
			{first.Channel, first.TS, "[RESOLVED] A", ""},
			{first.Channel, second.TS, strings.Repeat("x", 4000), ""},
			{first.Channel, second.TS, strings.Repeat("x", 4001), "msg_too_long"},
			{first.Channel, "1.0", "x", "message_not_found"},
			{first.Channel, "", "x", "message_not_found"},
			{"C1", first.TS, "x", "message_not_found"},
			{"#ops", first.TS, "x", "channel_not_found"},
			{"", first.TS, "x", "channel_not_found"},
			{first.Channel, first.TS, "", "no_text"},
		} {
			if got := update(test.channel, test.ts, test.text); got != test.want {
				t.Errorf("update %s in %s: got %q, want %q", test.ts, test.channel, got, test.want)
			}
		}
		reply := api(t, im, "chat.postMessage", fmt.Sprintf(`{"channel":%q,"thread_ts":%q,"reply_broadcast":true,"text":"reply"}`, first.Channel, first.TS))
		if !reply.OK || reply.TS == first.TS {
			t.Errorf("reply: %+v", reply)
		}
		var notes []string
		for _, r := range im.Received() {
			if r.OK {
				notes = append(notes, r.Note)
			}
		}
		want := "||the new text of the message of 02:00:00|the new text of the message of 02:00:00|a reply in a thread of the message of 02:00:00, shown in the channel too"
		if got := strings.Join(notes, "|"); got != want {
			t.Errorf("notes: %s", got)
		}
	})
}

// TestSlackUpdateRates: 50 updates a minute for each token, after a burst.
func TestSlackUpdateRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		im := newTestIM(t, "slack")
		message := api(t, im, "chat.postMessage", `{"channel":"C1","text":"x"}`)
		body := fmt.Sprintf(`{"channel":"C1","ts":%q,"text":"y"}`, message.TS)
		accepted := 0
		for range 120 {
			if im.post("https://slack.com/api/chat.update", body, "Authorization", "Bearer xoxb") {
				accepted++
			}
			time.Sleep(500 * time.Millisecond)
		}
		if accepted != 59 {
			t.Errorf("%d updates in a minute were accepted", accepted)
		}
	})
}

func TestSlackAPI(t *testing.T) {
	tests := []struct {
		method, body string
		header       []string
		want         string
	}{
		{"chat.delete", `{}`, nil, "unknown_method"},
		{"chat.postMessage", `{"channel":`, nil, "invalid_json"},
		{"chat.postMessage", `{"channel":5}`, nil, "invalid_arguments"},
		{"chat.postMessage", `{"channel":"C1","text":"x"}`, []string{"Authorization", "Basic eA=="}, "not_authed"},
		{"chat.postMessage", `{"channel":"C1","text":"x"}`, []string{"Authorization", "Bearer xoxb", "Content-Type", "application/xml"}, "invalid_post_type"},
		{"chat.postMessage", `token=xoxb&channel=C1&text=x`, []string{"Content-Type", "application/x-www-form-urlencoded"}, ""},
		{"chat.postMessage", `token=xoxb&channel=C1&blocks=%5B%7B%22type%22%3A%22divider%22%7D%5D`, []string{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}, ""},
		{"chat.postMessage", `token=xoxb&channel=C1&blocks=x`, []string{"Content-Type", "application/x-www-form-urlencoded"}, "invalid_blocks_format"},
	}
	for _, test := range tests {
		if got := api(t, newTestIM(t, "slack"), test.method, test.body, test.header...); got.Error != test.want || got.OK != (test.want == "") {
			t.Errorf("%s %s: got %+v, want %q", test.method, test.body, got, test.want)
		}
	}
}

// TestPostedAreForgotten: what can be replied to is bounded.
func TestPostedAreForgotten(t *testing.T) {
	var p posted
	now := time.Now()
	first := p.add("C1", now)
	for range maxPosted {
		p.add("C1", now)
	}
	if _, known := p.at["C1 "+first]; known || len(p.at) != maxPosted || len(p.order) != maxPosted {
		t.Errorf("%d messages are remembered, the first: %t", len(p.at), known)
	}
}
