package lint

import (
	"fmt"
	"math"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
)

func init() {
	register(Check{
		Name:    "fixed-size",
		Summary: "The number of members that there should be is written into the rule.",
		Why: "`bakers_present < 3`" + ` is right for the bakery that it was written for. In one that has two bakers it fires for
ever, and in one that has ten it is silent until the eighth has gone.

Compare with what there was before: ` + "`bakers_present < max_over_time(bakers_present[1d])`" + `; or with a metric that says
how many there should be.

Reported is a value as it is, without a unit, that is to be at least 2 to 9. It is info: where all that the rule is
for have the same size, the number is right.`,
		Severity: Info,
		Run:      fixedSize,
	})
}

func fixedSize(p *Pass) {
	for rule := range p.Rules() {
		if !rule.IsAlert() {
			continue
		}
		c, ok := conditionOf(p.Infer(rule), rule.AST)
		if !ok || c.Bound != math.Trunc(c.Bound) || c.Bound > 9 {
			continue
		}
		if least := c.Bound; !(c.Op == parser.LSS && least >= 2 || c.Op == parser.LTE && least >= 1) {
			continue
		}
		vs, raw := c.Subject.(*parser.VectorSelector)
		if raw && strings.Contains(strings.ToLower(vs.Name), "stat") {
			// The number of a state is no number of members.
			continue
		}
		if unit := p.Infer(rule).Of(c.Subject).Unit; !raw || unit != infer.UnknownUnit && unit != infer.Count {
			continue
		}
		p.Report(Diagnostic{
			Rule: rule, Span: clauseOf(rule, c.Expr, infer.Operator), Label: "written for one size",
			Message: fmt.Sprintf("the alert fires for ever where fewer than %v are normal", leastOf(c)),
			Hint:    "compare with what there was before, such as max_over_time(...[1d]), or with how many there should be",
		})
	}
}

// leastOf is how many the condition wants there to be.
func leastOf(c condition) float64 {
	if c.Op == parser.LTE {
		return c.Bound + 1
	}
	return c.Bound
}
