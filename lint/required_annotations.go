package lint

func init() {
	register(Check{
		Name:    "required-annotations",
		Summary: "An alert lacks an annotation that the policy asks for, or has another text.",
		Why: `Annotations are what a person reads. Say in the configuration which each alert must have, and what
their texts must match (a regular expression for the whole text; empty for any):

` + "```yaml" + `
checks:
  required-annotations:
    annotations: {summary: "", runbook_url: "https://wiki.example.com/.*"}
` + "```" + `

Of a text with a template only its presence is looked at.`,
		Severity: Error,
		Off:      true,
		Options:  requiredAnnotations{},
		Run: func(p *Pass) {
			o := optionsOf[requiredAnnotations](p)
			for rule := range p.Alerts() {
				p.require(rule, "annotation", o.Annotations, rule.Annotations)
			}
		},
	})
}

// requiredAnnotations are the options of required-annotations.
type requiredAnnotations struct {
	// Annotations are patterns of texts by the name of the annotation.
	Annotations map[string]string `yaml:"annotations"`
}

// Validate tells of a pattern that is none.
func (o requiredAnnotations) Validate() error { return validatePatterns(o.Annotations) }
