package lint

import (
	"strings"
	"text/template/parse"
)

type templateWalker struct {
	template
	text string
	// defined are the templates that the text defines itself.
	defined map[string]*parse.Tree
	seen    map[labelUse]bool
	// offset is where, after the variables, the action that is walked was written.
	offset int
	// visits counts the templates walked: templates that call each other could go on for ever.
	visits int
}

func (w *templateWalker) list(list *parse.ListNode, s scope) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		w.offset = int(node.Position()) - len(templateVariables)
		switch n := node.(type) {
		case *parse.ActionNode:
			// A declaration prints nothing: the variable carries its labels to where it is printed.
			if v := w.pipe(n.Pipe, s); len(n.Pipe.Decl) == 0 {
				w.print(v, s)
				w.printAction(v, n)
			}
		case *parse.TemplateNode:
			w.call(n, s)
		case *parse.IfNode:
			w.branch(&n.BranchNode, s, false)
		case *parse.WithNode:
			w.branch(&n.BranchNode, s, true)
		case *parse.RangeNode:
			w.loop(n, s)
		}
	}
}

// call walks a template that the text defines, with what it is given.
func (w *templateWalker) call(n *parse.TemplateNode, s scope) {
	const deepest, most = 8, 64
	argument := w.pipe(n.Pipe, s)
	tree := w.defined[n.Name]
	if w.visits++; tree == nil || s.depth >= deepest || w.visits > most {
		w.print(argument, s)
		return
	}
	w.list(tree.Root, scope{dot: argument, vars: map[string]*value{"$": &argument}, asked: s.asked, depth: s.depth + 1})
}

// branch walks an if or a with: what its condition reads is asked for, not printed, and each
// side knows the answer.
func (w *templateWalker) branch(n *parse.BranchNode, s scope, with bool) {
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

func (w *templateWalker) loop(n *parse.RangeNode, s scope) {
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
func (w *templateWalker) print(v value, s scope) {
	for _, use := range v.printed {
		if !s.asked[use.Label] && !w.seen[use] {
			w.seen[use] = true
			w.labels = append(w.labels, use)
		}
	}
}

// printAction notes the value and the map of labels that an action prints.
func (w *templateWalker) printAction(v value, n *parse.ActionNode) {
	offset := int(n.Pos) - len(templateVariables)
	if offset < 0 || offset > len(w.text) {
		return
	}
	const most = 64
	at := action(w.text, offset)
	if (v.dumps || v.kind == labelsValue || v.kind == rootValue) && len(w.dumps) < most {
		w.dumps = append(w.dumps, at)
	}
	if v.sample != nil && len(w.values) < most {
		use := *v.sample
		use.place = at
		use.Before = wordsBefore(w.text, at.Start) + use.Before
		use.After += wordsAfter(w.text, at.End)
		w.values = append(w.values, use)
	}
}

// pipe walks a pipeline and returns its value.
func (w *templateWalker) pipe(pipe *parse.PipeNode, s scope) value {
	if pipe == nil {
		return value{}
	}
	var out value
	for i, command := range pipe.Cmds {
		if i == 0 {
			out = w.command(command, s, nil)
		} else {
			out = w.command(command, s, &out)
		}
	}
	for _, variable := range pipe.Decl {
		name := variable.Ident[0]
		if known := s.vars[name]; pipe.IsAssign && known != nil {
			// Whether this place is reached is not known, so neither is the value afterwards.
			*known = value{}
			continue
		}
		held := out
		s.vars[name] = &held
	}
	return out
}

// command walks one command of a pipeline. What the command before it returned is its last
// argument.
func (w *templateWalker) command(command *parse.CommandNode, s scope, piped *value) value {
	function, isFunction := command.Args[0].(*parse.IdentifierNode)
	if !isFunction && len(command.Args) == 1 && piped == nil {
		return w.value(command.Args[0], s)
	}
	nodes := command.Args
	if isFunction {
		nodes = nodes[1:]
	}
	values := make([]value, len(nodes), len(nodes)+1)
	for i, node := range nodes {
		values[i] = w.value(node, s)
	}
	if piped != nil {
		values = append(values, *piped)
	}
	if !isFunction {
		return made(values...)
	}
	return w.function(function.Ident, nodes, values)
}

// index is the value of index $labels "name".
func (w *templateWalker) index(key parse.Node) value {
	name, ok := key.(*parse.StringNode)
	if !ok {
		return value{}
	}
	start := int(name.Pos) - len(templateVariables)
	use := labelUse{Label: name.Text, place: place{start, start + len(name.Quoted)}}
	return value{kind: stringValue, printed: []labelUse{use}}
}

// value walks an operand and returns what it is.
func (w *templateWalker) value(node parse.Node, s scope) value {
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
	case *parse.IdentifierNode:
		return w.function(n.Ident, nil, nil)
	case *parse.StringNode:
		return value{kind: stringValue}
	case *parse.NumberNode:
		return number(n)
	}
	return value{}
}

// number is a constant: Go takes it for a float only where it is written as one.
func number(n *parse.NumberNode) value {
	switch {
	case n.IsFloat && strings.ContainsAny(n.Text, ".eEpP") && !strings.HasPrefix(n.Text, "0x"):
		return value{kind: floatValue}
	case n.IsInt && !strings.HasPrefix(n.Text, "'"):
		return value{kind: intValue}
	}
	return value{}
}

// fields follows .A.B.C from a value.
func (w *templateWalker) fields(v value, names []string, node parse.Node) value {
	for _, name := range names {
		switch {
		case v.kind == rootValue:
			v = w.field(name, node)
		case v.kind == labelsValue:
			v = value{kind: stringValue, printed: []labelUse{{Label: name, place: w.place(node)}}}
		case v.kind == externalLabelsValue:
			v = value{kind: stringValue}
		case v.kind == stringValue && len(v.printed) > 0:
			w.fail(failure{place: w.place(node), Message: "a label is a text, it has no field " + name,
				Hint: dottedHint(node)})
			v = made(v)
		default:
			v = made(v)
		}
	}
	return v
}

// field is a field of the template's data.
func (w *templateWalker) field(name string, node parse.Node) value {
	switch name {
	case "Labels":
		return value{kind: labelsValue}
	case "ExternalLabels":
		return value{kind: externalLabelsValue}
	case "ExternalURL":
		return value{kind: stringValue}
	case "Value":
		return value{kind: floatValue, sample: &valueUse{}}
	}
	w.fail(failure{place: w.place(node), Message: "a template of a rule has no field ." + name, Hint: fieldHint(name)})
	return value{}
}

// place is where a node was written. The parser gives it the position of its first character,
// or of one of its fields.
func (w *templateWalker) place(node parse.Node) place {
	written := node.String()
	at := int(node.Position()) - len(templateVariables)
	for i := range len(written) {
		start := at - i
		if (i == 0 || written[i] == '.') && start >= 0 && start <= len(w.text) && strings.HasPrefix(w.text[start:], written) {
			return place{start, start + len(written)}
		}
	}
	return place{0, len(w.text)}
}
