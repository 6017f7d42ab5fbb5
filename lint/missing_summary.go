package lint

import (
	"fmt"
	"strings"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "missing-summary",
		Summary: "An alert has no text that says what is wrong.",
		Why: `The summary is the line that people read first: messengers and mail put it in the title, dashboards
show it in lists. Without it the reader gets the alert's name and a heap of labels.

An alert that has a ` + "`description` or a `message`" + ` in its place is not reported. Where no alert of a file has
any text, that is one finding.`,
		Severity: Warning,
		Run:      missingSummary,
	})
}

func missingSummary(p *Pass) {
	for _, file := range p.Files {
		var without []*rules.Rule
		alerts := 0
		for _, rule := range file.Rules() {
			if !rule.IsAlert() {
				continue
			}
			alerts++
			summary, ok := rule.Annotation("summary")
			switch {
			case ok && strings.TrimSpace(summary.Value.Value) == "":
				p.Report(Diagnostic{
					Rule: rule, Span: summary.Key.Span,
					Message: "the summary of the alert is empty", Hint: "say in one sentence what is wrong, and where",
				})
			case !hasText(p, rule):
				without = append(without, rule)
			}
		}
		p.reportMissing(without, alerts, absentPart{
			message: "alert has no summary", all: "none of the %d alerts of this file has a summary",
			hint: "add an annotation summary: with one sentence that says what is wrong, and where",
		})
	}
}

// hasText tells whether an annotation says what is wrong. One whose name is misspelt counts:
// annotation-key reports it.
func hasText(p *Pass, rule *rules.Rule) bool {
	for _, annotation := range rule.Annotations {
		key := annotation.Key.Value
		if meant := meantKey(p, key); meant != "" {
			key = meant
		}
		switch strings.ToLower(key) {
		case "summary", "description", "message", "title", "text", "details":
			if strings.TrimSpace(annotation.Value.Value) != "" {
				return true
			}
		}
	}
	return false
}

// absentPart is what to say of alerts that lack something.
type absentPart struct {
	// message is said of one alert; all, with their number, where all alerts of a file lack it.
	message, all, hint string
}

// reportMissing reports each alert that lacks something. Where all alerts of a file do, that has
// one cause and is one finding.
func (p *Pass) reportMissing(without []*rules.Rule, alerts int, m absentPart) {
	const few = 3
	if len(without) < alerts || alerts < few {
		for _, rule := range without {
			p.Report(Diagnostic{Rule: rule, Span: rule.Alert.Span, Message: m.message, Hint: m.hint})
		}
		return
	}
	p.Report(Diagnostic{
		Rule: without[0], Span: without[0].Alert.Span,
		Message: fmt.Sprintf(m.all, alerts), Hint: m.hint, Related: someOf(without[1:]),
	})
}

// someOf are the places of the first few rules.
func someOf(more []*rules.Rule) []Related {
	const most = 3
	var related []Related
	for i, rule := range more[:min(len(more), most)] {
		also := Related{File: rule.File(), Span: rule.NameScalar().Span, Message: "this one too"}
		if rest := len(more) - most; i == most-1 && rest > 0 {
			also.Message = fmt.Sprintf("this one too, and %d more", rest)
		}
		related = append(related, also)
	}
	return related
}
