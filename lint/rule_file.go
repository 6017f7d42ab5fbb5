package lint

import "github.com/rulekit/rulekit/rules"

func init() {
	register(Check{
		Name:    "rule-file",
		Summary: "The file is not a rule file that Prometheus would load.",
		Why: `Prometheus refuses a rule file as a whole if any part of it is wrong: text that is not YAML, a key
it does not know, a value of the wrong type, a rule without an expression. At start-up the server
then exits, and on a reload it goes on with the old rules and logs an error that nobody may read.
So one slip switches off every alert of the file.

This check says what is wrong and where, all of it at once, for plain rule files, PrometheusRule
resources, and rule files inside ConfigMaps and Helm values. It mends what is certain to have been
meant: keys that are indented deeper than the first key of their rule, and ` + "`group:`" + ` for ` + "`groups:`" + `.`,
		Severity: Error,
		Run: func(p *Pass) {
			p.reportProblems(func(problem rules.Problem) string {
				if len(problem.Edits) > 0 {
					return "rulekit lint --fix mends this"
				}
				return ""
			}, rules.BadYAML, rules.BadSchema)
		},
	})
}
