package lint

import (
	"strings"

	"github.com/rulekit/rulekit/lint/infer"
)

func init() {
	register(Check{
		Name:    "dead-branch",
		Summary: "A part of the expression can never return anything.",
		Why: `An expression of several parts goes on working when one of them can never return anything, so nobody notices:

- ` + "`oven_too_hot == 1 or count(oven_info) == 0`" + `: the second half, for the day on which there is no oven left, is empty
  on that day. Write ` + "`or absent(oven_info)`" + `.
- ` + "`up == 0 unless maintenance{state=\"on\", state!=\"on\"}`" + `: nothing is ever left out.

Mend the part, or take it out. The check never-fires reports expressions that are empty as a whole, and says more of
how that comes about. A part that reads no series, such as ` + "`vector(0) > 1`" + `, is taken for a switch and not reported.`,
		Severity: Warning,
		Run:      deadBranch,
	})
}

func deadBranch(p *Pass) {
	for rule := range p.Rules() {
		for _, dead := range p.Infer(rule).Dead() {
			d := neverDiagnostic(p, rule, dead.Why)
			text, found := strings.CutPrefix(d.Message, neverMessage(rule))
			if !found {
				text = ""
			}
			d.Message = "this part of the expression can never return anything" + text
			if dead.Why == nil {
				d.Span = locate(rule, &infer.Reason{Node: dead.Expr})
			}
			p.Report(d)
		}
	}
}
