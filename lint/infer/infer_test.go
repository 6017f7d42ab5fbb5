package infer_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
)

func analyse(t testing.TB, text string) *infer.Analysis {
	t.Helper()
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		t.Fatal(err)
	}
	return infer.Analyse(expr)
}

// place cuts the part of the expression that a reason is about.
func place(text string, why *infer.Reason) string {
	if why == nil {
		return ""
	}
	at := why.Range(text)
	return text[at.Start:at.End]
}

func TestPresence(t *testing.T) {
	for _, test := range []struct {
		text string
		want infer.Presence
		// at is the place of the reason for Never.
		at string
	}{
		{"x", infer.Maybe, ""},
		{"count(x) < 1", infer.Never, "<"},
		{"count by (a) (x) == 0", infer.Never, "=="},
		{"0 == count(x)", infer.Never, "=="},
		{"count(x) <= 1", infer.Maybe, ""},
		{"count(x) < 2 and count(x) > 1", infer.Never, "and"},
		{"(count(x) or vector(0)) < 1", infer.Maybe, ""},
		{"sum(count(x)) < 1", infer.Never, "<"},
		{"group(x) != 1", infer.Never, "!="},
		{`x{a="1",a="2"}`, infer.Never, `a="2"`},
		{`x{a="1",a!="1"}`, infer.Never, `a!="1"`},
		{`x{a="1",a=~"2|3"}`, infer.Never, `a=~"2|3"`},
		{`x{a=~"1|2",a=~"2|3"}`, infer.Maybe, ""},
		{`x{a=~"1|2",a=~"3|4"}`, infer.Never, `a=~"3|4"`},
		{`x{a!~".*"}`, infer.Never, `a!~".*"`},
		{`sum(rate(x{a="1",a=""}[5m])) > 0`, infer.Never, `a=""`},
		{"x > 5 and x < 3", infer.Never, "and"},
		{"x > 5 and x < 7", infer.Maybe, ""},
		{"x > 5 and x offset 5m < 3", infer.Maybe, ""},
		{"x > 5 and on (a) x < 3", infer.Maybe, ""},
		{"x > 5 or x < 3", infer.Maybe, ""},
		{"x > 5 < 3", infer.Never, "<"},
		{`x{a="1"} > 5 and x{b="1"} < 3`, infer.Never, "and"},
		{`x{a="1"} and x{a="2"}`, infer.Never, "and"},
		{`x{a="1"} > x{a="2"}`, infer.Never, ">"},
		{`x{a="1"} > on (b) x{a="2"}`, infer.Maybe, ""},
		{`{__name__=~"x|y"} > 5 and {__name__=~"x|y"} < 3`, infer.Maybe, ""},
		{"rate(x[5m]) < 0", infer.Never, "<"},
		{"rate(x[5m]) > 5 and rate(x[5m]) < 3", infer.Never, "and"},
		{"delta(x[5m]) < 0", infer.Maybe, ""},
		{"up == 2", infer.Never, "=="},
		{"up > 1", infer.Never, ">"},
		{"avg(up) > 1", infer.Never, ">"},
		{"up != 1 != 0", infer.Never, "!="},
		{"avg(up) < 0.5", infer.Maybe, ""},
		{"sum(up) > 1", infer.Maybe, ""},
		{"vector(0) > 1", infer.Never, ">"},
		{"vector(1) > 0", infer.Always, ""},
		{"vector(1)", infer.Always, ""},
		{"1 > bool 2", infer.Always, ""},
		{"x or vector(1)", infer.Always, ""},
		{"absent(vector(1))", infer.Never, "absent"},
		{"absent(count(x) < 1)", infer.Always, ""},
		{"absent(x) == 0", infer.Never, "=="},
		{"x unless on () vector(1)", infer.Never, "unless"},
		{`x{a="1"} > sum(y)`, infer.Never, ">"},
		{`x{a="1"} > on (a) sum by (b) (y)`, infer.Never, "on (a)"},
		{`x{a="1"} > ignoring (a) sum(y)`, infer.Maybe, ""},
		{`sum(y) / x{a="1"}`, infer.Never, "/"},
		{"x > x", infer.Never, ">"},
		{"x > x offset 1m", infer.Maybe, ""},
		{"x >= x", infer.Maybe, ""},
		{"hour() > 23", infer.Never, ">"},
		{"day_of_week() == 0", infer.Maybe, ""},
		{"clamp_max(x, 10) > 10", infer.Never, ">"},
		{"x > Inf", infer.Never, ">"},
		{"x == NaN", infer.Never, "=="},
		{"histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m]))) < 0", infer.Maybe, ""},
		{"sum by (a) (x) / sum by (b) (y) > 1", infer.Maybe, ""},
		{"quantile(0.2, clamp(round(x), 0, 3)) > 3", infer.Maybe, ""},
		{"quantile(0.2, clamp(round(x), 0, 3)) > 3.1", infer.Never, ">"},
		{"quantile_over_time(0.2, clamp(round(x), 0, 3)[5m:]) > 3", infer.Maybe, ""},
		{"avg(clamp(round(x), 0, 3)) > 3", infer.Never, ">"},
		{"(rate(h[5m]) * NaN == bool rate(h[5m]) * NaN) > 0", infer.Maybe, ""},
		{"(rate(h[5m]) * NaN != bool rate(h[5m]) * NaN) < 1", infer.Maybe, ""},
		{"(rate(h[5m]) * NaN > bool rate(h[5m]) * NaN) > 0", infer.Never, ">"},
		{"(x or on () vector(1)) > bool 1", infer.Maybe, ""},
		{"(x + 1) * 2 > 5 and (x  +  1) * (2) < 3", infer.Never, "and"},
		{"(x + 1) * 2 > 5 and x + 1 * 2 < 3", infer.Maybe, ""},
		{"topk(2, x) * 2 > 5 and topk(3, x) * 2 < 3", infer.Maybe, ""},
		{`rate(x{a="1"}[5m]) > 5 and rate(x{b="1"}[5m]) < 3`, infer.Maybe, ""},
	} {
		root := analyse(t, test.text).Root
		if root.Presence != test.want || test.want == infer.Never && place(test.text, root.Why) != test.at {
			t.Errorf("%s: %v at %q, want %v at %q", test.text, root.Presence, place(test.text, root.Why), test.want, test.at)
		}
	}
}

func TestLabels(t *testing.T) {
	for _, test := range []struct {
		text, label string
		want        infer.State
		// at is the place that dropped a label that is gone.
		at string
	}{
		{"x", "a", infer.Possible, ""},
		{`x{a="1"}`, "a", infer.Certain, ""},
		{`x{a=~".+"}`, "a", infer.Certain, ""},
		{`x{a=""}`, "a", infer.Gone, `a=""`},
		{"sum(x)", "a", infer.Gone, "sum"},
		{"sum(x) by (b)", "a", infer.Gone, "by (b)"},
		{"sum by (b) (x)", "b", infer.Possible, ""},
		{`sum by (a) (x{a="1"})`, "a", infer.Certain, ""},
		{"sum by (a) (sum by (b) (x))", "a", infer.Gone, "by (b)"},
		{"sum without (a) (x)", "a", infer.Gone, "without (a)"},
		{"sum without (a) (x)", "b", infer.Possible, ""},
		{"rate(x[5m])", "__name__", infer.Gone, "rate"},
		{"x > 5", "__name__", infer.Certain, ""},
		{"x + 1", "__name__", infer.Gone, "+"},
		{"sum by (a) (x) or sum by (b) (y)", "a", infer.Possible, ""},
		{"sum by (a) (x) or sum by (b) (y)", "c", infer.Gone, "by (a)"},
		{"x / on (a) y", "b", infer.Gone, "on (a)"},
		{"x / ignoring (a) y", "a", infer.Gone, "ignoring (a)"},
		{"x / on (a) group_left y", "b", infer.Possible, ""},
		{"x * on (a) group_left (b) y", "b", infer.Possible, ""},
		{`x * on (a) group_left (b) y{b="1"}`, "b", infer.Certain, ""},
		{"x * on (a) group_left (b) sum by (a) (y)", "b", infer.Gone, "*"},
		{"sum by (a) (x) * on (a) group_right y", "b", infer.Possible, ""},
		{"x * on (a) group_left (__name__) y", "__name__", infer.Certain, ""},
		{"x > bool on (a) group_left (__name__) y", "__name__", infer.Certain, ""},
		{"x * on (a) group_left (b) y", "__name__", infer.Gone, "*"},
		{"x and on (a) sum(y)", "a", infer.Gone, "sum"},
		{"x unless on (a) sum(y)", "a", infer.Possible, ""},
		{"sum(x) - vector(1)", "a", infer.Gone, "sum"},
		{"x - scalar(sum(y))", "a", infer.Possible, ""},
		{"vector(1)", "a", infer.Gone, "vector"},
		{`absent(x{a="1"})`, "a", infer.Certain, ""},
		{`absent(x{a=~"1"})`, "a", infer.Gone, "absent"},
		{"absent(sum(x))", "a", infer.Gone, "absent"},
		{`label_replace(sum(x), "a", "$1", "b", "(.*)")`, "a", infer.Possible, ""},
		{`count_values("a", x)`, "a", infer.Certain, ""},
		{"topk(3, sum by (a) (x))", "b", infer.Gone, "by (a)"},
		{"histogram_quantile(0.9, sum by (le, a) (rate(x_bucket[5m])))", "b", infer.Gone, "by (le, a)"},
		{"max_over_time(sum by (a) (x)[5m:])", "b", infer.Gone, "by (a)"},
	} {
		label := analyse(t, test.text).Root.Labels.Get(test.label)
		if label.State != test.want || place(test.text, label.Why) != test.at {
			t.Errorf("%s: %s is %v at %q, want %v at %q",
				test.text, test.label, label.State, place(test.text, label.Why), test.want, test.at)
		}
	}
}

// TestJoinSides proves that the reason of a match that cannot be names the sides as written.
func TestJoinSides(t *testing.T) {
	for text, want := range map[string]string{
		`sum(y) * on (job) group_right () x{job="a"}`:    "the right side always has the label job, the left side never",
		`x{job="a"} * on (job) group_left () sum(y)`:     "the left side always has the label job, the right side never",
		`x{job="a"} * on (job) y{job="b"}`:               `job is "a" on the left and "b" on the right`,
		`x{job="a"} * on (job) group_right y{job="b"}`:   `job is "a" on the left and "b" on the right`,
		`x{job="a"} and on (job) sum(y)`:                 "the left side always has the label job, the right side never",
		`sum(y) unless on (job) (x{job="a"} and sum(y))`: "",
	} {
		got := ""
		if why := analyse(t, text).Root.Why; why != nil {
			got = why.Text
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// TestHostileSize proves that an expression as large as a file may be is analysed at all.
func TestHostileSize(t *testing.T) {
	const large = 64 << 10
	comparisons := large / len("1+(x<())")
	matchers := large / 8 / len("l1000!='',")
	var wide strings.Builder
	for i := range matchers {
		fmt.Fprintf(&wide, "l%d!='',", 1000+i)
	}
	deep := strings.Repeat("(", 3000) + "x" + strings.Repeat(")", 3000)
	for name, text := range map[string]string{
		"deep":   deep,
		"long":   "x" + strings.Repeat(" and x", 20000),
		"nested": strings.Repeat("1+(x<(", comparisons) + "y" + strings.Repeat("))", comparisons),
		"wide":   "x{" + wide.String() + "}" + strings.Repeat("+x", large/8/len("+x")),
		"twice":  deep + strings.Repeat(" and "+deep, 5) + strings.Repeat(" and x", 5000),
	} {
		if got := analyse(t, text).Root.Presence; got != infer.Maybe {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// FuzzAnalyse feeds anything that parses: nothing panics, and every reason has a place in the
// expression.
func FuzzAnalyse(f *testing.F) {
	for _, seed := range []string{
		"count by (a) (x) < 1", `x{a="1",a!~".*"}`, "sum(x) by (b) / on (b) group_left (c) y", "clamp(x, 5, 1)",
		"x > 5 and x < 3", "absent(x) unless on () vector(1)", `label_join(x, "a", "-", "b")`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		expr, err := parser.NewParser(parser.Options{EnableExperimentalFunctions: true, EnableBinopFillModifiers: true}).ParseExpr(text)
		if err != nil {
			return
		}
		root := infer.Analyse(expr).Root
		reasons := []*infer.Reason{root.Why, root.Bound, root.Labels.Get("a").Why}
		for len(reasons) > 0 {
			why := reasons[0]
			reasons = reasons[1:]
			if why == nil {
				continue
			}
			if at := why.Range(text); at.Start < 0 || at.End < at.Start || int(at.End) > len(text) {
				t.Errorf("%q: a reason is at %v", text, at)
			}
			reasons = append(reasons, why.Because...)
		}
	})
}
