package lint

import (
	"fmt"
	"slices"
	"strings"
	"text/template/parse"

	"github.com/rulekit/rulekit/rules"
)

// failure is a place of a template that parses but fails, or prints an error, when it is
// rendered.
type failure struct {
	place
	Message, Hint string
	// New mends the place, where that is certain and not "".
	New string
}

func (w *templateWalker) fail(f failure) {
	const most = 16
	if len(w.failures) < most && f.Start >= 0 && f.End <= len(w.text) && !slices.Contains(w.failures, f) {
		w.failures = append(w.failures, f)
	}
}

// comparisons are the functions that compare their first argument with the others.
var comparisons = []string{"eq", "ne", "lt", "le", "gt", "ge"}

// compared tells of comparisons of a number with a number of another type, or with a text:
// text/template refuses both.
func (w *templateWalker) compared(name string, nodes []parse.Node, args []value) {
	if len(args) < 2 || len(nodes) != len(args) {
		return
	}
	first := args[0].kind
	if !basic(first) {
		return
	}
	for i, arg := range args[1:] {
		if arg.kind == first || !basic(arg.kind) {
			continue
		}
		f := failure{place: w.place(nodes[i+1]),
			Message: fmt.Sprintf("%s cannot compare a %s with a %s: the template fails when it is rendered", name, basicName(first), basicName(arg.kind))}
		constant, isNumber := nodes[i+1].(*parse.NumberNode)
		if first == intValue {
			f.place = w.place(nodes[0])
			constant, isNumber = nodes[0].(*parse.NumberNode)
		}
		switch {
		case isNumber && (first == floatValue || arg.kind == floatValue) && plainInteger(constant.Text):
			f.New = constant.Text + ".0"
			f.Hint = "write " + f.New + ": the value is a floating point number, and Go does not mix the two"
		case first == stringValue || arg.kind == stringValue:
			f.Hint = "labels are texts: compare them with a text in quotes"
		}
		w.fail(f)
		return
	}
}

func basic(kind valueKind) bool {
	return kind == floatValue || kind == intValue || kind == stringValue
}

func basicName(kind valueKind) string {
	return map[valueKind]string{floatValue: "floating point number", intValue: "whole number", stringValue: "text"}[kind]
}

func plainInteger(text string) bool {
	return text != "" && strings.Trim(strings.TrimLeft(text, "+-"), "0123456789") == ""
}

// humanized tells of a number that is made readable twice: the second function gets a text.
func (w *templateWalker) humanized(name string, arg value) {
	if arg.sample == nil || len(arg.sample.Calls) == 0 {
		return
	}
	last := arg.sample.Calls[len(arg.sample.Calls)-1]
	// The simple humanize functions leave a text that reads as a number only without a prefix.
	if !slices.Contains(humanizers, last.Name) || last.Name == "humanize" || last.Name == "humanize1024" {
		return
	}
	w.fail(failure{place: action(w.text, w.offset), Message: fmt.Sprintf("%s cannot read the text that %s made: the template fails when it is rendered", name, last.Name),
		Hint: "use one of the two"})
}

// fieldHint offers the field of the template's data that was probably meant.
func fieldHint(name string) string {
	if nearest := rules.Nearest(name, []string{"Labels", "Value", "ExternalLabels", "ExternalURL"}); nearest != "" {
		return "did you mean ." + nearest + "?"
	}
	return "there are .Labels, .Value, .ExternalLabels and .ExternalURL"
}

// dottedHint says how to print a label whose name has a dot.
func dottedHint(node parse.Node) string {
	_, name, ok := strings.Cut(node.String(), "abels.")
	if !ok {
		return "the template fails when it is rendered: take the part after the last dot away"
	}
	return fmt.Sprintf("the template fails when it is rendered: for a label with a dot in its name write index $labels %q", name)
}
