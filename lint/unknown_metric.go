package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "unknown-metric",
		Summary: "The expression uses a metric or a label that its exporter does not serve.",
		Why: `A selector for a metric that does not exist is no error in PromQL: it selects nothing, and the alert is
silent for ever. Exporters rename metrics between versions, and a rule copied from a blog may have been
written for another exporter.

With ` + "`--metrics`" + ` rulekit knows what an exporter serves: give it what ` + "`curl http://exporter/metrics`" + ` prints,
as a file or as a folder of such files. Only metrics in the exporter's own name space are looked at: a
recorded scrape with ` + "`pg_`" + ` metrics says nothing of ` + "`node_`" + ` ones. Labels that the scrape configuration
adds, such as namespace, pod, instance and job, are not reported, nor are metrics that a recording rule
of the same run makes.`,
		Severity: Warning,
		Run:      unknownMetric,
	})
}

func unknownMetric(p *Pass) {
	for rule := range p.Rules() {
		missing := map[string]bool{}
		parser.Inspect(rule.AST, func(node parser.Node, _ []parser.Node) error {
			vs, ok := node.(*parser.VectorSelector)
			if !ok || missing[vs.Name] || !p.Catalogue.Claims(vs.Name) || p.Recorded(vs.Name) {
				return nil
			}
			if _, known := p.Catalogue.Metric(vs.Name); !known {
				missing[vs.Name] = true
			}
			lookUp(p, rule, vs)
			return nil
		})
	}
}

// lookUp reports a metric that is not in the catalogue, or the labels it has not there.
func lookUp(p *Pass, rule *rules.Rule, vs *parser.VectorSelector) {
	metric, ok := p.Catalogue.Metric(vs.Name)
	if !ok {
		d := Diagnostic{
			Rule: rule, Span: metricSpan(rule, vs),
			Message: fmt.Sprintf("no exporter in the catalogue serves %s", vs.Name),
			Label:   "selects nothing",
			Hint:    "compare with what the exporter serves now",
		}
		if nearest := p.Catalogue.Nearest(vs.Name); nearest != "" {
			d.Hint = fmt.Sprintf("did you mean %s?", nearest)
		}
		p.Report(d)
		return
	}
	if !metric.LabelsKnown {
		return
	}
	for _, m := range vs.LabelMatchers {
		if m.Name == model.MetricNameLabel || m.Matches("") || isTargetLabel(m.Name) || slices.Contains(metric.Labels, m.Name) {
			continue
		}
		at := &infer.Reason{Node: vs, Clause: infer.OneMatcher, Matcher: m}
		p.Report(Diagnostic{
			Rule: rule, Span: locate(rule, at),
			Message: fmt.Sprintf("%s has no label %q in the catalogue", vs.Name, m.Name),
			Label:   "selects nothing",
			Hint:    labelHint(m.Name, metric.Labels),
		})
	}
}

// metricSpan is the metric's name in a selector, or all of the selector.
func metricSpan(rule *rules.Rule, vs *parser.VectorSelector) rules.Span {
	at := vs.PositionRange()
	if end := int(at.Start) + len(vs.Name); strings.HasPrefix(rule.Expr.Value[at.Start:], vs.Name) {
		return rule.Expr.Locate(int(at.Start), end)
	}
	return rule.Expr.Locate(int(at.Start), int(at.End))
}

func labelHint(name string, known []string) string {
	known = slices.DeleteFunc(slices.Clone(known), func(l string) bool { return l == model.MetricNameLabel })
	if nearest := rules.Nearest(name, known); nearest != "" {
		return fmt.Sprintf("did you mean %s?", nearest)
	}
	if len(known) == 0 {
		return "the exporter gives this metric no labels"
	}
	return "the exporter gives it " + strings.Join(known, ", ")
}

// targetLabels are labels that usually come from the scrape configuration, not the exporter.
var targetLabels = map[string]bool{
	"namespace": true, "pod": true, "instance": true, "job": true, "container": true, "service": true,
	"endpoint": true, "node": true, "cluster": true, "region": true, "zone": true, "env": true, "environment": true,
	"datacenter": true, "dc": true, "team": true, "tenant": true, "prometheus": true, "prometheus_replica": true,
	"replica": true, "host": true, "hostname": true, "app": true, "application": true, "component": true,
	"le": true, "quantile": true,
}

func isTargetLabel(name string) bool {
	return targetLabels[name] || strings.HasPrefix(name, "app_kubernetes_io_") ||
		strings.HasPrefix(name, "label_") || strings.HasPrefix(name, "kubernetes_") || strings.HasPrefix(name, "__")
}
