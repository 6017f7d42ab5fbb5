package infer

import "github.com/prometheus/prometheus/promql/parser"

func unboundedRange(Interval) Interval { return anything() }

// rangeOf is a function of the samples of each series in a range; the metric name goes.
func rangeOf(f func(Interval) Interval, histograms bool) func(*parser.Call, []*Result) *Result {
	return func(e *parser.Call, args []*Result) *Result {
		in := args[len(args)-1]
		if e.Args[0].Type() == parser.ValueTypeMatrix {
			in = args[0]
		}
		out := filtered(in)
		out.base = nil
		out.Labels = withoutName(in.Labels, e)
		out.Values = f(in.Values)
		out.Histograms = histograms && in.Histograms
		if out.Values != in.Values.reachable() {
			out.Bound = bounded(e, out.Values, nil)
		}
		return out
	}
}

func lastOverTime(_ *parser.Call, args []*Result) *Result {
	out := filtered(args[0])
	out.base = nil
	return out
}

// counterRate is how a counter grows: never below 0 if the counter is not.
func counterRate(e *parser.Call, args []*Result) *Result {
	out := rangeOf(unboundedRange, true)(e, args)
	plain := false
	if matrix, ok := Unwrap(e.Args[0]).(*parser.MatrixSelector); ok {
		vs, isSelector := matrix.VectorSelector.(*parser.VectorSelector)
		plain = isSelector && !vs.Anchored && !vs.Smoothed
	}
	if plain || args[0].Values.Lo >= 0 && !args[0].Values.NaN {
		// Only what grows from infinity to infinity is NaN.
		out.Values = Interval{Lo: 0, Hi: inf, NaN: !plain}
		out.Bound = &Reason{Node: e, Clause: Operator, Text: e.Func.Name + "() of a counter is never negative: a drop counts as a restart from 0"}
	}
	return out
}

func quantileOverTime(e *parser.Call, args []*Result) *Result {
	f := unboundedRange
	if within01(args[0]) {
		f = between
	}
	return rangeOf(f, false)(e, args)
}
