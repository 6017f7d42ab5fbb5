package lint

import "github.com/rulekit/rulekit/rules"

func init() {
	register(Check{
		Name:    "alertname-label",
		Summary: "A rule sets the label alertname, which Prometheus replaces.",
		Why: `Prometheus gives each alert the label ` + "`alertname`" + ` with the name of the rule, after the rule's own labels.
What the rule sets there is lost: routes and silences that look for it never match. Name the alert so
under ` + "`alert:`" + `, or use another label.`,
		Severity: Warning,
		Run:      alertnameLabel,
	})
}

func alertnameLabel(p *Pass) {
	for rule := range p.Alerts() {
		pair, ok := rule.Label("alertname")
		if !ok {
			continue
		}
		d := Diagnostic{
			Rule: rule, Span: pair.Key.Span,
			Message: "label alertname has no effect: Prometheus sets it to the name of the rule",
			Hint:    "take the label out, or rename the alert",
			Related: []Related{{File: rule.File(), Span: rule.Alert.Span, Message: "the name of the rule"}},
		}
		if line, whole := wholeLine(rule.File().Source, pair); whole && len(rule.Labels) > 1 {
			d.Edits = []Edit{{Span: line}}
		}
		p.Report(d)
	}
}

// wholeLine is the line of a pair that has one to itself.
func wholeLine(source []byte, pair rules.Pair) (rules.Span, bool) {
	start, end := pair.Key.Span.Start, pair.Value.Span.End
	for start > 0 && source[start-1] == ' ' {
		start--
	}
	if start > 0 && source[start-1] != '\n' {
		return rules.Span{}, false
	}
	for i := pair.Key.Span.Start; i < end; i++ {
		if source[i] == '\n' {
			return rules.Span{}, false
		}
	}
	if end >= len(source) || source[end] != '\n' {
		return rules.Span{}, false
	}
	return rules.Span{Start: start, End: end + 1}, true
}
