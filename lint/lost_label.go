package lint

import (
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "lost-label",
		Summary: "A template prints a label that the expression has dropped.",
		Why: `A template sees the labels of the series that the expression returns, and nothing else. An aggregation
keeps only the labels in its ` + "`by (...)`" + `; a match with ` + "`on (...)`" + ` keeps only those; ` + "`absent()`" + ` has only
what its selector asks for with ` + "`=`" + `. Any other label renders as empty text: the message says that
"instance  is down", and whoever is woken does not know where to look. Prometheus gives no error.

The labels that the rule itself sets, and ` + "`alertname`" + `, are added after the templates are rendered, so
` + "`$labels`" + ` does not have them either.

Keep the label in the expression, or take it out of the text. A template that asks whether the label
is there (` + "`{{ if $labels.pod }}`, `{{ with $labels.pod }}`" + `) is not reported.`,
		Severity: Error,
		Run:      lostLabel,
	})
}

func lostLabel(p *Pass) {
	for rule := range p.Rules() {
		if !rule.IsAlert() {
			continue
		}
		lost := newLostLabels(rule)
		for _, text := range p.texts(rule) {
			lost.look(p, text)
		}
		for _, name := range lost.order {
			p.Report(lost.diagnostic(name))
		}
	}
}

// lostLabels gathers the uses of each label that a rule's expression drops.
type lostLabels struct {
	rule  *rules.Rule
	order []string
	uses  map[string][]rules.Span
	why   map[string]*infer.Reason
}

func newLostLabels(rule *rules.Rule) *lostLabels {
	return &lostLabels{rule: rule, uses: map[string][]rules.Span{}, why: map[string]*infer.Reason{}}
}

func (l *lostLabels) look(p *Pass, text ruleText) {
	for _, use := range text.labels {
		root := p.Infer(l.rule).Root
		label := root.Labels.Get(use.Label)
		// Of an expression that never returns anything only what says where the label went counts.
		if label.State != infer.Gone || (root.Presence == infer.Never && label.Why == nil) {
			continue
		}
		if len(l.uses[use.Label]) == 0 {
			l.order = append(l.order, use.Label)
			l.why[use.Label] = label.Why
		}
		l.uses[use.Label] = append(l.uses[use.Label], text.span(use.place))
	}
}

// diagnostic is one finding for all uses of a label, since they have one cause.
func (l *lostLabels) diagnostic(name string) Diagnostic {
	uses, why := l.uses[name], l.why[name]
	d := Diagnostic{
		Rule: l.rule, Span: uses[0],
		Message: fmt.Sprintf("template uses label %q, which the expression drops", name),
		Label:   "always empty",
		Hint:    lostHint(l.rule, name, why),
	}
	if why != nil {
		d.Related = append(d.Related, Related{File: l.rule.File(), Span: locate(l.rule, why), Message: why.Text})
	} else {
		d.Message = fmt.Sprintf("template uses label %q, which the expression does not return", name)
	}
	const most = 4
	for i, use := range uses[1:min(len(uses), most)] {
		also := Related{File: l.rule.File(), Span: use, Message: "also used here"}
		if rest := len(uses) - most; i == most-2 && rest > 0 {
			also.Message = fmt.Sprintf("also used here, and in %d more places", rest)
		}
		d.Related = append(d.Related, also)
	}
	return d
}

// locate is where a reason about a rule's expression stands in its file.
func locate(rule *rules.Rule, why *infer.Reason) rules.Span {
	at := why.Range(rule.Expr.Value)
	return rule.Expr.Locate(int(at.Start), int(at.End))
}

func lostHint(rule *rules.Rule, name string, why *infer.Reason) string {
	for _, label := range rule.EffectiveLabels() {
		if label.Key.Value == name {
			return fmt.Sprintf("the rule sets %s itself, after templates are rendered: write its value into the text", name)
		}
	}
	if name == "alertname" {
		return "alertname is set after templates are rendered: write the alert's name into the text"
	}
	if why == nil {
		return "take the label out of the text"
	}
	return keepHint(name, why)
}

// keepHint says how to keep the label where it is dropped.
func keepHint(name string, why *infer.Reason) string {
	switch e := why.Node.(type) {
	case *parser.AggregateExpr:
		switch {
		case e.Without:
			return fmt.Sprintf("take %s out of without (...), or out of the text", name)
		case len(e.Grouping) == 0:
			return fmt.Sprintf("group by (%s), or take the label out of the text", name)
		}
		return fmt.Sprintf("add %s to by (...), or take the label out of the text", name)
	case *parser.BinaryExpr:
		if why.Clause == infer.Matching && e.VectorMatching != nil && e.VectorMatching.On {
			return fmt.Sprintf("add %s to on (...), or bring it over with group_left (%s)", name, name)
		}
	}
	return "take the label out of the text"
}
