package lint

import "fmt"

func init() {
	register(Check{
		Name:    "render-error",
		Summary: "A template parses, but fails or prints a formatting error when the alert fires.",
		Why: `Prometheus only parses templates when it loads rules; it renders them when an alert fires. What goes
wrong then is told to whoever is woken: ` + "`<error expanding template: ...>`" + ` in place of the whole text, or
` + "`%!d(float64=0.93)`" + ` in place of a number.

The usual slips:

- ` + "`{{ printf \"%d\" $value }}`" + `: the value is a floating point number, so write ` + "`%.0f`" + `.
- ` + "`{{ printf \"%.1f%\" $value }}`" + `: a percent sign is written ` + "`%%`" + `.
- ` + "`{{ if gt $value 90 }}`" + `: Go does not compare a floating point number with a whole one, so write ` + "`90.0`" + `.
- ` + "`{{ .Annotations.summary }}`" + `: a rule's template has only ` + "`.Labels`, `.Value`, `.ExternalLabels`" + ` and
  ` + "`.ExternalURL`" + `; annotations belong to the templates of Alertmanager.`,
		Severity: Error,
		Run:      renderError,
	})
}

func renderError(p *Pass) {
	for rule := range p.Alerts() {
		for _, text := range p.texts(rule) {
			for _, f := range text.failures {
				d := Diagnostic{
					Rule: rule, Span: text.span(f.place), Hint: f.Hint,
					Message: fmt.Sprintf("%s: %s", text.what(), f.Message),
				}
				if f.New != "" && text.Value.Exact() {
					d.Edits = []Edit{{Span: d.Span, New: f.New}}
				}
				p.Report(d)
			}
		}
	}
}
