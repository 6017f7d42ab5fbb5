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

// lintExpression lints an alert with the expression by one check.
func lintExpression(t *testing.T, check, expr string) (source []byte, result *lint.Result) {
	t.Helper()
	c, err := lint.Lookup(check)
	if err != nil {
		t.Fatal(err)
	}
	source = fmt.Appendf(nil, "groups:\n  - name: depot\n    rules:\n      - alert: Depot\n        expr: |\n          %s\n", expr)
	files := []*rules.File{rules.Parse("depot.yaml", source, rules.Options{})}
	result, err = lint.Run(context.Background(), files, lint.Options{Checks: []*lint.Check{c}})
	if err != nil {
		t.Fatal(err)
	}
	return source, result
}

func TestRegexpEdits(t *testing.T) {
	for _, test := range []struct{ expr, want string }{
		{`x{a=~"b"}`, `x{a="b"}`},
		{`x{a!~"b"}`, `x{a!="b"}`},
		{`x{a=~'b'}`, `x{a='b'}`},
		{"x{a =~ `b`}", "x{a = `b`}"},
		{`x{a=~""}`, `x{a=""}`},
		{`x{a=~"^$"}`, `x{a=""}`},
		{`x{a=~"(b)"}`, `x{a="b"}`},
		{`x{a=~"^b.*"}`, `x{a=~"b.*"}`},
		{`x{a=~"b.*$"}`, `x{a=~"b.*"}`},
		{`x{a=~"^(b|c)$"}`, `x{a=~"(b|c)"}`},
		{`x{a=~"b|c|b"}`, `x{a=~"b|c"}`},
		{`x{a=~".*"}`, `x{}`},
		{`x{a=~".*", b="c"}`, `x{b="c"}`},
		{`x{b="c", a=~".*"}`, `x{b="c"}`},
		{`x{b=~"c", a=~".*", d=~"^e+"}`, `x{b="c", d=~"e+"}`},
		{`x{a=~".*", b=~".*"}`, `x{b=~".*"}`},
		{`x{a=~"b[$]"}`, `x{a="b$"}`},
		{`x{a=~"é"}`, `x{a="é"}`},
		// These are not what they seem, or not written plainly enough to be changed.
		{`x{a=~"b.c"}`, `x{a=~"b.c"}`},
		{`x{a=~"(?i)b"}`, `x{a=~"(?i)b"}`},
		{`x{a=~"b\\.c"}`, `x{a=~"b\\.c"}`},
		{`x{a=~"^b|c$"}`, `x{a=~"^b|c$"}`},
		{`x{a=~".+"}`, `x{a=~".+"}`},
		{`x{a!~".*"}`, `x{a!~".*"}`},
		{`{a=~".*", __name__="x"}`, `{a=~".*", __name__="x"}`},
	} {
		source, result := lintExpression(t, "redundant-regexp", test.expr)
		var edits []lint.Edit
		for _, d := range result.Diagnostics {
			edits = append(edits, d.Edits...)
		}
		got, err := rules.Apply(source, edits)
		if err != nil {
			t.Errorf("%s: %v", test.expr, err)
			continue
		}
		if diff := cmp.Diff(strings.Replace(string(source), test.expr, test.want, 1), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.expr, diff)
		}
	}
}

// TestFindingsAreBounded gives checks an expression that has the same mistake thousands of times.
func TestFindingsAreBounded(t *testing.T) {
	const times = 2000
	for _, test := range []struct{ check, expr string }{
		{"dropped-label", strings.Repeat("sum by (a) (sum by (b) (", times) + "x" + strings.Repeat("))", times)},
		{"redundant-regexp", "x{" + strings.Repeat(`a=~"b",`, times) + "}"},
		{"redundant-regexp", `x{a=~"b",` + strings.Repeat(`a=~"b.+",`, times) + "}"},
		{"histogram-quantile", strings.Repeat("histogram_quantile(9, ", times) + "x_bucket" + strings.Repeat(")", times)},
		{"unit-mismatch", "x_bytes" + strings.Repeat(" + x_seconds - x_bytes", times)},
		{"nan-aggregation", strings.Repeat("sum(rate(x[5m]) / ", times) + "rate(y[5m])" + strings.Repeat(")", times)},
	} {
		_, result := lintExpression(t, test.check, test.expr)
		if n := len(result.Diagnostics); n == 0 || n > 20 {
			t.Errorf("%s: %d findings", test.check, n)
		}
	}
}
