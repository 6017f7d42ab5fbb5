package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "required-labels",
		Summary: "A rule lacks a label that the policy asks for, or has it with another value.",
		Why: `Alertmanager routes by labels. Where teams share one, each alert must say whose it is. Say in the
configuration which labels each alert must have, and what their values must match (a regular
expression for the whole value; empty for any):

` + "```yaml" + `
checks:
  required-labels:
    labels: {team: "bakery|delivery", severity: ""}
    recording: false  # ask it of recording rules too
` + "```" + `

The labels of the group count. Of a value with a template only its presence is looked at.`,
		Severity: Error,
		Off:      true,
		Options:  requiredLabels{},
		Run: func(p *Pass) {
			o := optionsOf[requiredLabels](p)
			for _, file := range p.Files {
				for _, rule := range file.Rules() {
					if rule.IsAlert() || o.Recording {
						p.require(rule, "label", o.Labels, rule.EffectiveLabels())
					}
				}
			}
		},
	})
}

// requiredLabels are the options of required-labels.
type requiredLabels struct {
	// Labels are patterns of values by the name of the label.
	Labels map[string]string `yaml:"labels"`
	// Recording asks for them of recording rules too.
	Recording bool `yaml:"recording"`
}

// Validate tells of a pattern that is none.
func (o requiredLabels) Validate() error { return validatePatterns(o.Labels) }

// require reports the pairs that a rule has not got, or has with other values.
func (p *Pass) require(rule *rules.Rule, what string, wanted map[string]string, pairs []rules.Pair) {
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		i := slices.IndexFunc(pairs, func(pair rules.Pair) bool { return pair.Key.Value == name })
		if i < 0 {
			missing = append(missing, name)
			continue
		}
		value := pairs[i].Value
		if strings.Contains(value.Value, "{{") || p.pattern(wanted[name]).MatchString(value.Value) {
			continue
		}
		p.Report(Diagnostic{
			Rule: rule, Span: value.Span,
			Message: fmt.Sprintf("%s %s does not match what the policy asks for", what, name),
			Hint:    "want " + wantedValue(wanted[name]),
		})
	}
	if len(missing) > 0 {
		p.Report(Diagnostic{
			Rule: rule, Span: rule.NameScalar().Span,
			Message: fmt.Sprintf("%s has no %s %s, which the policy asks for", rule.Name(), what, strings.Join(missing, ", ")),
			Hint:    fmt.Sprintf("add %s: %s", missing[0], wantedValue(wanted[missing[0]])),
		})
	}
}

func wantedValue(pattern string) string {
	if pattern == "" {
		return "a value"
	}
	return "a value that matches " + pattern
}
