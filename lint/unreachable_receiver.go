package lint

import "fmt"

func init() {
	register(Check{
		Name:    "unreachable-receiver",
		Summary: "A receiver of Alertmanager that no route leads to.",
		Why: `A receiver does nothing by itself: it gets what a route sends to it. One that no route names gets
nothing. Either it is a leftover, or somebody set up a channel for a team and forgot the route, and
that team believes that it would be told.

Name it in a route, or remove it. Receivers without any integration, such as "null", are not
reported: they are there to send nothing.`,
		Severity: Warning,
		Scope:    AllFiles,
		Run:      unreachableReceiver,
	})
}

func unreachableReceiver(p *Pass) {
	for _, config := range p.Wiring.alertmanager {
		named := map[string]bool{}
		for r := range config.root.all() {
			named[r.receiver.Value] = true
		}
		for _, receiver := range config.receivers {
			if receiver.silent || receiver.name.Value == "" || named[receiver.name.Value] {
				continue
			}
			p.Report(Diagnostic{
				File: config.file, Span: receiver.name.Span,
				Message: fmt.Sprintf("no route leads to receiver %q, so nothing is ever sent to it", receiver.name.Value),
				Hint:    "name it in a route, or remove it",
			})
		}
	}
}
