package lint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
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
is there (` + "`{{ if $labels.pod }}`, `{{ with $labels.pod }}`" + `) is not reported. Labels that are lost for
one reason are one finding.`,
		Severity: Error,
		Run:      lostLabel,
	})
}

func lostLabel(p *Pass) {
	for rule := range p.Rules() {
		if !rule.IsAlert() || switchedOff(p.Infer(rule).Root) {
			continue
		}
		lost := lostLabels{rule: rule, root: p.Infer(rule).Root}
		for _, text := range p.texts(rule) {
			lost.look(text)
		}
		for _, group := range lost.groups {
			p.Report(lost.diagnostic(group))
		}
	}
}

// switchedOff tells that an expression selects nothing since its matchers exclude each other.
// Rules that are generated for all cases are so for some, and nobody sees their texts.
func switchedOff(root *infer.Result) bool {
	return root.Presence == infer.Never && root.Why != nil && root.Why.Kind == infer.Matchers
}

// lostLabels gathers the labels that a rule's texts use and its expression drops.
type lostLabels struct {
	rule   *rules.Rule
	root   *infer.Result
	groups []*lostTogether
}

// lostTogether are labels that are lost for one reason.
type lostTogether struct {
	why *infer.Reason
	// late tells that they are set after the templates are rendered.
	late  bool
	names []string
	uses  []rules.Span
}

func (l *lostLabels) look(text ruleText) {
	for _, use := range text.labels {
		label := l.root.Labels.Get(use.Label)
		// Of an expression that never returns anything only what says where the label went counts.
		if label.State != infer.Gone || (l.root.Presence == infer.Never && label.Why == nil) {
			continue
		}
		group := l.group(label.Why, l.late(use.Label))
		if !slices.Contains(group.names, use.Label) {
			group.names = append(group.names, use.Label)
		}
		group.uses = append(group.uses, text.span(use.place))
	}
}

// late tells that a label is added to the alert after its templates are rendered.
func (l *lostLabels) late(name string) bool {
	set := func(label rules.Pair) bool { return label.Key.Value == name }
	return name == model.AlertNameLabel || slices.ContainsFunc(l.rule.EffectiveLabels(), set)
}

func (l *lostLabels) group(why *infer.Reason, late bool) *lostTogether {
	for _, g := range l.groups {
		if g.late == late && sameReason(g.why, why) {
			return g
		}
	}
	g := &lostTogether{why: why, late: late}
	l.groups = append(l.groups, g)
	return g
}

func sameReason(a, b *infer.Reason) bool {
	return a == b || a != nil && b != nil && a.Node == b.Node && a.Clause == b.Clause && a.Text == b.Text
}

// diagnostic is one finding for all uses of labels that are lost for one reason.
func (l *lostLabels) diagnostic(lost *lostTogether) Diagnostic {
	verb := "drops"
	if lost.why == nil {
		verb = "does not return"
	}
	d := Diagnostic{
		Rule: l.rule, Span: lost.uses[0],
		Message: fmt.Sprintf("template uses %s, which the expression %s", quotedLabels(lost.names), verb),
		Label:   "always empty",
		Hint:    l.hint(lost),
	}
	if lost.why != nil {
		d.Related = append(d.Related, Related{File: l.rule.File(), Span: locate(l.rule, lost.why), Message: lost.why.Text})
	}
	const most = 4
	for i, use := range lost.uses[1:min(len(lost.uses), most)] {
		also := Related{File: l.rule.File(), Span: use, Message: "also used here"}
		if len(lost.names) > 1 {
			also.Message = "always empty too"
		}
		switch rest := len(lost.uses) - most; {
		case i < most-2 || rest <= 0:
		case rest == 1:
			also.Message += ", and in 1 more place"
		default:
			also.Message += fmt.Sprintf(", and in %d more places", rest)
		}
		d.Related = append(d.Related, also)
	}
	return d
}

// quotedLabels names labels in a sentence.
func quotedLabels(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = strconv.Quote(name)
	}
	last := len(quoted) - 1
	if last == 0 {
		return "label " + quoted[0]
	}
	return "labels " + strings.Join(quoted[:last], ", ") + " and " + quoted[last]
}

// locate is where a reason about a rule's expression stands in its file.
func locate(rule *rules.Rule, why *infer.Reason) rules.Span {
	at := why.Range(rule.Expr.Value)
	return rule.Expr.Locate(int(at.Start), int(at.End))
}

// hint says what to do about labels that are lost for one reason.
func (l *lostLabels) hint(lost *lostTogether) string {
	if lost.late {
		return lateHint(lost.names)
	}
	hint := keepHint(lost.names, lost.why)
	for _, name := range lost.names {
		kept := lookalike(name, namedLabels(l.root.Labels))
		switch {
		case kept != "" && len(lost.names) == 1:
			return fmt.Sprintf("did you mean %s? otherwise %s", kept, hint)
		case kept != "":
			return fmt.Sprintf("did you mean %s for %s? otherwise %s", kept, name, hint)
		}
	}
	return hint
}

func lateHint(names []string) string {
	switch {
	case len(names) > 1:
		return "alertname and the labels of the rule are set after templates are rendered: write their values into the text"
	case names[0] == model.AlertNameLabel:
		return "alertname is set after templates are rendered: write the alert's name into the text"
	}
	return fmt.Sprintf("the rule sets %s itself, after templates are rendered: write its value into the text", names[0])
}

// keepHint says how to keep the labels where they are dropped.
func keepHint(names []string, why *infer.Reason) string {
	all, these, them := strings.Join(names, ", "), "the label", "it"
	if len(names) > 1 {
		these, them = "the labels", "them"
	}
	if why == nil {
		return fmt.Sprintf("take %s out of the text", these)
	}
	switch e := why.Node.(type) {
	case *parser.AggregateExpr:
		switch {
		case e.Without:
			return fmt.Sprintf("take %s out of without (...), or out of the text", all)
		case len(e.Grouping) == 0:
			return fmt.Sprintf("group by (%s), or take %s out of the text", all, these)
		}
		return fmt.Sprintf("add %s to by (...), or take %s out of the text", all, these)
	case *parser.BinaryExpr:
		if why.Clause == infer.Matching && e.VectorMatching != nil && e.VectorMatching.On {
			return fmt.Sprintf("add %s to on (...), or bring %s over with group_left (%s)", all, them, all)
		}
	}
	return fmt.Sprintf("take %s out of the text", these)
}

// lookalike is the kept label that was probably meant, or "": one that is spelt nearly alike, or
// the only one that shares a word with it, as return_code does with response_code.
func lookalike(name string, kept []string) string {
	if nearest := rules.Nearest(name, kept); nearest != "" {
		return nearest
	}
	alike := ""
	for _, other := range kept {
		if !shareWord(name, other) {
			continue
		}
		if alike != "" {
			return ""
		}
		alike = other
	}
	return alike
}

// shareWord tells whether two labels have a word in common, other than those that stand in the
// names of all kinds of labels.
func shareWord(a, b string) bool {
	words := strings.Split(b, "_")
	for word := range strings.SplitSeq(a, "_") {
		switch word {
		case "", "name", "id", "type", "kind", "label", "io":
		default:
			if slices.Contains(words, word) {
				return true
			}
		}
	}
	return false
}
