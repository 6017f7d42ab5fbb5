package lint

import "fmt"

func init() {
	register(Check{
		Name:    "value-in-label",
		Summary: "A label of an alert holds the value, so each change makes another alert.",
		Why: `The labels of an alert are its identity. A label with ` + "`$value`" + ` in it changes whenever the value does, and
then Prometheus ends the old alert and begins a new one: ` + "`for`" + ` starts again, so that the alert may never
fire, and what does fire arrives as a stream of alerts that each resolve at the next evaluation.
Silences and groups that go by labels do not hold them either.

Put the value into an annotation: annotations may change while the alert stays the same.`,
		Severity: Error,
		Run:      valueInLabel,
	})
}

func valueInLabel(p *Pass) {
	for rule := range p.Alerts() {
		if rule.AST != nil {
			if _, constant := p.Infer(rule).Root.Values.Point(); constant {
				continue
			}
		}
		for _, text := range p.texts(rule) {
			if !text.IsLabel || len(text.values) == 0 {
				continue
			}
			p.Report(Diagnostic{
				Rule: rule, Span: text.span(text.values[0].place),
				Message: fmt.Sprintf("label %s holds the value: whenever it changes, the alert resolves and another one begins", text.Key.Value),
				Label:   "part of the alert's identity",
				Hint:    "put the value into an annotation",
			})
		}
	}
}
