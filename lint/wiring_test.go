package lint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rulekit/rulekit/lint"
)

// exampleWiring is the configuration of servers that an example of a check is deployed by: in
// prometheus.yml and alertmanager.yml beside it, and for good.yaml in alertmanager.good.yml
// where the good example is one of configuration.
func exampleWiring(t *testing.T, check, example string) *lint.Wiring {
	t.Helper()
	wiring := &lint.Wiring{}
	for _, server := range []string{"prometheus", "alertmanager"} {
		path := filepath.Join(examples, check, server+"."+strings.TrimSuffix(example, ".yaml")+".yml")
		if !fileExists(path) {
			path = filepath.Join(examples, check, server+".yml")
		}
		if !fileExists(path) {
			continue
		}
		source, err := os.ReadFile(path)
		if err == nil {
			err = wiring.Add(server+".yml", source)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return wiring
}

func write(t *testing.T, files map[string]string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

const (
	prometheusYML   = "global: {scrape_interval: 15s}\nrule_files: ['*.yml']\nscrape_configs:\n- job_name: ovens\n  relabel_configs:\n  - {source_labels: [__meta_a], target_label: bakery}\n  - {source_labels: [__meta_b], target_label: __address__}\n  static_configs:\n  - {targets: ['a:1'], labels: {site: north}}\n"
	alertmanagerYML = "route: {receiver: a}\nreceivers: [{name: a}]\n"
)

func TestLoadWiring(t *testing.T) {
	folder := write(t, map[string]string{
		"prometheus.yml": prometheusYML, "alertmanager.yml": alertmanagerYML,
		"test.yml": "rule_files: [a.yml]\ntests: []\n", "other.yml": "a: b\n", "broken.yml": "rule_files: [\n",
		"huge.yml": "rule_files: []\n#" + strings.Repeat("x", lint.MaxWiringSize),
	})
	in := func(names ...string) []string {
		var all []string
		for _, name := range names {
			all = append(all, filepath.Join(folder, name))
		}
		return all
	}
	wiring, err := lint.LoadWiring(nil, in("alertmanager.yml", "test.yml", "other.yml", "broken.yml", "huge.yml", "missing.yml", "prometheus.yml", "prometheus.yml"))
	if err != nil || len(wiring.Files()) != 2 {
		t.Fatalf("candidates: got %d files, %v", len(wiring.Files()), err)
	}
	if got := wiring.ScrapeInterval(); got != 15*time.Second {
		t.Errorf("scrape interval %s", got)
	}
	if got := wiring.EvaluationInterval(); got != 0 {
		t.Errorf("evaluation interval %s", got)
	}
	if diff := cmp.Diff([]string{"bakery", "site"}, wiring.TargetLabels()); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]string{
		"test.yml": "neither", "other.yml": "neither", "broken.yml": "line 1", "huge.yml": "larger than", "missing.yml": "no such file",
	} {
		if _, err := lint.LoadWiring(in(name), nil); err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), name) != 1 {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
	if _, err := lint.LoadWiring(in("other.yml", "missing.yml"), nil); err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("got %v, want both errors", err)
	}
}

// TestWiringIsBounded gives configurations that would cost too much with many alerts.
func TestWiringIsBounded(t *testing.T) {
	inhibition := "- {source_matchers: [a=b], target_matchers: [c=d]}\n"
	for want, text := range map[string]string{
		"inhibitions": "inhibit_rules:\n" + strings.Repeat(inhibition, 1001),
		"labels":      "inhibit_rules:\n" + strings.Repeat("- equal: [#]\n", 201),
		"routes":      "route:\n  routes:\n" + strings.Repeat("  - {receiver: a}\n", 5001),
	} {
		for i := range strings.Count(text, "#") {
			text = strings.Replace(text, "#", fmt.Sprintf("label%d", i), 1)
		}
		if !strings.Contains(text, "route:") {
			text += "route: {receiver: a}\n"
		}
		err := new(lint.Wiring).Add("alertmanager.yml", []byte(text+"receivers: [{name: a}]\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error about %s", err, want)
		}
	}
}

// TestWiringIntervals tells intervals that all jobs share from those that differ.
func TestWiringIntervals(t *testing.T) {
	for _, test := range []struct {
		name, source       string
		scrape, evaluation time.Duration
		fails              string
	}{
		{name: "not said", source: "rule_files: [a]"},
		{name: "global", source: "global: {scrape_interval: 10s, evaluation_interval: 20s}", scrape: 10 * time.Second, evaluation: 20 * time.Second},
		{name: "differs", source: "scrape_configs: [{job_name: a, scrape_interval: 5s}, {job_name: b}]"},
		{name: "only of jobs", source: "scrape_configs: [{job_name: a, scrape_interval: 5s}]", scrape: 5 * time.Second},
		{name: "not a list", source: "rule_files: 3", fails: "line 1: rule_files must be a list"},
		{name: "nothing", source: "{rule_files: , scrape_configs: []}"},
		{name: "not a duration", source: "global: {scrape_interval: often}", fails: "line 1"},
	} {
		wiring := &lint.Wiring{}
		err := wiring.Add(test.name, []byte(test.source))
		if (err != nil) != (test.fails != "") || err != nil && !strings.Contains(err.Error(), test.fails) {
			t.Errorf("%s: %v", test.name, err)
		}
		if wiring.ScrapeInterval() != test.scrape || wiring.EvaluationInterval() != test.evaluation {
			t.Errorf("%s: got %s, %s", test.name, wiring.ScrapeInterval(), wiring.EvaluationInterval())
		}
	}
}

// TestWiringKeepsSecrets proves that what a finding may print holds no secret.
func TestWiringKeepsSecrets(t *testing.T) {
	for name, source := range map[string]string{
		"alertmanager.yml": `global: {smtp_auth_password: s3cret, slack_api_url: "https://hooks/s3cret"} # s3cret
route: {receiver: ovens, routes: [{matchers: [team="bakery"], receiver: ovens}]}
receivers:
- {name: ovens, webhook_configs: [{url: 'https://x/s3cret', http_config: {authorization: {credentials: s3cret}}}]}
- name: text
  webhook_configs:
  - url: |
      https://x/s3cret
      s3cret
`,
		"prometheus.yml": `rule_files: [ovens.yml]
remote_write: [{url: "https://u:s3cret@x", basic_auth: {password: s3cret}}]
scrape_configs:
- {basic_auth: {password: "s3cret"}, job_name: ovens}
`,
	} {
		wiring := &lint.Wiring{}
		if err := wiring.Add(name, []byte(source)); err != nil {
			t.Fatal(err)
		}
		shown := string(wiring.Files()[0].Source)
		if strings.Contains(shown, "s3cret") {
			t.Errorf("%s: a secret is left:\n%s", name, shown)
		}
		if len(shown) != len(source) || strings.Count(shown, "\n") != strings.Count(source, "\n") || !strings.Contains(shown, "ovens") {
			t.Errorf("%s: places have moved:\n%s", name, shown)
		}
	}
}

func FuzzWiring(f *testing.F) {
	f.Add([]byte(prometheusYML))
	f.Add([]byte(alertmanagerYML))
	f.Add([]byte("route: &r {receiver: a, routes: [*r, *r]}\nreceivers: [{name: a}]\n"))
	f.Add([]byte("route:\n  receiver: é\n  routes:\n  - match_re: {a: 'b|('}\nreceivers: [{name: \"\u2028a\"}]\ninhibit_rules: [{source_matchers: ['a=\"b\",c!=d'], equal: [x]}]\n"))
	f.Add([]byte("x: &x {receiver: a}\nroute: {<<: *x, group_by: ['...']}\nreceivers: [{<<: *x}]\n"))
	f.Fuzz(func(t *testing.T, source []byte) {
		wiring := &lint.Wiring{}
		if err := wiring.Add("fuzz.yml", source); err != nil {
			return
		}
		for _, file := range wiring.Files() {
			if len(file.Source) != len(source) {
				t.Errorf("the source has %d bytes, want %d", len(file.Source), len(source))
			}
		}
	})
}
