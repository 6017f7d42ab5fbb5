package lint

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "self-resolving",
		Summary: "The alert resolves by itself although nothing is mended.",
		Why: "`delta(followers[1m]) < 0`" + ` holds for one minute after a follower was lost. Then the loss has left the window:
the alert resolves and everybody is told that all is well, while the follower is still missing. Whoever looks
a minute later finds nothing.

Compare with what should be there instead: ` + "`followers < 2`, or `followers < max_over_time(followers[1d])`" + `. Or
keep the alert long enough for somebody to look: ` + "`keep_firing_for: 1h`" + `.

Reported is a change of a gauge (delta(), idelta()) over up to 15 minutes, with a ` + "`for`" + ` shorter than its window,
as all that the alert asks for.`,
		Severity: Warning,
		Run:      selfResolving,
	})
}

func selfResolving(p *Pass) {
	const longWindow = 15 * time.Minute
	for rule := range p.Rules() {
		if !rule.IsAlert() || rule.KeepFiringFor.D > 0 {
			continue
		}
		c, ok := conditionOf(p.Infer(rule), rule.AST)
		if !ok || c.Bound != 0 || c.Op == parser.EQLC {
			continue
		}
		call, ok := summed(c.Subject).(*parser.Call)
		if !ok || call.Func.Name != "delta" && call.Func.Name != "idelta" {
			continue
		}
		window, ok := windowOf(call)
		if !ok || window > longWindow || rule.For.D >= window {
			continue
		}
		p.Report(selfResolvingDiagnostic(rule, call, c, model.Duration(window)))
	}
}

func selfResolvingDiagnostic(rule *rules.Rule, call *parser.Call, c condition, window model.Duration) Diagnostic {
	was := "changed"
	if c.below() {
		was = "fell"
	} else if c.above() {
		was = "grew"
	}
	return Diagnostic{
		Rule: rule, Span: spanOf(rule, call), Label: "looks at the change, not at what is wrong since",
		Message: fmt.Sprintf("alert resolves %s after the value %s, whether it is mended or not", window, was),
		Hint:    "compare the value with what it should be, or set keep_firing_for so that somebody can look",
	}
}
