package lint

import "fmt"

func init() {
	register(Check{
		Name:    "empty-group",
		Summary: "A group without rules, or a rule file without groups.",
		Why: `Prometheus loads a group without rules, and a file without groups, without complaint. They do nothing,
and are usually what is left when rules were moved away, or when a template that should have written
the rules wrote none. In the latter case alerts are missing.

Remove what is empty, or find out why it is.`,
		Severity: Info,
		Run:      emptyGroup,
	})
}

func emptyGroup(p *Pass) {
	for _, file := range p.Files {
		// What could not be read may be what is missing.
		if len(file.Problems) > 0 {
			continue
		}
		for _, document := range file.Documents {
			if len(document.Groups) == 0 {
				p.Report(Diagnostic{
					File: file, Span: lineAt(file.Source, document.Span.Start),
					Message: "rule file without groups", Hint: "remove it, or find out why it is empty",
				})
			}
		}
		for _, group := range file.Groups {
			if len(group.Rules) == 0 {
				p.Report(Diagnostic{
					File: file, Span: group.Name.Span,
					Message: fmt.Sprintf("group %s has no rules", group.Name.Value), Hint: "remove it, or find out why it is empty",
				})
			}
		}
	}
}
