package infer

import (
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/promql/parser"
)

func (a *Analysis) aggregate(e *parser.AggregateExpr) *Result {
	in := a.infer(e.Expr)
	var param *Result
	if e.Param != nil {
		param = a.infer(e.Param)
	}
	if choosesSeries(e.Op) {
		return chosen(e, in, param)
	}
	out := &Result{
		Labels:     groupedLabels(e, in.Labels),
		Values:     anything(),
		Histograms: in.Histograms && (e.Op == parser.SUM || e.Op == parser.AVG),
		Presence:   in.Presence,
		Why:        in.Why,
	}
	aggregateValues(e, in, param, out)
	if out.Presence == Always && in.Histograms {
		out.Presence = Maybe
	}
	if e.Op == parser.COUNT_VALUES {
		out.Labels = countedLabels(e, out.Labels)
	}
	return out
}

// chosen is the result of an aggregation that returns some of its samples as they are.
func chosen(e *parser.AggregateExpr, in, param *Result) *Result {
	out := same(in)
	if e.Op == parser.TOPK || e.Op == parser.BOTTOMK {
		out.Histograms = false
	}
	k := param.Values
	none := k.noNumbers() || k.Hi < 1
	if e.Op == parser.LIMIT_RATIO {
		none = k.Lo == 0 && k.Hi == 0
	}
	switch {
	case out.Presence == Never:
	case none:
		out.Presence, out.Values, out.Histograms = Never, nothing(), false
		out.Why = &Reason{Node: e, Clause: Operator, Text: fmt.Sprintf("%s() of %s series returns none", e.Op, k)}
	case e.Op == parser.LIMIT_RATIO || k.NaN || k.Lo < 1 || in.Histograms && !out.Histograms:
		out = filtered(out)
	}
	return out
}

// countedLabels adds the label that count_values puts the value in. It is added before the
// grouping, but by() always keeps it.
func countedLabels(e *parser.AggregateExpr, grouped Labels) Labels {
	name, ok := Unwrap(e.Param).(*parser.StringLiteral)
	switch {
	case !ok:
		return open()
	case e.Without && (slices.Contains(e.Grouping, name.Val) || isMetadata(name.Val)):
		return grouped
	}
	return grouped.with(name.Val, Label{State: Certain})
}

// aggregateValues bounds what an aggregation makes of the values of in.
func aggregateValues(e *parser.AggregateExpr, in, param, out *Result) {
	because := func(text string) { out.Bound = &Reason{Node: e, Clause: Operator, Text: text} }
	switch e.Op {
	case parser.COUNT, parser.COUNT_VALUES:
		out.Values = counted(1)
		if len(e.Grouping) == 0 && !e.Without {
			because("there is a count only where there is at least one series, so this is always >= 1")
		} else {
			because("a group exists only where it has at least one series, so this is always >= 1")
		}
	case parser.GROUP:
		out.Values = whole(1, 1)
		because("group() is 1 for every group that exists")
	case parser.STDDEV, parser.STDVAR:
		out.Values = Interval{Lo: 0, Hi: inf, NaN: true}
		because("a deviation is never negative")
	case parser.MIN, parser.MAX:
		out.Values, out.Bound = in.Values, in.Bound
	case parser.AVG:
		out.Values, out.Bound = average(in.Values), in.Bound
	case parser.SUM:
		out.Values, out.Bound = sum(in.Values), in.Bound
	case parser.QUANTILE:
		if within01(param) {
			out.Values, out.Bound = between(in.Values), in.Bound
		}
	}
}

// within01 tells whether a quantile is surely one.
func within01(param *Result) bool {
	return param != nil && !param.Values.NaN && param.Values.Lo >= 0 && param.Values.Hi <= 1
}

// between bounds a quantile of values of the interval: the engine weighs two of them, and the
// weights are not exact, not even for whole numbers.
func between(i Interval) Interval {
	i.Integer = false
	out := average(i)
	out.NaN = true
	return out
}

// average bounds the mean of values of the interval. That of whole numbers is exact at the
// bounds: their sum is, and a division is rounded to the nearest.
func average(i Interval) Interval {
	out := i.rounded()
	out.Integer = false
	out.NaN = i.NaN || i.minusInfinity() && i.plusInfinity()
	return out
}

// sum bounds the sum of one or more values of the interval.
func sum(i Interval) Interval {
	out := i.rounded()
	if i.Lo < 0 {
		out.Lo = -inf
	}
	if i.Hi > 0 {
		out.Hi = inf
	}
	out.NaN = i.NaN || i.minusInfinity() && i.plusInfinity()
	return out
}

// groupedLabels are the labels that are left after by(...) or without(...).
func groupedLabels(e *parser.AggregateExpr, in Labels) Labels {
	why := &Reason{Node: e, Clause: Grouping}
	switch {
	case e.Without:
		why.Text = "without() drops the labels it lists"
		name := &Reason{Node: e, Clause: Operator, Text: "an aggregation drops the metric name"}
		return in.drop(e.Grouping, why).drop(metadataLabels, name)
	case len(e.Grouping) == 0:
		why.Text = "no labels to keep are listed, so all are dropped"
	default:
		why.Text = "by() keeps only the labels it lists"
	}
	return in.keep(e.Grouping, why)
}

// Unwrap takes the parentheses off an expression.
func Unwrap(expr parser.Expr) parser.Expr {
	for {
		switch e := expr.(type) {
		case *parser.ParenExpr:
			expr = e.Expr
		case *parser.StepInvariantExpr:
			expr = e.Expr
		default:
			return expr
		}
	}
}
