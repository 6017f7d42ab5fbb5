package lint

import (
	"math"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "sum-of-ratios",
		Summary: "Shares are added up and then compared as if the sum were a share.",
		Why: "`sum by (depot) (trucks_used / trucks_owned) > 0.8`" + ` adds up the share of each site of the depot: two sites
that use half of their trucks make 1, and the alert fires although half of all trucks stand idle. It is right only
as long as there is one series in each group, and goes wrong without a word when a second one comes.

Divide the sums: ` + "`sum by (depot) (trucks_used) / sum by (depot) (trucks_owned) > 0.8`" + `. If there is one series in each
group, ` + "`max by (...)`" + ` says so and stays right.

Reported is the sum of a division of one series by another, or of a metric whose name says that it is a ratio or
a percentage (also of its average or the like over a time), where it is compared with a number that makes sense
for a share only: at most 1, or at most 100 of percent. With ` + "`without (...)`" + ` it is info: that is often written
only to drop a label.`,
		Severity: Warning,
		Run:      sumOfRatios,
	})
}

func sumOfRatios(p *Pass) {
	p.eachPart(func(rule *rules.Rule, part *part, found *findings) {
		c, ok := conditionOf(p.Infer(rule), part.Expr)
		if !ok || c.Bound <= 0 {
			return
		}
		factor, inner := scaledBy(p, rule, c.Subject)
		sum, ok := inner.(*parser.AggregateExpr)
		if !ok || sum.Op != parser.SUM || dropsNothing(p, rule, sum) {
			return
		}
		within, operand := scaledBy(p, rule, sum.Expr)
		share, ok := shareOf(p, rule, operand)
		if !ok {
			return
		}
		if scale := math.Abs(factor * within * share); scale == 1 && c.Bound <= 1 || scale == 100 && c.Bound <= 100 {
			severity := p.check.Severity
			if sum.Without {
				severity = Info
			}
			found.addAs(severity, sumOfRatiosDiagnostic(rule, sum, operand))
		}
	})
}

// dropsNothing tells whether there is one series in each group for certain, since all labels that
// the aggregation drops have one value.
func dropsNothing(p *Pass, rule *rules.Rule, e *parser.AggregateExpr) bool {
	in := p.Infer(rule).Of(e.Expr).Labels
	for _, label := range e.Grouping {
		if known := in.Get(label); !known.Known && known.State != infer.Gone {
			return false
		}
	}
	return e.Without
}

// shareOf tells whether the values are shares, and of how much.
func shareOf(p *Pass, rule *rules.Rule, expr parser.Expr) (whole float64, ok bool) {
	result := p.Infer(rule).Of(expr)
	if division, ok := expr.(*parser.BinaryExpr); ok {
		return 1, isShare(p, rule, division) && !idleNaN(p, rule, division)
	}
	if _, ok := overTime(expr).(*parser.VectorSelector); !ok {
		return 0, false
	}
	switch result.Unit {
	case infer.Ratio:
		return 1, true
	case infer.Percent:
		return 100, true
	}
	return 0, false
}

// overTime is the selector of which the expression is an average or the like over a time, or the
// expression itself.
func overTime(expr parser.Expr) parser.Expr {
	call, ok := expr.(*parser.Call)
	if !ok {
		return expr
	}
	switch call.Func.Name {
	case "avg_over_time", "min_over_time", "max_over_time", "last_over_time", "quantile_over_time":
		argument, _ := rangeArgument(call)
		if matrix, ok := argument.(*parser.MatrixSelector); ok {
			return matrix.VectorSelector
		}
	}
	return expr
}

// scaledBy takes multiplications with numbers, and what is added or what it is taken from, off
// an expression. It returns the product of the factors.
func scaledBy(p *Pass, rule *rules.Rule, expr parser.Expr) (factor float64, inner parser.Expr) {
	factor, inner = 1, infer.Unwrap(expr)
	for {
		e, ok := inner.(*parser.BinaryExpr)
		if !ok {
			return factor, inner
		}
		number, operand := e.RHS, e.LHS
		if e.LHS.Type() == parser.ValueTypeScalar {
			number, operand = e.LHS, e.RHS
		}
		if number.Type() != parser.ValueTypeScalar || operand.Type() != parser.ValueTypeVector {
			return factor, inner
		}
		v, ok := p.Infer(rule).Of(number).Values.Point()
		switch {
		case !ok:
			return factor, inner
		case e.Op == parser.MUL:
			factor *= v
		case e.Op != parser.ADD && e.Op != parser.SUB:
			return factor, inner
		}
		inner = infer.Unwrap(operand)
	}
}

// isShare tells whether each series is divided by a series of its own: divided by one that many
// have in common, the shares may well be added up.
func isShare(p *Pass, rule *rules.Rule, e *parser.BinaryExpr) bool {
	if e.Op != parser.DIV || e.VectorMatching == nil || e.VectorMatching.Card != parser.CardOneToOne {
		return false
	}
	// (total - free) / total is one series for each total as well; a mean of seconds is no share.
	unit := p.Infer(rule).Of(e).Unit
	return unit == infer.UnknownUnit || unit == infer.Ratio
}

func sumOfRatiosDiagnostic(rule *rules.Rule, sum *parser.AggregateExpr, share parser.Expr) Diagnostic {
	at := spanOf(rule, share)
	if _, ok := share.(*parser.BinaryExpr); ok {
		at = clauseOf(rule, share, infer.Operator)
	}
	return Diagnostic{
		Rule: rule, Span: clauseOf(rule, sum, infer.Operator), Label: "adds up shares",
		Message: "the sum of shares is compared as if it were a share",
		Hint:    "divide the sums, sum(...) / sum(...), or use max() or avg() if the shares are all there is",
		Related: []Related{{File: rule.File(), Span: at, Message: "a share in each series"}},
	}
}
