package adaptor

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// writeConfig writes files into a new folder and returns the path of adaptor.yaml there.
func writeConfig(t testing.TB, config string, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "adaptor.yaml")
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConfig(t *testing.T) {
	env := map[string]string{"TOKEN": "abc123"}
	path := writeConfig(t, `
# as KubeBlocks wrote it
receivers:
- name: receiver-x7k2p
  type: feishu-webhook
  params: {url: https://open.feishu.cn/open-apis/bot/v2/hook/u, secret: s}
- name: receiver-2
  type: wechat-webhook
  params:
    url: https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=${TOKEN}
- name: lark
  type: lark
  params: {url: https://open.larksuite.com/open-apis/bot/v2/hook/u}
- name: from files
  type: dingtalk
  params: {url_file: url, secret_file: secret}
- name: by its host
  params: {url: "https://hooks.slack.com/services/T/B/$${X}"}
- name: a gateway
  type: slack-webhook
  params: {url: http://gateway.example/slack}
`, map[string]string{"url": "https://oapi.dingtalk.com/robot/send?access_token=T\n", "secret": " SEC1\n"})
	config, err := LoadConfig(path, func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range config.Receivers {
		got = append(got, r.Name+" "+r.Channel.Name+" "+string(r.Target.URL)+" "+string(r.Target.Secret))
	}
	want := []string{
		"receiver-x7k2p feishu https://open.feishu.cn/open-apis/bot/v2/hook/u s",
		"receiver-2 wecom https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc123 ",
		"lark feishu https://open.larksuite.com/open-apis/bot/v2/hook/u ",
		"from files dingtalk https://oapi.dingtalk.com/robot/send?access_token=T SEC1",
		"by its host slack https://hooks.slack.com/services/T/B/${X} ",
		"a gateway slack http://gateway.example/slack ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEmptyListOfReceivers(t *testing.T) {
	config, err := LoadConfig(writeConfig(t, "receivers: []\n", nil), os.Getenv)
	if err != nil || len(config.Receivers) != 0 {
		t.Errorf("got %v, %v", config, err)
	}
}

// TestBadConfig: each mistake is named with its line, and no secret is in an error.
func TestBadConfig(t *testing.T) {
	const secret = "hush-hush"
	tests := map[string]struct{ config, want string }{
		"empty":       {"", "adaptor.yaml: the file is empty: it needs a list of receivers"},
		"comment":     {"# nothing\n", "adaptor.yaml: the file is empty: it needs a list of receivers"},
		"null":        {"null\n", "adaptor.yaml: the file is empty: it needs a list of receivers"},
		"not YAML":    {"receivers: [\n", "adaptor.yaml: line 1: did not find expected node content"},
		"binary":      {"\x00\x01\x02", "adaptor.yaml: control characters are not allowed"},
		"not UTF-8":   {"receivers: \xff\xfe\n", "adaptor.yaml: invalid leading UTF-8 octet"},
		"a list":      {"- a\n", "adaptor.yaml:1: the configuration must be a mapping of keys to values, not a list"},
		"a word":      {"hello\n", "adaptor.yaml:1: the configuration must be a mapping of keys to values, not a single value"},
		"other key":   {"reciever: []\n", `adaptor.yaml:1: the configuration: unknown key "reciever" (did you mean "receivers"?): want receivers`},
		"not a list":  {"receivers: {a: b}\n", "adaptor.yaml:1: receivers must be a list, not a mapping"},
		"two":         {"receivers: []\n---\nreceivers: []\n", "adaptor.yaml:2: the file has more than one YAML document"},
		"text":        {"receivers:\n- hello\n", "adaptor.yaml:2: a receiver must be a mapping of keys to values, not a single value"},
		"itself":      {"receivers: &a\n- *a\n", "adaptor.yaml:1: a receiver must be a mapping of keys to values, not a list"},
		"no name":     {"receivers:\n- type: slack\n  params: {url: https://x.example/a}\n", "adaptor.yaml:2: a receiver has no name"},
		"no params":   {"receivers:\n- name: ops\n  type: slack\n", `adaptor.yaml:2: receiver "ops": no params: it needs params.url, or params.url_file`},
		"no url":      {"receivers:\n- name: ops\n  type: feishu\n  params: {secret: x}\n", `adaptor.yaml:4: receiver "ops": no params.url`},
		"params text": {"receivers:\n- name: ops\n  params: hush-hush\n", `adaptor.yaml:3: receiver "ops": params must be a mapping of keys to values, not a single value`},
		"unknown param": {"receivers:\n- name: ops\n  params:\n    url: https://x.example\n    secert: hush-hush\n",
			`adaptor.yaml:5: receiver "ops": params: unknown key "secert" (did you mean "secret"?)`},
		"unknown type": {"receivers:\n- name: ops\n  type: fieshu-webhook\n  params: {url: https://x.example/hush-hush}\n",
			`adaptor.yaml:3: receiver "ops": unknown type "fieshu-webhook" (did you mean "feishu-webhook"?): want dingtalk-webhook, feishu-webhook, slack-webhook, webhook or wechat-webhook`},
		"no type":    {"receivers:\n- name: ops\n  params: {url: https://x.example/hush-hush}\n", `receiver "ops": no type, and the address on x.example does not tell`},
		"wrong type": {"receivers:\n- name: ops\n  type: slack\n  params: {url: https://oapi.dingtalk.com/hush-hush}\n", `adaptor.yaml:2: receiver "ops": the type is that of slack but the address is on oapi.dingtalk.com, which is dingtalk`},
		"bad url":    {"receivers:\n- name: ops\n  type: slack\n  params: {url: \"https://hush-hush:%zz/\"}\n", `adaptor.yaml:2: receiver "ops": params.url is not an http or https address`},
		"other scheme": {"receivers:\n- name: ops\n  type: slack\n  params: {url: file:///hush-hush}\n",
			`adaptor.yaml:2: receiver "ops": params.url is not an http or https address`},
		"url list":  {"receivers:\n- name: ops\n  type: slack\n  params: {url: [hush-hush]}\n", `adaptor.yaml:4: receiver "ops": params.url must be text, not a list`},
		"both":      {"receivers:\n- name: ops\n  type: slack\n  params: {url: hush-hush, url_file: b}\n", `adaptor.yaml:4: receiver "ops": params.url and url_file are both set`},
		"no file":   {"receivers:\n- name: ops\n  type: slack\n  params: {url_file: missing}\n", `adaptor.yaml:4: receiver "ops": params.url_file: /`},
		"no var":    {"receivers:\n- name: ops\n  type: slack\n  params: {url: \"https://hush-hush/${NOPE}\"}\n", `params.url needs the environment variable NOPE, which is not set`},
		"open var":  {"receivers:\n- name: ops\n  type: slack\n  params: {url: \"https://hush-hush/${NOPE\"}\n", `params.url has ${ without }`},
		"twice":     {"receivers:\n- &r\n  name: ops\n  type: slack\n  params: {url: https://hooks.slack.com/services/hush-hush}\n- *r\n", `adaptor.yaml:6: receiver "ops": the name is taken by the receiver at line 2`},
		"key twice": {"receivers: []\nreceivers: []\n", `adaptor.yaml:2: the configuration: the key "receivers" is set twice`},
		"merge key": {"receivers:\n- <<: {a: b}\n  name: ops\n  params: {url: https://hooks.slack.com/services/a}\n", `adaptor.yaml:2: a receiver: unknown key "<<"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := LoadConfig(writeConfig(t, test.config, nil), func(string) string { return "" })
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if strings.Contains(strings.ReplaceAll(err.Error(), "address on hush-hush", ""), secret) {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
}

// TestEveryMistakeIsReported: a second run should not be needed to see the second mistake.
func TestEveryMistakeIsReported(t *testing.T) {
	_, err := LoadConfig(writeConfig(t, "receivers:\n- nmae: a\n- name: b\n  params: {}\nextra: 1\n", nil), os.Getenv)
	if err == nil || strings.Count(err.Error(), "\n") != 4 {
		t.Errorf("got %v", err)
	}
}

func TestConfigFiles(t *testing.T) {
	if _, err := LoadConfig(filepath.Join(t.TempDir(), "none.yaml"), os.Getenv); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: got %v", err)
	}
	if _, err := LoadConfig(t.TempDir(), os.Getenv); err == nil {
		t.Error("a folder was read as a file")
	}
	if _, err := LoadConfig(writeConfig(t, strings.Repeat("#", maxConfig+1), nil), os.Getenv); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("huge file: got %v", err)
	}
}
