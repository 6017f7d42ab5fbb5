package fakeim

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

// TestKeywords: a message without any of a bot's keywords is refused, wherever else in the body
// the word is.
func TestKeywords(t *testing.T) {
	card := func(title, text string) string {
		return `{"msg_type":"interactive","card":{"schema":"2.0","header":{"template":"red","title":{"tag":"plain_text","content":"` + title + `"}},"body":{"elements":[{"tag":"markdown","content":"` + text + `"}]}}}`
	}
	tests := []struct {
		channel, address, body, refusal string
	}{
		{"feishu", feishuURL, card("alert", "x"), ""},
		{"feishu", feishuURL, card("x", "an **alert** is here"), ""},
		{"feishu", feishuURL, card("x", "y"), `"code":19024,"data":{},"msg":"Key Words Not Found"`},
		{"feishu", feishuURL, `{"msg_type":"text","content":{"text":"告警 now"}}`, ""},
		{"feishu", feishuURL, `{"msg_type":"text","content":{"text":"ALERT"}}`, `19024`},
		{"dingtalk", dingTalkURL, `{"msgtype":"markdown","markdown":{"title":"alert","text":"x"}}`, ""},
		{"dingtalk", dingTalkURL, `{"msgtype":"markdown","markdown":{"title":"x","text":"alert"}}`, ""},
		{"dingtalk", dingTalkURL, `{"msgtype":"actionCard","actionCard":{"title":"x","text":"y","singleTitle":"alert","singleURL":"https://a.example"}}`, ""},
		{"dingtalk", dingTalkURL, `{"msgtype":"markdown","markdown":{"title":"x","text":"y"}}`, `"errcode":310000,"errmsg":"keywords not in content`},
	}
	for _, test := range tests {
		im := newTestIM(t, test.channel)
		if err := im.SetBot(test.address, Bot{Keywords: []string{"alert", "告警"}}); err != nil {
			t.Fatal(err)
		}
		_, answer := send(im, test.address, test.body)
		if im.Received()[0].OK != (test.refusal == "") || !strings.Contains(answer, test.refusal) {
			t.Errorf("%s: got %s, want %q", test.body, answer, test.refusal)
		}
	}
}

func TestNetworks(t *testing.T) {
	for channel, refusal := range map[string]string{
		"feishu":   `"code":19022,"data":{},"msg":"Ip Not Allowed"`,
		"dingtalk": `"errcode":310000,"errmsg":"ip 192.0.2.1 not in whitelist`,
	} {
		im := newTestIM(t, channel)
		for network, taken := range map[string]bool{"192.0.2.0/24": true, "198.51.100.7/32": false} {
			if err := im.SetBot(addresses[channel], Bot{From: []netip.Prefix{netip.MustParsePrefix(network)}}); err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodPost, addresses[channel], strings.NewReader(simple[channel]))
			r.Header.Set("Content-Type", "application/json")
			r.RemoteAddr = "192.0.2.1:1234"
			w := httptest.NewRecorder()
			im.ServeHTTP(w, r)
			if strings.Contains(w.Body.String(), refusal) == taken {
				t.Errorf("%s with %s: got %s", channel, network, w.Body)
			}
		}
	}
}

// TestSetBot: what people cannot set for a bot is an error.
func TestSetBot(t *testing.T) {
	words := strings.Fields("a b c d e f g h i j k")
	tests := []struct {
		channel string
		bot     Bot
		err     string
	}{
		{"feishu", Bot{Secret: "s", Keywords: words[:10]}, ""},
		{"feishu", Bot{Keywords: words}, "a bot of Feishu may have 10 keywords, not 11"},
		{"feishu", Bot{From: make([]netip.Prefix, 11)}, "a bot of Feishu may have 10 networks, not 11"},
		{"wecom", Bot{Secret: "s"}, "bots of WeCom do not check signatures"},
		{"slack", Bot{Keywords: words[:1]}, "a bot of Slack may have 0 keywords, not 1"},
	}
	for _, test := range tests {
		err := newTestIM(t, test.channel).SetBot("token", test.bot)
		if (err == nil) != (test.err == "") || (err != nil && err.Error() != test.err) {
			t.Errorf("%s: got %v, want %q", test.channel, err, test.err)
		}
	}
}
