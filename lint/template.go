package lint

import (
	"strings"
	"sync"
	"text/template/parse"

	"github.com/rulekit/rulekit/rules"
)

// ruleText is the text of one label or annotation of an alert, and what its template does.
type ruleText struct {
	rules.Pair
	// IsLabel tells a label from an annotation.
	IsLabel bool
	*template
}

// template is what a template does with the alert's series. All places are byte offsets in its
// text.
type template struct {
	// labels are the places where a label of the series is printed that the template does not
	// ask for.
	labels []labelUse
	// values are the places where the value of the series is printed.
	values []valueUse
	// dumps are the actions that print all labels as Go writes a map.
	dumps []place
	// failures are the places that fail, or print a formatting error, when they are rendered.
	failures []failure
}

// place is a part of a template.
type place struct{ Start, End int }

// labelUse is a place in a template that prints a label of the alert's series.
type labelUse struct {
	Label string
	place
}

// valueUse is an action that prints the value of the alert's series.
type valueUse struct {
	// The place is that of the whole action, with its braces.
	place
	// Calls are the functions that the value went through, in that order.
	Calls []call
	// Before and After are the words around the number in the rendered text, up to the next
	// thing that a template prints there.
	Before, After string
}

// call is a function that a value goes through on its way to the text.
type call struct {
	Name string
	// Verb is the printf verb that prints the value, such as %.2f.
	Verb string
}

// plainText is what is known of a text without template actions, and of one that does not parse.
var plainText = &template{}

// texts returns the labels and annotations of an alert. Each is analysed once in a run.
func (p *Pass) texts(rule *rules.Rule) []ruleText {
	cache := shared(p, "texts", func([]*rules.File) *sync.Map { return &sync.Map{} })
	if known, ok := cache.Load(rule); ok {
		return known.([]ruleText)
	}
	var all []ruleText
	for _, pair := range rule.EffectiveLabels() {
		all = append(all, ruleText{Pair: pair, IsLabel: true, template: analyseTemplate(pair.Value.Value)})
	}
	for _, pair := range rule.Annotations {
		all = append(all, ruleText{Pair: pair, template: analyseTemplate(pair.Value.Value)})
	}
	cache.Store(rule, all)
	return all
}

// span is where a part of the text stands in its file.
func (t ruleText) span(p place) rules.Span { return t.Value.Locate(p.Start, p.End) }

// what names the text in a message.
func (t ruleText) what() string {
	if t.IsLabel {
		return "label " + t.Key.Value
	}
	return "annotation " + t.Key.Value
}

// templateVariables are declared before every template of a rule, as Prometheus does
// (rules/alerting.go, AlertingRule.Eval).
const templateVariables = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"

// analyseTemplate says what the template of a label or annotation does. It promises nothing of
// one that does not parse or is too long to be parsed, which template-syntax reports.
func analyseTemplate(text string) *template {
	if !strings.Contains(text, "{{") || len(text) > rules.MaxTemplate {
		return plainText
	}
	if simple, ok := simpleTemplate(text); ok {
		return simple
	}
	return walkTemplate(text)
}

// walkTemplate analyses a template with the parser of text/template.
func walkTemplate(text string) *template {
	tree := parse.New("rule")
	tree.Mode = parse.SkipFuncCheck
	defined := map[string]*parse.Tree{}
	tree, err := tree.Parse(templateVariables+text, "", "", defined)
	if err != nil || tree.Root == nil {
		return plainText
	}
	w := &templateWalker{text: text, defined: defined, seen: map[labelUse]bool{}}
	root := value{kind: rootValue}
	w.list(tree.Root, scope{dot: root, vars: map[string]*value{"$": &root}})
	return &w.template
}

// labelUses finds where a template prints a label of the alert's series. Where the template
// itself asks whether the label is there (if, with, or, and), that is no use.
func labelUses(text string) []labelUse { return analyseTemplate(text).labels }

// action is the place of the action {{ }} that holds the offset.
func action(text string, offset int) place {
	offset = min(max(offset, 0), len(text))
	start := max(strings.LastIndex(text[:offset], "{{"), 0)
	return place{Start: start, End: endOfAction(text, start)}
}

// wordsBefore is the text before an offset, up to the action before it.
func wordsBefore(text string, start int) string {
	before := text[:start]
	if i := strings.LastIndex(before, "}}"); i >= 0 {
		return gap + before[i+2:]
	}
	return before
}

// wordsAfter is the text after an offset, up to the next action.
func wordsAfter(text string, end int) string {
	after := text[end:]
	if i := strings.Index(after, "{{"); i >= 0 {
		return after[:i] + gap
	}
	return after
}

// gap stands for what another action, or another verb of a printf, prints.
const gap = "…"
