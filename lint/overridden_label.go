package lint

import (
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "overridden-label",
		Summary: "A rule sets a label that tells the series of its expression apart.",
		Why: `The labels of a rule replace those of the series. If the expression groups by (oven) and the rule sets
` + "`oven: all`" + `, the alerts of all ovens get the same labels. Two that fire at once are then an error (vector
contains metrics with the same labelset), the rule fails, and neither alert is sent: it breaks exactly
when there is more than one thing to tell.

Set another label, or take it out of the grouping. A label that the expression has with one known value
only, and one that is set from the series (` + "`oven: '{{ $labels.oven }}'`" + `), are not reported.`,
		Severity: Warning,
		Run:      overriddenLabel,
	})
}

func overriddenLabel(p *Pass) {
	for rule := range p.Rules() {
		for _, pair := range rule.EffectiveLabels() {
			if strings.Contains(pair.Value.Value, "{{") {
				continue
			}
			grouping := groupedBy(rule.AST, pair.Key.Value)
			if grouping == nil {
				continue
			}
			label := p.Infer(rule).Root.Labels.Get(pair.Key.Value)
			if label.State != infer.Gone && !label.Known {
				p.Report(overridden(rule, pair, grouping))
			}
		}
	}
}

// groupedBy is the outermost aggregation, if its by (...) names the label.
func groupedBy(expr parser.Expr, label string) *parser.AggregateExpr {
	for {
		switch e := infer.Unwrap(expr).(type) {
		case *parser.AggregateExpr:
			for _, name := range e.Grouping {
				if name == label && !e.Without {
					return e
				}
			}
			return nil
		case *parser.BinaryExpr:
			expr = e.LHS
			if expr.Type() == parser.ValueTypeScalar {
				expr = e.RHS
			}
		default:
			return nil
		}
	}
}

func overridden(rule *rules.Rule, pair rules.Pair, grouping *parser.AggregateExpr) Diagnostic {
	return Diagnostic{
		Rule: rule, Span: pair.Key.Span,
		Message: fmt.Sprintf("the rule sets label %s, by which its expression tells series apart", pair.Key.Value),
		Hint:    "set a label with another name, or take this one out of by (...)",
		Related: []Related{{
			File: rule.File(), Span: clauseOf(rule, grouping, infer.Grouping),
			Message: "the series differ in it here",
		}},
	}
}
