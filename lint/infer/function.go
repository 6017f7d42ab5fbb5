package infer

import (
	"math"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// function infers a call from its arguments' results.
type function func(e *parser.Call, args []*Result) *Result

// functions are the calls of which something is known; any other promises nothing.
var functions map[string]function

func init() {
	functions = map[string]function{
		"absent": absent, "absent_over_time": absentOverTime,
		"vector": vector, "scalar": scalar, "time": now, "pi": pi,
		"clamp": clamp, "clamp_min": clampMin, "clamp_max": clampMax, "round": round,
		"label_replace": setLabel, "label_join": setLabel, "info": info,
		"sort": floatsOnly, "sort_desc": floatsOnly, "sort_by_label": passed, "sort_by_label_desc": passed,
		"histogram_quantile": unbounded(1), "histogram_fraction": unbounded(2),
		"timestamp": unbounded(0), "start_timestamp": unbounded(0),
		"last_over_time": lastOverTime, "first_over_time": lastOverTime,
		"rate": counterRate, "increase": counterRate, "irate": counterRate,
		"delta": rangeOf(unboundedRange, true), "idelta": rangeOf(unboundedRange, true),
		"deriv": rangeOf(unboundedRange, false), "predict_linear": rangeOf(unboundedRange, false),
		"double_exponential_smoothing": rangeOf(unboundedRange, false), "quantile_over_time": quantileOverTime,
		"avg_over_time": rangeOf(average, true), "sum_over_time": rangeOf(sum, true),
		"min_over_time": rangeOf(Interval.reachable, false), "max_over_time": rangeOf(Interval.reachable, false),
		"count_over_time":   rangeOf(fixed(whole(1, inf)), false),
		"present_over_time": rangeOf(fixed(point(1)), false),
		"changes":           rangeOf(fixed(whole(0, inf)), false),
		"resets":            rangeOf(fixed(whole(0, inf)), false),
		"stddev_over_time":  rangeOf(fixed(notNegative), false),
		"stdvar_over_time":  rangeOf(fixed(notNegative), false),
		"mad_over_time":     rangeOf(fixed(notNegative), false),
		"abs":               eachOf(absolute), "ceil": eachOf(wholeBounds(math.Ceil)), "floor": eachOf(wholeBounds(math.Floor)),
		"sgn": eachOf(sign), "sqrt": eachOf(fixed(notNegative)), "exp": eachOf(fixed(notNegative)),
		"minute": datePart(0, 59), "hour": datePart(0, 23), "day_of_week": datePart(0, 6),
		"day_of_month": datePart(1, 31), "day_of_year": datePart(1, 366),
		"days_in_month": datePart(28, 31), "month": datePart(1, 12), "year": datePart(-inf, inf),
	}
	for _, name := range []string{
		"ln", "log2", "log10", "deg", "rad", "sin", "cos", "tan", "asin", "acos", "atan",
		"sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
	} {
		functions[name] = eachOf(fixed(anything()))
	}
}

var notNegative = Interval{Lo: 0, Hi: inf, NaN: true}

func (a *Analysis) call(e *parser.Call) *Result {
	args := make([]*Result, len(e.Args))
	for i, arg := range e.Args {
		args[i] = a.infer(arg)
	}
	if infer, ok := functions[e.Func.Name]; ok {
		return infer(e, args)
	}
	out := unknown()
	if e.Func.ReturnType == parser.ValueTypeScalar {
		out.Labels, out.Histograms, out.Presence = closed(nil), false, Always
	}
	return out
}

func fixed(i Interval) func(Interval) Interval { return func(Interval) Interval { return i } }

func unboundedRange(Interval) Interval { return anything() }

// eachOf is a function of each float sample; histograms and the metric name go.
func eachOf(f func(Interval) Interval) function {
	return func(e *parser.Call, args []*Result) *Result {
		out := floatsOnly(e, args)
		out.base = nil
		out.Labels = withoutName(args[0].Labels, e)
		out.Values = f(args[0].Values)
		out.Values.NaN = out.Values.NaN || args[0].Values.NaN
		return out
	}
}

// floatsOnly keeps the float samples.
func floatsOnly(_ *parser.Call, args []*Result) *Result {
	out := same(args[0])
	if args[0].Histograms {
		out = filtered(args[0])
	}
	out.Histograms = false
	return out
}

func passed(_ *parser.Call, args []*Result) *Result { return same(args[0]) }

// unbounded is a function of each sample of one argument whose value is not known.
func unbounded(arg int) function {
	return func(e *parser.Call, args []*Result) *Result {
		out := filtered(args[arg])
		out.base, out.Bound = nil, nil
		out.Values, out.Histograms = anything(), false
		out.Labels = withoutName(out.Labels, e)
		if e.Func.Name == "histogram_quantile" || e.Func.Name == "histogram_fraction" {
			// Classic buckets lose le, native histograms keep whatever they have.
			if le := out.Labels.Get(labels.BucketLabel); le.State == Certain {
				le.State = Possible
				out.Labels = out.Labels.with(labels.BucketLabel, le)
			}
		}
		return out
	}
}

// rangeOf is a function of the samples of each series in a range; the metric name goes.
func rangeOf(f func(Interval) Interval, histograms bool) function {
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
			out.Bound = nil
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
	if matrix, ok := unwrap(e.Args[0]).(*parser.MatrixSelector); ok {
		vs, isSelector := matrix.VectorSelector.(*parser.VectorSelector)
		plain = isSelector && !vs.Anchored && !vs.Smoothed
	}
	if plain || args[0].Values.Lo >= 0 && !args[0].Values.NaN {
		out.Values = notNegative
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

func datePart(lo, hi float64) function {
	return func(e *parser.Call, args []*Result) *Result {
		if len(args) == 0 {
			return &Result{Labels: closed(madeBy(e)), Values: whole(lo, hi), Presence: Always}
		}
		out := eachOf(fixed(whole(lo, hi)))(e, args)
		out.Values.NaN = false
		out.Bound = &Reason{Node: e, Clause: Operator, Text: e.Func.Name + "() is always " + whole(lo, hi).String()}
		return out
	}
}

func madeBy(e *parser.Call) *Reason {
	return &Reason{Node: e, Clause: Operator, Text: e.Func.Name + "() makes a series that has no labels"}
}

func vector(e *parser.Call, args []*Result) *Result {
	return &Result{Labels: closed(madeBy(e)), Values: args[0].Values, Bound: args[0].Bound, Presence: Always}
}

// scalar is NaN where its vector does not hold exactly one sample.
func scalar(_ *parser.Call, args []*Result) *Result {
	out := &Result{Labels: closed(nil), Values: args[0].Values, Bound: args[0].Bound, Presence: Always}
	if args[0].Presence == Never {
		out.Values = nothing()
	}
	out.Values.NaN = true
	return out
}

func now(*parser.Call, []*Result) *Result {
	return &Result{Labels: closed(nil), Values: Interval{Lo: -inf, Hi: inf}, Presence: Always}
}

func pi(*parser.Call, []*Result) *Result {
	return &Result{Labels: closed(nil), Values: point(math.Pi), Presence: Always}
}

// absent has the labels that its selector asks for by equality, as the engine makes them.
func absent(e *parser.Call, args []*Result) *Result {
	out := absentOverTime(e, args)
	switch args[0].Presence {
	case Always:
		out.Presence, out.Why = Never, &Reason{
			Node: e, Clause: Operator, Kind: Absence,
			Text: "its argument always returns a result, so it is never absent",
		}
	case Never:
		out.Presence = Always
	}
	return out
}

func absentOverTime(e *parser.Call, _ []*Result) *Result {
	out := &Result{
		Labels: closed(&Reason{Node: e, Clause: Operator, Text: e.Func.Name + "() has only the labels that its selector asks for with ="}),
		Values: point(1),
		Bound:  &Reason{Node: e, Clause: Operator, Text: e.Func.Name + "() is 1 where it returns anything"},
	}
	var matchers []*labels.Matcher
	switch arg := e.Args[0].(type) {
	case *parser.VectorSelector:
		matchers = arg.LabelMatchers
	case *parser.MatrixSelector:
		if vs, ok := arg.VectorSelector.(*parser.VectorSelector); ok {
			matchers = vs.LabelMatchers
		}
	case *parser.ParenExpr:
		// The engine may take the parentheses off first.
		out.Labels = open()
		return out
	}
	count := map[string]int{}
	for _, m := range matchers {
		count[m.Name]++
	}
	for _, m := range matchers {
		if m.Type == labels.MatchEqual && count[m.Name] == 1 && m.Value != "" && !isMetadata(m.Name) {
			out.Labels = out.Labels.with(m.Name, Label{State: Certain, Value: m.Value, Known: true})
		} else if count[m.Name] > 1 {
			out.Labels = out.Labels.with(m.Name, Label{})
		}
	}
	return out
}

// setLabel is label_replace and label_join: the label they write may come or go.
func setLabel(e *parser.Call, args []*Result) *Result {
	out := same(args[0])
	out.base = nil
	name, ok := unwrap(e.Args[1]).(*parser.StringLiteral)
	if !ok {
		out.Labels = open()
		return out
	}
	out.Labels = out.Labels.with(name.Val, Label{})
	return out
}

// info adds labels of info series, and may drop series that have none.
func info(_ *parser.Call, args []*Result) *Result {
	out := filtered(args[0])
	out.base = nil
	out.Labels = open()
	return out
}
