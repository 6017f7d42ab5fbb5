package adaptor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// wholeConfig has every key that there is. Its secrets, in it or in its files, have planted in
// them.
const wholeConfig = `
locale: zh-CN
locales: [nl.yaml]
time_zone: Asia/Shanghai
template_files: ["*.tmpl"]
templates:
  default: {title: '{{ .Status }}'}
  feishu: {title: 'F {{ .Status }}', alert: '{{ .Labels.alertname }}'}
  dingtalk: {alert: D}
  wecom: {alert: W}
  slack: {alert: S}
  webhook: {alert: H}
dedup_window: 90s
max_age: 1h30m
allow_hosts: [open.feishu.cn, "*.example.com", OAPI.dingtalk.com, proxy.internal, slack.com]
receivers:
- name: everything
  type: feishu-webhook
  params: {url: https://open.feishu.cn/open-apis/bot/v2/hook/s3cr3t-hook, secret: s3cr3t-sign}
  form: card
  locale: nl
  time_zone: Europe/Amsterdam
  templates: {title: own, alert: own}
  mentions:
  - severity: [critical, page]
    matchers: ['team="db"', 'env=~"prod.*"']
    users: [ou_0123456789abcdef0123456789abcdef]
  - {severity: critical, all: true}
  bearer_token: ${TOKEN}
  fallback: plain
  fallback_after: 10m
  max_age: 1d
  rates: [{messages: 3, per: 1s}, {messages: 60, per: 1m}]
  proxy_url: http://bob:${TOKEN}@proxy.internal:3128
- name: plain
  type: dingtalk-webhook
  params: {url_file: url, secret_file: secret}
  mentions: [{mobiles: "13800000000"}]
  bearer_token_file: token
  proxy_url_file: proxy
- name: bot
  type: slack
  params: {token_file: token, channel: C0123456789}
- name: another bot
  type: slack
  params: {token: xoxb-s3cr3t-bot, channel: C0123456789}
- name: hook
  type: webhook
  params: {url: https://hooks.example.com/s3cr3t-path, template: '{"text": "{{ .Title }}"}', authorization: Bearer s3cr3t-bearer, success: '"ok"'}
- name: hook with files
  type: webhook
  params: {url: 'https://hooks.example.com/y?key=s3cr3t-key', template_file: body.tmpl.json, authorization_file: token}
`

// planted is in every secret of wholeConfig.
const planted = "s3cr3t"

// wholeConfigFiles are the files that wholeConfig names.
func wholeConfigFiles(t testing.TB) map[string]string {
	t.Helper()
	english, err := os.ReadFile("locales/en.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"nl.yaml": string(english), "own.tmpl": `{{ define "own" }}x{{ end }}`, "body.tmpl.json": `{"a": "{{ .Title }}"}`,
		"url": "https://oapi.dingtalk.com/robot/send?access_token=s3cr3t-access", "secret": "SECs3cr3t", "token": "s3cr3t-file\n", "proxy": "socks5://bob:s3cr3t-socks@proxy.internal:1080",
	}
}

func wholeEnvironment(name string) string {
	return map[string]string{"TOKEN": "s3cr3t-environment"}[name]
}

// TestEveryKey reads a configuration with every key, and finds each where it belongs.
func TestEveryKey(t *testing.T) {
	path := writeConfig(t, wholeConfig, wholeConfigFiles(t))
	config, files, err := Source{Path: path, Getenv: wholeEnvironment}.load()
	if err != nil {
		t.Fatal(err)
	}
	if config.DedupWindow != 90*time.Second || config.MaxAge != 90*time.Minute || len(config.AllowHosts) != 5 {
		t.Errorf("dedup_window %s, max_age %s, allow_hosts %q", config.DedupWindow, config.MaxAge, config.AllowHosts)
	}
	r, plain := config.Receivers[0], config.Receivers[1]
	type settings struct {
		Form, Locale, Zone, Token, Fallback, Proxy string
		FallbackAfter, MaxAge                      time.Duration
		Rates                                      []Rate
		Mentions                                   int
		Templates                                  bool
	}
	of := func(r Receiver) settings {
		s := settings{
			Form: r.Target.Form, Locale: r.Style.Locale.Name, Zone: r.Style.Zone.String(), Token: string(r.Token), Fallback: r.Fallback, Proxy: string(r.Proxy),
			FallbackAfter: r.FallbackAfter, MaxAge: r.MaxAge, Rates: r.Rates, Mentions: len(r.Mentions), Templates: r.Templates != nil,
		}
		return s
	}
	if diff := cmp.Diff(settings{
		Form: "card", Locale: "nl", Zone: "Europe/Amsterdam", Token: "s3cr3t-environment", Fallback: "plain",
		Proxy: "http://bob:s3cr3t-environment@proxy.internal:3128", FallbackAfter: 10 * time.Minute, MaxAge: 24 * time.Hour,
		Rates: []Rate{{3, time.Second}, {60, time.Minute}}, Mentions: 2, Templates: true,
	}, of(r)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(settings{
		Locale: "zh-CN", Zone: "Asia/Shanghai", Token: "s3cr3t-file", Proxy: "socks5://bob:s3cr3t-socks@proxy.internal:1080",
		MaxAge: 90 * time.Minute, Mentions: 1, Templates: true,
	}, of(plain)); diff != "" {
		t.Error(diff)
	}
	if bot := config.Receivers[2].Target; bot.Host() != "slack.com" || string(bot.Params["token"]) != "s3cr3t-file" || string(bot.Params["channel"]) != "C0123456789" {
		t.Errorf("the bot is %s with %d params", bot.Host(), len(bot.Params))
	}
	dir := filepath.Dir(path)
	for _, name := range []string{"adaptor.yaml", "nl.yaml", "own.tmpl", "url", "secret", "token", "proxy", "body.tmpl.json"} {
		found := false
		for _, file := range files {
			found = found || file == filepath.Join(dir, name)
		}
		if !found {
			t.Errorf("%s is not among the files of the configuration: %s", name, files)
		}
	}
}

// TestKubeBlocks: the file that KubeBlocks' alert commands wrote works unchanged.
func TestKubeBlocks(t *testing.T) {
	config, err := ParseConfig("config.yaml", []byte(`receivers:
- name: receiver-x7k2p
  type: feishu-webhook
  params:
    url: https://open.feishu.cn/open-apis/bot/v2/hook/8bc0-8bc0
    secret: testsecret
- name: receiver-abcde
  type: dingtalk-webhook
  params:
    url: https://oapi.dingtalk.com/robot/send?access_token=0123456789
- name: receiver-fghij
  params:
    url: https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0123
  type: wechat-webhook
`), os.Getenv)
	if err != nil || len(config.Receivers) != 3 || config.Receivers[2].Channel.Name != "wecom" {
		t.Errorf("%+v, %v", config, err)
	}
}

// TestBadKeys: each mistake in the newer keys is told with its line, and no secret with it.
func TestBadKeys(t *testing.T) {
	const receiver = "- name: ops\n  type: slack\n  params: {url: https://hooks.slack.com/services/hush-hush}\n"
	other := strings.ReplaceAll(receiver, "ops", "dba")
	tests := map[string]struct{ config, want string }{
		"dedup too long":      {"dedup_window: 11m\nreceivers: []\n", `:1: dedup_window: "11m" is not a duration from 30s to 10m, such as 90s or 1h30m`},
		"dedup 0":             {"dedup_window: 0s\nreceivers: []\n", `:1: dedup_window: "0s" is not a duration`},
		"dedup no unit":       {"dedup_window: 120\nreceivers: []\n", `:1: dedup_window: "120" is not a duration`},
		"dedup below 0":       {"dedup_window: -1m\nreceivers: []\n", `:1: dedup_window: "-1m" is not a duration`},
		"max age":             {"receivers:\n" + receiver + "  max_age: 1y\n", `:5: receiver "ops": max_age: "1y" is not a duration from 1m to 1w`},
		"host with scheme":    {"allow_hosts: [https://open.feishu.cn]\nreceivers: []\n", `:1: allow_hosts: "https://open.feishu.cn" is not the name of a host`},
		"host with port":      {"allow_hosts: ['a.example:443']\nreceivers: []\n", `:1: allow_hosts: "a.example:443" is not the name of a host`},
		"host with star":      {"allow_hosts: ['*']\nreceivers: []\n", `:1: allow_hosts: "*" is not the name of a host`},
		"hosts not a list":    {"allow_hosts: open.feishu.cn\nreceivers: []\n", ":1: allow_hosts must be a list, not a single value"},
		"host not allowed":    {"allow_hosts: ['*.slack.com.evil.example', slack.com]\nreceivers:\n" + receiver, `:3: receiver "ops": the address is on hooks.slack.com, which is not among allow_hosts`},
		"proxy not allowed":   {"allow_hosts: [hooks.slack.com]\nreceivers:\n" + receiver + "  proxy_url: http://u:hush-hush@evil.example\n", `:6: receiver "ops": the proxy on evil.example is not among allow_hosts`},
		"proxy":               {"receivers:\n" + receiver + "  proxy_url: ftp://u:hush-hush@proxy\n", `:5: receiver "ops": proxy_url is not an address of a proxy`},
		"proxy twice":         {"receivers:\n" + receiver + "  proxy_url: http://hush-hush\n  proxy_url_file: f\n", `:6: receiver "ops": proxy_url and proxy_url_file are both set`},
		"locale":              {"locale: zh_CN\nreceivers: []\n", `:1: locale: `},
		"locale of one":       {"receivers:\n" + receiver + "  locale: xx\n", `:5: receiver "ops": locale: `},
		"zone":                {"receivers:\n" + receiver + "  time_zone: Asia/Beijing\n", `:5: receiver "ops": time_zone: "Asia/Beijing" is no time zone`},
		"locale file":         {"locales: [none.yaml]\nreceivers: []\n", "none.yaml: no such file or directory"},
		"template file":       {"template_files: [none.tmpl]\nreceivers: []\n", "none.tmpl: "},
		"template":            {"templates: {slack: {title: '{{ .Foo'}}\nreceivers: []\n", "adaptor.yaml:1:"},
		"template of one":     {"receivers:\n" + receiver + "  templates:\n    title: '{{ nofunc }}'\n", "adaptor.yaml:6:"},
		"template channel":    {"templates: {slakc: {title: x}}\nreceivers: []\n", `:1: templates: unknown key "slakc" (did you mean "slack"?)`},
		"template key":        {"receivers:\n" + receiver + "  templates: {titel: x}\n", `:5: receiver "ops": templates: unknown key "titel" (did you mean "title"?)`},
		"mention nobody":      {"receivers:\n" + receiver + "  mentions: [{severity: critical}]\n", `:5: receiver "ops": mentions: a mention calls nobody`},
		"mention all":         {"receivers:\n" + receiver + "  mentions: [{all: maybe}]\n", `:5: receiver "ops": mentions: all: "maybe" is neither true nor false`},
		"matcher":             {"receivers:\n" + receiver + "  mentions: [{all: true, matchers: ['team db']}]\n", `:5: receiver "ops": mentions: "team db" is no matcher`},
		"mention key":         {"receivers:\n" + receiver + "  mentions: [{user: x}]\n", `:5: receiver "ops": a mention: unknown key "user" (did you mean "users"?)`},
		"mention text":        {"receivers:\n" + receiver + "  mentions: [x]\n", `:5: receiver "ops": a mention must be a mapping of keys to values, not a single value`},
		"token with a space":  {"receivers:\n" + receiver + "  bearer_token: hush-hush now\n", `:5: receiver "ops": the bearer token has a space`},
		"token twice":         {"receivers:\n" + receiver + "  bearer_token: hush-hush\n  bearer_token_file: f\n", `:6: receiver "ops": bearer_token and bearer_token_file are both set`},
		"token variable":      {"receivers:\n" + receiver + "  bearer_token: ${NOPE}\n", `:5: receiver "ops": bearer_token needs the environment variable NOPE, which is not set`},
		"fallback unknown":    {"receivers:\n" + receiver + "  fallback: dbaa\n" + other, `:5: receiver "ops": the fallback "dbaa" is not a receiver (did you mean "dba"?)`},
		"fallback itself":     {"receivers:\n" + receiver + "  fallback: ops\n", `:5: receiver "ops": it is its own fallback`},
		"fallback circle":     {"receivers:\n" + receiver + "  fallback: dba\n" + other + "  fallback: ops\n", `:9: receiver "dba": its fallbacks lead back to it`},
		"fallback after only": {"receivers:\n" + receiver + "  fallback_after: 5m\n", `:5: receiver "ops": fallback_after without a fallback`},
		"fallback too late":   {"max_age: 5m\nreceivers:\n" + receiver + "  fallback: dba\n  fallback_after: 5m\n" + other, `:7: receiver "ops": fallback_after must be shorter than max_age, which is 5m`},
		"rate of 0":           {"receivers:\n" + receiver + "  rates: [{messages: 0, per: 1m}]\n", `:5: receiver "ops": rates: messages: "0" is not a whole number from 1 to 1000`},
		"rate without per":    {"receivers:\n" + receiver + "  rates: [{messages: 1}]\n", `:5: receiver "ops": a rate needs messages and per, as in {messages: 20, per: 1m}`},
		"rates of one bot":    {"receivers:\n" + receiver + "  rates: [{messages: 1, per: 1m}]\n" + other, `:6: receiver "dba": it has the same bot as the receiver at line 2, but other rates`},
		"form":                {"receivers:\n" + receiver + "  form: card\n", `:5: receiver "ops": unknown form "card": slack has blocks, buttons`},
		"name .":              {"receivers:\n" + strings.ReplaceAll(receiver, "ops", `".."`), `:2: receiver "..": the name cannot be part of a path`},
		"name of lines":       {"receivers:\n" + strings.ReplaceAll(receiver, "ops", `"a\nb"`), `:2: receiver "a\nb": the name has control characters`},
		"name too long":       {"receivers:\n" + strings.ReplaceAll(receiver, "ops", strings.Repeat("x", 201)), `:2: receiver "xxxx`},
		"param of another":    {"receivers:\n- {name: ops, type: feishu, params: {url: https://open.feishu.cn/a, channel: C1}}\n", `:2: receiver "ops": params: unknown key "channel": want url, url_file, secret, secret_file`},
		"param by host":       {"receivers:\n- {name: ops, params: {url: https://open.feishu.cn/a, channel: C1}}\n", `:2: receiver "ops": params: feishu has no "channel": want url, url_file, secret, secret_file`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := LoadConfig(writeConfig(t, test.config, nil), func(string) string { return "" })
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "hush-hush") {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
}

func TestAllowHosts(t *testing.T) {
	config := &Config{AllowHosts: []string{"open.feishu.cn", "*.example.com"}}
	for host, want := range map[string]bool{
		"open.feishu.cn": true, "OPEN.feishu.cn": true, "feishu.cn": false, "x.open.feishu.cn": false,
		"a.example.com": true, "a.b.example.com": true, "example.com": false, "evilexample.com": false, "example.com.evil": false, "": false,
	} {
		if got := config.allows(host); got != want {
			t.Errorf("%s: %t", host, got)
		}
	}
	if !(&Config{}).allows("anything") {
		t.Error("an empty list allows nothing")
	}
}
