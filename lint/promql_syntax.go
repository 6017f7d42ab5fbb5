package lint

import (
	"maps"
	"regexp"
	"slices"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "promql-syntax",
		Summary: "The expression is not valid PromQL.",
		Why: `Prometheus refuses the whole rule file for one expression that does not parse, so every other rule
of the file is lost with it.`,
		Severity: Error,
		Run: func(p *Pass) {
			p.reportProblems(functionHint, rules.BadPromQL)
		},
	})
}

var unknownFunction = regexp.MustCompile(`unknown function with name "([^"]+)"`)

// functionHint offers the function that was probably meant.
func functionHint(problem rules.Problem) string {
	match := unknownFunction.FindStringSubmatch(problem.Message)
	if match == nil {
		return ""
	}
	known := slices.Sorted(maps.Keys(parser.Functions))
	if nearest := rules.Nearest(match[1], known); nearest != "" {
		return "did you mean " + nearest + "()?"
	}
	return ""
}
