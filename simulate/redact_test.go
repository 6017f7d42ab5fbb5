package simulate

import (
	"strings"
	"testing"
)

func TestRedact(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", ""},
		{"no URL here", "no URL here"},
		{"Post \"https://hooks.slack.com/services/T/B/x\": EOF", "Post \"https://hooks.slack.com/services/***\": EOF"},
		{"https://open.feishu.cn/open-apis/bot/v2/hook/0f1e", "https://open.feishu.cn/open-apis/bot/v2/hook/***"},
		{"https://oapi.dingtalk.com/robot/send?access_token=a&timestamp=1&sign=b", "https://oapi.dingtalk.com/robot/send?access_token=***&timestamp=1&sign=***"},
		{"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=***"},
		{"https://api.telegram.org/bot1:x/sendMessage", "https://api.telegram.org/bot***/sendMessage"},
		{"https://user:secret@example.com/a?b=c", "https://***@example.com/a?b=c"},
		{"http://adaptor:5001/api/v1/notify/feishu", "http://adaptor:5001/api/v1/notify/feishu"},
		{`parse "ht!tp://secret": first path segment`, `parse "***": first path segment`},
		{"http://[secret", "***"},
	}
	for _, test := range tests {
		if got := redact(test.text); got != test.want {
			t.Errorf("%q:\n got %q\nwant %q", test.text, got, test.want)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("https://hooks.slack.com", "T/B/x")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, before, secret string) {
		got := redact(before + " https://hooks.slack.com/services/" + secret)
		if len(secret) > 8 && !strings.ContainsAny(secret, " \t\n\v\f\r\"'`<>?#\u0085\u00a0") && !strings.Contains(before, secret) && strings.Contains(got, secret) {
			t.Errorf("secret %q shows in %q", secret, got)
		}
	})
}
