package lint_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

// neverFires returns what the check never-fires finds in alerts of the expressions, which all have
// one name.
func neverFires(t *testing.T, expressions ...string) []lint.Diagnostic {
	t.Helper()
	source := "groups:\n- name: a\n  rules:\n"
	for _, expr := range expressions {
		source += "  - alert: A\n    expr: |-\n      " + expr + "\n"
	}
	check, err := lint.Lookup("never-fires")
	if err != nil {
		t.Fatal(err)
	}
	files := []*rules.File{rules.Parse("a.yaml", []byte(source), rules.Options{})}
	result, err := lint.Run(context.Background(), files, lint.Options{Checks: []*lint.Check{check}})
	if err != nil {
		t.Fatal(err)
	}
	return result.Diagnostics
}

var (
	proposed = regexp.MustCompile(`, use (.*)$`)
	absence  = regexp.MustCompile(`or (absent\(.*\)) where`)
)

// TestNeverFiresHint proves that no hint proposes an expression that cannot fire either.
func TestNeverFiresHint(t *testing.T) {
	for _, test := range []struct{ expr, want string }{
		{"count(x) < 1", "to find that there are none, use absent(x)"},
		{"count((x > 5)) == 0", "to find that there are none, use absent(x > 5)"},
		{`count by (a) (x{b="1"}) < 1`, `use count by (a) (x) unless count by (a) (x{b="1"})`},
		{`count by (a) (x{a="1"}) < 1`, `to find that there are none, use absent(x{a="1"})`},
		{`count by (job) (x{job="j",b="1"}) < 1`, `use absent(x{b="1",job="j"})`},
		{`count by (job, a) (x{job="j"}) == 0`, `had some an hour ago, use count by (job, a) (x{job="j"} offset 1h) unless count by (job, a) (x{job="j"})`},
		{`count by (a) (x{job="j"}) == 0`, `use count by (a) (x{job="j"} offset 1h) unless count by (a) (x{job="j"})`},
		{`count by (job, a) (x{job="j",b="1"}) == 0`, `use count by (job, a) (x{job="j"}) unless count by (job, a) (x{b="1",job="j"})`},
		{`count by (a) (x{a=~"1|2"}) < 1`, `use count by (a) (x{a=~"1|2"} offset 1h) unless count by (a) (x{a=~"1|2"})`},
		{`count without (b) (x{b="1"}) < 1`, `use count without (b) (x) unless count without (b) (x{b="1"})`},
		{`count without (b) (x{a="1"}) < 1`, `use count without (b) (x{a="1"} offset 1h) unless count without (b) (x{a="1"})`},
		{`count by (a) (x{a="1"} > 5) < 1`, `use absent(x{a="1"} > 5)`},
		{"count by (a) (x > 5) < 1", "use count by (a) (x) unless count by (a) (x > 5)"},
		{"count by (a) (rate(x[5m]) > 5) < 1", "use count by (a) (rate(x[5m])) unless count by (a) (rate(x[5m]) > 5)"},
		{"count by (a) (x offset 5m) < 1", "say which groups there should be"},
		{"count by (a) (x or y) < 1", "say which groups there should be"},
		{`sum(rate(x{b="1"}[5m])) < 0`, `or absent(x{b="1"}) where`},
		{"0 > rate(x[5m]) / count(y)", ""},
		{"sum(rate(x[5m]) + rate(y[5m])) < 0", "or absent(...) where"},
		{"absent(x) == 0", "leave the comparison out"},
		{`x{a="1"} > sum by (b) (y)`, "aggregate both sides by (b), or match several series with one of the other side: on (b) group_left ()"},
		{`sum by (b) (y) / x{a="1"}`, "on (b) group_right ()"},
		{`100 * sum by (a, b) (x{a!=""}) / sum by (b) (y)`, "aggregate both sides by (b)"},
		{`x{a="1"} > sum(y)`, "on () group_left ()"},
		{`x{a="1"} and sum by (b) (y)`, "say which labels have to be equal: and on (b)"},
		{`sum by (a) (x{a="1"}) > sum by (b) (y)`, "aggregate both sides by the same labels"},
		{`x{a="1"} > on (a) sum by (b) (y)`, "aggregate both sides by the same labels"},
		{"timestamp(x > 5) < time() - 300", "for how long a condition has held, use for:"},
		{`x{a!~".*"}`, `to select series without the label, use label=""`},
		{`x{a="1",a="2"}`, "to select several values"},
	} {
		found := neverFires(t, test.expr)
		if len(found) != 1 {
			if test.want != "" {
				t.Errorf("%s: %d findings", test.expr, len(found))
			}
			continue
		}
		hint := found[0].Hint
		if !strings.Contains(hint, test.want) {
			t.Errorf("%s: got hint %q, want %q", test.expr, hint, test.want)
		}
		for _, pattern := range []*regexp.Regexp{proposed, absence} {
			m := pattern.FindStringSubmatch(hint)
			if m == nil || strings.Contains(m[1], "...") || strings.HasPrefix(m[1], "label=") || strings.HasPrefix(m[1], "one matcher") {
				continue
			}
			ast, err := parser.NewParser(parser.Options{}).ParseExpr(m[1])
			if err != nil {
				t.Errorf("%s: the hint proposes %s: %v", test.expr, m[1], err)
			} else if infer.Analyse(ast, nil).Root.Presence == infer.Never {
				t.Errorf("%s: the hint proposes %s, which never fires", test.expr, m[1])
			}
		}
	}
}

// TestNeverFiresSwitch proves that an alert that is switched off with a matcher is only info where
// the same alert is there with the matcher the other way round.
func TestNeverFiresSwitch(t *testing.T) {
	for _, test := range []struct {
		name        string
		expressions []string
		want        lint.Severity
	}{
		{"alone", []string{`x{a!~".*"} > 1`}, lint.Error},
		{"both ways", []string{`x{a=~".*"} > 1`, `x{a!~".*"} > 1`}, lint.Info},
		{"both ways, written apart", []string{`x{a!~".*",b="1"}>1`, `x{b="1", a=~".*"} > 1`}, lint.Info},
		{"another threshold", []string{`x{a=~".*"} > 2`, `x{a!~".*"} > 1`}, lint.Error},
		{"another label", []string{`x{b=~".*"} > 1`, `x{a!~".*"} > 1`}, lint.Error},
		{"without the matcher", []string{`x > 1`, `x{a!~".*"} > 1`}, lint.Error},
		{"other is dead too", []string{`x{a!~".*",b!~".*"} > 1`, `x{a!~".*",b=~".*"} > 1`}, lint.Error},
		{"another reason", []string{`count(x{a="1"}) < 1`, `count(x{a!="1"}) < 1`}, lint.Error},
	} {
		found := neverFires(t, test.expressions...)
		if len(found) == 0 {
			t.Errorf("%s: nothing found", test.name)
		}
		for _, d := range found {
			if d.Severity != test.want {
				t.Errorf("%s: %s, want %s", test.name, d.Severity, test.want)
			}
		}
	}
}
