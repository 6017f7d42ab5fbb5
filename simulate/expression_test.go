package simulate

import (
	"testing"
	"time"
)

// TestExpressionsCanBeEvaluatedAgain guards the reuse of parsed trees, which the query engine
// changes: at every step, a tree that was used before must give what a new one gives.
func TestExpressionsCanBeEvaluatedAgain(t *testing.T) {
	used, fresh := newWorker(Features{}), func() *worker { return newWorker(Features{}) }
	c := caseOf(t, `tests:
- interval: 1m
  input_series:
  - {series: 'm{a="1"}', values: 0+1x60}
  - {series: 'm{a="2"}', values: 0+3x20 stale 5x20}
  - {series: 'h', values: '{{schema:0 sum:5 count:4 buckets:[1 2 1]}}+{{schema:0 sum:5 count:4 buckets:[1 2 1]}}x60'}
`)
	exprs := []string{
		`m`, `sum by (a) (rate(m[5m]))`, `max_over_time(rate(m[2m])[10m:1m])`, `max_over_time(m[10m:])`,
		`m @ start()`, `m @ end() + m`, `sum_over_time(m[5m] @ end())`, `max_over_time(m[5m:30s] @ end())`,
		`m offset 3m`, `m[5m] offset 1m`, `absent(m{a="3"})`, `histogram_quantile(0.9, rate(h[5m]))`, `histogram_count(h)`,
		`((m)) > bool 5`, `-m`, `topk(1, m)`, `m and on (a) (m > 5)`, `label_replace(m, "b", "$1", "a", "(.*)")`,
		`sum(count_values("v", m))`, `predict_linear(m[5m], 60)`, `time() - timestamp(m)`, `quantile_over_time(scalar(m{a="1"}) / 100, m[5m])`,
		`sum(m offset -1m)`, `rate(m[5m:1m] offset 2m)`, `vector(scalar(m{a="1"}))`, `day_of_week()`,
	}
	input, _, err := c.input(c.start(), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, expr := range exprs {
		options := runOptions{program: programOf(t, "groups: []"), input: input, interval: c.Interval}
		again := used.start(options)
		for minute := range 45 {
			at := c.start().Add(time.Duration(minute) * time.Minute)
			if err := again.feed(t.Context(), at); err != nil {
				t.Fatal(err)
			}
			once := fresh().start(options)
			if err := once.feed(t.Context(), at); err != nil {
				t.Fatal(err)
			}
			want, wantErr := once.query(t.Context(), expr, at)
			got, gotErr := again.query(t.Context(), expr, at)
			if want.String() != got.String() || (wantErr == nil) != (gotErr == nil) {
				t.Fatalf("%s at %s: again %v (%v), once %v (%v)", expr, at, got, gotErr, want, wantErr)
			}
		}
	}
}
