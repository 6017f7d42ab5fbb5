package lint

import (
	"fmt"
	"maps"
	"slices"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "forbidden-labels",
		Summary: "A rule has a label or an annotation that the policy forbids.",
		Why: `Some labels must not come from rules: those that the platform sets, or the old name of one that was
renamed. Say in the configuration which, by patterns of the name and of the value (regular
expressions for the whole of it; empty for any):

` + "```yaml" + `
checks:
  forbidden-labels:
    labels: {cluster: "", "team": "unknown|todo"}
    annotations: {message: ""}
` + "```" + ``,
		Severity: Error,
		Off:      true,
		Options:  forbiddenLabels{},
		Run: func(p *Pass) {
			o := optionsOf[forbiddenLabels](p)
			for _, file := range p.Files {
				for _, group := range file.Groups {
					p.forbid(nil, file, "label", o.Labels, group.Labels)
				}
				for _, rule := range file.Rules() {
					p.forbid(rule, file, "label", o.Labels, rule.Labels)
					p.forbid(rule, file, "annotation", o.Annotations, rule.Annotations)
				}
			}
		},
	})
}

// forbiddenLabels are the options of forbidden-labels.
type forbiddenLabels struct {
	// Labels and Annotations are patterns of values by patterns of names.
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

// Validate tells of a pattern that is none.
func (o forbiddenLabels) Validate() error {
	for _, patterns := range []map[string]string{o.Labels, o.Annotations} {
		if err := validatePatterns(patterns); err != nil {
			return err
		}
		for name := range patterns {
			if err := validatePatterns(map[string]string{name: name}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Pass) forbid(rule *rules.Rule, file *rules.File, what string, forbidden map[string]string, pairs []rules.Pair) {
	for _, name := range slices.Sorted(maps.Keys(forbidden)) {
		for _, pair := range pairs {
			if !p.pattern(name).MatchString(pair.Key.Value) {
				continue
			}
			d := Diagnostic{
				Rule: rule, File: file, Span: pair.Key.Span,
				Message: fmt.Sprintf("the policy forbids %s %s", what, pair.Key.Value), Hint: "take it out",
			}
			if pattern := forbidden[name]; pattern != "" {
				if !p.pattern(pattern).MatchString(pair.Value.Value) {
					continue
				}
				d.Span = pair.Value.Span
				d.Message = fmt.Sprintf("the policy forbids values of %s %s that match %s", what, pair.Key.Value, pattern)
				d.Hint = "give it another value"
			}
			p.Report(d)
		}
	}
}
