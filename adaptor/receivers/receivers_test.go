package receivers

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rulekit/rulekit/adaptor"
)

// filesOf are configurations without secrets of their own.
func filesOf(alertmanager, adaptor string) Files {
	return Files{
		Alertmanager: File{"alertmanager.yml", []byte(alertmanager)}, Adaptor: File{"adaptor.yaml", []byte(adaptor)},
		Getenv: func(string) string { return "" },
	}
}

// feishu is a receiver whose address is in a variable that is not set.
func feishu(name string, routing Routing) Spec {
	return Spec{Kind: "feishu", Name: name, URL: Credential{Variable: "FEISHU_URL"}, Routing: routing}
}

func mustAdd(t *testing.T, files Files, spec Spec) *Result {
	t.Helper()
	result, err := Add(files, spec)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// routesIn are the receivers of the routes, in order, with a + where they let alerts go on.
func routesIn(t *testing.T, files Files) string {
	t.Helper()
	var all []string
	for _, r := range load(t, string(files.Alertmanager.Source)).Route.Routes {
		sign := ""
		if r.Continue {
			sign = "+"
		}
		all = append(all, r.Receiver+sign)
	}
	return strings.Join(all, " ")
}

func TestPlaceOfRoute(t *testing.T) {
	const config = `
receivers:
- name: im
  email_configs: [{to: a@b.c, from: d@e.f, smarthost: "g:25"}]
- name: nobody
- name: ops
  email_configs: [{to: a@b.c, from: d@e.f, smarthost: "g:25"}]
route:
  receiver: im
  routes:
`
	tests := map[string]struct {
		routes  string
		routing Routing
		want    string
		notes   int
	}{
		"none":                       {"", Routing{}, "new+ im", 0},
		"in front of what ends":      {"  - {receiver: ops}\n", Routing{}, "new+ ops", 0},
		"behind what goes on":        {"  - {receiver: ops, continue: true}\n", Routing{}, "ops+ new+ im", 0},
		"behind other alerts":        {"  - {receiver: ops, matchers: [severity = info]}\n", Routing{Severities: []string{"critical"}}, "ops new+ im", 0},
		"in front of the same":       {"  - {receiver: ops, matchers: [severity =~ \"critical|info\"]}\n", Routing{Severities: []string{"critical"}}, "new+ ops im", 0},
		"not equal":                  {"  - {receiver: ops, matchers: [severity != critical]}\n", Routing{Severities: []string{"critical"}}, "ops new+ im", 0},
		"old forms":                  {"  - {receiver: ops, match: {severity: info}}\n  - {receiver: im, match_re: {severity: \"c.*\"}}\n", Routing{Severities: []string{"critical"}}, "ops new+ im im", 0},
		"another cluster":            {"  - {receiver: ops, matchers: [app_kubernetes_io_instance = other]}\n", Routing{Clusters: []string{"a", "b"}}, "ops new+ im", 0},
		"by name":                    {"  - {receiver: ops, matchers: [alertname = Watchdog]}\n  - {receiver: ops}\n", Routing{}, "ops new+ ops", 1},
		"by the same name":           {"  - {receiver: ops, matchers: [alertname = Watchdog]}\n", Routing{Matchers: []string{`alertname=~"Watch.*"`}}, "new+ ops im", 0},
		"dropped":                    {"  - {receiver: nobody, matchers: [cluster = lab]}\n", Routing{}, "nobody new+ im", 1},
		"dropped, but asked for":     {"  - {receiver: nobody, matchers: [severity = info]}\n", Routing{Severities: []string{"info"}}, "new+ nobody im", 0},
		"all dropped":                {"  - {receiver: nobody}\n", Routing{Severities: []string{"info"}}, "new+ nobody", 0},
		"exclusive":                  {"  - {receiver: ops, continue: true}\n", Routing{Exclusive: true, Severities: []string{"info"}}, "new ops+", 0},
		"somebody wrote a last one":  {"  - {receiver: ops, continue: true}\n  - {receiver: im}\n", Routing{}, "ops+ new+ im", 0},
		"regular expressions differ": {"  - {receiver: ops, matchers: [team =~ \"a.*\"]}\n", Routing{Matchers: []string{`team=~"b.*"`}}, "new+ ops im", 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			result := mustAdd(t, filesOf(config+test.routes, EmptyAdaptor), feishu("new", test.routing))
			if got := routesIn(t, result.Files); got != test.want || len(result.Notes) != test.notes {
				t.Errorf("the routes are %s, want %s; notes %q", got, test.want, result.Notes)
			}
		})
	}
}

const twoReceivers = `route:
  receiver: im
receivers:
- name: im
  webhook_configs: [{url: "http://im.example"}]
- name: ops
  webhook_configs: [{url: "http://ops.example"}]
`

// TestRestRoute: the last route to the default receiver is there as long as somebody needs it.
func TestRestRoute(t *testing.T) {
	files := filesOf(twoReceivers, EmptyAdaptor)
	one := mustAdd(t, files, feishu("one", Routing{Severities: []string{"info"}}))
	two := mustAdd(t, one.Files, feishu("two", Routing{Severities: []string{"critical"}}))
	if want := "  # The default receiver is still told of what goes to: one, two\n  - receiver: im\n"; !strings.Contains(string(two.Files.Alertmanager.Source), want) {
		t.Errorf("no %q in\n%s", want, two.Files.Alertmanager.Source)
	}
	if got := routesIn(t, two.Files); got != "one+ two+ im" {
		t.Errorf("the routes are %s", got)
	}
	left, err := Remove(two.Files, "one")
	if err != nil {
		t.Fatal(err)
	}
	if want := "told of what goes to: two\n"; !strings.Contains(string(left.Files.Alertmanager.Source), want) {
		t.Errorf("no %q in\n%s", want, left.Files.Alertmanager.Source)
	}
	if left, err = Remove(left.Files, "two"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Replace(twoReceivers, "im\n", "im\n  routes: []\n", 1), string(left.Files.Alertmanager.Source)); diff != "" {
		t.Error(diff)
	}
	// It leads to whoever is the default receiver.
	byDefault := mustAdd(t, two.Files, feishu("all", Routing{Default: true}))
	if got := routesIn(t, byDefault.Files); got != "one+ two+ all" || len(byDefault.Warnings) != 1 {
		t.Errorf("the routes are %s, warnings %q", got, byDefault.Warnings)
	}
	exclusive := feishu("one", Routing{Severities: []string{"info"}, Exclusive: true})
	exclusive.Replace = true
	if got := routesIn(t, mustAdd(t, two.Files, exclusive).Files); got != "one two+ im" {
		t.Errorf("the routes are %s", got)
	}
}

// TestReplaceKeepsOtherKeys: only what the flags say is changed.
func TestReplaceKeepsOtherKeys(t *testing.T) {
	files := filesOf(`route:
  receiver: im
  routes:
  - receiver: dba # ours
    group_wait: 1s
    match: {severity: info}
    continue: true
receivers:
- name: im
- name: dba
  webhook_configs:
  - url: http://adaptor:5001/api/v1/notify/dba
    http_config: {follow_redirects: false}
    max_alerts: 5
`, `receivers:
- name: dba
  type: feishu
  locale: zh-CN   # for all
  params:
    url: https://open.feishu.cn/open-apis/bot/v2/hook/x
    secret: s
  mentions: [{severity: critical, all: true}]
- name: other
  type: feishu
  fallback: dba
  params: {url: https://open.feishu.cn/open-apis/bot/v2/hook/y}
`)
	spec := feishu("dba", Routing{Clusters: []string{"a"}})
	spec.Replace = true
	result := mustAdd(t, files, spec)
	want := []string{`route:
  receiver: im
  routes:
  - receiver: dba # ours
    group_wait: 1s
    continue: true
    matchers:
    - app_kubernetes_io_instance=~"a"
receivers:
- name: im
- name: dba
  webhook_configs:
  - url: http://adaptor:5001/api/v1/notify/dba
    http_config: {follow_redirects: false}
`, `receivers:
- name: dba
  type: feishu-webhook
  locale: zh-CN   # for all
  params:
    secret: s
    url: ${FEISHU_URL}
  mentions: [{severity: critical, all: true}]
- name: other
  type: feishu
  fallback: dba
  params: {url: https://open.feishu.cn/open-apis/bot/v2/hook/y}
`}
	if diff := cmp.Diff(want[0], string(result.Files.Alertmanager.Source)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(strings.Replace(want[1], "    secret: s\n    url: ${FEISHU_URL}\n", "    url: ${FEISHU_URL}\n    secret: s\n", 1), string(result.Files.Adaptor.Source)); diff != "" {
		t.Error(diff)
	}
	// What others need is not removed.
	_, err := Remove(files, "dba")
	if advised := (*Error)(nil); !errors.As(err, &advised) || !strings.Contains(err.Error(), `the fallback "dba" is not a receiver`) {
		t.Errorf("got %v", err)
	}
}

func TestSecretsElsewhere(t *testing.T) {
	present := filepath.Join(t.TempDir(), "present")
	if err := os.WriteFile(present, []byte("https://open.feishu.cn/open-apis/bot/v2/hook/x"), 0o600); err != nil {
		t.Fatal(err)
	}
	source := func(extra string) File {
		return File{"adaptor.yaml", []byte(`receivers:
- {name: a, type: feishu, params: {url_file: "` + present + `", secret: "${KEY}"}}
- {name: b, type: feishu, params: {url_file: /no/such/url, secret_file: /no/such/key}, bearer_token_file: /no/such/token}
- {name: c, type: dingtalk, params: {url: "${DINGTALK}"}}
- {name: d, type: dingtalk, params: {url: "https://oapi.dingtalk.com/robot/send?access_token=${TOKEN}"}}
` + extra)}
	}
	read, missing, err := parseAdaptor(source("allow_hosts: [open.feishu.cn, oapi.dingtalk.com]\n"), func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"$KEY", "/no/such/token", "/no/such/url", "/no/such/key", "$DINGTALK", "$TOKEN"}, missing, cmpAnyOrder); diff != "" {
		t.Error(diff)
	}
	for i, unknown := range []bool{false, true, true, false} {
		if isStandIn(read.Receivers[i].Target) != unknown {
			t.Errorf("%s: the address is known: %v", read.Receivers[i].Name, unknown)
		}
	}
	_, _, err = parseAdaptor(source("hosts: []\n"), func(string) string { return "" })
	if err == nil || !strings.Contains(err.Error(), `adaptor.yaml:6: the configuration: unknown key "hosts"`) {
		t.Errorf("another mistake: %v", err)
	}
}

var cmpAnyOrder = cmp.Transformer("sort", func(all []string) map[string]bool {
	set := map[string]bool{}
	for _, s := range all {
		set[s] = true
	}
	return set
})

func TestNoSecretInErrors(t *testing.T) {
	for _, source := range []string{
		"route: {receiver: a}\nreceivers: [{name: a, slack_configs: [{api_url: 'hush-hush:%zz'}]}]\n",
		"route: {receiver: a}\nreceivers: [{name: a, slack_configs: [{api_url: 'https://hush-hush:%zz/'}]}]\n",
		"route: {receiver: a}\nreceivers: [{name: a, webhook_configs: hush-hush}]\n",
		"global: {slack_api_url: 'ftp://hush-hush/'}\nroute: {receiver: a}\nreceivers: [{name: a}]\n",
	} {
		_, _, err := List(filesOf(source, EmptyAdaptor))
		if err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", source, err)
		}
	}
	secret := adaptor.Secret("https://user:password@host.example/path/of-a-token?key=the%20key")
	text := adaptor.Redact(`of-a-token, "the key", the+key, the%20key, password, https:\/\/user:password@host.example\/path\/of-a-token?key=the%20key`, secret.Parts())
	if want := `<secret>, "<secret>", <secret>, <secret>, <secret>, <secret>`; text != want {
		t.Errorf("got %s", text)
	}
	if shown := fmt.Sprintf("%v %+v", Credential{Value: secret}, Spec{URL: Credential{Value: secret}}); strings.Contains(shown, "token") {
		t.Errorf("a credential shows its value: %s", shown)
	}
}
