package lint

import (
	"fmt"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "missing-inhibition",
		Summary: "A mild and a severe alert fire for one cause, and Alertmanager mutes neither.",
		Why: `Above 90 the alert "above 70" fires too. Without an inhibition in alertmanager.yml both are sent, and
both are sent again at every repeat, so that who is on call reads of one cause twice and may answer the
wrong one. The usual inhibition lets the severe alert mute the mild one:

` + "```yaml" + `
inhibit_rules:
  - source_matchers: [severity="critical"]
    target_matchers: [severity="warning"]
    equal: [alertname, namespace, instance]
` + "```" + `

` + "`equal`" + ` with alertname asks for one name for both alerts; the severity label tells them apart. Where no
alertmanager.yml is known, nothing is reported.`,
		Severity: Warning,
		Scope:    AllFiles,
		Run:      missingInhibition,
	})
}

func missingInhibition(p *Pass) {
	if len(p.Wiring.alertmanager) == 0 {
		return
	}
	sent := map[*rules.Rule]*sentAlert{}
	for _, alert := range p.sentAlerts() {
		sent[alert.rule] = alert
	}
	var related []Related
	var first *step
	for _, ladder := range p.ladders() {
		for i := range ladder {
			mild := &ladder[i]
			severe := mild.above(ladder)
			if severe == nil || p.Wiring.mayInhibit(sent[severe.rule], sent[mild.rule]) {
				continue
			}
			if first == nil {
				first = mild
			} else {
				related = append(related, Related{
					File: mild.rule.File(), Span: mild.rule.NameScalar().Span,
					Message: fmt.Sprintf("and %s beside %s", mild.rule.Name(), severe.rule.Name()),
				})
				continue
			}
			related = append(related, Related{
				File: severe.rule.File(), Span: severe.rule.NameScalar().Span, Message: "whenever this one fires",
			})
		}
	}
	if first == nil {
		return
	}
	config := p.Wiring.alertmanager[0]
	message := first.rule.Name() + " goes on firing beside the more severe alert, and no inhibition mutes it"
	if len(related) > 1 {
		message = fmt.Sprintf("%d alerts go on firing beside more severe ones, and no inhibition mutes them", len(related))
	}
	p.Report(Diagnostic{
		Rule: first.rule, Span: first.rule.NameScalar().Span, Message: message,
		Hint:    fmt.Sprintf("add an inhibition to %s under inhibit_rules", config.file.Path),
		Related: someRelated(related),
	})
}

// above is a more severe step that implies this one.
func (s *step) above(ladder []step) *step {
	for i := range ladder {
		severe := &ladder[i]
		if implied, strictly := severe.implies(s); severe.level > s.level && implied && strictly {
			return severe
		}
	}
	return nil
}

// mayInhibit tells whether some inhibition can mute target while source fires.
func (w *Wiring) mayInhibit(source, target *sentAlert) bool {
	for _, config := range w.alertmanager {
		for _, rule := range config.inhibitions {
			if source.may(rule.source) && target.may(rule.target) && mayBeEqual(source, target, rule.equal) {
				return true
			}
		}
	}
	return false
}

func mayBeEqual(source, target *sentAlert, names []rules.Scalar) bool {
	for _, name := range names {
		a, b := source.label(name.Value), target.label(name.Value)
		certain := a.State != infer.Possible && b.State != infer.Possible
		if certain && (a.State != b.State || a.Known && b.Known && a.Value != b.Value) {
			return false
		}
	}
	return true
}
