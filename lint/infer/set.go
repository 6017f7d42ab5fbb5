package infer

import (
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"
)

func (a *Analysis) and(e *parser.BinaryExpr, left, right *Result) *Result {
	out := filtered(left)
	matched, conflict := match(e, left.Labels, right.Labels)
	out.Labels = matched
	if out.Presence == Never {
		return out
	}
	switch {
	case right.Presence == Never:
		out.Presence, out.Why = Never, right.Why
		return out
	case conflict != nil:
		out.Presence, out.Why = Never, conflict
		return out
	}
	if !onAll(e.VectorMatching) || !a.sameSeries(left, right) {
		return out
	}
	out.Values = left.Values.intersect(right.Values)
	out.Histograms = left.Histograms && right.Histograms
	if out.Values.Empty() && !out.Histograms {
		out.Presence, out.Why = Never, &Reason{
			Node: e, Clause: Operator, Kind: Intersection,
			Text: fmt.Sprintf("one series cannot be %s and %s at the same time", left.Values, right.Values),
		}
		for _, side := range []*Result{left, right} {
			out.Why.Because = append(out.Why.Because, because(side.Bound)...)
		}
	}
	return out
}

func or(left, right *Result) *Result {
	switch {
	case left.Presence == Never:
		return same(right)
	case right.Presence == Never:
		return same(left)
	}
	out := &Result{
		Labels:     either(left.Labels, right.Labels),
		Values:     left.Values.hull(right.Values),
		Histograms: left.Histograms || right.Histograms,
	}
	if left.Presence == Always || right.Presence == Always {
		out.Presence = Always
	}
	return out
}

func (a *Analysis) unless(e *parser.BinaryExpr, left, right *Result) *Result {
	if right.Presence == Never {
		return same(left)
	}
	out := filtered(left)
	m := e.VectorMatching
	switch {
	case out.Presence == Never:
	case right.Presence == Always && m.On && len(m.MatchingLabels) == 0:
		out.Presence, out.Why = Never, &Reason{
			Node: e, Clause: Operator, Kind: Absence,
			Text: "the right side always returns a result, and on() matches it with everything",
		}
	case a.picks(e.LHS, e.RHS):
		out.Presence, out.Why = Never, &Reason{
			Node: e, Clause: Operator, Kind: Absence,
			Text: "every series of the left side is one of the right side too, so none is left",
		}
	}
	return out
}
