package lint

import "fmt"

func init() {
	register(Check{
		Name:    "unused-recording",
		Summary: "A recording rule that no rule of the run uses.",
		Why: `A recording rule costs its evaluation and its series at every interval. One that no alert and no other
recording rule uses may be a leftover, when the alert that used it was changed.

It may also be there for a dashboard, for federation or for people, which a linter cannot see. So the
check is off unless it is asked for.`,
		Severity: Info,
		Scope:    AllFiles,
		Off:      true,
		Run:      unusedRecording,
	})
}

func unusedRecording(p *Pass) {
	recorded := p.recordings()
	if recorded.anything {
		return
	}
	for _, name := range recorded.names {
		if recorded.used[name] {
			continue
		}
		rule := recorded.rules[name][0]
		p.Report(Diagnostic{
			Rule: rule, Span: rule.NameScalar().Span,
			Message: fmt.Sprintf("no rule uses %s", name),
			Hint:    "remove the rule, unless a dashboard or another server reads it",
		})
	}
}
