package lint

func init() {
	register(Check{
		Name:    "missing-severity",
		Summary: "An alert has no severity label.",
		Why: `Alertmanager routes by labels, and nearly every configuration routes by ` + "`severity`" + `: critical alerts
wake someone, warnings wait for the morning. An alert without it falls through to the default route,
where it may be seen by nobody, and inhibition (critical mutes warning) does not work for it.

Set the label on the rule, or on its group.`,
		Severity: Warning,
		Run:      missingSeverity,
	})
}

func missingSeverity(p *Pass) {
	for rule := range p.Alerts() {
		set := false
		for _, label := range rule.EffectiveLabels() {
			if label.Key.Value == "severity" && label.Value.Value != "" {
				set = true
			}
		}
		if !set {
			p.Report(Diagnostic{
				Rule: rule, Span: rule.Alert.Span,
				Message: "alert has no severity label",
				Hint:    "add a label such as severity: warning",
			})
		}
	}
}
