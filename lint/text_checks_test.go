package lint_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/rules"
)

// alerts is a rule file with n alerts that have the given lines below them.
func alerts(n int, lines ...string) string {
	var b strings.Builder
	b.WriteString("groups:\n  - name: g\n    rules:\n")
	for i := range n {
		fmt.Fprintf(&b, "      - alert: Belt%dStopped\n        expr: belt_running{belt=\"%d\"} == 0\n", i, i)
		for _, line := range lines {
			fmt.Fprintf(&b, "        %s\n", line)
		}
	}
	return b.String()
}

// findings are the severities and messages that one check has for the files.
func findings(t *testing.T, check string, sources ...string) []string {
	t.Helper()
	c, err := lint.Lookup(check)
	if err != nil {
		t.Fatal(err)
	}
	var files []*rules.File
	for i, source := range sources {
		files = append(files, rules.Parse(fmt.Sprintf("file%d.yaml", i), []byte(source), rules.Options{}))
	}
	result, err := lint.Run(context.Background(), files, lint.Options{Checks: []*lint.Check{c}})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, d := range result.Diagnostics {
		all = append(all, d.Severity.String()+": "+d.Message)
	}
	return all
}

// TestMissingTogether proves that what all alerts of a file or a run lack is told once.
func TestMissingTogether(t *testing.T) {
	severe := "labels: {severity: warning}"
	summary := "annotations: {summary: x}"
	runbook := "annotations: {runbook_url: x}"
	for _, test := range []struct {
		name, check string
		files       []string
		want        []string
	}{
		{"no severity in a run", "missing-severity", []string{alerts(4), alerts(2)}, []string{"info: none of the 6 alerts has a severity label"}},
		{"no severity in a small run", "missing-severity", []string{alerts(2)}, []string{"warning: alert has no severity label", "warning: alert has no severity label"}},
		{"no severity in a file", "missing-severity", []string{alerts(4, severe), alerts(3)}, []string{"warning: none of the 3 alerts of this file has a severity label"}},
		{"no text in a file", "missing-summary", []string{alerts(1, summary), alerts(4, severe)}, []string{"warning: none of the 4 alerts of this file has a summary"}},
		{"a message is a text", "missing-summary", []string{alerts(4, "annotations: {message: x}")}, nil},
		{"no runbook in a run", "missing-runbook", []string{alerts(12), alerts(13)}, []string{"info: none of the 25 alerts links a runbook"}},
		{"half have a runbook", "missing-runbook", []string{alerts(12), alerts(12, runbook)}, nil},
		{"some have no runbook", "missing-runbook", []string{alerts(2), alerts(30, runbook)}, []string{"info: 2 alerts of this file link no runbook, as most others do"}},
	} {
		if diff := cmp.Diff(test.want, findings(t, test.check, test.files...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// TestAnnotationKeyOfRun proves that a run's own names are known, and its customs respected.
func TestAnnotationKeyOfRun(t *testing.T) {
	for _, test := range []struct {
		name  string
		files []string
		want  []string
	}{
		{"all use another name", []string{alerts(6, "annotations: {Summary: x}")}, nil},
		{"a name of the run", []string{alerts(30, "annotations: {escalation: x}"), alerts(1, "annotations: {escaltion: x}")},
			[]string{"warning: annotation escaltion is not escalation: message templates do not print it"}},
		{"a rare name of the run", []string{alerts(5, "annotations: {escalation: x}"), alerts(1, "annotations: {escaltion: x}")}, nil},
		{"both names", []string{alerts(1, "annotations: {summary: x, Summary: y}"), alerts(3, "annotations: {summary: x}")},
			[]string{"warning: annotation Summary is not summary: message templates do not print it"}},
	} {
		if diff := cmp.Diff(test.want, findings(t, "annotation-key", test.files...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// TestMisspeltWordNeedsACommonOne proves that two spellings that are both rare are left alone.
func TestMisspeltWordNeedsACommonOne(t *testing.T) {
	common := alerts(8, "annotations: {summary: The warehouse is closed}")
	rare := alerts(1, "annotations: {summary: The warehose is closed}")
	if got := findings(t, "misspelt-word", common, rare); len(got) != 1 {
		t.Errorf("beside a common word: %q", got)
	}
	if got := findings(t, "misspelt-word", alerts(7, "annotations: {summary: The warehouse is closed}"), rare); got != nil {
		t.Errorf("beside a rare word: %q", got)
	}
}

// TestMisspeltName proves that a misspelt name weighs more than a misspelt word.
func TestMisspeltName(t *testing.T) {
	for _, test := range []struct{ name, common, rare, want string }{
		{"word", "The Warehouse is closed", "The warehose is closed", "info: warehose is spelt Warehouse elsewhere"},
		{"capitals", "The WAREHOUSE is closed", "The WAREHOSE is closed", "info: WAREHOSE is spelt WAREHOUSE elsewhere"},
		{"name", "The ParcelHub is closed", "The ParcellHub is closed", "warning: ParcellHub is spelt ParcelHub elsewhere"},
	} {
		got := findings(t, "misspelt-word", alerts(8, "annotations: {summary: "+test.common+"}"), alerts(1, "annotations: {summary: "+test.rare+"}"))
		if diff := cmp.Diff([]string{test.want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// TestDuplicateRuleAcrossFiles proves that equal rules of two files weigh less than those that
// differ in what is shown or when they fire.
func TestDuplicateRuleAcrossFiles(t *testing.T) {
	const equal = "annotations: {summary: x, description: y}"
	two := "2 rules of this file are also in file0.yaml, with the same expressions and labels"
	one := "alert Belt0Stopped is there twice, with the same expression and labels"
	for _, test := range []struct {
		name  string
		files []string
		want  []string
	}{
		{"equal", []string{alerts(1, equal), alerts(1, "annotations: {description: y, summary: x}")}, []string{"info: " + one}},
		{"all equal", []string{alerts(2, equal), alerts(2, equal)}, []string{"info: " + two}},
		{"other text", []string{alerts(1, equal), alerts(1, "annotations: {summary: x}")}, []string{"warning: " + one}},
		{"other for", []string{alerts(2, "for: 5m"), alerts(2, "for: 10m")}, []string{"warning: " + two}},
		{"the same for", []string{alerts(2, "for: 60s"), alerts(2, "for: 1m")}, []string{"info: " + two}},
		{"other keep_firing_for", []string{alerts(1), alerts(1, "keep_firing_for: 10m")}, []string{"warning: " + one}},
		{"some equal, some not", []string{alerts(2, equal), alerts(1, equal) + strings.TrimPrefix(alerts(2), alerts(1))},
			[]string{"info: " + one, "warning: alert Belt1Stopped is there twice, with the same expression and labels"}},
	} {
		if diff := cmp.Diff(test.want, findings(t, "duplicate-rule", test.files...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// TestLostLabelOfDeadRule proves that the texts of a rule that is switched off by its matchers
// are left alone, and those of other rules that never fire are not.
func TestLostLabelOfDeadRule(t *testing.T) {
	rule := func(expr string) string {
		return "groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: " + expr +
			"\n        annotations: {summary: 'In {{ $labels.depot }}'}\n"
	}
	lost := []string{`error: template uses label "depot", which the expression drops`}
	for expr, want := range map[string][]string{
		`sum by (belt) (x{site=~"a|b", site!~"a|b"}) > 1`:     nil,
		`(sum by (belt) (x{site="a", site="b"}) > 1) / 2 > 3`: nil,
		`count by (belt) (x{site="a"}) < 1`:                   lost,
		`sum by (belt) (x) > 1`:                               lost,
	} {
		if diff := cmp.Diff(want, findings(t, "lost-label", rule(expr))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", expr, diff)
		}
	}
}
