package lint

import (
	"fmt"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "missing-severity",
		Summary: "An alert has no severity label.",
		Why: `Alertmanager routes by labels, and nearly every configuration routes by ` + "`severity`" + `: critical alerts
wake someone, warnings wait for the morning. An alert without it falls through to the default route,
where it may be seen by nobody, and inhibition (critical mutes warning) does not work for it.

Set the label on the rule, or on its group. Where no alert of the run has the label, another convention
is in use, and that is told once.`,
		Severity: Warning,
		Run:      missingSeverity,
	})
}

func missingSeverity(p *Pass) {
	const enough = 5
	run := shared(p, "severities", countSeverities)
	for _, file := range p.Files {
		var without []*rules.Rule
		alerts := 0
		for _, rule := range file.Rules() {
			if rule.IsAlert() {
				alerts++
				if !hasSeverity(rule) {
					without = append(without, rule)
				}
			}
		}
		if run.with == 0 && run.alerts >= enough {
			if file == run.first {
				p.ReportAs(Info, Diagnostic{
					Rule: without[0], Span: without[0].Alert.Span,
					Message: fmt.Sprintf("none of the %d alerts has a severity label", run.alerts),
					Hint:    "if Alertmanager is to route by severity, add a label such as severity: warning",
				})
			}
			continue
		}
		p.reportMissing(without, alerts, absentPart{
			message: "alert has no severity label", all: "none of the %d alerts of this file has a severity label",
			hint: "add a label such as severity: warning",
		})
	}
}

// severities counts the alerts of a run, and those with a severity.
type severities struct {
	alerts, with int
	// first is the first file that has alerts.
	first *rules.File
}

func countSeverities(files []*rules.File) severities {
	var s severities
	for _, file := range files {
		for _, rule := range file.Rules() {
			if !rule.IsAlert() {
				continue
			}
			if s.alerts++; s.first == nil {
				s.first = file
			}
			if hasSeverity(rule) {
				s.with++
			}
		}
	}
	return s
}

func hasSeverity(rule *rules.Rule) bool {
	for _, label := range rule.EffectiveLabels() {
		if label.Key.Value == "severity" && label.Value.Value != "" {
			return true
		}
	}
	return false
}
