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
		Name:    "vector-matching",
		Summary: "Two metrics are matched whose labels, as their exporters serve them, do not fit.",
		Why: `Where two metrics are divided, subtracted or compared, Prometheus looks for pairs of series with the same labels.
What labels an exporter gives a metric decides whether there are any:

- ` + "`queue_length / on (instance) queue_limit`" + `, where the exporter serves a queue_length for each gate: several
  series match one, and Prometheus ends the evaluation with an error. Say ` + "`group_left ()`" + `, or aggregate:
  ` + "`sum by (instance) (queue_length)`" + `.
- ` + "`queue_length / queue_limit`" + `, where only the first has the label gate: no two series have the same labels, so
  nothing is returned. Say ` + "`/ ignoring (gate) group_left ()`" + `.

Reported where the labels are known from a recorded scrape (` + "`--metrics`" + `, or those that rulekit brings), for metrics that
are used as they are.`,
		Severity: Warning,
		Run:      vectorMatching,
	})
}

func vectorMatching(p *Pass) {
	p.eachPart(func(rule *rules.Rule, part *part, found *findings) {
		e, ok := part.Expr.(*parser.BinaryExpr)
		if !ok || e.VectorMatching == nil || e.Op.IsSetOperator() {
			return
		}
		left, right := p.served(e.LHS), p.served(e.RHS)
		if d, ok := severalMatch(rule, e, left, right); ok {
			found.add(d)
		} else if d, ok := p.neverMatch(rule, e, left, right); ok {
			found.add(d)
		}
	})
}

// servedMetric is a side of a match that is a metric as its exporter serves it.
type servedMetric struct {
	*parser.VectorSelector
	// labels are those of the exporter that no matcher fixes.
	labels []string
	// each are those of labels that tell series of one scrape apart.
	each []string
	// fixed tells that a matcher may leave one series of several.
	fixed bool
}

// served returns what is known of a side of a match, or nil.
func (p *Pass) served(side parser.Expr) *servedMetric {
	expr := withoutScaling(side)
	if call, ok := expr.(*parser.Call); ok && (counterFunctions[call.Func.Name] || strings.HasSuffix(call.Func.Name, "_over_time") && !strings.HasPrefix(call.Func.Name, "absent")) {
		argument, _ := rangeArgument(call)
		matrix, ok := argument.(*parser.MatrixSelector)
		if !ok {
			return nil
		}
		expr = matrix.VectorSelector
	}
	vs, ok := expr.(*parser.VectorSelector)
	if !ok || p.Recorded(vs.Name) {
		return nil
	}
	metric, ok := p.Catalogue.Metric(vs.Name)
	if !ok || !metric.LabelsKnown || metric.Source != Shipped && metric.Source != Recorded {
		return nil
	}
	found := &servedMetric{VectorSelector: vs}
	for _, label := range metric.Labels {
		if label == model.MetricNameLabel {
			continue
		}
		i := slices.IndexFunc(vs.LabelMatchers, func(m *labels.Matcher) bool { return m.Name == label })
		found.labels = append(found.labels, label)
		switch values, listed := metric.Values[label]; {
		case i >= 0 && vs.LabelMatchers[i].Type != labels.MatchNotEqual:
			found.fixed = true
		case metric.Series > 1 && (!listed || len(values) > 1):
			found.each = append(found.each, label)
		}
	}
	return found
}

// severalMatch reports a side that has to be one series for each match and is several.
func severalMatch(rule *rules.Rule, e *parser.BinaryExpr, left, right *servedMetric) (Diagnostic, bool) {
	m := e.VectorMatching
	for i, side := range []*servedMetric{left, right} {
		isMany := m.Card == parser.CardManyToOne && i == 0 || m.Card == parser.CardOneToMany && i == 1
		if side == nil || side.fixed || isMany || len(side.each) == 0 {
			continue
		}
		matched := func(label string) bool { return slices.Contains(m.MatchingLabels, label) == m.On }
		if !m.On && len(m.MatchingLabels) == 0 || slices.ContainsFunc(side.labels, matched) {
			continue
		}
		each := strings.Join(side.each, ", ")
		return Diagnostic{
			Rule: rule, Span: metricSpan(rule, side.VectorSelector), Label: "several series for each match",
			Message: fmt.Sprintf("the match fails with an error: %s has several series, told apart by %s", side.Name, each),
			Hint:    fmt.Sprintf("aggregate %s, match by %s too, or say with group_left or group_right that it is the side of many", side.Name, each),
			Related: []Related{{File: rule.File(), Span: clauseOf(rule, e, infer.Matching), Message: "matches without " + each}},
		}, true
	}
	return Diagnostic{}, false
}

// neverMatch reports two sides of which one has a label that the other does not have.
func (p *Pass) neverMatch(rule *rules.Rule, e *parser.BinaryExpr, left, right *servedMetric) (Diagnostic, bool) {
	m := e.VectorMatching
	if left == nil || right == nil || m.On {
		return Diagnostic{}, false
	}
	for _, sides := range [][2]*servedMetric{{left, right}, {right, left}} {
		for _, label := range sides[0].each {
			if slices.Contains(m.MatchingLabels, label) || slices.Contains(sides[1].labels, label) || p.isTargetLabel(label) {
				continue
			}
			return Diagnostic{
				Rule: rule, Span: clauseOf(rule, e, infer.Matching), Label: "looks for series with the same labels",
				Message: fmt.Sprintf("the two sides never match: %s has the label %s and %s has not", sides[0].Name, label, sides[1].Name),
				Hint:    fmt.Sprintf("leave it out of the match, ignoring (%s) group_left () or group_right (), or aggregate", label),
				Related: []Related{
					{File: rule.File(), Span: metricSpan(rule, sides[0].VectorSelector), Message: "has " + label},
					{File: rule.File(), Span: metricSpan(rule, sides[1].VectorSelector), Message: "does not have " + label},
				},
			}, true
		}
	}
	return Diagnostic{}, false
}
