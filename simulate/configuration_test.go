package simulate

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
)

func TestBuiltinConfiguration(t *testing.T) {
	c := BuiltinConfiguration()
	if diff := cmp.Diff([]string{"slack", "email", "feishu", "dingtalk", "wecom"}, c.Receivers()); diff != "" {
		t.Errorf("receivers: -want +got\n%s", diff)
	}
	if diff := cmp.Diff([]string{"adaptor:5001"}, c.WebhookHosts("/api/v1/notify/")); diff != "" {
		t.Errorf("webhook hosts: -want +got\n%s", diff)
	}
	// A critical alert silences the warnings of its cluster, not those of another.
	alerts := []active{
		{"alertname=PostgreSQLDown severity=critical namespace=a app_kubernetes_io_instance=pg", 0, 99},
		{"alertname=PostgreSQLTooManySlowQueries severity=warning namespace=a app_kubernetes_io_instance=pg", 0, 99},
		{"alertname=PostgreSQLTooManySlowQueries severity=warning namespace=b app_kubernetes_io_instance=pg", 0, 99},
	}
	got, err := Notify(t.Context(), NotifyOptions{Start: monday, Length: 2 * time.Minute, Batches: batchesOf(2*time.Minute, alerts...)})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"30s slack firing: first notification: PostgreSQLDown",
		"30s slack muted: inhibited by PostgreSQLDown: PostgreSQLTooManySlowQueries",
		"30s slack firing: first notification: PostgreSQLTooManySlowQueries",
	}
	if diff := cmp.Diff(want, lines(got)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// The built-in Slack message: two alerts, one of them bare and the other full of markup.
func TestBuiltinSlackMessage(t *testing.T) {
	batch := Batch{Alerts: []*model.Alert{
		{Labels: sentLabels("alertname=Down pod=<!channel>"), StartsAt: monday, Annotations: model.LabelSet{
			"summary": "a & b", "description": "more than <80%>", "runbook_url": "https://example.com/runbook"}},
		{Labels: sentLabels("alertname=Down pod=b"), StartsAt: monday},
	}}
	got, err := Notify(t.Context(), NotifyOptions{Start: monday, Length: time.Minute, Batches: []Batch{batch}})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || len(got[0].Deliveries) != 1 {
		t.Fatalf("got %+v", got)
	}
	var message struct {
		Attachments []struct{ Title, Text, Color string }
	}
	if err := json.Unmarshal([]byte(got[0].Deliveries[0].Body), &message); err != nil {
		t.Fatal(err)
	}
	const text = "*a &amp; b*\nmore than &lt;80%&gt;\n• alertname: `Down`\n• pod: `&lt;!channel&gt;`\n" +
		"since 2026-01-05 00:00:00 UTC\n<https://example.com/runbook|runbook>\n\n" +
		"*Down*\n• alertname: `Down`\n• pod: `b`\nsince 2026-01-05 00:00:00 UTC"
	if diff := cmp.Diff(text, message.Attachments[0].Text); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if a := message.Attachments[0]; a.Title != "[FIRING:2] Down" || a.Color != "warning" {
		t.Errorf("title %q, color %q", a.Title, a.Color)
	}
}

func TestSelect(t *testing.T) {
	own := configuration(t, `
route:
  receiver: default
  routes:
  - {receiver: pager, matchers: [severity="critical"]}
receivers:
- name: default
  webhook_configs: [{url: "http://default/"}]
- name: pager
  webhook_configs: [{url: "http://pager/"}]
`)
	alerts := []active{{"alertname=RedisDown severity=critical", 0, 99}, {"alertname=RedisSlowCommands severity=warning", 0, 99}}
	tests := []struct {
		name          string
		configuration *Configuration
		receiver      string
		want          []string
	}{
		{"the built-in one sends all to it", BuiltinConfiguration(), "wecom", []string{
			"30s wecom firing: first notification: RedisDown",
			"30s wecom muted: inhibited by RedisDown: RedisSlowCommands",
		}},
		{"one's own keeps its routes", own, "pager", []string{"30s pager firing: first notification: RedisDown"}},
		{"one's own keeps its routes", own, "default", []string{"30s default firing: first notification: RedisSlowCommands"}},
	}
	for _, test := range tests {
		t.Run(test.name+" "+test.receiver, func(t *testing.T) {
			selected, err := test.configuration.Select(test.receiver)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Notify(t.Context(), NotifyOptions{Configuration: selected, Start: monday, Length: time.Minute, Batches: batchesOf(time.Minute, alerts...)})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, lines(got)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
	_, err := BuiltinConfiguration().Select("slak")
	var unknown *UnknownReceiverError
	if !errors.As(err, &unknown) || err.Error() != `unknown receiver "slak": there are slack, email, feishu, dingtalk, wecom` {
		t.Errorf("got error %v", err)
	}
}

func TestConfigurationErrors(t *testing.T) {
	const tail = "\nroute: {receiver: a}\nreceivers: [{name: a}]\n"
	tests := []struct{ name, source, want string }{
		{"empty", "", "am.yml: no route provided in config"},
		{"unknown keys", "rout: {}\nglobal:\n  smtp_form: x" + tail, `am.yml:1: unknown key "rout"; am.yml:3: unknown key "smtp_form"`},
		{"a key twice", "route: {receiver: a}" + tail, `am.yml:2: key "route" is there twice`},
		{"wrong type", "global: [1]" + tail, "am.yml:1: cannot unmarshal !!seq into config.plain"},
		{"truncated", "route:\n  receiver: [a", "am.yml:2: did not find expected ',' or ']'"},
		{"binary", "\x00\x01\x02\xff", "am.yml: control characters are not allowed"},
		{"not UTF-8", "route: \xff\xfe", "am.yml: invalid leading UTF-8 octet"},
		{"no such receiver", "route: {receiver: b}\nreceivers: [{name: a}]", `am.yml: undefined receiver "b" used in route`},
		{"no such time interval", "route: {receiver: a, routes: [{mute_time_intervals: [x]}]}\nreceivers: [{name: a}]", `am.yml: undefined time interval "x" used in route`},
		{"secret that is no URL", "route: {receiver: a}\nreceivers: [{name: a, slack_configs: [{api_url: \"https://hooks.slack.com:x/services/very-secret\"}]}]", `am.yml: parse "***": invalid port ":x" after host`},
		{"secret with a bad scheme", "route: {receiver: a}\nreceivers: [{name: a, slack_configs: [{api_url: \"ftp://hooks.slack.com/very-secret\"}]}]", `am.yml: unsupported scheme "ftp" for URL`},
		{"alias bomb", "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: 'http://a/', payload: [" + bomb + "]}]}]", "am.yml: document contains excessive aliasing"},
		{"many mistakes", "a: 1\nb: 1\nc: 1\nd: 1\ne: 1\nf: 1\ng: 1" + tail, `am.yml:1: unknown key "a"; am.yml:2: unknown key "b"; am.yml:3: unknown key "c"; am.yml:4: unknown key "d"; am.yml:5: unknown key "e"; and 2 more`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParseConfiguration("am.yml", []byte(test.source))
			if err == nil {
				t.Fatal("no error")
			}
			if err.Error() != test.want {
				t.Errorf("\n got %s\nwant %s", err, test.want)
			}
		})
	}
}

// bomb is a small list that would be a huge one.
var bomb = func() string {
	items := []string{"&a0 [" + strings.Repeat("x,", 10) + "x]"}
	for i := range 9 {
		items = append(items, fmt.Sprintf("&a%d [%s*a%d]", i+1, strings.Repeat(fmt.Sprintf("*a%d,", i), 9), i))
	}
	return strings.Join(items, ", ")
}()

func TestReadConfiguration(t *testing.T) {
	dir := t.TempDir()
	if _, err := ReadConfiguration(filepath.Join(dir, "missing.yml")); err == nil || !strings.Contains(err.Error(), "missing.yml") {
		t.Errorf("missing file: got error %v", err)
	}
	if _, err := ReadConfiguration(dir); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("directory: got error %v", err)
	}
	huge := filepath.Join(dir, "huge.yml")
	if err := os.WriteFile(huge, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(huge, maxFileSize+1); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadConfiguration(huge); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("huge file: got error %v", err)
	}
}

// Templates are found beside the file, and one that does not parse is an error with its place.
func TestConfigurationTemplates(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("am.yml", `
templates: ['*.tmpl']
route: {receiver: a}
receivers:
- name: a
  slack_configs: [{api_url: "https://hooks.slack.com/services/x", channel: c, text: '{{ template "own" . }}'}]
`)
	write("a.tmpl", `{{ define "own" }}own words about {{ .CommonLabels.alertname }}{{ end }}`)
	play := func() ([]Notification, error) {
		c, err := ReadConfiguration(filepath.Join(dir, "am.yml"))
		if err != nil {
			t.Fatal(err)
		}
		return Notify(t.Context(), NotifyOptions{Configuration: c, Start: monday, Length: time.Minute, Batches: batchesOf(time.Minute, active{"alertname=Down", 0, 9})})
	}
	got, err := play()
	if err != nil || len(got) != 1 || len(got[0].Deliveries) != 1 || !strings.Contains(got[0].Deliveries[0].Body, "own words about Down") {
		t.Errorf("got %+v, error %v", got, err)
	}
	write("a.tmpl", `{{ define "own" }}{{ if }}`)
	if _, err := play(); err == nil || !strings.Contains(err.Error(), "a.tmpl:1: missing value for if") {
		t.Errorf("got error %v", err)
	}
}
