package simulate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/promql"

	"github.com/rulekit/rulekit/rules"
)

// expressions compares the values of expressions with what tests expect.
func (k *checker) expressions(ctx context.Context) {
	for _, t := range k.c.ExprTests {
		f := Failure{Kind: SamplesDiffer, Span: t.Span, EvalTime: t.EvalTime, Subject: t.Expr.Value, Expected: len(t.Expected)}
		vector, err := k.run.query(ctx, t.Expr.Value, k.start.Add(t.EvalTime))
		if err != nil {
			f.Kind, f.Span, f.Message = NotEvaluated, nameSpan(t.Expr, t.Span), fmt.Sprintf("expr %s: %s", t.Expr.Value, err)
			k.fail(f)
			continue
		}
		expected, err := k.expectedSamples(t)
		if err != nil {
			f.Kind, f.Message = NotEvaluated, err.Error()
			k.fail(f)
			continue
		}
		f.Found = len(vector)
		if f.Differences = compare(expected, foundSamples(vector, expected, k.c.Suite.FuzzyCompare)); len(f.Differences) > 0 {
			f.Span = placeOf(f.Differences, t.Span)
			f.Message = summary("sample", f)
			k.fail(f)
		}
	}
}

func (k *checker) expectedSamples(t ExprTest) ([]*item, error) {
	parse := k.program.features.parser()
	var items []*item
	for _, want := range t.Expected {
		lset, err := parse.ParseMetric(want.Labels.Value)
		if err != nil {
			return nil, fmt.Errorf("labels %q: %w", want.Labels.Value, err)
		}
		it := newItem(want.Span)
		it.addLabels("label", lset)
		if want.Histogram.Value == "" {
			it.add("value", "", formatValue(want.Value))
			items = append(items, it)
			continue
		}
		h, err := parseHistogram(want.Histogram.Value)
		if err != nil {
			return nil, fmt.Errorf("histogram %q: %w", want.Histogram.Value, err)
		}
		it.add("histogram", "", h.TestExpression())
		items = append(items, it)
	}
	return items, nil
}

func parseHistogram(text string) (*histogram.FloatHistogram, error) {
	_, values, err := seriesParser().ParseSeriesDesc("{} " + text)
	switch {
	case err != nil:
		return nil, err
	case len(values) != 1:
		return nil, fmt.Errorf("want one value, not %d", len(values))
	case values[0].Histogram == nil:
		return nil, errors.New("want a histogram as in {{schema:0 sum:1 count:1 buckets:[1]}}")
	}
	return values[0].Histogram, nil
}

// foundSamples turns a vector into items. With fuzzy comparing, a value next to that of an
// expected sample with the same labels is taken for it.
func foundSamples(vector promql.Vector, expected []*item, fuzzy bool) []*item {
	wanted := map[string]bool{}
	if fuzzy {
		for _, it := range expected {
			wanted[it.key()] = true
		}
	}
	var items []*item
	for _, s := range vector {
		it := newItem(rules.Span{})
		it.addLabels("label", s.Metric)
		if s.H != nil {
			it.add("histogram", "", s.H.TestExpression())
		} else {
			it.add("value", "", formatValue(s.F))
			it.approach(wanted, s.F)
		}
		items = append(items, it)
	}
	return items
}

// approach changes the item's value by one unit in the last place where that makes it one of
// the wanted items.
func (it *item) approach(wanted map[string]bool, value float64) {
	field := &it.fields[len(it.fields)-1]
	for _, v := range []float64{value, math.Nextafter(value, math.Inf(-1)), math.Nextafter(value, math.Inf(1))} {
		field.value = formatValue(v)
		if wanted[it.key()] {
			return
		}
	}
	field.value = formatValue(value)
}

// formatValue writes a value with all its digits; equal values are written alike.
func formatValue(v float64) string {
	if v == 0 {
		return "0"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
