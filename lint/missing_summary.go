package lint

import (
	"fmt"
	"strings"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "missing-summary",
		Summary: "An alert has no summary annotation.",
		Why: `The summary is the line that people read first: messengers and mail put it in the title, dashboards
show it in lists. Without it the reader gets the alert's name and a heap of labels. Annotation names
are case-sensitive: ` + "`Summary`" + ` is another annotation, which no template prints.`,
		Severity: Warning,
		Run:      missingSummary,
	})
}

func missingSummary(p *Pass) {
	for rule := range p.Alerts() {
		summary, ok := rule.Annotation("summary")
		if ok && strings.TrimSpace(summary.Value.Value) != "" {
			continue
		}
		d := Diagnostic{
			Rule: rule, Span: rule.Alert.Span,
			Message: "alert has no summary annotation",
			Hint:    "add an annotation summary: with one sentence that says what is wrong, and where",
		}
		if ok {
			d.Span, d.Message, d.Hint = summary.Key.Span, "the summary of the alert is empty", "say in one sentence what is wrong, and where"
		} else if meant, found := misspelt(rule, "summary"); found {
			d.Span = meant.Key.Span
			d.Hint = fmt.Sprintf("rename the annotation %s to summary", meant.Key.Value)
		}
		p.Report(d)
	}
}

// misspelt finds an annotation whose name is nearly the given one.
func misspelt(rule *rules.Rule, name string) (rules.Pair, bool) {
	for _, annotation := range rule.Annotations {
		if rules.Nearest(annotation.Key.Value, []string{name}) != "" {
			return annotation, true
		}
	}
	return rules.Pair{}, false
}
