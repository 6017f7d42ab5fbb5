package infer_test

import (
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
)

func TestDead(t *testing.T) {
	for text, want := range map[string]string{
		"x":                                   "",
		"count(x) < 1":                        "",
		"x or count(y) < 1":                   "count(y) < 1",
		"(count(y) < 1) or x":                 "(count(y) < 1)",
		"x or sum(count(y) < 1)":              "sum(count(y) < 1)",
		"x or up > 1 or up < 0":               "up > 1, up < 0",
		`x unless y{a="1",a="2"}`:             `y{a="1",a="2"}`,
		`x or vector(scalar(y{a="1",a="2"}))`: `y{a="1",a="2"}`,
		"x or vector(0) > 1":                  "",
		"absent(count(x) < 1)":                "",
		"absent_over_time((up > 1)[5m:1m])":   "",
		"x or topk(0, y)":                     "topk(0, y)",
		`x or (y{a="1"} > on (a) sum(z))`:     `(y{a="1"} > on (a) sum(z))`,
	} {
		var dead []string
		for _, part := range analyse(t, text).Dead() {
			at := part.Expr.PositionRange()
			dead = append(dead, text[at.Start:at.End])
		}
		if got := strings.Join(dead, ", "); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestTautology(t *testing.T) {
	for _, test := range []struct {
		text string
		// want is why the outermost comparison keeps everything, or "".
		want string
	}{
		{"count(x) >= 0", "count() is always >= 1, so it is always >= 0"},
		{"0 <= count(x)", "count() is always >= 1, so it is always >= 0"},
		{"(count(x) > 0)", "count() is always >= 1, so it is always > 0"},
		{"rate(x[5m]) >= 0", "rate() is always >= 0, so it is always >= 0"},
		{"sum(rate(x[5m])) >= 0", "sum() is always >= 0, so it is always >= 0"},
		{"rate(x[5m]) / rate(y[5m]) >= 0", ""},
		{"abs(x) >= 0", ""},
		{"up >= 0", "up is always 0 or 1, so it is always >= 0"},
		{"up != 2", "up is always 0 or 1, so it is always != 2"},
		{"up > 0", ""},
		{"known_total >= 0", "known_total is always >= 0, so it is always >= 0"},
		{"x != NaN", "every value is != NaN"},
		{"x > -Inf", ""},
		{"x > 5 > 3", "only values > 5 are left here, so they are all > 3"},
		{"x > 3 > 5", ""},
		{"count(x) >= bool 0", ""},
		{"count(x) >= count(y)", ""},
		{"sum(count(x) >= 0)", ""},
		{"hour() < 24", "hour() is always 0 to 23, so it is always < 24"},
		{"count(up == 0) / count(up) <= 1", "the value is always > 0 and <= 1, so it is always <= 1"},
	} {
		got := ""
		if why := analyse(t, test.text).Root.Tautology; why != nil {
			got = why.Text
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.text, got, test.want)
		}
	}
}

// BenchmarkAnalyse is a rule as they are.
func BenchmarkAnalyse(b *testing.B) {
	const text = `100 * sum by (namespace, job) (rate(x_seconds_count{code=~"5..",job="a"}[5m])) / on (namespace, job) group_left (team)
		sum by (namespace, job, team) (rate(x_seconds_count{job="a"}[5m])) > 5 and on (namespace) max by (namespace) (up) == 1`
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		infer.Analyse(expr, nil)
	}
}
