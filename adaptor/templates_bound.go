package adaptor

import (
	"fmt"
	"reflect"
	"strings"
	"text/template/parse"
)

// A template can loop, recurse and make texts that double at every step, and text/template
// cannot be stopped. So each tree is rewritten: every list of nodes begins with a call that
// charges for them, and what a node prints goes through a call that measures and escapes it.

// The functions that bound calls. They are not known while users' templates are parsed, so that
// those cannot call them.
const (
	chargeFunction = "charge_nodes"
	enterFunction  = "enter_template"
	leaveFunction  = "leave_template"
	printFunction  = "print_value"
)

// Bounds of executing templates. A unit of work is a node, or some bytes, and takes about a tenth
// of a microsecond.
const (
	// workPerPiece bounds one title or one alert, and workPerMessage all of a message.
	workPerPiece   = 1_000_000
	workPerMessage = 20_000_000
	// workPerList is that of beginning a list of nodes, workPerCall that of calling a function,
	// and bytesPerWork how many bytes of its arguments and its result cost as much as a node.
	workPerList  = 10
	workPerCall  = 20
	bytesPerWork = 8
	// longestText is the most bytes of a text that a function takes or returns, or that is
	// printed: annotations can be as long as a webhook's body.
	longestText = 256 << 10
	// deepestTemplate is how deep templates may call each other.
	deepestTemplate = 100
	// longestOutput is the most bytes a template may write: more than any messenger takes.
	longestOutput = 32 << 10
)

// boundError tells that a template was stopped.
type boundError struct{ message string }

func (e *boundError) Error() string { return e.message }

var (
	errTooMuchWork = &boundError{"the template takes too long: it loops too often, or makes very long texts"}
	errTooDeep     = &boundError{fmt.Sprintf("templates call each other more than %d deep: does one call itself without an end?", deepestTemplate)}
	errTextTooLong = &boundError{fmt.Sprintf("a text has more than %d KiB", longestText>>10)}
	errTooLong     = &boundError{fmt.Sprintf("the template writes more than %d KiB", longestOutput>>10)}
)

// boundTree rewrites a tree so that its execution is bounded, and returns it.
func boundTree(tree *parse.Tree) *parse.Tree {
	walkTemplate(tree.Root, func(node parse.Node) {
		if list, ok := node.(*parse.ListNode); ok {
			boundList(list)
		}
	})
	call := func(name string) parse.Node { return actionNode(tree.Root.Pos, identifierNode(name, tree.Root.Pos)) }
	tree.Root.Nodes = append(append([]parse.Node{call(enterFunction)}, tree.Root.Nodes...), call(leaveFunction))
	return tree
}

// boundList makes a list charge for its own nodes, and print what they print through
// printFunction. What is written in the template itself, as text or as a string alone in an
// action, is the author's markup.
func boundList(list *parse.ListNode) {
	work := workPerList
	for _, node := range list.Nodes {
		work += nodesIn(node)
		printed, ok := node.(*parse.ActionNode)
		if !ok || len(printed.Pipe.Decl) > 0 {
			continue
		}
		commands := printed.Pipe.Cmds
		if len(commands) == 1 && len(commands[0].Args) == 1 && commands[0].Args[0].Type() == parse.NodeString {
			continue
		}
		printed.Pipe.Cmds = append(commands, commandNode(printed.Pos, identifierNode(printFunction, printed.Pos)))
	}
	weight := &parse.NumberNode{NodeType: parse.NodeNumber, Pos: list.Pos, IsInt: true, Int64: int64(work), Text: fmt.Sprint(work)}
	list.Nodes = append([]parse.Node{actionNode(list.Pos, identifierNode(chargeFunction, list.Pos), weight)}, list.Nodes...)
}

func identifierNode(name string, pos parse.Pos) parse.Node {
	return parse.NewIdentifier(name).SetPos(pos)
}

func commandNode(pos parse.Pos, args ...parse.Node) *parse.CommandNode {
	return &parse.CommandNode{NodeType: parse.NodeCommand, Pos: pos, Args: args}
}

func actionNode(pos parse.Pos, args ...parse.Node) parse.Node {
	pipe := &parse.PipeNode{NodeType: parse.NodePipe, Pos: pos, Cmds: []*parse.CommandNode{commandNode(pos, args...)}}
	return &parse.ActionNode{NodeType: parse.NodeAction, Pos: pos, Pipe: pipe}
}

// walkTemplate calls visit for a node and all below it, the inner ones first.
func walkTemplate(node parse.Node, visit func(parse.Node)) {
	for _, child := range childNodes(node) {
		walkTemplate(child, visit)
	}
	visit(node)
}

// childNodes are the nodes that a node is made of.
func childNodes(node parse.Node) []parse.Node {
	branch := func(b parse.BranchNode) []parse.Node {
		children := []parse.Node{b.Pipe, b.List}
		if b.ElseList != nil {
			children = append(children, b.ElseList)
		}
		return children
	}
	switch n := node.(type) {
	case *parse.ListNode:
		return n.Nodes
	case *parse.IfNode:
		return branch(n.BranchNode)
	case *parse.RangeNode:
		return branch(n.BranchNode)
	case *parse.WithNode:
		return branch(n.BranchNode)
	case *parse.ActionNode:
		return []parse.Node{n.Pipe}
	case *parse.TemplateNode:
		if n.Pipe != nil {
			return []parse.Node{n.Pipe}
		}
	case *parse.PipeNode:
		var children []parse.Node
		for _, c := range n.Cmds {
			children = append(children, c)
		}
		return children
	case *parse.CommandNode:
		return n.Args
	case *parse.ChainNode:
		return []parse.Node{n.Node}
	}
	return nil
}

// nodesIn counts a node and those below it, but for those in lists of their own.
func nodesIn(node parse.Node) int {
	count := 1
	for _, child := range childNodes(node) {
		if _, list := child.(*parse.ListNode); !list {
			count += nodesIn(child)
		}
	}
	return count
}

// budget is the work that is left.
type budget struct {
	piece, message, depth int
}

func (b *budget) spend(work int) error {
	b.piece -= work
	b.message -= work
	if b.piece < 0 || b.message < 0 {
		return errTooMuchWork
	}
	return nil
}

// enter and leave count the depth of calls.
func (b *budget) enter() error {
	if b.depth++; b.depth > deepestTemplate {
		return errTooDeep
	}
	return nil
}

func (b *budget) leave() { b.depth-- }

// spendOn charges for a value as often as it is used. It counts what is in it as printing does,
// so that a list that holds itself many times over costs what it would take.
func (b *budget) spendOn(value reflect.Value, times int) error {
	switch value.Kind() {
	case reflect.Interface, reflect.Pointer:
		if value.IsNil() {
			return nil
		}
		return b.spendOn(value.Elem(), times)
	case reflect.String:
		if value.Len() > longestText {
			return errTextTooLong
		}
		return b.spend(times * (1 + value.Len()/bytesPerWork))
	case reflect.Slice, reflect.Array:
		for i := range value.Len() {
			if err := b.spendOn(value.Index(i), times); err != nil {
				return err
			}
		}
	case reflect.Map:
		for entries := value.MapRange(); entries.Next(); {
			if err := b.spendOn(entries.Key(), times); err != nil {
				return err
			}
			if err := b.spendOn(entries.Value(), times); err != nil {
				return err
			}
		}
	case reflect.Struct:
		for i := range value.NumField() {
			if !value.Type().Field(i).IsExported() {
				continue
			}
			if err := b.spendOn(value.Field(i), times); err != nil {
				return err
			}
		}
	}
	return b.spend(times)
}

// templateOutput collects what a template writes, up to longestOutput.
type templateOutput struct{ strings.Builder }

func (o *templateOutput) Write(p []byte) (int, error) {
	if o.Len()+len(p) > longestOutput {
		return 0, errTooLong
	}
	return o.Builder.Write(p)
}
