package lint

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "allowed-severities",
		Summary: "An alert has a severity that the policy does not know.",
		Why: `Routes and inhibitions of Alertmanager name severities. An alert with another one falls through to the
default receiver. Say in the configuration which there are:

` + "```yaml" + `
checks:
  allowed-severities:
    label: severity  # the name of the label, severity if left out
    values: [critical, warning, info]
` + "```" + `

The label may be another one whose values are fixed, such as team. Values with templates are not looked
at, and neither are alerts without the label: those are for required-labels.`,
		Severity: Error,
		Off:      true,
		Options:  allowedSeverities{Label: "severity", Values: []string{"critical", "warning", "info", "none"}},
		Run:      runAllowedSeverities,
	})
}

// allowedSeverities are the options of allowed-severities.
type allowedSeverities struct {
	Label  string   `yaml:"label"`
	Values []string `yaml:"values"`
}

// Validate tells of options that nothing can meet.
func (o allowedSeverities) Validate() error {
	if o.Label == "" || len(o.Values) == 0 {
		return errors.New("want a label, and at least one of its values")
	}
	return nil
}

func runAllowedSeverities(p *Pass) {
	o := optionsOf[allowedSeverities](p)
	for rule := range p.Alerts() {
		for _, pair := range rule.EffectiveLabels() {
			value := pair.Value.Value
			if pair.Key.Value != o.Label || strings.Contains(value, "{{") || slices.Contains(o.Values, value) {
				continue
			}
			d := Diagnostic{
				Rule: rule, Span: pair.Value.Span,
				Message: fmt.Sprintf("the policy knows no %s %q", o.Label, value),
				Hint:    "want one of " + strings.Join(o.Values, ", "),
			}
			if near := rules.Nearest(value, o.Values); near != "" {
				d.Hint = fmt.Sprintf("did you mean %s?", near)
			}
			p.Report(d)
		}
	}
}
