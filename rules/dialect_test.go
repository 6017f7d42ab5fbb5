package rules

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/promql/parser"
)

func messages(f *File) []string {
	var all []string
	for _, p := range f.Problems {
		all = append(all, p.Message)
	}
	return all
}

func TestDialects(t *testing.T) {
	const thanos = "groups: [{name: a, partial_response_strategy: warn, rules: [{alert: A, expr: up}]}]"
	const mimir = "namespace: n\ngroups: [{name: a, source_tenants: [t], rules: [{alert: A, expr: up, for: 1d}]}]"
	const operator = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec: {groups: [{name: a, partial_response_strategy: warn, rules: [{alert: A, expr: up}]}]}"
	for _, test := range []struct {
		dialect, src string
		want         []string
	}{
		{"", thanos, []string{`only Thanos knows "partial_response_strategy", and these rules are read for Prometheus`}},
		{"prometheus", operator, nil},
		{"thanos", thanos, nil},
		{"mimir", mimir, nil},
		{"thanos", mimir, []string{
			`only Mimir knows "namespace", and these rules are read for Thanos`,
			`only Mimir knows "source_tenants", and these rules are read for Thanos`}},
	} {
		if diff := cmp.Diff(test.want, messages(Parse("a.yaml", []byte(test.src), Options{Dialect: test.dialect}))); diff != "" {
			t.Errorf("%s: %s: problems (-want +got):\n%s", test.dialect, test.src, diff)
		}
	}
}

func TestPromQLFeatures(t *testing.T) {
	src := []byte("groups: [{name: a, rules: [{alert: A, expr: 'sort_by_label(up, \"job\")'}]}]")
	if got := messages(Parse("a.yaml", src, Options{})); len(got) != 1 {
		t.Errorf("without features: %q", got)
	}
	if got := messages(Parse("a.yaml", src, Options{PromQL: parser.Options{EnableExperimentalFunctions: true}})); got != nil {
		t.Errorf("with experimental functions: %q", got)
	}
}

func TestValuesAreRead(t *testing.T) {
	f := Parse("a.yaml", []byte(`
groups:
- name: a
  interval: 1m
  query_offset: 30s
  limit: 7
  labels: {a: group, b: group}
  rules:
  - alert: A
    expr: up
    for: 1h
    keep_firing_for: 2d
    labels: {b: rule}
`), Options{})
	g := f.Groups[0]
	r := g.Rules[0]
	if g.Interval.D != time.Minute || g.QueryOffset.D != 30*time.Second || g.Limit != 7 || r.For.D != time.Hour || r.KeepFiringFor.D != 48*time.Hour {
		t.Errorf("got group %+v, rule %+v", g, r)
	}
	var labels []string
	for _, p := range r.EffectiveLabels() {
		labels = append(labels, p.Key.Value+"="+p.Value.Value)
	}
	if diff := cmp.Diff([]string{"a=group", "b=rule"}, labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if !r.IsAlert() || r.Name() != "A" || r.File() != f || r.AST == nil {
		t.Errorf("got rule %+v", r)
	}
}

func TestNearest(t *testing.T) {
	keys := []string{"groups", "expr", "for", "keep_firing_for", "labels"}
	for word, want := range map[string]string{
		"group": "groups", "GROUPS": "groups", "gruops": "groups", "epxr": "expr", "fro": "for",
		"keep_firing": "", "label": "labels", "x": "", "": "", "annotations": "",
	} {
		if got := Nearest(word, keys); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
