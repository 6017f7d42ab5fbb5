package lint

import (
	"fmt"
	"strings"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "missing-runbook",
		Summary: "Alerts link no runbook, while the others do, or none of many does.",
		Why: `Whoever is woken has to find out what to do. A link in the annotation ` + "`runbook_url`" + ` saves them the search:
it opens a page that says what the alert means, how bad it is, and what to try first.

It is told once for each file in which alerts lack it, where most alerts of the run have it; and once for
the whole run where none of twenty alerts or more has it. An annotation whose name holds "runbook" or
"playbook" counts.`,
		Severity: Info,
		Scope:    AllFiles,
		Run:      missingRunbook,
	})
}

func missingRunbook(p *Pass) {
	const many = 20
	alerts := 0
	var without []*rules.Rule
	for rule := range p.Alerts() {
		alerts++
		if !hasRunbook(rule) {
			without = append(without, rule)
		}
	}
	hint := "write for each what it means and what to do, and link it in the annotation runbook_url"
	switch {
	case alerts < many || len(without) == 0:
	case len(without) == alerts:
		p.Report(Diagnostic{
			Rule: without[0], Span: without[0].Alert.Span, Hint: hint, Related: someOf(without[1:]),
			Message: fmt.Sprintf("none of the %d alerts links a runbook", alerts),
		})
	case len(without)*2 < alerts:
		for len(without) > 0 {
			n := 1
			for n < len(without) && without[n].File() == without[0].File() {
				n++
			}
			message := "alert links no runbook, as most others do"
			if n > 1 {
				message = fmt.Sprintf("%d alerts of this file link no runbook, as most others do", n)
			}
			p.Report(Diagnostic{
				Rule: without[0], Span: without[0].Alert.Span, Hint: hint, Related: someOf(without[1:n]), Message: message,
			})
			without = without[n:]
		}
	}
}

func hasRunbook(rule *rules.Rule) bool {
	for _, annotation := range rule.Annotations {
		key := strings.ToLower(annotation.Key.Value)
		if strings.Contains(key, "runbook") || strings.Contains(key, "playbook") {
			return true
		}
	}
	return false
}
