package infer

import (
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"
)

// tautology is why a comparison of a vector, as the left side of op, with a scalar keeps every
// number, or nil.
func tautology(e *parser.BinaryExpr, vector, scalar *Result, op parser.ItemType) *Reason {
	values := vector.Values
	if i, j := comparedBy(vector, scalar); values.Empty() || scalar.Values.Empty() || !passesAlways(i, op, j) {
		return nil
	}
	why := &Reason{Node: e, Clause: Operator}
	sign := parser.ItemTypeStr[op]
	switch {
	case vector.clock != nil && scalar.clock != nil:
		why.Text = timesCompared(vector, scalar, "always "+sign)
	case values.Lo == -inf && values.Hi == inf:
		why.Text = fmt.Sprintf("every value is %s %s", sign, scalar.Values)
	case vector.Bound != nil && vector.Bound.Clause == Whole && filters(vector.Bound.Node):
		why.Text = fmt.Sprintf("only values %s are left here, so they are all %s %s", values, sign, scalar.Values)
	default:
		why.Text = fmt.Sprintf("%s is always %s, so it is always %s %s", called(vector.Expr), values, sign, scalar.Values)
	}
	for _, side := range []*Result{vector, scalar} {
		why.Because = append(why.Because, because(side.Bound)...)
	}
	return why
}

// filters tells whether the expression is a comparison that takes values away.
func filters(expr parser.Expr) bool {
	e, ok := expr.(*parser.BinaryExpr)
	return ok && e.Op.IsComparisonOperator() && !e.ReturnBool
}
