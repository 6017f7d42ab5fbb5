package infer_test

import (
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
)

func analyse(t testing.TB, text string) *infer.Analysis {
	t.Helper()
	expr, err := parser.NewParser(parser.Options{EnableExperimentalFunctions: true}).ParseExpr(text)
	if err != nil {
		t.Fatal(err)
	}
	return infer.Analyse(expr, func(metric string) (model.MetricType, string) {
		if metric == "known_total" {
			return model.MetricTypeCounter, ""
		}
		return model.MetricTypeUnknown, ""
	})
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
		{"x unless x", infer.Never, "unless"},
		{"x > 5 unless on (a) x", infer.Never, "unless"},
		{`topk(3, x{a="1"} > 5) unless x`, infer.Never, "unless"},
		{`x unless x{a="1"}`, infer.Maybe, ""},
		{"x unless x > 5", infer.Maybe, ""},
		{"x unless x offset 5m", infer.Maybe, ""},
		{"x * 2 unless x", infer.Maybe, ""},
		{"(x or y) unless x", infer.Maybe, ""},
		{"topk(1, x) unless topk(1, x)", infer.Maybe, ""},
		{"count by (a) (topk(1, x)) < 2 and count by (a) (topk(1, x)) > 1", infer.Maybe, ""},
		{"topk(1, x) < 2 and topk(1, x) > 2", infer.Never, "and"},
		{"topk(1, x or vector(1))", infer.Maybe, ""},
		{"limitk(1, x or vector(1))", infer.Always, ""},
		{"vector(scalar(count(x) or vector(1))) >= 1", infer.Always, ""},
		{"vector(scalar(count by (a) (x) or vector(1))) >= 1", infer.Maybe, ""},
		{"(x >= 0) ^ -1 < 0", infer.Maybe, ""},
		{"(x >= 1) ^ -1 < 0", infer.Never, "<"},
		{"topk(0, x)", infer.Never, "topk"},
		{"bottomk(0.5, x)", infer.Never, "bottomk"},
		{"topk(scalar(x), y)", infer.Maybe, ""},
		{"topk(1, vector(1))", infer.Always, ""},
		{"count(x == 0) / count(x) > 1", infer.Never, ">"},
		{"count(up == 0) / count(up) < 0", infer.Never, "<"},
		{"count by (a) (x == 0) / on (a) count by (a) (x) > 1", infer.Never, ">"},
		{"count by (a) (x == 0) / on () group_left count(x) > 1", infer.Never, ">"},
		{"count by (a) (x == 0) / on (b) group_left count by (b) (x) > 1", infer.Maybe, ""},
		{"count by (a, b) (x == 0) / on (a) count by (a, b) (x) > 1", infer.Maybe, ""},
		{"count(x == 0) / count(y) > 1", infer.Maybe, ""},
		{"count(x) / count(x == 0) > 1", infer.Maybe, ""},
		{"sum(up) / count(up) > 1", infer.Never, ">"},
		{"sum(x) / count(x) > 1", infer.Maybe, ""},
		{"sum by (a) (up == 1) / count by (a) (up) > 1", infer.Never, ">"},
		{`sum(rate(x_total{code=~"5.."}[5m])) / sum(rate(x_total[5m])) > 5`, infer.Never, ">"},
		{`sum(rate(x_total{code=~"5.."}[5m])) / sum(rate(x_total[1m])) > 5`, infer.Maybe, ""},
		{`100 * (1 - sum(rate(x_total{code=~"5.."}[5m])) / sum(rate(x_total[5m]))) < -1`, infer.Never, "<"},
		{"rate(a[5m]) / (rate(a[5m]) + rate(b[5m])) > 1", infer.Never, ">"},
		{"rate(a[5m]) / (rate(b[5m]) + rate(a[5m]) + 1) > 1", infer.Never, ">"},
		{"rate(a[5m]) / on (x) (rate(a[5m]) + on (x) rate(b[5m])) > 1", infer.Never, ">"},
		{"rate(a[5m]) / on (x) (rate(a[5m]) + on (y) rate(b[5m])) > 1", infer.Maybe, ""},
		{"rate(a[5m]) / (rate(a[5m]) + delta(b[5m])) > 1", infer.Maybe, ""},
		{"rate(a[5m]) / (rate(b[5m]) + rate(c[5m])) > 1", infer.Maybe, ""},
		{"a / (a + b) > 1", infer.Maybe, ""},
		{"known_total / (known_total + rate(b[5m])) > 1", infer.Never, ">"},
		{"known_total < 0", infer.Never, "<"},
		{"cos(x) > 1", infer.Never, ">"},
		{"x % 10 >= 10", infer.Never, ">="},
		{"x ^ 2 < 0", infer.Never, "<"},
		{"x ^ 3 < 0", infer.Maybe, ""},
		{"atan(x) > 2", infer.Never, ">"},
		{"round(rate(x[5m]), 0.1) < 0", infer.Never, "<"},
		{"ln(clamp_min(x, 1)) < 0", infer.Never, "<"},
		{"histogram_count(count(x))", infer.Never, "histogram_count"},
		{"histogram_count(x) > 1", infer.Maybe, ""},
		{`x{a=~"1|2",a!="1",a!="2"}`, infer.Never, `a=~"1|2"`},
		{`x{a=~"1|2",a!="1"}`, infer.Maybe, ""},
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
		{`sum without (a) (x{b="1"})`, "b", infer.Certain, ""},
		{"sum without (a) (sum by (a, b) (x))", "c", infer.Gone, "by (a, b)"},
		{"sum without (a) (x)", "__name__", infer.Gone, "sum"},
		{"x / sum(y)", "b", infer.Gone, "sum"},
		{"x / ignoring (b) sum(y)", "b", infer.Gone, "ignoring (b)"},
		{"x and ignoring (b) sum(y)", "b", infer.Possible, ""},
		{"x and ignoring (b) sum(y)", "c", infer.Gone, "sum"},
		{"x and sum(y)", "__name__", infer.Certain, ""},
		{`label_replace(x, "a", "k", "", "")`, "a", infer.Certain, ""},
		{`label_replace(x, "a", "k", "b", "c")`, "a", infer.Possible, ""},
		{`label_replace(x{b="1"}, "a", "$1", "b", "(.*)")`, "a", infer.Certain, ""},
		{`label_replace(x{a="1"}, "a", "$1", "b", "(.+)")`, "a", infer.Certain, ""},
		{`label_replace(x{b="1"}, "a", "k", "b", "")`, "a", infer.Possible, ""},
		{`label_replace(sum(x), "a", "k", "b", "")`, "a", infer.Certain, ""},
		{`histogram_quantile(0.9, x{le!=""})`, "le", infer.Possible, ""},
		{`label_join(x, "a", "-", "b", "c")`, "a", infer.Certain, ""},
		{`label_join(x, "a", "", "b", "c")`, "a", infer.Possible, ""},
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
		{`label_replace(sum(x), "a", "$1", "b", "(.*)")`, "a", infer.Gone, "sum"},
		{`label_replace(x, "a", "$1", "b", "(.*)")`, "a", infer.Possible, ""},
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

// FuzzAnalyse feeds anything that parses: nothing panics, and every reason has a place in the
// expression.
func FuzzAnalyse(f *testing.F) {
	for _, seed := range []string{
		"count by (a) (x) < 1", `x{a="1",a!~".*"}`, "sum(x) by (b) / on (b) group_left (c) y", "clamp(x, 5, 1)",
		"x > 5 and x < 3", "absent(x) unless on () vector(1)", `label_join(x, "a", "-", "b")`,
		"100 * sum(rate(x_total[5m])) / sum(y_seconds) or up > 1", "x * on (a) group_left (b) fill_left (1) y", "hour() < 24",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		expr, err := parser.NewParser(parser.Options{EnableExperimentalFunctions: true, EnableBinopFillModifiers: true}).ParseExpr(text)
		if err != nil {
			return
		}
		analysis := infer.Analyse(expr, nil)
		root := analysis.Root
		reasons := []*infer.Reason{root.Why, root.Bound, root.Labels.Get("a").Why, root.Tautology, root.UnitWhy}
		if root.Unit != infer.UnknownUnit && root.UnitWhy == nil {
			t.Errorf("%q: %s for no reason", text, root.Unit)
		}
		for _, dead := range analysis.Dead() {
			reasons = append(reasons, dead.Why)
		}
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
