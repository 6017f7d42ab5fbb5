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

// everyRule finds every rule.
var everyRule = &lint.Check{Name: "never-fires", Severity: lint.Error, Run: func(p *lint.Pass) {
	for _, file := range p.Files {
		for _, rule := range file.Rules() {
			p.Report(lint.Diagnostic{Rule: rule, Span: rule.NameScalar().Span, Message: rule.Name()})
		}
	}
}}

// reportedRules are the rules that are found in a source, and what is said of suppressions.
func reportedRules(t *testing.T, source string) string {
	t.Helper()
	unused, err := lint.Lookup("unused-suppression")
	if err != nil {
		t.Fatal(err)
	}
	file := rules.Parse("rules.yaml", []byte(source), rules.Options{})
	result, err := lint.Run(context.Background(), []*rules.File{file}, lint.Options{Checks: []*lint.Check{everyRule, unused}})
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, d := range result.Diagnostics {
		said = append(said, d.Message)
	}
	return strings.Join(said, "; ")
}

// ovens is a rule file in which each @N stands for a place of a comment.
const ovens = `@0
groups:@1
@2
- name: cold@3
  @4
  interval: 1m
  rules:@5
  @6
  - alert: A@7
    @8
    expr: up@9
    @10

  @11
  - expr: |@12
      up
    alert: B
@13
- name: hot
  rules: [{alert: C, expr: up}]@14
@15
`

func TestSuppressionPlaces(t *testing.T) {
	for place, want := range []string{
		0: "", 1: "", 2: "C", 3: "C", 4: "C", 5: "C", 6: "B; C", 7: "B; C", 8: "B; C", 9: "B; C", 10: "B; C",
		11: "A; C", 12: "A; C", 13: "A; B", 14: "A; B",
		15: "A; B; C; the suppression is for nothing: neither a rule nor a group is around or below it",
	} {
		got := reportedRules(t, fill(place, " # rulekit:disable never-fires for a reason"))
		if got != want {
			t.Errorf("at @%d: %q, want %q", place, got, want)
		}
		if got := reportedRules(t, fill(place, " # rulekit:disable all")); got != strings.Split(want, "; the")[0] && place != 15 {
			t.Errorf("all at @%d: %q, want %q", place, got, want)
		}
	}
}

// fill puts a comment to one of the places of ovens, and nothing to the others.
func fill(place int, comment string) string {
	source := ovens
	for i := 15; i >= 0; i-- {
		text := ""
		if i == place {
			text = comment
		}
		source = strings.ReplaceAll(source, fmt.Sprintf("@%d", i), text)
	}
	return source
}

func TestSuppressionForms(t *testing.T) {
	const none = "A; B; C"
	for comment, want := range map[string]string{
		"# rulekit:disable never-fires":                   "",
		"# rulekit:disable\tnever-fires":                  "",
		"# rulekit:disable never-fires, lost-label":       "",
		"# rulekit:disable lost-label ,never-fires - why": "",
		"# rulekit:disable":                               "the comment names no check, so that it suppresses nothing; " + none,
		"# rulekit:disable ,":                             "the comment names no check, so that it suppresses nothing; " + none,
		"#rulekit:disable never-fires":                    "the comment suppresses nothing, since it is not written as # rulekit:disable; " + none,
		"# rulekit: disable never-fires":                  "the comment suppresses nothing, since it is not written as # rulekit:disable; " + none,
		"## rulekit:Disable never-fires":                  "the comment suppresses nothing, since it is not written as # rulekit:disable; " + none,
		"# rulekit:disable: never-fires":                  "the comment suppresses nothing, since it is not written as # rulekit:disable; " + none,
		"# rulekit:ignore never-fires":                    "no comment of rulekit starts with rulekit:ignore; " + none,
		"# rulekit:disable never-fire":                    `no check is called "never-fire", so that nothing is suppressed; ` + none,
		"# rulekit:disable " + strings.Repeat("a,", 3000): "the comment is not read, since it is longer than 4096 bytes; " + none,
		"# rulekit: the linter, says of this: all well":   none,
		"# see https://example.org/rulekit:disable":       none,
		"# pint disable never-fires":                      none,
	} {
		if diff := cmp.Diff(want, reportedRules(t, fill(0, comment))); diff != "" {
			t.Errorf("%s: %s", comment, diff)
		}
	}
}

// FuzzSuppressions proves that no comment, wherever it stands, makes lint fail, and that mending
// leaves all that is no comment as it was.
func FuzzSuppressions(f *testing.F) {
	for place := range 16 {
		f.Add([]byte(fill(place, " # rulekit:disable never-fires, lost-label x")))
		f.Add([]byte(fill(place, " #rulekit:disable all")))
	}
	f.Add([]byte("# rulekit:disable all\n"))
	f.Add([]byte("kind: ConfigMap\ndata:\n  a.yaml: |\n    # rulekit:disable all\n    groups:\n    - name: a\n      rules: []\n"))
	unused, err := lint.Lookup("unused-suppression")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		files := []*rules.File{rules.Parse("rules.yaml", source, rules.Options{})}
		fixed, err := lint.Fix(context.Background(), files, lint.FixOptions{Lint: lint.Options{Checks: []*lint.Check{everyRule, unused}}})
		if err != nil {
			t.Fatal(err)
		}
		before, after := files[0].Rules(), fixed.Files[0].Rules()
		if len(before) != len(after) {
			t.Fatalf("%d rules became %d", len(before), len(after))
		}
		for i := range before {
			if before[i].Name() != after[i].Name() || before[i].Expr.Value != after[i].Expr.Value {
				t.Errorf("rule %d has changed", i)
			}
		}
	})
}
