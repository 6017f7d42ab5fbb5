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
	i.LoOpen, i.HiOpen = i.LoOpen && i.Lo == -inf, i.HiOpen && i.Hi == inf
	i.Integer = i.Integer && wholeOrInf(lo) && wholeOrInf(hi)
	return i
}

func wholeOrInf(v float64) bool { return v == math.Trunc(v) }
