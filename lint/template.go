package lint

import (
	"maps"
	"slices"
	"strings"
	"text/template/parse"

	"github.com/rulekit/rulekit/rules"
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
// template and for what does not parse or is too long to be parsed, which template-syntax
// reports.
func templateTree(text string) *parse.Tree {
	if !strings.Contains(text, "{{") || len(text) > rules.MaxTemplate {
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
// itself asks whether the label is there (if, with, or, and), that is no use.
func labelUses(text string) []labelUse {
	tree := templateTree(text)
	if tree == nil {
		return nil
	}
	w := &labelWalker{text: text, seen: map[labelUse]bool{}}
	root := value{kind: rootValue}
	w.list(tree.Root, scope{dot: root, vars: map[string]*value{"$": &root}})
	return w.uses
}

// valueKind is what a value of a template is known to be.
type valueKind int

// The zero kind is a value of which nothing is known.
const (
	// rootValue is the data of the template, with Labels and Value.
	rootValue valueKind = iota + 1
	// labelsValue is the map of labels.
	labelsValue
)

// value is what is known of a value of a template.
type value struct {
	kind valueKind
	// printed are the labels that show in the text where the value is printed.
	printed []labelUse
	// tested are the labels that the value depends on, but with something in their place
	// where they are empty.
	tested []labelUse
}

// made is a value that is made of others.
func made(parts ...value) value {
	out := value{}
	for _, part := range parts {
		out.printed = joined(out.printed, part.printed)
		out.tested = joined(out.tested, part.tested)
	}
	return out
}

// joined has each use of both once. A template could make values of values for ever, so there
// is an end to them.
func joined(a, b []labelUse) []labelUse {
	const most = 64
	out := slices.Clip(a)
	for _, use := range b {
		if len(out) < most && !slices.Contains(out, use) {
			out = append(out, use)
		}
	}
	return out
}

// scope is what names mean at a place of a template.
type scope struct {
	dot  value
	vars map[string]*value
	// asked are the labels that the template asked for around this place.
	asked map[string]bool
}

func (s scope) inner() scope {
	s.vars = maps.Clone(s.vars)
	return s
}

// asking is the scope around which the template asked for what a value depends on.
func (s scope) asking(condition value) scope {
	asked := maps.Clone(s.asked)
	if asked == nil {
		asked = map[string]bool{}
	}
	for _, use := range slices.Concat(condition.printed, condition.tested) {
		asked[use.Label] = true
	}
	s.asked = asked
	return s
}

type labelWalker struct {
	text string
	uses []labelUse
	seen map[labelUse]bool
}

func (w *labelWalker) list(list *parse.ListNode, s scope) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.ActionNode:
			// A declaration prints nothing: the variable carries its labels to where it is printed.
			if v := w.pipe(n.Pipe, s); len(n.Pipe.Decl) == 0 {
				w.print(v, s)
			}
		case *parse.TemplateNode:
			w.print(w.pipe(n.Pipe, s), s)
		case *parse.IfNode:
			w.branch(&n.BranchNode, s, false)
		case *parse.WithNode:
			w.branch(&n.BranchNode, s, true)
		case *parse.RangeNode:
			w.loop(n, s)
		}
	}
}

// branch walks an if or a with: what its condition reads is asked for, not printed, and each
// side knows the answer.
func (w *labelWalker) branch(n *parse.BranchNode, s scope, with bool) {
	inner := s.inner()
	condition := w.pipe(n.Pipe, inner)
	inner = inner.asking(condition)
	body := inner.inner()
	if with {
		body.dot = condition
	}
	w.list(n.List, body)
	w.list(n.ElseList, inner.inner())
}

func (w *labelWalker) loop(n *parse.RangeNode, s scope) {
	inner := s.inner()
	w.print(w.pipe(n.Pipe, inner), s)
	for _, variable := range n.Pipe.Decl {
		inner.vars[variable.Ident[0]] = &value{}
	}
	inner.dot = value{}
	w.list(n.List, inner)
	w.list(n.ElseList, s.inner())
}

// print notes the labels that a printed value shows and that were not asked for.
func (w *labelWalker) print(v value, s scope) {
	for _, use := range v.printed {
		if !s.asked[use.Label] && !w.seen[use] {
			w.seen[use] = true
			w.uses = append(w.uses, use)
		}
	}
}

// pipe walks a pipeline and returns its value.
func (w *labelWalker) pipe(pipe *parse.PipeNode, s scope) value {
	if pipe == nil {
		return value{}
	}
	values := make([]value, len(pipe.Cmds))
	for i, command := range pipe.Cmds {
		values[i] = w.command(command, s)
	}
	out := made(values...)
	if len(values) == 1 {
		out = values[0]
	}
	for _, variable := range pipe.Decl {
		name := variable.Ident[0]
		if known := s.vars[name]; pipe.IsAssign && known != nil {
			// Whether this place is reached is not known, so neither is the value afterwards.
			*known = value{}
			continue
		}
		s.vars[name] = &out
	}
	return out
}

func (w *labelWalker) command(command *parse.CommandNode, s scope) value {
	if len(command.Args) == 1 {
		return w.value(command.Args[0], s)
	}
	values := make([]value, len(command.Args))
	for i, arg := range command.Args {
		values[i] = w.value(arg, s)
	}
	out := made(values...)
	if name, ok := command.Args[0].(*parse.IdentifierNode); ok {
		switch name.Ident {
		case "or", "and":
			return value{tested: joined(out.tested, out.printed)}
		case "index":
			if len(values) == 3 && values[1].kind == labelsValue {
				return made(out, w.index(command.Args[2]))
			}
		}
	}
	return out
}

// index is the value of index $labels "name".
func (w *labelWalker) index(key parse.Node) value {
	name, ok := key.(*parse.StringNode)
	if !ok {
		return value{}
	}
	start := int(name.Pos) - len(templateVariables)
	return value{printed: []labelUse{{Label: name.Text, Start: start, End: start + len(name.Quoted)}}}
}

// value walks an operand and returns what it is.
func (w *labelWalker) value(node parse.Node, s scope) value {
	switch n := node.(type) {
	case *parse.DotNode:
		return s.dot
	case *parse.FieldNode:
		return w.fields(s.dot, n.Ident, n)
	case *parse.VariableNode:
		if known := s.vars[n.Ident[0]]; known != nil {
			return w.fields(*known, n.Ident[1:], n)
		}
	case *parse.ChainNode:
		return w.fields(w.value(n.Node, s), n.Field, n)
	case *parse.PipeNode:
		return w.pipe(n, s)
	}
	return value{}
}

// fields follows .A.B.C from a value.
func (w *labelWalker) fields(v value, names []string, node parse.Node) value {
	for _, name := range names {
		switch {
		case v.kind == rootValue && name == "Labels":
			v = value{kind: labelsValue}
		case v.kind == labelsValue:
			start, end := w.place(node)
			return value{printed: []labelUse{{Label: name, Start: start, End: end}}}
		default:
			return made(v)
		}
	}
	return v
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
