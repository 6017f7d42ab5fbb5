package fakeim

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// send posts a body and returns the status and the answer.
func send(im *IM, address, body string, header ...string) (int, string) {
	r := httptest.NewRequest(http.MethodPost, address, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	im.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

const (
	feishuURL   = "https://open.feishu.cn/open-apis/bot/v2/hook/T"
	dingTalkURL = "https://oapi.dingtalk.com/robot/send?access_token=T"
	weComURL    = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=T"
	slackHook   = "https://hooks.slack.com/services/T/B/X"
	slackPost   = "https://slack.com/api/chat.postMessage"
)

// TestAnswers checks that what the real ones refuse is refused, in their words.
func TestAnswers(t *testing.T) {
	card := `{"msg_type":"interactive","card":{"schema":"2.0","header":{"template":"red","title":{"tag":"plain_text","content":"t"}},"body":{"elements":[{"tag":"markdown","content":"x"}]}}}`
	ding := `{"msgtype":"markdown","markdown":{"title":"t","text":"x"}}`
	wecom := `{"msgtype":"markdown","markdown":{"content":"x"}}`
	tests := []struct {
		channel, address, body string
		header                 []string
		status                 int
		answer                 string
	}{
		{"feishu", feishuURL, card, nil, 200, `{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}`},
		{"feishu", feishuURL, `{"msg_type":"text","content":{"text":"hi"}}`, nil, 200, `"code":0`},
		{"feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/other", card, nil, 200, `"code":19001`},
		{"feishu", "https://open.feishu.cn/robot/send", card, nil, 404, `404`},
		{"feishu", feishuURL, `hello`, nil, 400, `"code":9499`},
		{"feishu", feishuURL, card, []string{"Content-Type", "text/plain"}, 400, `"code":9499`},
		{"feishu", feishuURL, `{"msg_type":"interactive"}`, nil, 200, `"code":19002,"data":{},"msg":"params error, unknown card value"`},
		{"feishu", feishuURL, strings.Replace(card, "red", "pink", 1), nil, 200, `"code":11246,"data":{},"msg":"ErrCode: 200621; ErrMsg: unknown template`},
		{"feishu", feishuURL, strings.Replace(card, `"tag":"markdown"`, `"tag":"note"`, 1), nil, 200, `"code":11246,"data":{},"msg":"ErrCode: 200861; ErrMsg: cards of schema V2 no longer support this capability; unsupported tag note`},
		{"feishu", feishuURL, strings.Replace(card, `"2.0"`, `"3.0"`, 1), nil, 200, `"code":11246,"data":{},"msg":"ErrCode: 200621;`},
		{"feishu", feishuURL, strings.Replace(card, `"x"`, `"`+strings.Repeat("x", feishuLimit)+`"`, 1), nil, 200, `"code":19036`},

		{"dingtalk", dingTalkURL, ding, nil, 200, `{"errcode":0,"errmsg":"ok"}`},
		{"dingtalk", "https://oapi.dingtalk.com/robot/send?access_token=other", ding, nil, 200, `"errcode":300005`},
		{"dingtalk", dingTalkURL, ding, []string{"Content-Type", "text/plain"}, 200, `"errcode":43004`},
		{"dingtalk", dingTalkURL, `hello`, nil, 200, `"errcode":40035`},
		{"dingtalk", dingTalkURL, `{"msgtype":"markdown","markdown":{"title":"t"}}`, nil, 200, `"errcode":40035`},
		{"dingtalk", dingTalkURL, strings.Replace(ding, `"x"`, `"`+strings.Repeat("x", dingTalkLimit)+`"`, 1), nil, 200, `"errcode":460101`},

		{"wecom", weComURL, wecom, nil, 200, `{"errcode":0,"errmsg":"ok"}`},
		{"wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=other", wecom, nil, 200, `"errcode":93000`},
		{"wecom", weComURL, `hello`, nil, 200, `"errcode":47001`},
		{"wecom", weComURL, `{"msgtype":"card"}`, nil, 200, `"errcode":40008`},
		{"wecom", weComURL, `{"msgtype":"markdown"}`, nil, 200, `"errcode":44004`},
		{"wecom", weComURL, strings.Replace(wecom, `"x"`, `"`+strings.Repeat("标", 1366)+`"`, 1), nil, 200, `"errcode":40058,"errmsg":"markdown.content exceed max length 4096`},
		{"wecom", weComURL, `{"msgtype":"text","text":{"content":"` + strings.Repeat("x", 2049) + `"}}`, nil, 200, `text.content exceed max length 2048`},

		{"slack", slackHook, `{"text":"x"}`, nil, 200, `ok`},
		{"slack", "https://hooks.slack.com/services/T/B/other", `{"text":"x"}`, nil, 404, `no_service`},
		{"slack", slackHook, `hello`, nil, 400, `invalid_payload`},
		{"slack", slackHook, `{}`, nil, 400, `no_text`},
		{"slack", slackHook, `{"blocks":[{"type":"section","text":{"type":"mrkdwn","text":"` + strings.Repeat("x", 3001) + `"}}]}`, nil, 400, `invalid_blocks`},
		{"slack", slackHook, `{"attachments":[{"blocks":[{"type":"song"}]}]}`, nil, 400, `invalid_attachments`},
		{"slack", slackHook, `{"blocks":[` + strings.Repeat(`{"type":"divider"},`, 50) + `{"type":"divider"}]}`, nil, 400, `invalid_blocks`},
		{"slack", slackPost, `{"channel":"C1","text":"x"}`, []string{"Authorization", "Bearer xoxb"}, 200, `{"ok":true,"channel":"C1","ts":"`},
		{"slack", slackPost, `{"channel":"C1","text":"x"}`, nil, 200, `{"ok":false,"error":"not_authed"}`},
		{"slack", slackPost, `{"channel":"C1","text":"x"}`, []string{"Authorization", "Bearer no"}, 200, `invalid_auth`},
		{"slack", slackPost, `{"text":"x"}`, []string{"Authorization", "Bearer xoxb"}, 200, `channel_not_found`},
	}
	for _, test := range tests {
		im, err := New(test.channel)
		if err != nil {
			t.Fatal(err)
		}
		for _, bot := range []string{"T", slackHook, "xoxb"} {
			im.AddBot(bot, "")
		}
		im.OnlyKnownBots()
		status, answer := send(im, test.address, test.body, test.header...)
		if status != test.status || !strings.Contains(answer, test.answer) {
			t.Errorf("%s %.120s: got %d %s, want %d %s", test.address, test.body, status, answer, test.status, test.answer)
		}
		accepted := answer == "ok" || strings.Contains(answer, `"ok":true`) || strings.Contains(answer, `code":0,`)
		if received := im.Received()[0]; received.OK != accepted {
			t.Errorf("%s: OK is %t with answer %s", test.address, received.OK, answer)
		}
	}
}

// TestSignatures uses the vectors of the vendors' algorithms, within the hour and outside it.
func TestSignatures(t *testing.T) {
	card := `{"timestamp":"1700000000","sign":"AOc8oJ7//5OlQlfWC3nRL0R+IkuzcD1FKcAyibRK9Q8=","msg_type":"text","content":{"text":"x"}}`
	signed := dingTalkURL + "&timestamp=1700000000000&sign=yBKp5IlG6qCzcQWmgyRK%2FziJBdVNJmHfFE2ST%2FCzT%2Fg%3D"
	ding := `{"msgtype":"text","text":{"content":"x"}}`
	at := func(t *testing.T, instant time.Time, channel, secret, address, body string) string {
		t.Helper()
		var answer string
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(instant))
			im, err := New(channel)
			if err != nil {
				t.Fatal(err)
			}
			im.AddBot(address, secret)
			_, answer = send(im, address, body)
		})
		return answer
	}
	signedAt := time.Unix(1700000000, 0)
	for _, test := range []struct {
		name, channel, secret, address, body string
		instant                              time.Time
		want                                 string
	}{
		{"feishu now", "feishu", "testsecret", feishuURL, card, signedAt, `"code":0`},
		{"feishu an hour later", "feishu", "testsecret", feishuURL, card, signedAt.Add(time.Hour), `"code":0`},
		{"feishu too late", "feishu", "testsecret", feishuURL, card, signedAt.Add(time.Hour + time.Second), `"code":19021`},
		{"feishu too early", "feishu", "testsecret", feishuURL, card, signedAt.Add(-time.Hour - time.Second), `"code":19021`},
		{"feishu other secret", "feishu", "other", feishuURL, card, signedAt, `"code":19021`},
		{"feishu unsigned", "feishu", "testsecret", feishuURL, `{"msg_type":"text","content":{"text":"x"}}`, signedAt, `"code":19021`},
		{"feishu signed for a bot that does not ask", "feishu", "", feishuURL, card, signedAt, `"code":0`},
		{"dingtalk now", "dingtalk", "SECtest0123456789", signed, ding, signedAt, `"errcode":0`},
		{"dingtalk too late", "dingtalk", "SECtest0123456789", signed, ding, signedAt.Add(time.Hour + time.Second), `"errcode":310000`},
		{"dingtalk other secret", "dingtalk", "SECother", signed, ding, signedAt, `"errcode":310000`},
		{"dingtalk unsigned", "dingtalk", "SECtest0123456789", dingTalkURL, ding, signedAt, `"errcode":310000`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := at(t, test.instant, test.channel, test.secret, test.address, test.body); !strings.Contains(got, test.want) {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestShow checks what people see of messages that rulekit's own adaptor does not write.
func TestShow(t *testing.T) {
	tests := []struct{ name, channel, body, want string }{
		{"Alertmanager's Slack notifier", "slack",
			`{"channel":"#ops","username":"Alertmanager","attachments":[{"title":"[FIRING:1] RedisDown (critical)","title_link":"http://am.example/#/alerts?receiver=slack","pretext":"<!channel> look","text":"*Redis* is &lt;down&gt;\nsince 5m","fallback":"[FIRING:1] RedisDown","callback_id":"","footer":"rulekit","color":"danger","fields":[{"title":"pod","value":"redis-0","short":true}],"actions":[{"type":"button","text":"Runbook","url":"http://r.example"}],"mrkdwn_in":["text"]}]}`,
			"@channel look\n┃ [FIRING:1] RedisDown (critical) (http://am.example/#/alerts?receiver=slack)\n┃ Redis is <down>\n┃ since 5m\n┃ pod: redis-0\n┃ [Runbook]\n┃ rulekit"},
		{"only a fallback", "slack", `{"attachments":[{"fallback":"[FIRING:1] A","text":""}]}`, "┃ [FIRING:1] A"},
		{"blocks", "slack", `{"text":"not shown","blocks":[{"type":"header","text":{"type":"plain_text","text":"Head"}},{"type":"divider"},{"type":"section","text":{"type":"mrkdwn","text":"see <http://a.example|here>, <@U1> in <#C1>"},"fields":[{"type":"mrkdwn","text":"*f*"}]},{"type":"context","elements":[{"type":"mrkdwn","text":"small"}]},{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Go"}}]}]}`,
			"Head\n────────\n\nsee here (http://a.example), @U1 in #C1\nf\nsmall\n[Go]"},
		{"card 1.0", "feishu", `{"msg_type":"interactive","card":{"header":{"title":{"tag":"plain_text","content":"Head"}},"elements":[{"tag":"div","text":{"tag":"lark_md","content":"**x** <at id=all></at> [a](http://b)"}},{"tag":"hr"},{"tag":"markdown","content":"&#60;y&#62;"}]}}`,
			"■ Head\nx @all a (http://b)\n────────\n<y>"},
		{"text", "feishu", `{"msg_type":"text","content":{"text":"hi <at user_id=\"ou_1\">Tom</at>"}}`, "hi @ou_1"},
		{"post", "feishu", `{"msg_type":"post","content":{"post":{}}}`, "(a message of type post)"},
		{"newlines", "dingtalk", `{"msgtype":"markdown","markdown":{"title":"t","text":"# Head\na\nb  \nc\n\n> q\n- i"},"at":{"isAtAll":true}}`, "Head\na b\nc\n\n│ q\n- i\n@all"},
		{"text", "dingtalk", `{"msgtype":"text","text":{"content":"x"},"at":{"atMobiles":["138"]}}`, "x\n@138"},
		{"mention", "wecom", `{"msgtype":"markdown","markdown":{"content":"<font color=\"warning\">hot</font> <@tom>\n>q"}}`, "hot @tom\n│ q"},
		{"text", "wecom", `{"msgtype":"text","text":{"content":"x","mentioned_list":["@all"]}}`, "x\n@all"},
	}
	for _, test := range tests {
		t.Run(test.channel+"/"+test.name, func(t *testing.T) {
			got, err := Show(test.channel, test.body)
			if err != nil || got != test.want {
				t.Errorf("got %v\n%s\nwant\n%s", err, got, test.want)
			}
		})
	}
	for _, channel := range []string{"feishu", "dingtalk", "wecom", "slack"} {
		for _, body := range []string{"", "hello", "{}", "[]", `{"msgtype":5}`, `{"attachments":{}}`} {
			if text, err := Show(channel, body); err == nil {
				t.Errorf("%s shows %q as %q", channel, body, text)
			}
		}
	}
	if _, err := Show("pager", "{}"); err == nil || err.Error() != `there is no fake of "pager", only of dingtalk, feishu, slack, webhook, wecom` {
		t.Errorf("unknown channel: %v", err)
	}
}

func TestHosts(t *testing.T) {
	hosts := Hosts()
	for _, host := range []string{"open.feishu.cn", "open.larksuite.com", "oapi.dingtalk.com", "qyapi.weixin.qq.com", "hooks.slack.com", "slack.com"} {
		if hosts[host] == nil {
			t.Errorf("no fake serves %s", host)
		}
	}
	if hosts["open.feishu.cn"] != hosts["open.larksuite.com"] {
		t.Error("Feishu and Lark are not one fake")
	}
	send(hosts["slack.com"], slackHook, `{"text":"x"}`)
	if got := hosts["hooks.slack.com"].Received(); len(got) != 1 || !got[0].OK || got[0].Text != "x" || got[0].URL != slackHook {
		t.Errorf("received %+v", got)
	}
	if len(Hosts()["slack.com"].Received()) != 0 {
		t.Error("two sets of fakes share what they received")
	}
}
