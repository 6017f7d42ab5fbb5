package lint

import (
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "fragile-selection",
		Summary: "An alert fires for the series that topk() or the like happens to choose.",
		Why: `topk(), bottomk(), limitk() and limit_ratio() choose anew at every evaluation. When another series is chosen, the
alert of the one before resolves and a new one starts, with its ` + "`for`" + ` from the beginning: alerts come and go
while nothing has changed much, and with a ` + "`for`" + ` they may never fire.

Say what is too much instead, for all series: ` + "`queue_length > 100`" + `. Which ones are the worst is for a dashboard.

A topk() inside a join or an aggregation, where it keeps one of several equal series, is not reported.`,
		Severity: Info,
		Run:      fragileSelection,
	})
}

func fragileSelection(p *Pass) {
	p.eachPart(func(rule *rules.Rule, part *part, found *findings) {
		e, ok := part.Expr.(*parser.AggregateExpr)
		if !ok || !rule.IsAlert() {
			return
		}
		switch e.Op {
		case parser.TOPK, parser.BOTTOMK, parser.LIMITK, parser.LIMIT_RATIO:
			if part.chosenFor() {
				found.add(Diagnostic{
					Rule: rule, Span: clauseOf(rule, e, infer.Operator), Label: "chooses anew at every evaluation",
					Message: fmt.Sprintf("the series that %s() chooses change, and each change starts another alert", e.Op),
					Hint:    "say which value is too much, for all series",
				})
			}
		}
	})
}

// chosenFor tells whether the series of the part are those that the alert fires for: around it
// are only comparisons and calculations with numbers, "or", and the left side of "and".
func (p *part) chosenFor() bool {
	for inner, outer := p, p.outer; outer != nil; inner, outer = outer, outer.outer {
		e, ok := outer.Expr.(*parser.BinaryExpr)
		switch {
		case !ok:
			return false
		case e.Op == parser.LOR, e.Op.IsSetOperator() && infer.Unwrap(e.LHS) == inner.Expr:
		case e.LHS.Type() == parser.ValueTypeScalar || e.RHS.Type() == parser.ValueTypeScalar:
		default:
			return false
		}
	}
	return true
}
