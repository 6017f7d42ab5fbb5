package lint

import (
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "rate-after-aggregation",
		Summary: "rate(), irate() or increase() of a sum or a mean of counters.",
		Why: `rate() sees that a counter was restarted because its value falls, and allows for it. In a sum the restart of
one counter is lost among the others: the sum falls a little, rate() takes that for a restart of all, and
counts the whole sum as new. The result is a spike that never was, and an alert at every rollout.

First the rate, then the sum: ` + "`sum(rate(x[5m]))`, never `rate(sum(x)[5m:])`" + `. The same holds where the sum was recorded
by a recording rule: record the rate instead.`,
		Severity: Warning,
		Run:      rateAfterAggregation,
	})
}

func rateAfterAggregation(p *Pass) {
	p.eachPart(func(rule *rules.Rule, part *part, found *findings) {
		call, ok := part.Expr.(*parser.Call)
		if !ok || !counterFunctions[call.Func.Name] {
			return
		}
		argument, _ := rangeArgument(call)
		switch e := argument.(type) {
		case *parser.SubqueryExpr:
			if sum, ok := mixes(e.Expr); ok && !ratedIn(sum.Expr) {
				found.add(aggregatedDiagnostic(rule, call, sum))
			}
		case *parser.MatrixSelector:
			addRateOfRecord(p, rule, call, e, found)
		}
	})
}

// mixes returns the aggregation that puts several counters into one number.
func mixes(expr parser.Expr) (*parser.AggregateExpr, bool) {
	e, ok := infer.Unwrap(expr).(*parser.AggregateExpr)
	return e, ok && (e.Op == parser.SUM || e.Op == parser.AVG)
}

// ratedIn tells whether the expression looks at samples over a time.
func ratedIn(expr parser.Expr) bool {
	ranged := false
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch node.(type) {
		case *parser.MatrixSelector, *parser.SubqueryExpr:
			ranged = true
		}
		return nil
	})
	return ranged
}

func aggregatedDiagnostic(rule *rules.Rule, call *parser.Call, sum *parser.AggregateExpr) Diagnostic {
	return Diagnostic{
		Rule: rule, Span: clauseOf(rule, call, infer.Operator), Label: "cannot see the restart of one counter in the sum",
		Message: fmt.Sprintf("%s() of %s(): a restart of one counter makes a spike", call.Func.Name, sum.Op),
		Hint:    fmt.Sprintf("take the rate first: %s(%s(...))", sum.Op, call.Func.Name),
		Related: []Related{{File: rule.File(), Span: clauseOf(rule, sum, infer.Operator), Message: "puts the counters into one number"}},
	}
}

// addRateOfRecord reports the rate of a metric that a recording rule makes of several counters.
func addRateOfRecord(p *Pass, rule *rules.Rule, call *parser.Call, matrix *parser.MatrixSelector, found *findings) {
	vs, ok := matrix.VectorSelector.(*parser.VectorSelector)
	if !ok {
		return
	}
	for _, record := range p.records()[vs.Name] {
		sum, ok := mixes(record.AST)
		if !ok || ratedIn(sum.Expr) || !countsUp(p.Infer(record).Of(sum.Expr)) {
			continue
		}
		d := aggregatedDiagnostic(rule, call, sum)
		d.Message = fmt.Sprintf("%s() of %s, a recorded %s() of counters: a restart of one makes a spike", call.Func.Name, vs.Name, sum.Op)
		d.Hint = fmt.Sprintf("record %s(%s(...)) instead", sum.Op, call.Func.Name)
		d.Related = []Related{{File: record.File(), Span: clauseOf(record, sum, infer.Operator), Message: "recorded here"}}
		found.add(d)
		return
	}
}
