package format_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/format"
)

// formatted formats a source, and once more, which must change nothing.
func formatted(t *testing.T, source string) *format.Result {
	t.Helper()
	file := rules.Parse("x.yaml", []byte(source), rules.Options{})
	result, err := format.Format(file, rules.Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, source)
	}
	again, err := format.Format(rules.Parse("x.yaml", result.Source, rules.Options{}), rules.Options{})
	if err != nil {
		t.Fatalf("the result cannot be read: %v\n%s", err, result.Source)
	}
	if diff := cmp.Diff(string(result.Source), string(again.Source)); diff != "" {
		t.Errorf("the second run changes something (-first +second):\n%s", diff)
	}
	return result
}

// One rule, in a file that has things before and behind it that must stay. EXPR stands for what
// is written from the key on.
const around = "# rules\r# of mine\n\ngroups:\n  - name: \"g\" # odd\n    rules:\n      - alert:  A\n        EXPR\n        for:   5m\n\n        # about labels\n        labels: {severity: 'a'}\n"

const (
	longMetric = "some_long_exporter_requests_total"
	long       = `sum by(job)(rate(` + longMetric + `{code=~"5.."}[5m]))/sum by(job)(rate(` + longMetric + `[5m])) > 0.1`
	longPretty = "    sum by (job) (rate(" + longMetric + "{code=~\"5..\"}[5m]))\n" +
		"  /\n    sum by (job) (rate(" + longMetric + "[5m]))\n>\n  0.1"
	longCall       = `histogram_quantile(0.99,sum by(le)(rate(some_long_exporter_request_duration_seconds_bucket{job="a"}[5m])))`
	longCallPretty = "histogram_quantile(\n  0.99,\n  sum by (le) (rate(some_long_exporter_request_duration_seconds_bucket{job=\"a\"}[5m]))\n)"
)

// margin puts blanks before each line.
func margin(n int, lines string) string {
	blanks := strings.Repeat(" ", n)
	return blanks + strings.ReplaceAll(lines, "\n", "\n"+blanks)
}

func TestStyles(t *testing.T) {
	for name, c := range map[string]struct{ have, want string }{
		"plain":                    {`expr: up==0`, `expr: up == 0`},
		"blanks before":            {`expr:    up==0   # now`, `expr:    up == 0   # now`},
		"single quotes":            {`expr: 'up{a="it''s"}==0'`, `expr: 'up{a="it''s"} == 0'`},
		"double quotes":            {`expr: "up{a='\\\\d\"'}==0"`, `expr: "up{a=\"\\\\d\\\"\"} == 0"`},
		"quoted key":               {`"expr": up==0`, `"expr": up == 0`},
		"unicode":                  {`expr: up{a="ü€😀"}==0`, `expr: up{a="ü€😀"} == 0`},
		"control character":        {`expr: "up{a='\x07'}==0"`, `expr: "up{a=\"\\a\"} == 0"`},
		"escape":                   {`expr: "up{a='\u00e9'}==0"`, `expr: "up{a=\"é\"} == 0"`},
		"on the next line":         {"expr:\n          up==0", "expr:\n          up == 0"},
		"plain lines":              {"expr: up\n          ==0", "expr: up == 0"},
		"quoted lines":             {"expr: 'up\n\n          ==0' # x", "expr: 'up == 0' # x"},
		"literal":                  {"expr: |-\n          up==0", "expr: |-\n          up == 0"},
		"literal of two lines":     {"expr: | # why\n            up\n              ==0\n", "expr: | # why\n            up == 0\n"},
		"literal with blank lines": {"expr: |+\n\n          up\n\n          ==0\n\n\n", "expr: |+\n          up == 0\n\n\n"},
		"indicator":                {"expr: |2-\n            up==0", "expr: |-\n          up == 0"},
		"folded":                   {"expr: >-\n          up\n          ==0", "expr: >-\n          up == 0"},
		"tail":                     {"expr: |\n          up==0  \n          \n", "expr: |\n          up == 0\n          \n"},
		"long plain":               {"expr: " + long, "expr: |2\n" + margin(10, longPretty)},
		"long call":                {"expr: " + longCall, "expr: |\n" + margin(10, longCallPretty)},
		"long, comment behind":     {"expr: " + long + "   # why", "expr: |2   # why\n" + margin(10, longPretty)},
		"long, single quotes":      {"expr: '" + longCall + "'", "expr: |\n" + margin(10, longCallPretty)},
		"long, on the next line":   {"expr:\n          " + longCall, "expr: |\n" + margin(10, longCallPretty)},
		"long, folded":             {"expr: >+\n            " + longCall + "\n\n", "expr: |+\n" + margin(12, longCallPretty) + "\n\n"},
		"long, folded, comment":    {"expr: > # c\n            " + long, "expr: |4 # c\n" + margin(12, longPretty)},
		"long, literal":            {"expr: |-\n          " + longCall, "expr: |-\n" + margin(10, longCallPretty)},
		"formatted already":        {"expr: |2\n" + margin(10, longPretty), "expr: |2\n" + margin(10, longPretty)},
		"formatted, folded":        {"expr: >\n          up ==\n          0", "expr: >\n          up ==\n          0"},
		"a # in a string":          {`expr: 'up{a="#"}==0'`, `expr: 'up{a="#"} == 0'`},
		"plain number":             {`expr: 0x10`, `expr: 16`},
	} {
		have := strings.Replace(around, "EXPR", c.have, 1)
		want := strings.Replace(around, "EXPR", c.want, 1)
		for _, lineEnd := range []string{"\n", "\r\n"} {
			have, want := strings.ReplaceAll(have, "\n", lineEnd), strings.ReplaceAll(want, "\n", lineEnd)
			if lineEnd == "\r\n" {
				have, want = strings.Replace(have, "\r# of", "# of", 1), strings.Replace(want, "\r# of", "# of", 1)
			}
			result := formatted(t, have)
			if diff := cmp.Diff(want, string(result.Source)); diff != "" {
				t.Errorf("%s, line end %q (-want +got):\n%s\n%v", name, lineEnd, diff, result.Left)
			}
			changes := 1
			if have == want {
				changes = 0
			}
			if result.Formatted != changes || result.Commented > 0 || len(result.Left) > 0 {
				t.Errorf("%s: %d formatted, %d commented, left %v", name, result.Formatted, result.Commented, result.Left)
			}
		}
	}
}

// TestForms is for rules that stand elsewhere.
func TestForms(t *testing.T) {
	for name, c := range map[string]struct{ have, want string }{
		"first key": {
			"groups:\n- name: g\n  rules:\n  - expr: " + longCall + "\n    record: a:b\n",
			"groups:\n- name: g\n  rules:\n  - expr: |\n" + margin(6, longCallPretty) + "\n    record: a:b\n",
		},
		"no line end": {
			"groups:\n- name: g\n  rules:\n  - record: a:b\n    expr: " + longCall,
			"groups:\n- name: g\n  rules:\n  - record: a:b\n    expr: |\n" + margin(6, longCallPretty),
		},
		"braces": {
			"groups: [{name: g, rules: [{expr: up>0, record: a:b}, {record: a:c, expr: 'up{a=\"b\"}>0'}]}]\n",
			"groups: [{name: g, rules: [{expr: up > 0, record: a:b}, {record: a:c, expr: 'up{a=\"b\"} > 0'}]}]\n",
		},
		"braces, long": {
			`{"groups": [{"name": "g", "rules": [{"record": "a:b", "expr":"` + longCall[:24] + `sum by(le)(rate(x_bucket[5m])))", "labels": {}}]}]}`,
			`{"groups": [{"name": "g", "rules": [{"record": "a:b", "expr":"` + `histogram_quantile(0.99, sum by (le) (rate(x_bucket[5m])))", "labels": {}}]}]}`,
		},
		"ConfigMap": {
			"kind: ConfigMap\ndata:\n  a.yml: |\n    groups:\n    - name: g\n      rules:\n      - record: a:b\n        expr: " + longCall + "\n  b: c\n",
			"kind: ConfigMap\ndata:\n  a.yml: |\n    groups:\n    - name: g\n      rules:\n      - record: a:b\n        expr: |\n" + margin(10, longCallPretty) + "\n  b: c\n",
		},
		"PrometheusRule": {
			"apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n  groups:\n  - name: g\n    rules:\n    - record: a:b\n      expr: up>0\n---\n# end\n",
			"apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n  groups:\n  - name: g\n    rules:\n    - record: a:b\n      expr: up > 0\n---\n# end\n",
		},
	} {
		result := formatted(t, c.have)
		if diff := cmp.Diff(c.want, string(result.Source)); diff != "" {
			t.Errorf("%s (-want +got):\n%s\n%v", name, diff, result.Left)
		}
	}
}

// TestLeftAlone is for what is not formatted, and what is said of it.
func TestLeftAlone(t *testing.T) {
	in := func(expr string) string { return strings.Replace(around, "EXPR", expr, 1) }
	for name, c := range map[string]struct {
		have      string
		commented int
		reason    string
	}{
		"PromQL comment":  {have: in("expr: |\n          up # why\n          ==0"), commented: 1},
		"anchor":          {have: in("expr: &e up==0"), reason: "it is written in a way that is not changed"},
		"tag":             {have: in("expr: !!str up==0"), reason: "it is written in a way that is not changed"},
		"comment between": {have: in("expr: # why\n          up==0"), reason: "it is written in a way that is not changed"},
		"binary":          {have: in("expr: !!binary dXA9PTA="), reason: "it is written in a way that is not changed"},
		"deeper comment":  {have: in("expr: " + long + "\n\n   # less\n          # deeper"), reason: "it cannot be written in the same way"},
		"string with escapes": {
			have:   "data:\n  a.yml: \"groups:\\n- name: g\\n  rules:\\n  - record: a:b\\n    expr: up>0\\n\"\n",
			reason: "it is written in a way that is not changed",
		},
		"nested deeply": {
			have:   in("expr: " + strings.Repeat("(", 800) + "up" + strings.Repeat(")", 800)),
			reason: "it is nested too deeply to be formatted",
		},
		"alias": {
			have: "groups:\n- name: g\n  rules:\n  - record: a:b\n    expr: &x up>0\n  - record: a:c\n    expr: *x\n", reason: "it is written in a way that is not changed",
		},
	} {
		file := rules.Parse("x.yaml", []byte(c.have), rules.Options{})
		result, err := format.Format(file, rules.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if string(result.Source) != c.have || result.Formatted > 0 || result.Commented != c.commented {
			t.Errorf("%s: %d formatted, %d with comments\n%s", name, result.Formatted, result.Commented, result.Source)
		}
		if c.reason == "" && len(result.Left) > 0 || c.reason != "" && (len(result.Left) != 1 || result.Left[0].Reason != c.reason) {
			t.Errorf("%s: left %v, want %q", name, result.Left, c.reason)
		}
	}
}

// TestOneBadChange formats the other rules of a file in which one cannot be.
func TestOneBadChange(t *testing.T) {
	source := "groups:\n- name: g\n  rules:\n"
	for _, tail := range []string{"", "", "\n        # deeper", "", ""} {
		source += "  - record: a:b\n    expr: " + longCall + tail + "\n"
	}
	result := formatted(t, source)
	if result.Formatted != 4 || len(result.Left) != 1 || strings.Count(string(result.Source), "histogram_quantile(\n") != 4 {
		t.Errorf("%d formatted, left %v\n%s", result.Formatted, result.Left, result.Source)
	}
}

func TestProblems(t *testing.T) {
	file := rules.Parse("x.yaml", []byte("groups:\n- name: g\n  rules:\n  - record: a:b\n    expr: up >\n"), rules.Options{})
	if _, err := format.Format(file, rules.Options{}); err == nil || !strings.HasPrefix(err.Error(), "x.yaml:5:") {
		t.Errorf("got %v", err)
	}
}

// TestExamples formats all rule files in testdata and the shipped rules: what is written must be
// what Prettify makes of the expression.
func TestExamples(t *testing.T) {
	var paths []string
	for _, pattern := range []string{"../*.yaml", "../../testdata/lint/*/*.yaml", "../../testdata/reader/*.yaml"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	tried := 0
	for _, path := range paths {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		before := rules.Parse(path, source, rules.Options{})
		if len(before.Problems) > 0 {
			continue
		}
		result := formatted(t, string(source))
		if result.Formatted == 0 && !bytes.Equal(result.Source, source) {
			t.Errorf("%s changed, but no expression did", path)
		}
		left := map[string]bool{}
		for _, l := range result.Left {
			left[l.Rule.Expr.Value] = true
		}
		after := rules.Parse(path, result.Source, rules.Options{}).Rules()
		for i, rule := range before.Rules() {
			tried++
			want := parser.Prettify(rule.AST)
			if got := strings.TrimRight(after[i].Expr.Value, "\n"); got != want && !left[rule.Expr.Value] && !strings.Contains(got, "#") && source[rule.Span.Start] != '{' {
				t.Errorf("%s: %s\ngot  %q\nwant %q", path, rule.Name(), got, want)
			}
		}
	}
	if tried < 50 {
		t.Errorf("only %d rules were tried", tried)
	}
}

func FuzzFormat(f *testing.F) {
	f.Add([]byte(strings.Replace(around, "EXPR", "expr: "+long+" # c", 1)))
	f.Add([]byte(strings.Replace(around, "EXPR", "expr: >+2\n            up\n            ==0\n\n", 1)))
	f.Add([]byte("groups: [{name: g, rules: [{expr: up>0, record: a:b}]}]\n"))
	f.Add([]byte("kind: ConfigMap\ndata:\n  a.yml: |\n    groups:\n    - name: g\n      rules:\n      - record: a:b\n        expr: 'a>0'\n"))
	f.Fuzz(func(t *testing.T, source []byte) {
		file := rules.Parse("x.yaml", source, rules.Options{})
		result, err := format.Format(file, rules.Options{})
		if err != nil {
			return
		}
		after := rules.Parse("x.yaml", result.Source, rules.Options{})
		if len(after.Problems) > 0 {
			t.Fatalf("problems after formatting: %v\n%q", after.Problems, result.Source)
		}
		again, err := format.Format(after, rules.Options{})
		if err != nil || !bytes.Equal(again.Source, result.Source) {
			t.Fatalf("the second run changes something: %v\n%q\n%q", err, result.Source, again.Source)
		}
		for i, rule := range file.Rules() {
			if have, got := rule.AST.String(), after.Rules()[i].AST.String(); have != got {
				t.Fatalf("%q became %q", have, got)
			}
		}
	})
}
