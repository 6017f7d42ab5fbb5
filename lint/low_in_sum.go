package lint

import (
	"fmt"
	"math"
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
		Name:    "low-in-sum",
		Summary: "A sum over several series is compared with a small number, so one that is low is not seen.",
		Why: "`sum by (depot) (trucks_ready) < 3`" + `, where the exporter gives ` + "`trucks_ready`" + ` the labels depot and gate: the sum
goes over all gates. A depot with ten gates and one truck at each has a sum of 10, and the alert stays silent
although every gate is short of trucks.

To find one that is low compare each: ` + "`trucks_ready < 3`, or `min by (depot) (trucks_ready) < 3`" + `. If the sum is what is
meant, there is nothing to do.

Reported where the exporter is known to serve the metric with more labels than the sum keeps (` + "`--metrics`, or the live\nserver)" + `, and the number is from 2 to 10.`,
		Severity: Info,
		Run:      lowInSum,
	})
}

func lowInSum(p *Pass) {
	p.eachPart(func(rule *rules.Rule, part *part, found *findings) {
		c, ok := conditionOf(p.Infer(rule), part.Expr)
		if !ok || !rule.IsAlert() || !c.below() || c.Bound < 2 || c.Bound > 10 || c.Bound != math.Trunc(c.Bound) {
			return
		}
		sum, ok := c.Subject.(*parser.AggregateExpr)
		if !ok || sum.Op != parser.SUM || sum.Without || len(sum.Grouping) == 0 {
			return
		}
		vs, ok := infer.Unwrap(sum.Expr).(*parser.VectorSelector)
		if !ok || p.Infer(rule).Of(vs).Unit == infer.Flag {
			return
		}
		if over := p.summedOver(vs, sum.Grouping); over != "" {
			found.add(lowDiagnostic(rule, c, sum, vs, over))
		}
	})
}

// summedOver returns the labels that the exporter gives a gauge and that neither a matcher fixes
// nor the grouping keeps, or "".
func (p *Pass) summedOver(vs *parser.VectorSelector, kept []string) string {
	metric, ok := p.Catalogue.Metric(vs.Name)
	if !ok || !metric.LabelsKnown || metric.Type != model.MetricTypeGauge {
		return ""
	}
	var over []string
	for _, label := range metric.Labels {
		fixed := slices.ContainsFunc(vs.LabelMatchers, func(m *labels.Matcher) bool {
			return m.Name == label && m.Type == labels.MatchEqual
		})
		if label != model.MetricNameLabel && !p.isTargetLabel(label) && !fixed && !slices.Contains(kept, label) {
			over = append(over, label)
		}
	}
	return strings.Join(over, ", ")
}

func lowDiagnostic(rule *rules.Rule, c condition, sum *parser.AggregateExpr, vs *parser.VectorSelector, over string) Diagnostic {
	return Diagnostic{
		Rule: rule, Span: clauseOf(rule, sum, infer.Operator), Label: "adds up over " + over,
		Message: fmt.Sprintf("the sum over %s hides one that is low", over),
		Hint:    fmt.Sprintf("compare each: min by (%s) (%s) %s %v", strings.Join(sum.Grouping, ", "), vs, c.Op, c.Bound),
	}
}
