package infer

import (
	"math"
	"slices"

	"github.com/prometheus/prometheus/promql/parser"
)

// share bounds the quotient of a part and the whole that it is surely part of.
func (a *Analysis) share(e *parser.BinaryExpr, left, right *Result) (Interval, bool) {
	if i, ok := a.shareOfGroup(e); ok {
		return i, true
	}
	if left.Values.Lo >= 0 && e.VectorMatching.Card == parser.CardOneToOne && a.addsUp(e, right.Expr) {
		// Rounding keeps the order: no sum of what is not negative is below a part of it.
		return Interval{Lo: 0, Hi: 1, NaN: true}, true
	}
	return Interval{}, false
}

// shareOfGroup is for the sum or the count of some series over that of all, or the sum over the
// count.
func (a *Analysis) shareOfGroup(e *parser.BinaryExpr) (Interval, bool) {
	part, ok := Unwrap(e.LHS).(*parser.AggregateExpr)
	whole, also := Unwrap(e.RHS).(*parser.AggregateExpr)
	if !ok || !also || !groupWithin(e.VectorMatching, part, whole) || !a.picks(part.Expr, whole.Expr) {
		return Interval{}, false
	}
	values, all := a.results[part.Expr].Values, a.results[whole.Expr].Values
	switch {
	case part.Op == parser.COUNT && whole.Op == parser.COUNT:
		return Interval{Lo: 0, Hi: 1, LoOpen: true}, true
	case part.Op == parser.SUM && whole.Op == parser.SUM && all.Lo >= 0:
		// Both sums are rounded.
		return Interval{Lo: 0, Hi: 1 + 1e-9, NaN: true}, true
	case part.Op == parser.SUM && whole.Op == parser.COUNT && values.Lo >= 0 && values.Hi < math.MaxFloat32:
		out := average(values)
		out.Lo = 0
		return out, true
	}
	return Interval{}, false
}

// groupWithin tells whether a group of part that is matched with one of whole surely has none of
// the series that the other does not have.
func groupWithin(m *parser.VectorMatching, part, whole *parser.AggregateExpr) bool {
	if part.Without || whole.Without {
		return part.Without && whole.Without && onAll(m) && sameNames(part.Grouping, whole.Grouping)
	}
	for _, name := range whole.Grouping {
		if !slices.Contains(part.Grouping, name) || slices.Contains(m.MatchingLabels, name) != m.On {
			return false
		}
	}
	return len(whole.Grouping) <= mostSteps
}

func sameNames(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// addsUp tells whether sum adds up, with the matching of e, values that are not negative, of
// which the left side of e is one.
func (a *Analysis) addsUp(e *parser.BinaryExpr, sum parser.Expr) bool {
	part, found := a.shapes.number(Unwrap(e.LHS)), false
	todo := []parser.Expr{sum}
	for range mostSteps {
		if len(todo) == 0 {
			return found
		}
		next := Unwrap(todo[len(todo)-1])
		todo = todo[:len(todo)-1]
		if a.shapes.number(next) == part {
			found = true
			continue
		}
		if add, ok := next.(*parser.BinaryExpr); ok && add.Op == parser.ADD && addsLike(e.VectorMatching, add.VectorMatching) {
			todo = append(todo, add.LHS, add.RHS)
			continue
		}
		if a.results[next].Values.Lo < 0 {
			return false
		}
	}
	return false
}

// addsLike tells whether an addition matches as the division it is in, or adds a number.
func addsLike(division, addition *parser.VectorMatching) bool {
	if addition == nil {
		return true
	}
	return addition.Card == parser.CardOneToOne && !fills(addition) && addition.On == division.On &&
		sameNames(addition.MatchingLabels, division.MatchingLabels)
}
