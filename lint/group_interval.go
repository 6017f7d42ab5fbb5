package lint

import (
	"fmt"
	"time"
)

func init() {
	register(Check{
		Name:    "group-interval",
		Summary: "A group that records is evaluated less often than every five minutes.",
		Why: `A query looks back five minutes for the newest sample of a series (` + "`--query.lookback-delta`" + `). A recording
rule that writes only every ten minutes leaves a series that is there for five minutes and gone for
five: graphs have gaps, and an alert that reads it flaps or never stays pending long enough.

Keep the interval at 5m or below, or read the series only with a range (` + "`last_over_time(x[15m])`" + `).`,
		Severity: Warning,
		Run:      groupInterval,
	})
}

// lookback is how far back Prometheus looks for a sample unless it is told otherwise.
const lookback = 5 * time.Minute

func groupInterval(p *Pass) {
	for _, file := range p.Files {
		for _, group := range file.Groups {
			if group.Interval.D <= lookback {
				continue
			}
			for _, rule := range group.Rules {
				if rule.IsAlert() {
					continue
				}
				p.Report(Diagnostic{
					File: file, Span: group.Interval.Span,
					Message: fmt.Sprintf("group %s records every %s, but a query finds samples of the last 5m only", group.Name.Value, group.Interval.Value),
					Hint:    "set the interval to 5m or less",
					Related: []Related{{File: file, Span: rule.Record.Span, Message: "this series has gaps"}},
				})
				break
			}
		}
	}
}
