package infer

import (
	"math"

	"github.com/prometheus/prometheus/promql/parser"
)

func clamp(e *parser.Call, args []*Result) *Result {
	return clamped(e, args[0], args[1].Values, args[2].Values)
}

func clampMin(e *parser.Call, args []*Result) *Result {
	return clamped(e, args[0], args[1].Values, point(inf))
}

func clampMax(e *parser.Call, args []*Result) *Result {
	return clamped(e, args[0], point(-inf), args[1].Values)
}

// clamped bounds clamp(): the value moved into [lo, hi], and nothing where lo is above hi.
func clamped(e *parser.Call, in *Result, lo, hi Interval) *Result {
	out := eachOf(Interval.reachable)(e, []*Result{in})
	least, loKnown := lo.Point()
	most, hiKnown := hi.Point()
	switch {
	case !loKnown || !hiKnown:
		out = filtered(out)
		out.Values, out.Bound = anything(), nil
	case most < least:
		out.Presence, out.Values = Never, nothing()
		out.Why = &Reason{Node: e, Clause: Operator, Kind: Comparison, Text: "the least value is above the greatest, so nothing is returned"}
	default:
		out.Values = out.Values.clampTo(least, most)
		out.Bound = &Reason{Node: e, Clause: Operator, Text: e.Func.Name + "() makes every value " + out.Values.String()}
	}
	return out
}

func (i Interval) clampTo(lo, hi float64) Interval {
	switch {
	case lo == inf || hi == -inf:
		// math.Min and math.Max let an infinity win over NaN.
		return point(lo)
	case i.noNumbers():
		return i
	}
	i.Lo, i.Hi = max(lo, min(hi, i.Lo)), max(lo, min(hi, i.Hi))
	i.Integer = i.Integer && wholeOrInf(lo) && wholeOrInf(hi)
	return i
}

func wholeOrInf(v float64) bool { return v == math.Trunc(v) }

func round(e *parser.Call, args []*Result) *Result {
	f := fixed(anything())
	if len(args) == 1 {
		f = wholeBounds(func(v float64) float64 { return math.Floor(v + 0.5) })
	}
	return eachOf(f)(e, args[:1])
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
	out := whole(-1, 1)
	if i.Lo >= 0 {
		out.Lo = 0
	}
	if i.Hi <= 0 {
		out.Hi = 0
	}
	return out
}
