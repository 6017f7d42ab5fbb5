package lint

import (
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "nan-aggregation",
		Summary: "A division of two rates inside a sum() or avg() makes the whole result NaN.",
		Why: `Where nothing happens both rates are 0, and 0/0 is NaN, not a number. sum() and avg() of anything and NaN are NaN,
and NaN is neither above nor below any threshold. So one idle series (a replica without traffic, a database
nobody uses) makes the alert blind for the whole group, as long as it is idle.

Divide sums instead: ` + "`sum(rate(failed_total[5m])) / sum(rate(parcels_total[5m]))`" + `. That is also the right share: a mean
of shares gives an idle series as much weight as a busy one. Or leave out the idle ones:
` + "`avg(rate(failed_total[5m]) / (rate(parcels_total[5m]) > 0))`" + `.

Reported where both sides of the division can be 0, and what it is divided by is a rate, an increase or a sum of
such.`,
		Severity: Warning,
		Run:      nanAggregation,
	})
}

func nanAggregation(p *Pass) {
	p.eachPart(func(rule *rules.Rule, part *part, found *findings) {
		sum, ok := part.Expr.(*parser.AggregateExpr)
		if !ok {
			return
		}
		switch sum.Op {
		case parser.SUM, parser.AVG, parser.STDDEV, parser.STDVAR:
			if division, ok := dividedIn(sum.Expr); ok && idleNaN(p, rule, division) && !dropsNothing(p, rule, sum) {
				found.add(nanDiagnostic(rule, sum, division))
			}
		}
	})
}

// dividedIn returns the division whose results are what the expression is made of, apart from
// multiplications with numbers.
func dividedIn(expr parser.Expr) (*parser.BinaryExpr, bool) {
	e, ok := withoutScaling(expr).(*parser.BinaryExpr)
	if !ok {
		return nil, false
	}
	switch e.Op {
	case parser.DIV:
		return e, e.LHS.Type() == parser.ValueTypeVector && e.RHS.Type() == parser.ValueTypeVector
	case parser.MUL, parser.ADD, parser.SUB:
		for _, side := range []parser.Expr{e.LHS, e.RHS} {
			if division, ok := dividedIn(side); ok {
				return division, true
			}
		}
	}
	return nil, false
}

// idleNaN tells whether the division is 0/0 where nothing happens.
func idleNaN(p *Pass, rule *rules.Rule, division *parser.BinaryExpr) bool {
	analysis := p.Infer(rule)
	for _, side := range []parser.Expr{division.LHS, division.RHS} {
		if !analysis.Of(side).Values.Contains(0) || !zeroWhenIdle(side) {
			return false
		}
	}
	return true
}

// zeroWhenIdle tells whether the value is 0 where nothing happens: rates and increases, and
// their sums.
func zeroWhenIdle(expr parser.Expr) bool {
	switch e := bare(expr).(type) {
	case *parser.Call:
		return counterFunctions[e.Func.Name]
	case *parser.AggregateExpr:
		return e.Op == parser.SUM && zeroWhenIdle(e.Expr)
	case *parser.BinaryExpr:
		left, right := e.LHS.Type() == parser.ValueTypeVector, e.RHS.Type() == parser.ValueTypeVector
		switch e.Op {
		case parser.ADD, parser.SUB:
			return left && right && zeroWhenIdle(e.LHS) && zeroWhenIdle(e.RHS)
		case parser.MUL:
			return left && zeroWhenIdle(e.LHS) || right && zeroWhenIdle(e.RHS)
		case parser.DIV:
			return left && !right && zeroWhenIdle(e.LHS)
		}
	}
	return false
}

func nanDiagnostic(rule *rules.Rule, sum *parser.AggregateExpr, division *parser.BinaryExpr) Diagnostic {
	d := Diagnostic{
		Rule: rule, Span: clauseOf(rule, division, infer.Operator), Label: "0/0 is NaN where nothing happens",
		Message: fmt.Sprintf("one idle series makes the %s() NaN, which is neither above nor below any threshold", sum.Op),
		Hint:    "divide sums: sum(...) / sum(...); or leave out idle series: ... / (... > 0)",
		Related: []Related{{File: rule.File(), Span: clauseOf(rule, sum, infer.Operator), Message: "NaN and anything is NaN"}},
	}
	return d
}
