package lint

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
)

func init() {
	register(Check{
		Name:    "short-for",
		Summary: "for is shorter than the time between two evaluations.",
		Why: "`for`" + ` is only looked at when the rule is evaluated. One that is shorter than the evaluation interval makes
the alert wait for the next evaluation, no matter how short it is: ` + "`for: 1s`" + ` with an interval of 15 s is a wait
of 15 s, in which the alert is pending and nobody hears of it, and it does not protect from a single bad
sample any more than that.

Leave ` + "`for`" + ` out to fire at once, or say how long the condition should last before it wakes someone: several
evaluations.`,
		Severity: Warning,
		Run:      shortFor,
	})
}

// shortestInterval is what nobody evaluates rules more often than, where the interval is not known.
const shortestInterval = 5 * time.Second

func shortFor(p *Pass) {
	for rule := range p.Alerts() {
		if rule.For.D <= 0 {
			continue
		}
		interval := p.EvaluationInterval(rule.Group)
		if rule.For.D >= interval && (interval > 0 || rule.For.D >= shortestInterval) {
			continue
		}
		d := Diagnostic{
			Rule: rule, Span: rule.For.Span, Label: "the next evaluation comes later than that",
			Message: fmt.Sprintf("for: %s is shorter than the time between two evaluations", rule.For.Value),
			Hint:    "leave for out to fire at once, or say how long the condition has to last: at least two evaluations",
		}
		if interval > 0 {
			d.Message = fmt.Sprintf("for: %s is shorter than the %s between two evaluations", rule.For.Value, model.Duration(interval))
		}
		if own := rule.Group.Interval; own.D > 0 {
			d.Related = []Related{{File: rule.File(), Span: own.Span, Message: "the rules of this group are evaluated so often"}}
		}
		p.Report(d)
	}
}
