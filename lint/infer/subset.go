package infer

import (
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// mostSteps bounds how far a part of an expression is followed to find another in it, so that
// long chains do not cost the square of their length.
const mostSteps = 64

// picks tells whether every sample of part is surely one of all: with its value and its labels.
func (a *Analysis) picks(part, all parser.Expr) bool {
	all = Unwrap(all)
	target := a.shapes.number(all)
	for range mostSteps {
		part = Unwrap(part)
		if a.shapes.number(part) == target {
			return true
		}
		switch e := part.(type) {
		case *parser.BinaryExpr:
			if part = a.filteredSide(e); part == nil {
				return false
			}
		case *parser.AggregateExpr:
			if !choosesSeries(e.Op) {
				return false
			}
			part = e.Expr
		case *parser.Call:
			return a.ratesPart(e, all)
		case *parser.VectorSelector:
			whole, ok := all.(*parser.VectorSelector)
			return ok && a.selectsPart(e, whole)
		default:
			return false
		}
	}
	return false
}

// choosesSeries tells whether an aggregation returns some of its samples as they are.
func choosesSeries(op parser.ItemType) bool {
	return op == parser.TOPK || op == parser.BOTTOMK || op == parser.LIMITK || op == parser.LIMIT_RATIO
}

// filteredSide is the operand that a binary operation only takes samples away from, or nil.
func (a *Analysis) filteredSide(e *parser.BinaryExpr) parser.Expr {
	left, right := a.results[e.LHS], a.results[e.RHS]
	switch {
	case e.Op == parser.LAND || e.Op == parser.LUNLESS:
		return e.LHS
	case !e.Op.IsComparisonOperator() || e.ReturnBool:
		return nil
	case right.scalar:
		return e.LHS
	case left.scalar:
		return e.RHS
	}
	return nil
}

// ratesPart tells whether a call is the same rate as all is, of some of its series.
func (a *Analysis) ratesPart(part *parser.Call, all parser.Expr) bool {
	whole, ok := all.(*parser.Call)
	if !ok || part.Func.Name != whole.Func.Name {
		return false
	}
	switch part.Func.Name {
	case "rate", "increase", "irate":
	default:
		return false
	}
	p, ok := Unwrap(part.Args[0]).(*parser.MatrixSelector)
	w, also := Unwrap(whole.Args[0]).(*parser.MatrixSelector)
	if !ok || !also || p.Range != w.Range || p.RangeExpr != nil || w.RangeExpr != nil {
		return false
	}
	return a.selectsPart(p.VectorSelector.(*parser.VectorSelector), w.VectorSelector.(*parser.VectorSelector))
}

// selectsPart tells whether part selects what whole does, with more matchers.
func (a *Analysis) selectsPart(part, whole *parser.VectorSelector) bool {
	if part.Name == "" || a.shapes.source(part) != a.shapes.source(whole) {
		return false
	}
	if len(part.LabelMatchers)*len(whole.LabelMatchers) > mostSteps*mostSteps {
		return false
	}
	for _, m := range whole.LabelMatchers {
		if !hasMatcher(part.LabelMatchers, m) {
			return false
		}
	}
	return true
}

func hasMatcher(all []*labels.Matcher, m *labels.Matcher) bool {
	for _, other := range all {
		if other.Type == m.Type && other.Name == m.Name && other.Value == m.Value {
			return true
		}
	}
	return false
}
