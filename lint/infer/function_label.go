package infer

import (
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// absent has the labels that its selector asks for by equality, as the engine makes them.
func absent(e *parser.Call, args []*Result) *Result {
	out := absentOverTime(e, args)
	switch args[0].Presence {
	case Always:
		out.Presence, out.Why = Never, &Reason{
			Node: e, Clause: Operator, Kind: Absence,
			Text: "its argument always returns a result, so it is never absent",
		}
	case Never:
		out.Presence = Always
	}
	return out
}

func absentOverTime(e *parser.Call, _ []*Result) *Result {
	out := &Result{
		Labels: closed(&Reason{Node: e, Clause: Operator, Text: e.Func.Name + "() has only the labels that its selector asks for with ="}),
		Values: point(1),
		Bound:  &Reason{Node: e, Clause: Operator, Text: e.Func.Name + "() is 1 where it returns anything"},
	}
	var matchers []*labels.Matcher
	switch arg := e.Args[0].(type) {
	case *parser.VectorSelector:
		matchers = arg.LabelMatchers
	case *parser.MatrixSelector:
		if vs, ok := arg.VectorSelector.(*parser.VectorSelector); ok {
			matchers = vs.LabelMatchers
		}
	case *parser.ParenExpr:
		// The engine may take the parentheses off first.
		out.Labels = open()
		return out
	}
	count := map[string]int{}
	for _, m := range matchers {
		count[m.Name]++
	}
	named := map[string]Label{}
	for _, m := range matchers {
		switch {
		case count[m.Name] > 1:
			named[m.Name] = Label{}
		case m.Type == labels.MatchEqual && m.Value != "" && !isMetadata(m.Name):
			named[m.Name] = Label{State: Certain, Value: m.Value, Known: true}
		}
	}
	out.Labels = out.Labels.withAll(named)
	return out
}

// text is a string argument.
func text(expr parser.Expr) (string, bool) {
	literal, ok := Unwrap(expr).(*parser.StringLiteral)
	if !ok {
		return "", false
	}
	return literal.Val, true
}

// relabelled is what is left of a result of which one label is written.
func relabelled(in *Result) *Result {
	out := same(in)
	out.base = nil
	return out
}

// labelReplace writes a label where the regular expression matches.
func labelReplace(e *parser.Call, args []*Result) *Result {
	out := relabelled(args[0])
	name, ok := text(e.Args[1])
	if !ok {
		out.Labels = open()
		return out
	}
	with, _ := text(e.Args[2])
	from, _ := text(e.Args[3])
	pattern, _ := text(e.Args[4])
	source := args[0].Labels.Get(from)
	if from == "" {
		source = Label{State: Gone}
	}
	written := Label{}
	switch {
	case !strings.Contains(with, "$") && with != "":
		written = Label{State: Certain, Value: with, Known: true}
	case with == "$1" && (pattern == "(.*)" || pattern == "(.+)"):
		written = source
		if pattern == "(.+)" {
			written.State = Certain
		}
	}
	if written.State == Gone && written.Why == nil {
		written.Why = &Reason{Node: e, Clause: Operator, Text: "is taken from a label that is not there"}
	}
	switch matches, never := matchesLabel(pattern, source); {
	case never:
	case matches:
		out.Labels = out.Labels.with(name, written)
	default:
		out.Labels = out.Labels.with(name, eitherLabel(out.Labels.Get(name), written))
	}
	return out
}

// matchesLabel tells whether the regular expression surely matches the label's value, or surely
// does not.
func matchesLabel(pattern string, source Label) (matches, never bool) {
	switch pattern {
	case ".*", "(.*)":
		return true, false
	case "":
		return source.State == Gone, source.State == Certain
	case ".+", "(.+)":
		return source.State == Certain, source.State == Gone
	}
	return false, false
}

// labelJoin writes a label: it is there where there is something between its parts.
func labelJoin(e *parser.Call, args []*Result) *Result {
	out := relabelled(args[0])
	name, ok := text(e.Args[1])
	if !ok {
		out.Labels = open()
		return out
	}
	written := Label{}
	if between, ok := text(e.Args[2]); ok && between != "" && len(e.Args) > 4 {
		written.State = Certain
	}
	for _, arg := range e.Args[3:] {
		if from, ok := text(arg); ok && args[0].Labels.Get(from).State == Certain {
			written.State = Certain
		}
	}
	out.Labels = out.Labels.with(name, written)
	return out
}

// info adds labels of info series, and may drop series that have none. It changes no label that
// is there.
func info(_ *parser.Call, args []*Result) *Result {
	out := filtered(args[0])
	out.base = nil
	certain := map[string]Label{}
	for name, label := range args[0].Labels.named {
		if label.State == Certain {
			certain[name] = label
		}
	}
	out.Labels = labelsOf(certain, Label{})
	return out
}
