package adaptor

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestDingTalkTarget(t *testing.T) {
	for address, fit := range map[string]bool{
		"https://oapi.dingtalk.com/robot/send?access_token=secret": true,
		"https://oapi.dingtalk.com/robot/send":                     false,
		"https://oapi.dingtalk.com/robot?access_token=secret":      false,
		"https://gateway.example/dingtalk":                         true,
	} {
		err := checkDingTalkTarget(Target{URL: Secret(address)})
		if (err == nil) != fit || err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestDingTalkMuted: a bot that sent too fast is left alone for a minute, or for as long as
// DingTalk asks.
func TestDingTalkMuted(t *testing.T) {
	for body, want := range map[string]time.Duration{
		`{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute","status":1111,"wait":5,"punish":"deny"}`: time.Minute,
		`{"errcode":130101,"errmsg":"send too fast","wait":600}`:                                                         10 * time.Minute,
		`{"errcode":410100,"errmsg":"x","wait":-1}`:                                                                      time.Minute,
		`{"errcode":410100,"errmsg":"x","wait":65535}`:                                                                   maxRetryAfter,
	} {
		if got := judgeDingTalk(Response{Status: 200, Body: []byte(body)}); got.Outcome != Retry || got.After != want {
			t.Errorf("%s: got %s after %s, want a retry after %s", body, got.Outcome, got.After, want)
		}
	}
}

func TestInert(t *testing.T) {
	for text, want := range map[string]string{
		"pg_stat_activity > 80%": "pg_stat_activity > 80%",
		"a < b, a <= b, 5<7":     "a < b, a <= b, 5＜7",
		"__name__":               "＿＿name＿＿",
		"# t\n- i\n10. n\n| a |": "＃ t\n－ i\n10． n\n｜ a |",
		"@all user@example.com":  "＠all user@example.com",
		"a&b &lt; &#60; &;":      "a&b ＆lt; ＆#60; &;",
		`C:\new \*`:              `C:\new ＼＊`,
		"3.14, -5, +1":           "3.14, -5, +1",
		"\xff*":                  "\ufffd＊",
	} {
		if got := inert(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// TestDingTalkCard: a card has the links of a single alert as buttons; a message that has no
// link cannot be a card.
func TestDingTalkCard(t *testing.T) {
	bare := Message{Name: "A", Firing: 1, Alerts: []Alert{{Name: "A", Title: "A"}}}
	linked := bare
	linked.Links = []Link{{LinkAlertmanager, "http://alertmanager.example"}}
	for _, test := range []struct {
		m    Message
		want string
	}{
		{bare, `{"msgtype":"markdown"`},
		{linked, `"singleTitle":"Alertmanager","singleURL":"http://alertmanager.example"}`},
		{sampleMessage(t, "firing", Style{}), `{"title":"Runbook","actionURL":"https://runbooks.example/postgresql/too-many-connections"}`},
		{sampleMessage(t, "mixed", Style{}), `[Runbook](https://runbooks.example/postgresql/too-many-connections)`},
	} {
		request, err := encodeDingTalk(targetOf("dingtalk", dingTalkActionCard), test.m, time.Now())
		if err != nil || !strings.Contains(string(request.Body), test.want) {
			t.Errorf("%v: %s does not have %s", err, request.Body, test.want)
		}
	}
}

// FuzzDingTalk: a message shows what labels and annotations bring as it was written, and calls
// only whom it is to call.
func FuzzDingTalk(f *testing.F) { fuzzChannel(f, checkDingTalk) }

func TestDingTalkHostile(t *testing.T) {
	for n := range uint64(500) {
		checkDingTalk(t, hostile(n))
	}
}

func checkDingTalk(t *testing.T, z fuzzed) {
	m, c := z.message(), channelOfType("dingtalk")
	for _, form := range c.Forms {
		requests, text := checkParts(t, c, form, m)
		checkShown(t, text, planned(t, c, form, m))
		called := 0
		for _, request := range requests {
			var body dingTalkBody
			if err := json.Unmarshal(request.Body, &body); err != nil {
				t.Fatal(err)
			}
			if body.At == nil {
				continue
			}
			called += len(body.At.Mobiles) + len(body.At.UserIDs)
			if body.At.All {
				called++
			}
		}
		if called != len(m.Mentions) {
			t.Errorf("%s: %d are called, want %d", form, called, len(m.Mentions))
		}
	}
}
