package adaptor

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

// TestRegistry keeps each channel complete: one file here, one in fakeim, goldens, and no type
// or host that another has too.
func TestRegistry(t *testing.T) {
	var names []string
	taken := map[string]string{}
	for _, c := range Channels() {
		names = append(names, c.Name)
		for _, path := range []string{ownName(c.Name) + ".go", "fakeim/" + c.Name + ".go", goldenDir(c.Name) + "/firing." + c.Forms[0] + ".json"} {
			if _, err := os.Stat(path); err != nil {
				t.Errorf("channel %s: %v", c.Name, err)
			}
		}
		for _, key := range append(append([]string{}, c.Types...), c.Hosts...) {
			if other := taken[key]; other != "" {
				t.Errorf("channels %s and %s both have %q", other, c.Name, key)
			}
			taken[key] = c.Name
		}
		if len(c.Types) == 0 || !strings.HasSuffix(c.Types[0], "webhook") || len(c.Forms) == 0 || c.MaxBytes == 0 || c.Markup == nil || c.Encode == nil || c.Verdict == nil {
			t.Errorf("channel %s is not complete", c.Name)
		}
	}
	if diff := cmp.Diff(fakeim.Channels(), names); diff != "" {
		t.Errorf("channels and fakes differ:\n%s", diff)
	}
}

func TestSignatures(t *testing.T) {
	if got, want := signFeishu("testsecret", "1700000000"), "AOc8oJ7//5OlQlfWC3nRL0R+IkuzcD1FKcAyibRK9Q8="; got != want {
		t.Errorf("feishu: got %s, want %s", got, want)
	}
	if got, want := signDingTalk("SECtest0123456789", "1700000000000"), "yBKp5IlG6qCzcQWmgyRK/ziJBdVNJmHfFE2ST/CzT/g="; got != want {
		t.Errorf("dingtalk: got %s, want %s", got, want)
	}
	target := Target{URL: "https://oapi.dingtalk.com/robot/send?access_token=T", Secret: "SECtest0123456789"}
	got, err := signedDingTalkURL(target, time.UnixMilli(1700000000000))
	want := "https://oapi.dingtalk.com/robot/send?access_token=T&sign=yBKp5IlG6qCzcQWmgyRK%2FziJBdVNJmHfFE2ST%2FCzT%2Fg%3D&timestamp=1700000000000"
	if err != nil || got != want {
		t.Errorf("dingtalk url: got %s, %v, want %s", got, err, want)
	}
}

// TestVerdicts covers every answer of which the meaning is known, and those that have none.
func TestVerdicts(t *testing.T) {
	tests := []struct {
		channel string
		status  int
		body    string
		want    Outcome
		reason  string
	}{
		{"feishu", 200, `{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}`, Done, ""},
		{"feishu", 200, `{"StatusCode":0,"StatusMessage":"success"}`, Done, ""},
		{"feishu", 200, `{"StatusCode":0,"code":19001,"msg":"param invalid"}`, DeadLetter, "copy it again"},
		{"feishu", 200, `{"code":19021,"msg":"sign match fail"}`, DeadLetter, "clock"},
		{"feishu", 200, `{"code":19022,"msg":"Ip Not Allowed"}`, DeadLetter, "allow list"},
		{"feishu", 200, `{"code":19024,"msg":"Key Words Not Found"}`, DeadLetter, "keyword"},
		{"feishu", 200, `{"code":19036,"msg":"size"}`, Split, "19036"},
		{"feishu", 200, `{"code":11232,"msg":"frequency limited psm[x]"}`, Retry, "11232"},
		{"feishu", 400, `{"code":11232,"msg":"frequency limited psm[x]"}`, Retry, "11232"},
		{"feishu", 200, `{"code":9499,"msg":"too many request"}`, Retry, "too many"},
		{"feishu", 400, `{"code":9499,"msg":"Bad Request"}`, DeadLetter, "Bad Request"},
		{"feishu", 200, `{"code":19002,"msg":"params error, msg_type need"}`, DeadLetter, "gateway"},
		{"feishu", 429, `{"code":99991400,"msg":"request trigger frequency limit"}`, Retry, "99991400"},
		{"feishu", 400, `{"code":99991400,"msg":"request trigger frequency limit"}`, Retry, "99991400"},
		{"feishu", 200, `{"code":11246,"msg":"ErrCode: 100290; ErrMsg: there is an invalid user resource (at/person) in your card; ErrorValue: x; "}`, DeadLetter, "mentions"},
		{"feishu", 200, `{"code":11246,"msg":"ErrCode: 11310; ErrMsg: element exceeds the limit; "}`, Split, "11310"},
		{"feishu", 200, `{"code":11246,"msg":"ErrCode: 200621; ErrMsg: parse card json err; "}`, DeadLetter, "templates"},
		{"feishu", 503, `{"code":12345,"msg":"new"}`, Retry, "12345"},
		{"feishu", 200, `{"code":12345,"msg":"new"}`, Retry, "12345"},
		{"feishu", 200, ``, Retry, "not understood"},
		{"feishu", 200, `<html>login</html>`, Retry, "not understood"},
		{"feishu", 200, `{"data":1}`, Retry, "not understood"},
		{"feishu", 500, `{"code":0}`, Retry, "HTTP 500"},
		{"feishu", 302, `<html>`, DeadLetter, "HTTP 302"},

		{"dingtalk", 200, `{"errcode":0,"errmsg":"ok"}`, Done, ""},
		{"dingtalk", 200, `{"errcode":130101,"errmsg":"send too fast"}`, Retry, "too fast"},
		{"dingtalk", 200, `{"errcode":410100,"errmsg":"x"}`, Retry, "410100"},
		{"dingtalk", 200, `{"errcode":-1,"errmsg":"busy"}`, Retry, "busy"},
		{"dingtalk", 200, `{"errcode":460101,"errmsg":"message too long, exceed 20000 bytes"}`, Split, "too long"},
		{"dingtalk", 200, `{"errcode":101002,"errmsg":"message is too long"}`, Split, "too long"},
		{"dingtalk", 200, `{"errcode":40035,"errmsg":"body 大小不合法,限制20000bytes"}`, Split, "20000"},
		{"dingtalk", 200, `{"errcode":310000,"errmsg":"keywords not in content"}`, DeadLetter, "to the bot's keywords"},
		{"dingtalk", 200, `{"errcode":310000,"errmsg":"sign not match"}`, DeadLetter, "secret"},
		{"dingtalk", 200, `{"errcode":310000,"errmsg":"ip 1.2.3.4 not in whitelist"}`, DeadLetter, "allow list"},
		{"dingtalk", 200, `{"errcode":310000,"errmsg":"invalid timestamp"}`, DeadLetter, "clock"},
		{"dingtalk", 200, `{"errcode":310000,"errmsg":"description:机器人发送签名过期;solution:签名生成时间和发送时间请保持在 timestampms 以内"}`, DeadLetter, "clock"},
		{"dingtalk", 200, `{"errcode":310000,"errmsg":"description:机器人发送签名不匹配;solution:请确认签名和生成签名的时间戳必须都放在调用的网址中"}`, DeadLetter, "secret"},
		{"dingtalk", 200, `{"errcode":310000,"errmsg":"description:关键词不匹配;solution:请联系群管理员查看此机器人的关键词"}`, DeadLetter, "to the bot's keywords"},
		{"dingtalk", 200, `{"errcode":300001,"errmsg":"token is not exist"}`, DeadLetter, "custom bot"},
		{"dingtalk", 200, `{"errcode":400101,"errmsg":"x"}`, DeadLetter, "copy the url"},
		{"dingtalk", 200, `{"errcode":400105,"errmsg":"x"}`, DeadLetter, "form"},
		{"dingtalk", 200, `{"errcode":400106,"errmsg":"x"}`, DeadLetter, "removed"},
		{"dingtalk", 200, `{"errcode":430101,"errmsg":"x"}`, DeadLetter, "link"},
		{"dingtalk", 200, `{"errcode":430102,"errmsg":"x"}`, DeadLetter, "word"},
		{"dingtalk", 200, `{"errcode":430103,"errmsg":"x"}`, DeadLetter, "image"},
		{"dingtalk", 200, `{"errcode":430104,"errmsg":"x"}`, DeadLetter, "does not allow"},
		{"dingtalk", 200, `{"errcode":88,"errmsg":"access_token is blank"}`, DeadLetter, "no access token"},
		{"dingtalk", 200, `{"errcode":43004,"errmsg":"x"}`, DeadLetter, "content type"},
		{"dingtalk", 200, `{"errcode":300005,"errmsg":"token is not exist"}`, DeadLetter, "copy the url"},
		{"dingtalk", 200, `{"errcode":400013,"errmsg":"x"}`, DeadLetter, "group"},
		{"dingtalk", 200, `{"errcode":400102,"errmsg":"x"}`, DeadLetter, "stopped"},
		{"dingtalk", 200, `{"errcode":90030,"errmsg":"webhook over limit"}`, DeadLetter, "quota"},
		{"dingtalk", 200, `{"errcode":999,"errmsg":"x"}`, Retry, "999"},
		{"dingtalk", 200, ``, Retry, "not understood"},
		{"dingtalk", 502, `bad gateway`, Retry, "HTTP 502"},

		{"wecom", 200, `{"errcode":0,"errmsg":"ok"}`, Done, ""},
		{"wecom", 200, `{"errcode":93000,"errmsg":"invalid webhook url"}`, DeadLetter, "copy the url"},
		{"wecom", 200, `{"errcode":45009,"errmsg":"api freq out of limit"}`, Retry, "45009"},
		{"wecom", 200, `{"errcode":45033,"errmsg":"x"}`, Retry, "45033"},
		{"wecom", 200, `{"errcode":-1,"errmsg":"busy"}`, Retry, "busy"},
		{"wecom", 200, `{"errcode":40058,"errmsg":"markdown.content exceed max length 4096"}`, Split, "4096"},
		{"wecom", 200, `{"errcode":40058,"errmsg":"template_card.card_action missing. invalid Request Parameter"}`, DeadLetter, "form: markdown"},
		{"wecom", 200, `{"errcode":45002,"errmsg":"x"}`, Split, "45002"},
		{"wecom", 200, `{"errcode":6000,"errmsg":"x"}`, Retry, "6000"},
		{"wecom", 200, `{"errcode":93004,"errmsg":"x"}`, DeadLetter, "stopped"},
		{"wecom", 200, `{"errcode":93008,"errmsg":"x"}`, DeadLetter, "not in the group"},
		{"wecom", 200, `{"errcode":47001,"errmsg":"data format error"}`, DeadLetter, "proxy"},
		{"wecom", 200, `{"errcode":40008,"errmsg":"x"}`, DeadLetter, "40008"},
		{"wecom", 200, `{"errcode":44004,"errmsg":"x"}`, DeadLetter, "44004"},
		{"wecom", 200, `{"errcode":40033,"errmsg":"x"}`, DeadLetter, "40033"},
		{"wecom", 200, `{"errcode":7,"errmsg":"x"}`, Retry, "7"},
		{"wecom", 200, `{}`, Retry, "not understood"},
		{"wecom", 413, ``, Split, "HTTP 413"},

		{"slack", 200, `ok`, Done, ""},
		{"slack", 200, `{"ok":true}`, Done, ""},
		{"slack", 200, `{"ok":false,"error":"channel_not_found"}`, DeadLetter, "channel_not_found"},
		{"slack", 200, ``, Retry, "not understood"},
		{"slack", 200, `<html>`, Retry, "not understood"},
		{"slack", 400, `invalid_payload`, DeadLetter, "invalid_payload"},
		{"slack", 400, `invalid_blocks`, DeadLetter, "invalid_blocks"},
		{"slack", 400, `no_text`, DeadLetter, "no_text"},
		{"slack", 400, `msg_too_long`, Split, "msg_too_long"},
		{"slack", 400, `msg_blocks_too_long`, Split, "too_long"},
		{"slack", 403, `action_prohibited`, DeadLetter, "forbids"},
		{"slack", 403, `no_active_hooks`, DeadLetter, "make a new one"},
		{"slack", 404, `no_service`, DeadLetter, "make a new one"},
		{"slack", 404, `<html>`, DeadLetter, "HTTP 404"},
		{"slack", 404, `channel_not_found`, DeadLetter, "make a webhook"},
		{"slack", 410, `channel_is_archived`, DeadLetter, "another channel"},
		{"slack", 429, `{"retry_after":1,"ok":false,"error":"rate_limited"}`, Retry, "rate_limited"},
		{"slack", 500, `rollup_error`, Retry, "rollup_error"},
		{"slack", 503, `{"ok":true}`, Retry, "HTTP 503"},
	}
	byName := map[string]*Channel{}
	for _, c := range Channels() {
		byName[c.Name] = c
	}
	for _, test := range tests {
		got := byName[test.channel].Verdict(Response{Status: test.status, Body: []byte(test.body)})
		if got.Outcome != test.want || !strings.Contains(got.Reason, test.reason) || (got.Outcome != Done && got.Reason == "") {
			t.Errorf("%s %d %s: got %s %q, want %s with %q", test.channel, test.status, test.body, got.Outcome, got.Reason, test.want, test.reason)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"": 0, "30": 30 * time.Second, "-5": 0, "soon": 0, "65535": maxRetryAfter, "99999999999999999999": 0,
		"Mon, 01 Jan 1990 00:00:00 GMT": 0,
	} {
		if got := retryAfter(http.Header{"Retry-After": {value}}); got != want {
			t.Errorf("%q: got %s, want %s", value, got, want)
		}
	}
}

// TestNothingIsInjected: what labels and annotations bring is read as it was written. The fakes
// show a mention as @name and a link as its title, so neither may be there.
func TestNothingIsInjected(t *testing.T) {
	quotes := strings.NewReplacer("│ ", "", "┃ ", "")
	for _, c := range Channels() {
		if c.Name == "webhook" {
			continue // its texts are JSON, which has a test of its own
		}
		for _, form := range c.Forms {
			var text string
			for _, request := range encodeParts(t, newEncoder(c, targetOf(c.Name, form), time.Now()), sampleMessage(t, "hostile", Style{})) {
				shown, err := fakeim.Show(c.Name, string(request.Body))
				if err != nil {
					t.Fatal(err)
				}
				text += shown + "\n"
			}
			for _, want := range []string{
				"<at id=all></at><!channel> @all", `### heading </font><font color="info">ok</font> @all @13800000000 user@example.com`,
				"\n> quote\n# title\n- item\n---\n", `<at user_id="all">everyone</at>`, "![img](http://evil.example/x.png)",
				"a&b <@U123> <!here> &#60;at id=all&#62;", "[click](http://evil.example) `x`", "<b>5</b>", "Runbook: javascript:alert(1)",
			} {
				if !strings.Contains(narrow(quotes.Replace(text)), want) {
					t.Errorf("%s.%s does not show %q:\n%s", c.Name, form, want, text)
				}
			}
			if strings.ContainsAny(text, "\x00\x1b\u202e") {
				t.Errorf("%s.%s lets control characters through: %q", c.Name, form, text)
			}
		}
	}
}
