package infer

import (
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// fromHistograms is a function of each native histogram; floats are left out.
func fromHistograms(i Interval) func(*parser.Call, []*Result) *Result {
	return func(e *parser.Call, args []*Result) *Result {
		out := filtered(args[0])
		out.base, out.Bound = nil, nil
		out.Labels = withoutName(args[0].Labels, e)
		out.Values, out.Histograms = i, false
		if !args[0].Histograms && out.Presence != Never {
			out.Values, out.Presence = nothing(), Never
			out.Why = &Reason{Node: e, Clause: Operator, Text: e.Func.Name + "() reads native histograms only, and " + called(e.Args[0]) + " never returns one"}
		}
		return out
	}
}

// fromBuckets is a function of the histograms in one argument, native ones or classic buckets.
func fromBuckets(arg int) func(*parser.Call, []*Result) *Result {
	return func(e *parser.Call, args []*Result) *Result {
		out := filtered(args[arg])
		out.base, out.Bound = nil, nil
		out.Values, out.Histograms = anything(), false
		out.Labels = withoutName(out.Labels, e)
		// Classic buckets lose le, native histograms keep whatever they have.
		if le := out.Labels.Get(labels.BucketLabel); le.State == Certain {
			le.State = Possible
			out.Labels = out.Labels.with(labels.BucketLabel, le)
		}
		return out
	}
}

// quantiles is histogram_quantiles: each quantile is a series with a label that says which.
func quantiles(e *parser.Call, args []*Result) *Result {
	out := fromBuckets(0)(e, args)
	if name, ok := Unwrap(e.Args[1]).(*parser.StringLiteral); ok {
		out.Labels = out.Labels.with(name.Val, Label{State: Certain})
	} else {
		out.Labels = open()
	}
	return out
}
