package lint

import (
	"fmt"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "severity-order",
		Summary: "A severe alert fires before the mild one on the same expression.",
		Why: `Two alerts on one expression make a ladder: a warning above 70, a critical above 90. If the
numbers are the wrong way round, or were copied, the critical alert fires first or together with the
warning: whoever is on call is woken for what was meant to wait for the morning, and the warning says
nothing that was not said already.

Compared are alerts of one folder whose expressions are the same but for the numbers they compare
with, whose severities have a usual order (info, warning, error, critical), and whose other labels do
not contradict each other. A critical alert that waits longer, with a longer ` + "`for`" + `, may have the lower
threshold.`,
		Severity: Error,
		Scope:    AllFiles,
		Run:      severityOrder,
	})
}

func severityOrder(p *Pass) {
	for _, ladder := range p.ladders() {
		for i := range ladder {
			for k := range ladder {
				severe, mild := &ladder[i], &ladder[k]
				implied, strictly := mild.implies(severe)
				if severe.level <= mild.level || !implied || severe.rule.For.D > mild.rule.For.D || !sameAudience(severe.rule, mild.rule) {
					continue
				}
				p.Report(wrongOrder(severe, mild, strictly))
			}
		}
	}
}

// sameAudience tells whether two rules give no label but the severity different values: a
// warning of one team and a critical alert of another are no ladder.
func sameAudience(a, b *rules.Rule) bool {
	for _, pair := range a.EffectiveLabels() {
		for _, other := range b.EffectiveLabels() {
			if pair.Key.Value == other.Key.Value && pair.Key.Value != "severity" && pair.Value.Value != other.Value.Value {
				return false
			}
		}
	}
	return true
}

func wrongOrder(severe, mild *step, strictly bool) Diagnostic {
	at, other := severe.differing(mild)
	d := Diagnostic{
		Rule: severe.rule, Span: at,
		Message: fmt.Sprintf("%s (%s) fires no later than %s (%s)", severe.rule.Name(), severe.severity, mild.rule.Name(), mild.severity),
		Label:   "easier to reach",
		Hint:    fmt.Sprintf("give the %s alert the threshold that is harder to reach, or the longer for", severe.severity),
		Related: []Related{{File: mild.rule.File(), Span: other, Message: fmt.Sprintf("the %s alert compares with this", mild.severity)}},
	}
	if !strictly {
		d.Label = "the same threshold"
	}
	return d
}

// differing is where the first thresholds that differ are, or the first of all.
func (s *step) differing(other *step) (own, others rules.Span) {
	for i, t := range s.thresholds {
		if t.value != other.thresholds[i].value {
			return spanOf(s.rule, t.expr), spanOf(other.rule, other.thresholds[i].expr)
		}
	}
	return spanOf(s.rule, s.thresholds[0].expr), spanOf(other.rule, other.thresholds[0].expr)
}
