package lint

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "for-bounds",
		Summary: "An alert waits shorter or longer than the policy allows.",
		Why: `With a short ` + "`for`" + ` an alert fires at every hiccup; with a long one, or a long ` + "`keep_firing_for`" + `, people learn
of the matter late, or go on reading of what is over. Say in the configuration what is right for you:

` + "```yaml" + `
checks:
  for-bounds: {min: 1m, max: 1h, keep_firing_max: 1h}
` + "```" + `

A bound that is left out, or 0, is none.`,
		Severity: Warning,
		Off:      true,
		Options:  forBounds{},
		Run:      runForBounds,
	})
}

// forBounds are the options of for-bounds.
type forBounds struct {
	Min           model.Duration `yaml:"min"`
	Max           model.Duration `yaml:"max"`
	KeepFiringMax model.Duration `yaml:"keep_firing_max"`
}

// Validate tells of bounds that nothing can meet.
func (o forBounds) Validate() error { return validateBounds(o.Min, o.Max) }

func validateBounds(least, most model.Duration) error {
	if most > 0 && least > most {
		return fmt.Errorf("min %s is more than max %s", least, most)
	}
	return nil
}

func runForBounds(p *Pass) {
	o := optionsOf[forBounds](p)
	for rule := range p.Alerts() {
		p.within(rule, "for", rule.For, o.Min, o.Max)
		p.within(rule, "keep_firing_for", rule.KeepFiringFor, 0, o.KeepFiringMax)
	}
}

// within reports a duration of a rule that lies outside of bounds, of which 0 is none.
func (p *Pass) within(rule *rules.Rule, what string, d rules.Duration, least, most model.Duration) {
	switch {
	case d.IsZero() && least > 0:
		p.Report(Diagnostic{
			Rule: rule, Span: rule.NameScalar().Span,
			Message: fmt.Sprintf("%s has no %s, the policy asks for %s or more", rule.Name(), what, least),
			Hint:    fmt.Sprintf("add %s: %s", what, least),
		})
	case d.D < time.Duration(least):
		p.Report(Diagnostic{
			Rule: rule, Span: d.Span,
			Message: fmt.Sprintf("%s is shorter than the %s that the policy asks for", what, least),
			Hint:    fmt.Sprintf("set %s to %s or more", what, least),
		})
	case most > 0 && d.D > time.Duration(most):
		p.Report(Diagnostic{
			Rule: rule, Span: d.Span,
			Message: fmt.Sprintf("%s is longer than the %s that the policy allows", what, most),
			Hint:    fmt.Sprintf("set %s to %s or less", what, most),
		})
	}
}
