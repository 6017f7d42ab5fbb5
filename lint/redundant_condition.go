package lint

import (
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "redundant-condition",
		Summary: "One of two conditions on the same value says nothing.",
		Why: "Where `queue_length > 100`" + ` holds, ` + "`queue_length > 50`" + ` holds too, so one of the two in ` + "`... and ...`, or in\n`... or ...`" + `, does nothing. Often one was copied and the number, the sign or the metric was not changed as was
meant: ` + "`queue_length > 100 or queue_length > 50`" + ` for ` + "`queue_length > 100 or queue_length < 5`" + `.`,
		Severity: Info,
		Run:      redundantCondition,
	})
}

func redundantCondition(p *Pass) {
	p.eachPart(func(rule *rules.Rule, part *part, found *findings) {
		e, ok := part.Expr.(*parser.BinaryExpr)
		if !ok || e.Op != parser.LAND && e.Op != parser.LOR || e.VectorMatching.On || len(e.VectorMatching.MatchingLabels) > 0 {
			return
		}
		left, okLeft := conditionOf(p.Infer(rule), e.LHS)
		right, okRight := conditionOf(p.Infer(rule), e.RHS)
		if okLeft && okRight && sameWay(left, right) && left.Subject.String() == right.Subject.String() {
			found.add(redundantDiagnostic(rule, e, left, right))
		}
	})
}

// sameWay tells whether one of two conditions on one value holds wherever the other does.
func sameWay(a, b condition) bool {
	return a.above() && b.above() || a.below() && b.below() || a.Op == b.Op && a.Bound == b.Bound
}

// holdsLess tells whether a holds only where b does.
func holdsLess(a, b condition) bool {
	switch {
	case a.Bound == b.Bound:
		return a.Op == parser.GTR || a.Op == parser.LSS || a.Op == b.Op
	case a.above():
		return a.Bound > b.Bound
	}
	return a.Bound < b.Bound
}

func redundantDiagnostic(rule *rules.Rule, e *parser.BinaryExpr, left, right condition) Diagnostic {
	strict, wide := left, right
	if !holdsLess(left, right) {
		strict, wide = right, left
	}
	// Of conditions joined by "and" the wider one does nothing, of those joined by "or" the stricter.
	idle, other := wide, strict
	if e.Op == parser.LOR {
		idle, other = strict, wide
	}
	return Diagnostic{
		Rule: rule, Span: spanOf(rule, idle.Expr), Label: "changes nothing",
		Message: fmt.Sprintf("the condition %s %v does nothing beside %s %v", idle.Op, idle.Bound, other.Op, other.Bound),
		Hint:    "take it out, or correct the sign, the number or the metric",
		Related: []Related{{File: rule.File(), Span: clauseOf(rule, other.Expr, infer.Operator), Message: "is enough"}},
	}
}
