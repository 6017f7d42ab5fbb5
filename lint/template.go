package lint

import (
	"strings"
	"text/template/parse"
)

// labelUse is a place in a template that prints a label of the alert's series.
type labelUse struct {
	Label string
	// Start and End are byte offsets in the template.
	Start, End int
}

// templateVariables are declared before every template of a rule, as Prometheus does
// (rules/alerting.go, AlertingRule.Eval).
const templateVariables = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"

// templateTree parses the template of a label or annotation. It returns nil for what is no
// template and for what does not parse, which template-syntax reports.
func templateTree(text string) *parse.Tree {
	if !strings.Contains(text, "{{") {
		return nil
	}
	tree := parse.New("rule")
	tree.Mode = parse.SkipFuncCheck
	tree, err := tree.Parse(templateVariables+text, "", "", map[string]*parse.Tree{})
	if err != nil || tree.Root == nil {
		return nil
	}
	return tree
}

// labelUses finds where a template prints a label of the alert's series. Where the template
// itself asks first whether the label is there (if, with, or), that is no use.
func labelUses(text string) []labelUse {
	tree := templateTree(text)
	if tree == nil {
		return nil
	}
	w := &labelWalker{text: text}
	w.list(tree.Root, scope{dot: rootValue, vars: map[string]valueKind{"$": rootValue}})
	return w.uses
}

// valueKind is what a value of a template is known to be.
type valueKind int

const (
	otherValue valueKind = iota
	// rootValue is the data of the template, with Labels and Value.
	rootValue
	// labelsValue is the map of labels.
	labelsValue
)

// scope is what names mean at a place of a template.
type scope struct {
	dot  valueKind
	vars map[string]valueKind
	// asked are the labels that the template asked for around this place.
	asked map[string]bool
}

func (s scope) inner() scope {
	vars := make(map[string]valueKind, len(s.vars))
	for name, kind := range s.vars {
		vars[name] = kind
	}
	s.vars = vars
	return s
}

func (s scope) asking(uses []labelUse) scope {
	asked := map[string]bool{}
	for name := range s.asked {
		asked[name] = true
	}
	for _, use := range uses {
		asked[use.Label] = true
	}
	s.asked = asked
	return s
}

type labelWalker struct {
	text string
	uses []labelUse
}

func (w *labelWalker) list(list *parse.ListNode, s scope) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.ActionNode:
			w.pipe(n.Pipe, s)
		case *parse.TemplateNode:
			w.pipe(n.Pipe, s)
		case *parse.IfNode:
			w.branch(&n.BranchNode, s, false)
		case *parse.WithNode:
			w.branch(&n.BranchNode, s, true)
		case *parse.RangeNode:
			inner := s.inner()
			w.pipe(n.Pipe, inner)
			inner.dot = otherValue
			w.list(n.List, inner)
			w.list(n.ElseList, s.inner())
		}
	}
}

// branch walks an if or a with: what its condition reads is asked for, not printed.
func (w *labelWalker) branch(n *parse.BranchNode, s scope, with bool) {
	condition := &labelWalker{text: w.text}
	inner := s.inner()
	kind := condition.pipe(n.Pipe, inner)
	body := inner.asking(condition.uses)
	if with {
		body.dot = kind
	}
	w.list(n.List, body)
	w.list(n.ElseList, inner)
}

// pipe walks a pipeline and returns what its value is.
func (w *labelWalker) pipe(pipe *parse.PipeNode, s scope) valueKind {
	if pipe == nil {
		return otherValue
	}
	kind := otherValue
	for i, command := range pipe.Cmds {
		value := w.command(command, s)
		if i == 0 && len(pipe.Cmds) == 1 {
			kind = value
		}
	}
	for _, variable := range pipe.Decl {
		s.vars[variable.Ident[0]] = kind
	}
	return kind
}

func (w *labelWalker) command(command *parse.CommandNode, s scope) valueKind {
	if name, ok := command.Args[0].(*parse.IdentifierNode); ok {
		switch name.Ident {
		case "or":
			return otherValue
		case "index":
			w.index(command, s)
		}
	}
	kind := otherValue
	for i, arg := range command.Args {
		value := w.value(arg, s)
		if i == 0 && len(command.Args) == 1 {
			kind = value
		}
	}
	return kind
}

// index notes index $labels "name".
func (w *labelWalker) index(command *parse.CommandNode, s scope) {
	if len(command.Args) != 3 || w.value(command.Args[1], s) != labelsValue {
		return
	}
	if name, ok := command.Args[2].(*parse.StringNode); ok {
		start := int(name.Pos) - len(templateVariables)
		w.use(name.Text, start, start+len(name.Quoted), s)
	}
}

// value walks an operand and returns what it is.
func (w *labelWalker) value(node parse.Node, s scope) valueKind {
	switch n := node.(type) {
	case *parse.DotNode:
		return s.dot
	case *parse.FieldNode:
		return w.fields(s.dot, n.Ident, n, s)
	case *parse.VariableNode:
		return w.fields(s.vars[n.Ident[0]], n.Ident[1:], n, s)
	case *parse.ChainNode:
		return w.fields(w.value(n.Node, s), n.Field, n, s)
	case *parse.PipeNode:
		return w.pipe(n, s)
	}
	return otherValue
}

// fields follows .A.B.C from a value.
func (w *labelWalker) fields(kind valueKind, names []string, node parse.Node, s scope) valueKind {
	for _, name := range names {
		switch {
		case kind == rootValue && name == "Labels":
			kind = labelsValue
		case kind == labelsValue:
			start, end := w.place(node)
			w.use(name, start, end, s)
			return otherValue
		default:
			return otherValue
		}
	}
	return kind
}

// place is where a node was written. The parser gives it the position of its first character,
// or of one of its fields.
func (w *labelWalker) place(node parse.Node) (start, end int) {
	written := node.String()
	at := int(node.Position()) - len(templateVariables)
	for i := range len(written) {
		start := at - i
		if (i == 0 || written[i] == '.') && start >= 0 && start <= len(w.text) && strings.HasPrefix(w.text[start:], written) {
			return start, start + len(written)
		}
	}
	return 0, len(w.text)
}

func (w *labelWalker) use(label string, start, end int, s scope) {
	if !s.asked[label] {
		w.uses = append(w.uses, labelUse{Label: label, Start: start, End: end})
	}
}
