package adaptor

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"
)

// FuzzConfig: a configuration either is refused, in lines that begin with the place and tell no
// secret, or every receiver of it can be used and the schema knows it, too.
func FuzzConfig(f *testing.F) {
	f.Add([]byte("receivers:\n- name: a\n  type: slack\n  params: {url: 'https://hooks.slack.com/services/T/B/$${X}', secret: ${X}}\n"))
	f.Add([]byte("receivers: &a\n- *a\n---\n"))
	f.Add([]byte("dedup_window: 1m\nmax_age: 1h\nallow_hosts: ['*.example']\nreceivers:\n- &r\n  name: a\n  type: webhook\n" +
		"  params: {url: http://${X}.example, template: '{\"a\": 1}'}\n  fallback: b\n  fallback_after: 5m\n  rates: [{messages: 1, per: 1s}]\n" +
		"  mentions: [{severity: [page], matchers: ['a=\"b\"'], all: true}]\n  proxy_url: http://u:${X}@p.example\n  bearer_token: ${X}\n" +
		"- {name: b, type: slack, params: {token: '${X}', channel: C1}, locale: zh-CN, time_zone: UTC, templates: {title: '{{ .Status }}'}}\n"))
	for _, line := range strings.Split(strings.TrimSpace(wholeConfig), "\n") {
		if key, _, found := strings.Cut(line, ":"); found && !strings.HasPrefix(line, " ") {
			f.Add([]byte(line + "\nreceivers: [{" + key + ": x}]\n"))
		}
	}
	schema := compiledSchema(f)
	f.Fuzz(func(t *testing.T, source []byte) {
		text := string(source)
		if strings.Contains(text, "_file") || strings.Contains(text, "locales") {
			return // would read files of this machine
		}
		config, _, err := Source{Path: "adaptor.yaml", Getenv: func(string) string { return planted }}.parse(source)
		if wrong := (*ConfigError)(nil); errors.As(err, &wrong) {
			for _, problem := range wrong.Problems {
				// The host of an address is no secret, wherever it comes from.
				leaked := strings.Contains(strings.ReplaceAll(problem, " on "+planted, ""), planted) && !strings.Contains(text, planted)
				if !strings.HasPrefix(problem, "adaptor.yaml:") || leaked {
					t.Errorf("%q: problem %q", source, problem)
				}
			}
			return
		} else if err != nil {
			t.Fatalf("%q: %v is no ConfigError", source, err)
		}
		checkUsable(t, source, config)
		if err := bySchema(schema, source); err != nil && !strings.Contains(err.Error(), "map[interface") {
			t.Errorf("%q: the reader accepts it, and the schema says %v", source, err)
		}
	})
}

// checkUsable checks what the workers take for granted.
func checkUsable(t *testing.T, source []byte, config *Config) {
	t.Helper()
	names := map[string]bool{}
	for _, r := range config.Receivers {
		names[r.Name] = true
	}
	if len(names) != len(config.Receivers) || config.DedupWindow < 0 || config.DedupWindow > maxDedupWindow {
		t.Errorf("accepted %q: %d names of %d receivers, dedup_window %s", source, len(names), len(config.Receivers), config.DedupWindow)
	}
	server, err := New(Options{Config: config})
	if err != nil {
		t.Fatalf("accepted %q: %v", source, err)
	}
	for _, r := range config.Receivers {
		if r.Name == "" || r.Channel == nil || r.Target.Host() == "" || r.FallbackAfter < 0 || r.MaxAge < 0 || (r.Fallback != "" && !names[r.Fallback]) {
			t.Errorf("accepted %q: %+v", source, r)
		}
		for _, rate := range r.rates() {
			if rate.Messages < 1 || rate.Per < time.Second {
				t.Errorf("accepted %q: rate %+v", source, rate)
			}
		}
		if status, answer := post(server.Handler(), "POST", NotifyPath+escapedName(r.Name), strings.NewReader(named("A"))); status != 200 && status != 401 {
			t.Errorf("accepted %q: receiver %q answers %d %s", source, r.Name, status, answer)
		}
	}
}

// escapedName is a receiver's name as a part of a path.
func escapedName(name string) string { return strings.ReplaceAll(url.PathEscape(name), "+", "%2B") }
