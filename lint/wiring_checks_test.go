package lint_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/rules"
)

const bakeryRules = `groups:
- name: a
  rules:
  - alert: OvenHot
    expr: max by (oven) (oven_celsius) > 300
    labels: {severity: critical}
  - alert: OvenWarm
    expr: oven_celsius > 200
    labels: {severity: warning, team: '{{ $labels.owner }}'}
`

func alertmanagerWith(route string) string {
	return "route: {receiver: a, routes: [" + route + "]}\nreceivers: [{name: a}]\n"
}

// TestWiringChecks tells what is known of alerts from what is only likely: only the first is
// reported.
func TestWiringChecks(t *testing.T) {
	const server = "rule_files: ['*.yaml']\n"
	for _, test := range []struct {
		name, prometheus, alertmanager string
		want                           []string
	}{
		{name: "nothing known", want: nil},
		{
			name: "a label that no rule has, but an unknown server may", alertmanager: alertmanagerWith("{matchers: [shop=a]}"),
		},
		{
			name: "the series may have it", prometheus: server, alertmanager: alertmanagerWith("{matchers: [shop=a]}"),
			want: []string{"info: alerts are routed by shop, which one rule drops"},
		},
		{
			name: "external labels", prometheus: server + "global: {external_labels: {shop: a}}\n", alertmanager: alertmanagerWith("{matchers: [shop=a]}"),
		},
		{
			name: "alerts are relabelled", prometheus: server + "alerting: {alert_relabel_configs: [{target_label: severity, replacement: x}]}\n",
			alertmanager: alertmanagerWith("{matchers: [severity=x]}"),
		},
		{
			name: "a severity of no rule, all rules known", prometheus: server, alertmanager: alertmanagerWith("{match: {severity: nothing}}"),
			want: []string{`warning: no alert of the rules can take this route: none has severity="nothing"`},
		},
		{
			name: "a severity of no rule, some rules unknown", prometheus: "rule_files: [a.yaml, b.yaml]\n", alertmanager: alertmanagerWith("{match: {severity: nothing}}"),
			want: []string{`info: no alert of the rules can take this route: none has severity="nothing"`},
		},
		{
			name: "a slip, some rules unknown", alertmanager: alertmanagerWith("{match_re: {severity: critcal|page}}"),
			want: []string{`warning: no alert of the rules can take this route: none has severity=~"critcal|page"`},
		},
		{
			name: "a templated label may be anything", prometheus: server, alertmanager: alertmanagerWith("{matchers: [team=x, alertname=OvenWarm]}"),
		},
		{
			name: "a catch-all first", alertmanager: alertmanagerWith("{receiver: a}, {matchers: [severity=critical]}"),
			want: []string{"warning: route can never be taken: an earlier route takes all of its alerts"},
		},
		{
			name: "a catch-all first that continues", alertmanager: alertmanagerWith("{receiver: a, continue: true}, {matchers: [severity=critical]}"),
		},
		{
			name: "a contradiction is told once, not for what is below", alertmanager: alertmanagerWith("{matchers: ['severity=critical,severity!=critical'], routes: [{matchers: [alertname=x]}]}"),
			want: []string{`warning: route can never be taken: severity!="critical" contradicts severity="critical"`},
		},
		{
			name: "no alerts of that name", alertmanager: alertmanagerWith("{matchers: [alertname=OvenHott], routes: [{matchers: [severity=x]}]}"),
			want: []string{`warning: no alert of the rules can take this route: none has alertname="OvenHott"`},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			wiring := &lint.Wiring{}
			for name, source := range map[string]string{"prometheus.yml": test.prometheus, "alertmanager.yml": test.alertmanager} {
				if source == "" {
					continue
				}
				if err := wiring.Add(name, []byte(source)); err != nil {
					t.Fatal(err)
				}
			}
			got := foundBy(t, wiring, []string{"unreachable-route", "routed-label"}, rules.Parse("a.yaml", []byte(bakeryRules), rules.Options{}))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// foundBy are severity and message of what the checks find.
func foundBy(t *testing.T, wiring *lint.Wiring, checks []string, files ...*rules.File) []string {
	t.Helper()
	selected, err := lint.Select(checks, nil)
	if err != nil {
		t.Fatal(err)
	}
	result, err := lint.Run(context.Background(), files, lint.Options{Checks: selected, Wiring: wiring})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, d := range result.Diagnostics {
		all = append(all, d.Severity.String()+": "+d.Message)
	}
	return all
}

// TestUnloadedRuleFile tells files that are not loaded from those of which that is not known.
func TestUnloadedRuleFile(t *testing.T) {
	resource := strings.ReplaceAll("apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n"+bakeryRules, "\n", "\n  ")
	resource = strings.Replace(strings.Replace(resource, "\n  kind", "\nkind", 1), "\n  spec", "\nspec", 1)
	for _, test := range []struct {
		name, patterns string
		paths          []string
		source         string
		want           []string
	}{
		{name: "all loaded", patterns: "['rules/*.yml']", paths: []string{"etc/rules/a.yml", "etc/rules/b.yml"}},
		{name: "one is not", patterns: "[rules/a.yml]", paths: []string{"etc/rules/a.yml", "etc/rules/b.yml"}, want: []string{"etc/rules/b.yml"}},
		{name: "another folder, on disk", patterns: "['rules/*.yml']", paths: []string{"etc/rules/a.yml", "vendor/b.yml"}},
		{name: "of a container", patterns: "[/etc/x/a.yml]", paths: []string{"etc/a.yml", "etc/b.yml"}, want: []string{"etc/b.yml"}},
		{name: "nothing matches, nothing is near", patterns: "[/etc/x/recording.yml]", paths: []string{"etc/a.yml"}},
		{name: "another extension", patterns: "[/etc/x/a.yml]", paths: []string{"etc/a.yaml"}, want: []string{"etc/a.yaml"}},
		{name: "another extension than the pattern", patterns: "['rules/*.yml']", paths: []string{"etc/rules/a.yaml", "vendor/b.yaml"}, want: []string{"etc/rules/a.yaml"}},
		{name: "a slip", patterns: "[/etc/x/trucks.yml]", paths: []string{"etc/truks.yml"}, want: []string{"etc/truks.yml"}},
		{name: "an operator loads it", patterns: "[a.yml]", paths: []string{"etc/a.yml", "etc/a.yaml"}, source: resource},
		{name: "no patterns", patterns: "[]", paths: []string{"etc/a.yml"}},
		{name: "a pattern that is none", patterns: "['[']", paths: []string{"etc/a.yml"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			wiring := &lint.Wiring{}
			if err := wiring.Add("etc/prometheus.yml", []byte("rule_files: "+test.patterns)); err != nil {
				t.Fatal(err)
			}
			var files []*rules.File
			for _, path := range test.paths {
				source := test.source
				if source == "" {
					source = bakeryRules
				}
				files = append(files, rules.Parse(path, []byte(source), rules.Options{}))
			}
			selected, err := lint.Select([]string{"unloaded-rule-file"}, nil)
			if err != nil {
				t.Fatal(err)
			}
			result, err := lint.Run(context.Background(), files, lint.Options{Checks: selected, Wiring: wiring})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range result.Diagnostics {
				got = append(got, d.File.Path)
			}
			slices.Sort(got)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
