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

// targetLabels are labels that usually come from the scrape configuration, not the exporter.
var targetLabels = map[string]bool{
	"namespace": true, "pod": true, "instance": true, "job": true, "container": true, "service": true,
	"endpoint": true, "node": true, "cluster": true, "region": true, "zone": true, "env": true, "environment": true,
	"datacenter": true, "dc": true, "team": true, "tenant": true, "prometheus": true, "prometheus_replica": true,
	"replica": true, "host": true, "hostname": true, "app": true, "application": true, "component": true,
	"le": true, "quantile": true,
}

// usualTargetLabel tells whether scrape configurations usually set the label.
func usualTargetLabel(name string) bool {
	return targetLabels[name] || strings.HasPrefix(name, "app_kubernetes_io_") ||
		strings.HasPrefix(name, "label_") || strings.HasPrefix(name, "kubernetes_") || strings.HasPrefix(name, "__")
}

// isTargetLabel tells whether the label may come from the scrape configuration.
func (p *Pass) isTargetLabel(name string) bool {
	return usualTargetLabel(name) || slices.Contains(p.TargetLabels, name) || slices.Contains(p.Wiring.TargetLabels(), name)
}

// mostLabels is how many labels of one selector are reported to be unknown: after some it is
// clear that it is meant for another metric.
const mostLabels = 4

// lookUpLabels reports the matchers of a known metric that ask for a label or a value that it
// has not.
func (p *Pass) lookUpLabels(use metricUse, metric Metric) {
	if !metric.LabelsKnown {
		return
	}
	reported := 0
	for _, m := range use.selector.LabelMatchers {
		switch {
		case m.Name == model.MetricNameLabel || m.Matches(""):
		case slices.Contains(metric.Labels, m.Name):
			p.lookUpValue(use, m, metric)
		case reported == mostLabels || metric.Source != Live && p.isTargetLabel(m.Name):
		case metric.Source != Shipped || misspeltLabel(m.Name, metric.Labels) != "":
			reported++
			p.Report(Diagnostic{
				Rule: use.rule, Span: matcherSpan(use, m),
				Message: fmt.Sprintf("%s has no label %q %s", use.name, m.Name, where(metric.Source)),
				Label:   "selects nothing",
				Hint:    labelHint(m.Name, metric.Labels),
			})
		}
	}
}

func matcherSpan(use metricUse, m *labels.Matcher) rules.Span {
	return locate(use.rule, &infer.Reason{Node: use.selector, Clause: infer.OneMatcher, Matcher: m})
}

func labelHint(name string, known []string) string {
	if near := nearLabel(name, known); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	known = slices.DeleteFunc(slices.Clone(known), func(l string) bool { return l == model.MetricNameLabel })
	if len(known) == 0 {
		return "it has no labels"
	}
	return "it has " + strings.Join(known, ", ")
}

// nearLabel returns the label that may have been meant, or "".
func nearLabel(name string, known []string) string {
	if near := rules.Nearest(name, known); near != model.MetricNameLabel {
		return near
	}
	return ""
}

// shortWord is the length of words below which a letter makes another word, such as stage of state:
// nothing can be said of how these are spelt.
const shortWord = 6

// misspeltLabel returns the label that was near certainly meant, or "".
func misspeltLabel(name string, known []string) string {
	if len(name) < shortWord {
		return ""
	}
	return nearLabel(name, known)
}

// lookUpValue reports a matcher that asks for values that the label has never had. Most such are
// right, since it is a rule's business to wait for what has not been yet. One that differs by a
// letter or two from a value that was seen is not.
func (p *Pass) lookUpValue(use metricUse, m *labels.Matcher, metric Metric) {
	seen := metric.Values[m.Name]
	if len(seen) == 0 || use.absent || len(use.others) > 0 || metric.Source != Live && p.isTargetLabel(m.Name) {
		return
	}
	var wanted []string
	switch m.Type {
	case labels.MatchEqual:
		wanted = []string{m.Value}
	case labels.MatchRegexp:
		wanted = m.SetMatches()
	}
	if len(wanted) == 0 || slices.ContainsFunc(seen, m.Matches) || slices.ContainsFunc(wanted, hasDigit) {
		return
	}
	d := Diagnostic{
		Rule: use.rule, Span: matcherSpan(use, m),
		Message: fmt.Sprintf("the label %s of %s has not been %q %s", m.Name, use.name, wanted[0], where(metric.Source)),
		Label:   "selects nothing that was seen",
		Hint:    "seen were " + firstValues(seen),
	}
	if near := rules.Nearest(wanted[0], seen); near != "" && len(wanted[0]) >= shortWord && len(wanted) == 1 {
		d.Hint = fmt.Sprintf("did you mean %q?", near)
		p.Report(d)
		return
	}
	// Few values are probably all there are.
	const fewest, most = 2, 10
	if len(seen) >= fewest && len(seen) <= most && metric.Source == Recorded {
		p.ReportAs(Info, d)
	}
}

func hasDigit(text string) bool { return strings.ContainsAny(text, "0123456789") }

// firstValues lists the first values for people.
func firstValues(values []string) string {
	const most = 6
	var quoted []string
	for _, value := range values[:min(len(values), most)] {
		quoted = append(quoted, fmt.Sprintf("%q", value))
	}
	if len(values) > most {
		quoted = append(quoted, fmt.Sprintf("and %d more", len(values)-most))
	}
	return strings.Join(quoted, ", ")
}

// lookUpGroupings reports labels in by, without, on and ignoring that are misspelt: that no
// metric beneath has, while one has nearly the same. Others are not reported, since rules that
// are written for many clusters name labels that not all of them have.
func (p *Pass) lookUpGroupings(rule *rules.Rule) {
	parser.Inspect(rule.AST, func(node parser.Node, _ []parser.Node) error {
		switch e := node.(type) {
		case *parser.AggregateExpr:
			p.lookUpGrouping(rule, e, infer.Grouping, e.Grouping, e.Expr)
		case *parser.BinaryExpr:
			if e.VectorMatching != nil {
				p.lookUpGrouping(rule, e, infer.Matching, e.VectorMatching.MatchingLabels, e.LHS, e.RHS)
			}
		}
		return nil
	})
}

func (p *Pass) lookUpGrouping(rule *rules.Rule, e parser.Expr, clause infer.Clause, named []string, operands ...parser.Expr) {
	if len(named) == 0 {
		return
	}
	var known []string
	for _, operand := range operands {
		vs := plainSelector(operand)
		if vs == nil {
			return
		}
		metric, ok := p.Catalogue.Metric(metricName(vs))
		if !ok || !metric.LabelsKnown {
			return
		}
		known = append(known, metric.Labels...)
	}
	for _, label := range named {
		near := misspeltLabel(label, known)
		if slices.Contains(known, label) || near == "" || slices.Contains(named, near) || p.isTargetLabel(label) {
			continue
		}
		p.Report(Diagnostic{
			Rule: rule, Span: clauseOf(rule, e, clause),
			Message: fmt.Sprintf("the series have no label %q", label),
			Label:   "is empty for all of them",
			Hint:    fmt.Sprintf("did you mean %s?", near),
		})
	}
}

// plainSelector is the selector whose labels the expression returns unchanged, or nil.
func plainSelector(expr parser.Expr) *parser.VectorSelector {
	switch e := infer.Unwrap(expr).(type) {
	case *parser.VectorSelector:
		return e
	case *parser.MatrixSelector:
		vs, _ := e.VectorSelector.(*parser.VectorSelector)
		return vs
	case *parser.SubqueryExpr:
		return plainSelector(e.Expr)
	case *parser.Call:
		argument, _ := rangeArgument(e)
		if argument == nil || strings.HasPrefix(e.Func.Name, "absent") {
			return nil
		}
		return plainSelector(argument)
	case *parser.BinaryExpr:
		switch {
		case e.RHS.Type() == parser.ValueTypeScalar:
			return plainSelector(e.LHS)
		case e.LHS.Type() == parser.ValueTypeScalar:
			return plainSelector(e.RHS)
		}
	}
	return nil
}
