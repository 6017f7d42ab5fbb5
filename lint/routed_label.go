package lint

import (
	"fmt"
	"slices"

	"github.com/prometheus/common/model"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "routed-label",
		Summary: "Alertmanager routes or groups by a label that alerts have lost.",
		Why: `Alertmanager sees the labels of the alert, nothing else. If a route sends alerts on by ` + "`namespace`" + ` and an
expression has aggregated the namespace away, its alerts fall through to the default receiver: the
team that owns the namespace is not told. A label under ` + "`group_by`" + ` that no alert has does not group.

Keep the label in the expression (` + "`sum by (namespace) (...)`" + `), or set it in the rule. Reported are
labels that some alerts have, or may have, as labels of their series, and that the expressions of
others drop for certain; and labels under group_by that no alert has.`,
		Severity: Info,
		Scope:    AllFiles,
		Run:      routedLabel,
	})
}

func routedLabel(p *Pass) {
	alerts := p.sentAlerts()
	if len(alerts) == 0 {
		return
	}
	for _, config := range p.Wiring.alertmanager {
		seen := map[string]bool{model.AlertNameLabel: true, "...": true}
		for r := range config.root.all() {
			for _, m := range r.matchers {
				// A route for alerts without the label is taken by those that lost it.
				if !seen[m.Name] && !m.Matches("") {
					seen[m.Name] = true
					p.reportDropped(config, m, alerts)
				}
			}
			for _, label := range r.groupBy {
				if !seen["group_by "+label.Value] && !seen[label.Value] {
					seen["group_by "+label.Value] = true
					p.reportUngrouped(config, label, alerts)
				}
			}
		}
	}
}

// reportDropped reports a label of routes that the expressions of some rules drop.
func (p *Pass) reportDropped(config *alertmanagerConfig, m matcher, alerts []*sentAlert) {
	var related []Related
	elsewhere := false
	for _, alert := range alerts {
		if setsLabel(alert.rule, m.Name) {
			return // The rules set it themselves: it is no label of the series.
		}
		label := alert.label(m.Name)
		if label.State != infer.Gone {
			elsewhere = true
			continue
		}
		if label.Why != nil {
			related = append(related, Related{
				File: alert.rule.File(), Span: locate(alert.rule, label.Why),
				Message: fmt.Sprintf("%s drops it here", alert.rule.Name()),
			})
		}
	}
	if !elsewhere || len(related) == 0 {
		return
	}
	p.Report(Diagnostic{
		File: config.file, Span: m.span,
		Message: fmt.Sprintf("alerts are routed by %s, which %s", m.Name, rulesDrop(len(related))),
		Hint:    "keep the label in the expression, or set it in the rule",
		Related: someRelated(related),
	})
}

func setsLabel(rule *rules.Rule, name string) bool {
	return slices.ContainsFunc(rule.EffectiveLabels(), func(pair rules.Pair) bool { return pair.Key.Value == name })
}

func rulesDrop(n int) string {
	if n == 1 {
		return "one rule drops"
	}
	return fmt.Sprintf("%d rules drop", n)
}

// reportUngrouped reports a label to group by that no alert has.
func (p *Pass) reportUngrouped(config *alertmanagerConfig, label rules.Scalar, alerts []*sentAlert) {
	for _, alert := range alerts {
		if alert.label(label.Value).State != infer.Gone {
			return
		}
	}
	p.Report(Diagnostic{
		File: config.file, Span: label.Span,
		Message: fmt.Sprintf("alerts are grouped by %s, which no alert of the rules has", label.Value),
		Hint:    "take it out of group_by, or keep the label in the expressions",
	})
}
