package lint

import (
	"regexp"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "template-syntax",
		Summary: "A label or annotation holds a template that does not parse.",
		Why: `Labels and annotations of alerts are Go templates. One that does not parse makes Prometheus refuse
the whole rule file. The usual slips are a missing ` + "`$`" + ` (` + "`{{ labels.pod }}`" + `), a misspelt variable
(` + "`{{ $label.pod }}`" + `), a function that templates do not have, and a missing ` + "`{{ end }}`" + `.

Prometheus gives templates the variables ` + "`$labels`, `$value`, `$externalLabels` and `$externalURL`" + `.`,
		Severity: Error,
		Run: func(p *Pass) {
			p.reportProblems(templateHint, rules.BadTemplate)
		},
	})
}

var (
	undefinedVariable = regexp.MustCompile(`undefined variable "(\$[^"]*)"`)
	undefinedFunction = regexp.MustCompile(`function "([^"]+)" not defined`)
)

var templateVariableNames = []string{"$labels", "$value", "$externalLabels", "$externalURL"}

// templateHint offers the variable or function that was probably meant.
func templateHint(problem rules.Problem) string {
	if match := undefinedVariable.FindStringSubmatch(problem.Message); match != nil {
		if nearest := rules.Nearest(match[1], templateVariableNames); nearest != "" {
			return "did you mean " + nearest + "?"
		}
	}
	if match := undefinedFunction.FindStringSubmatch(problem.Message); match != nil {
		for _, variable := range templateVariableNames {
			if "$"+match[1] == variable {
				return "did you mean " + variable + "? variables begin with $"
			}
		}
		if nearest := rules.Nearest(match[1], rules.TemplateFunctions()); nearest != "" {
			return "did you mean " + nearest + "?"
		}
	}
	return ""
}
