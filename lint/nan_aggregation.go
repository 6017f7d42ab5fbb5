package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
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
such. It is not reported where each group certainly has one series, which blinds no other: where the grouping keeps
all labels that are left, or instance and every label that the metric is known to have.`,
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
			if division, ok := dividedIn(sum.Expr); ok && idleNaN(p, rule, division) && !oneInEach(p, rule, sum) {
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

// oneInEach tells whether there is one series in each group for certain.
func oneInEach(p *Pass, rule *rules.Rule, sum *parser.AggregateExpr) bool {
	return dropsNothing(p, rule, sum) || keepsAll(p, rule, sum) || keepsKnown(p, sum)
}

// keepsAll tells whether the groups differ in all labels that the series can have.
func keepsAll(p *Pass, rule *rules.Rule, sum *parser.AggregateExpr) bool {
	in := p.Infer(rule).Of(sum.Expr).Labels
	for _, label := range in.Names() {
		if label != model.MetricNameLabel && in.Get(label).State != infer.Gone && !keptBy(sum, label) {
			return false
		}
	}
	return !in.Open()
}

// keepsKnown tells whether the groups differ in the instance and in all labels that exporters are
// known to give the metrics.
func keepsKnown(p *Pass, sum *parser.AggregateExpr) bool {
	if !keptBy(sum, model.InstanceLabel) {
		return false
	}
	known := true
	parser.Inspect(sum.Expr, func(node parser.Node, _ []parser.Node) error {
		if vs, ok := node.(*parser.VectorSelector); ok {
			metric, _ := p.Catalogue.Metric(metricName(vs))
			known = known && metric.LabelsKnown && !slices.ContainsFunc(metric.Labels, func(label string) bool {
				return label != model.MetricNameLabel && label != model.JobLabel && !keptBy(sum, label) &&
					!selectsOne(vs, label) && !saidByName(sum, label, metric.Labels)
			})
		}
		return nil
	})
	return known
}

// selectsOne tells whether the selector asks for one value of the label.
func selectsOne(vs *parser.VectorSelector, label string) bool {
	return slices.ContainsFunc(vs.LabelMatchers, func(m *labels.Matcher) bool {
		return m.Name == label && m.Type == labels.MatchEqual
	})
}

// saidByName tells whether the label is the number of something whose name the groups differ in,
// as tableid is beside tablename.
func saidByName(sum *parser.AggregateExpr, label string, known []string) bool {
	what, isID := strings.CutSuffix(label, "id")
	return isID && slices.Contains(known, what+"name") && keptBy(sum, what+"name")
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
	switch e := infer.Unwrap(expr).(type) {
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
