package infer

import (
	"math"

	"github.com/prometheus/prometheus/promql/parser"
)

func fixed(i Interval) func(Interval) Interval { return func(Interval) Interval { return i } }

// eachOf is a function of each float sample; histograms and the metric name go.
func eachOf(f func(Interval) Interval) func(*parser.Call, []*Result) *Result {
	return func(e *parser.Call, args []*Result) *Result {
		out := floatsOnly(e, args)
		out.base = nil
		out.Labels = withoutName(args[0].Labels, e)
		out.Values = f(args[0].Values)
		out.Values.NaN = out.Values.NaN || args[0].Values.NaN
		if out.Values != args[0].Values {
			out.Bound = bounded(e, out.Values, out.Bound)
		}
		return out
	}
}

// bounded is the reason for the bounds that a function gives, or the one before if it gives none.
func bounded(e *parser.Call, i Interval, before *Reason) *Reason {
	if before != nil || i.Lo == -inf && i.Hi == inf || i.noNumbers() {
		return before
	}
	return &Reason{Node: e, Clause: Operator, Text: e.Func.Name + "() is always " + i.String()}
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

// wave bounds sine and cosine.
func wave(i Interval) Interval { return Interval{Lo: -1, Hi: 1, NaN: i.NaN || i.infinite()} }

func tanh(i Interval) Interval { return Interval{Lo: -1, Hi: 1, NaN: i.NaN} }

// rising is a function that never falls, and is NaN below least. Its bounds are widened by more
// than what it is rounded by.
func rising(f func(float64) float64, least float64) func(Interval) Interval {
	return func(i Interval) Interval {
		if i.noNumbers() || i.Hi < least {
			return point(math.NaN())
		}
		out := Interval{Lo: f(max(i.Lo, least)), Hi: f(i.Hi)}.rounded()
		out.NaN = i.NaN || i.Lo < least
		return out
	}
}

// round rounds to a whole number, or to a multiple of its second argument.
func round(e *parser.Call, args []*Result) *Result {
	nearest, integer := 1.0, true
	if len(args) == 2 {
		var ok bool
		if nearest, ok = args[1].Values.Point(); !ok || !(nearest > 0) || math.IsInf(1/nearest, 0) || nearest == inf {
			return eachOf(fixed(anything()))(e, args[:1])
		}
		integer = false
	}
	rounding := wholeBounds(func(v float64) float64 { return math.Floor(v*(1/nearest)+0.5) / (1 / nearest) })
	return eachOf(func(i Interval) Interval {
		out := rounding(i)
		out.Integer = integer
		return out
	})(e, args[:1])
}

// wholeBounds is a rounding function, which keeps the order of values.
func wholeBounds(f func(float64) float64) func(Interval) Interval {
	return func(i Interval) Interval {
		if i.noNumbers() {
			return i
		}
		return Interval{Lo: f(i.Lo), Hi: f(i.Hi), Integer: true, NaN: i.NaN}
	}
}

func absolute(i Interval) Interval {
	switch {
	case i.noNumbers() || i.Lo >= 0:
		return i
	case i.Hi <= 0:
		return i.negate()
	}
	return Interval{Lo: 0, Hi: max(-i.Lo, i.Hi), Integer: i.Integer, NaN: i.NaN}
}

func sign(i Interval) Interval {
	if i.noNumbers() {
		return i
	}
	out := whole(-1, 1)
	if i.Lo >= 0 {
		out.Lo = 0
	}
	if i.Hi <= 0 {
		out.Hi = 0
	}
	return out
}
