package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "constant-count",
		Summary: "A count() keeps a label of each target, so it always counts one.",
		Why: "`count without (instance, job) (oven_warm)`" + ` is meant to count the ovens of a bakery. But where each series also
has a label such as ` + "`pod`" + `, one for each oven, that label is kept: each oven is a group of its own, and each count
is 1. ` + "`count(...) - sum(...) > 1`" + ` can then never hold, and the alert is silent for ever.

Say what to group by instead of what to leave out: ` + "`count by (namespace, bakery) (oven_warm)`" + `. That also stays
right when the scrape configuration adds another label.

That the series have such a label is known from the rule's own text (it prints ` + "`{{ $labels.pod }}`" + `), from the labels
that the scrape configuration adds (` + "`target_labels`" + `, or the prometheus.yml that rulekit is given), or because
` + "`instance`" + ` itself is kept, which every target has. A ` + "`count by (instance)`" + ` is reported where the exporter serves one
series of the metric.`,
		Severity: Error,
		Run:      constantCount,
	})
}

// ofOneTarget are labels that have another value on each target of a job.
var ofOneTarget = []string{"instance", "pod", "pod_name", "kubernetes_pod_name", "k8s_pod_name", "host", "hostname"}

// ofScrape are labels that say from where or how a target was scraped, and nothing of the metric.
var ofScrape = map[string]bool{
	"instance": true, "job": true, "endpoint": true, "container": true, "service": true, "node": true,
	"prometheus": true, "prometheus_replica": true, "pod_ip": true, "host_ip": true, "metrics_path": true,
	"pod": true, "pod_name": true, "kubernetes_pod_name": true, "host": true, "hostname": true,
}

// maxCounted bounds the text of a count that is looked into, in bytes.
const maxCounted = 4 << 10

func constantCount(p *Pass) {
	p.eachPart(func(rule *rules.Rule, part *part, found *findings) {
		e, ok := part.Expr.(*parser.AggregateExpr)
		if !ok || e.Op != parser.COUNT || !countMatters(p, rule, part) {
			return
		}
		if size := e.PositionRange(); size.End-size.Start > maxCounted {
			return
		}
		vs, _ := soleSelector(e.Expr)
		if vs == nil || !keepsTargets(e.Expr) {
			return
		}
		if label, why := keptTarget(p, rule, e, vs); label != "" {
			found.add(constantCountDiagnostic(rule, e, label, why))
		}
	})
}

// countMatters tells whether a count of 1 is something else than that there is something.
func countMatters(p *Pass, rule *rules.Rule, count *part) bool {
	if count.outer == nil {
		return false
	}
	e, ok := count.outer.Expr.(*parser.BinaryExpr)
	if !ok || e.Op.IsSetOperator() {
		return false
	}
	c, ok := conditionOf(p.Infer(rule), e)
	if !ok {
		return true
	}
	exists := c.Op == parser.GTR && c.Bound < 1 || c.Op == parser.GTE && c.Bound <= 1 || c.Op == parser.NEQ && c.Bound == 0
	return !exists && c.Bound >= 1
}

// keepsTargets tells whether the expression returns a series for each target.
func keepsTargets(expr parser.Expr) bool {
	plain := true
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch e := node.(type) {
		case *parser.AggregateExpr:
			plain = false
		case *parser.Call:
			if strings.HasPrefix(e.Func.Name, "label_") || strings.HasPrefix(e.Func.Name, "absent") || e.Func.Name == "info" {
				plain = false
			}
		}
		return nil
	})
	return plain
}

// keptTarget returns the label by which the aggregation puts each target in a group of its own,
// and where the rule says that the series have that label.
func keptTarget(p *Pass, rule *rules.Rule, e *parser.AggregateExpr, vs *parser.VectorSelector) (label string, why *Related) {
	in := p.Infer(rule).Of(e.Expr).Labels
	if !e.Without {
		metric, ok := p.Catalogue.Metric(vs.Name)
		if !ok || metric.Series != 1 || metric.Source == Live {
			return "", nil
		}
		for _, label := range ofOneTarget[:2] {
			if slices.Contains(e.Grouping, label) && in.Get(label).State != infer.Gone {
				return label, nil
			}
		}
		return "", nil
	}
	for _, dropped := range e.Grouping {
		if !ofScrape[dropped] {
			return "", nil
		}
	}
	for _, label := range ofOneTarget {
		if slices.Contains(e.Grouping, label) || in.Get(label).State == infer.Gone {
			continue
		}
		if label == "instance" || slices.Contains(p.TargetLabels, label) || slices.Contains(p.Wiring.TargetLabels(), label) {
			return label, nil
		}
		if printed := p.printed(rule, label); printed != nil {
			return label, printed
		}
	}
	return "", nil
}

// printed is the first place where the alert's text prints the label, or nil.
func (p *Pass) printed(rule *rules.Rule, label string) *Related {
	if !rule.IsAlert() {
		return nil
	}
	for _, text := range p.texts(rule) {
		for _, use := range text.labels {
			if use.Label == label {
				return &Related{File: rule.File(), Span: text.span(use.place), Message: "the series have this label"}
			}
		}
	}
	return nil
}

func constantCountDiagnostic(rule *rules.Rule, e *parser.AggregateExpr, label string, why *Related) Diagnostic {
	d := Diagnostic{
		Rule: rule, Span: clauseOf(rule, e, infer.Grouping),
		Message: fmt.Sprintf("count() is always 1: each %s is a group of its own", label),
		Label:   fmt.Sprintf("keeps %s, which is another for each target", label),
		Hint:    fmt.Sprintf("add %s to without (...), or say with by (...) what to count in", label),
	}
	if !e.Without {
		d.Hint = fmt.Sprintf("take %s out of by (...)", label)
	}
	if why != nil {
		d.Related = []Related{*why}
	}
	return d
}
