package lint

import (
	"fmt"
	"strings"
)

func init() {
	register(Check{
		Name:    "recording-name",
		Summary: "The name of a recording rule is not of the form level:metric:operations.",
		Why: `Recorded metrics are named level:metric:operations: the labels that are left, the metric that it is made
of, and what was done to it, the newest first (` + "`instance_path:requests:rate5m`" + `). Then everybody sees that
the metric is recorded, where it comes from and whether it may be summed again:
https://prometheus.io/docs/practices/rules/

It is a convention that not everybody follows, so the check is off unless it is asked for.`,
		Severity: Info,
		Off:      true,
		Run:      recordingName,
	})
}

func recordingName(p *Pass) {
	for _, file := range p.Files {
		for _, rule := range file.Rules() {
			if rule.IsAlert() || len(strings.Split(rule.Name(), ":")) == 3 {
				continue
			}
			p.Report(Diagnostic{
				Rule: rule, Span: rule.NameScalar().Span,
				Message: fmt.Sprintf("recorded metric %s is not named level:metric:operations", rule.Name()),
				Hint:    "name it after the labels that are left, the metric, and the operations, with colons between",
			})
		}
	}
}
