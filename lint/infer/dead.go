package infer

import "github.com/prometheus/prometheus/promql/parser"

// Dead returns the outermost parts of the expression that can never return anything although
// the whole can, in the order they are written: sides of "or", right sides of "unless" and the
// like. What reads no series is left out, since people switch parts off with vector(0) > 1, and
// so is what absent() asks for.
func (a *Analysis) Dead() []*Result {
	if a.Root.Presence == Never {
		return nil
	}
	var dead []*Result
	todo := []parser.Expr{a.Root.Expr}
	for len(todo) > 0 {
		expr := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		r := a.results[expr]
		if r == nil {
			continue
		}
		if r.Presence == Never {
			if readsSeries(expr) {
				dead = append(dead, r)
			}
			continue
		}
		parts := operands(expr)
		for i := len(parts) - 1; i >= 0; i-- {
			todo = append(todo, parts[i])
		}
	}
	return dead
}

// operands are the parts of an expression that are meant to return something.
func operands(expr parser.Expr) []parser.Expr {
	switch e := expr.(type) {
	case *parser.ParenExpr:
		return []parser.Expr{e.Expr}
	case *parser.StepInvariantExpr:
		return []parser.Expr{e.Expr}
	case *parser.UnaryExpr:
		return []parser.Expr{e.Expr}
	case *parser.SubqueryExpr:
		return []parser.Expr{e.Expr}
	case *parser.AggregateExpr:
		if e.Param != nil {
			return []parser.Expr{e.Param, e.Expr}
		}
		return []parser.Expr{e.Expr}
	case *parser.BinaryExpr:
		return []parser.Expr{e.LHS, e.RHS}
	case *parser.Call:
		switch e.Func.Name {
		case "absent", "absent_over_time":
			return nil
		case "info":
			return e.Args[:1]
		}
		return e.Args
	}
	return nil
}

// readsSeries tells whether there is a selector in the expression.
func readsSeries(expr parser.Expr) bool {
	found := false
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		_, selects := node.(*parser.VectorSelector)
		found = found || selects
		return nil
	})
	return found
}
