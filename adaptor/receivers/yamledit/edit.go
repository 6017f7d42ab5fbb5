package yamledit

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/rules"
)

// Set gives the entry at a path of keys and indexes a value, in place of what it has. Mappings
// that are missing on the way to it are made. A list or mapping that stands in brackets stays so.
func (d *Document) Set(value *yaml.Node, path ...any) error {
	last := len(path) - 1
	key, isKey := path[last].(string)
	if d.root == nil {
		return d.start(nest(value, path))
	}
	parent, err := d.editable(path[:last])
	if err != nil {
		return err
	}
	if isKey && last > 0 && isVoid(parent, yaml.MappingNode) {
		return d.Set(Mapping(Entry{key, value}), path[:last]...)
	}
	old := child(parent, path[last])
	switch {
	case old == nil && (!isKey || parent.Kind != yaml.MappingNode):
		return d.problem(parent.Line, "there is no place for %v", path[last])
	case old == nil:
		return d.add(parent, value, "", path)
	}
	if _, err := d.editable(path); err != nil {
		return err
	}
	edits, err := d.replacement(parent, old, value)
	return d.apply(edits, err, old.Line, func(root *yaml.Node) { put(root, value, path) })
}

// Prepend gives the document a new key in front of all others.
func (d *Document) Prepend(value *yaml.Node, key string) error {
	if d.root == nil || d.root.Style&yaml.FlowStyle != 0 || child(d.root, key) != nil {
		return d.Set(value, key)
	}
	if _, err := d.editable([]any{key}); err != nil {
		return err
	}
	edit, err := d.insertion(d.root, 0, d.layoutNear(nil).block(Mapping(Entry{key, value}), 0))
	return d.apply([]rules.Edit{edit}, err, d.root.Line, func(root *yaml.Node) {
		root.Content = append([]*yaml.Node{String(key), value}, root.Content...)
	})
}

// Insert puts a value into the list at a path, in front of the item with the index that the path
// ends with, or behind the last. A list that is missing is made. The comment, if any, stands above
// the value: it is one line, without its #.
func (d *Document) Insert(value *yaml.Node, comment string, path ...any) error {
	last := len(path) - 1
	list, err := d.editable(path[:last])
	if err != nil {
		return err
	}
	if isVoid(list, yaml.SequenceNode) {
		return d.Set(List(value), path[:last]...)
	}
	if list.Kind != yaml.SequenceNode || path[last].(int) > len(list.Content) {
		return d.problem(list.Line, "there is no place for item %v", path[last])
	}
	return d.add(list, value, comment, path)
}

// add puts a new entry into a list or mapping that has some.
func (d *Document) add(parent, value *yaml.Node, comment string, path []any) error {
	step := path[len(path)-1]
	key, isKey := step.(string)
	i, entry := count(parent), List(value)
	if isKey {
		entry = Mapping(Entry{key, value})
	} else {
		i = step.(int)
	}
	edit, err := d.addition(parent, i, entry, comment)
	return d.apply([]rules.Edit{edit}, err, parent.Line, func(root *yaml.Node) {
		n := at(root, path[:len(path)-1])
		if isKey {
			n.Content = append(n.Content, entry.Content...)
			return
		}
		n.Content = slices.Insert(n.Content, i, value)
	})
}

func (d *Document) addition(parent *yaml.Node, i int, entry *yaml.Node, comment string) (rules.Edit, error) {
	if parent.Style&yaml.FlowStyle != 0 {
		return d.flowAddition(parent, i, entry)
	}
	column, ok := d.column(parent)
	if !ok {
		return rules.Edit{}, errUnclear
	}
	pad := strings.Repeat(" ", column)
	text := pad + d.layoutNear(parent).block(entry, column)
	if comment != "" {
		text = pad + "# " + comment + d.newline + text
	}
	return d.insertion(parent, i, text)
}

func (d *Document) flowAddition(parent *yaml.Node, i int, entry *yaml.Node) (rules.Edit, error) {
	open := d.skipProperties(d.offset(parent), true)
	found, err := d.flow(open)
	if err != nil || len(found.entries) != count(parent) {
		return rules.Edit{}, errUnclear
	}
	text := inFlow(entry, d.isJSON())
	text = text[1 : len(text)-1]
	place := open + 1
	switch {
	case i < len(found.entries):
		place, text = found.entries[i].Start, text+", "
	case i > 0:
		place, text = found.entries[i-1].End, ", "+text
	}
	return rules.Edit{Span: rules.Span{Start: place, End: place}, New: text}, nil
}

// isJSON tells whether the document is written as JSON is.
func (d *Document) isJSON() bool {
	return d.root.Style&yaml.FlowStyle != 0 && len(d.root.Content) > 0 && d.root.Content[0].Style&yaml.DoubleQuotedStyle != 0
}

// start writes the first content of a document that has none.
func (d *Document) start(root *yaml.Node) error {
	text := d.layoutNear(nil).block(root, 0) + d.newline
	if !d.endsWithBreak() {
		text = d.newline + text
	}
	end := rules.Span{Start: len(d.source), End: len(d.source)}
	return d.apply([]rules.Edit{{Span: end, New: text}}, nil, len(d.lines), func(old *yaml.Node) { *old = *root })
}

// replacement puts a value in the place of another.
func (d *Document) replacement(parent, old, value *yaml.Node) ([]rules.Edit, error) {
	start := d.offset(old)
	end, err := d.end(old)
	if err != nil {
		return nil, err
	}
	span := rules.Span{Start: start, End: end}
	inBrackets := parent.Style&yaml.FlowStyle != 0
	flow := inBrackets || old.Style&yaml.FlowStyle != 0 && len(old.Content) > 0
	switch {
	case value.Kind == yaml.ScalarNode && isBlockCollection(old) && len(old.Content) > 0:
		return nil, errUnclear
	case value.Kind == yaml.ScalarNode, flow:
		text := inFlow(value, d.isJSON())
		if !inBrackets && value.Kind == yaml.ScalarNode {
			text = scalarText(value, false)
		}
		if start > 0 && d.source[start-1] == ':' {
			text = " " + text
		}
		return []rules.Edit{{Span: span, New: text}}, nil
	case len(old.Content) == 0:
		return d.unfold(parent, span, value)
	case old.Kind != value.Kind:
		return nil, errUnclear
	}
	column, ok := d.column(old)
	first, _ := d.entryStart(old, 0)
	if !ok || !d.startsLine(first) {
		return nil, errUnclear
	}
	return []rules.Edit{{Span: rules.Span{Start: first, End: end}, New: d.layoutNear(parent).block(value, column)}}, nil
}

// unfold writes a list or mapping below its key, in place of an empty one behind it.
func (d *Document) unfold(parent *yaml.Node, old rules.Span, value *yaml.Node) ([]rules.Edit, error) {
	if parent.Kind != yaml.MappingNode {
		return nil, errUnclear
	}
	column, ok := d.column(parent)
	if !ok {
		return nil, errUnclear
	}
	for old.Start > 0 && isBlank(d.source[old.Start-1]) {
		old.Start--
	}
	text := d.layoutNear(parent).after(value, column)
	lineEnd := d.lineEnd(old.End)
	if old.End == lineEnd {
		return []rules.Edit{{Span: old, New: text}}, nil
	}
	below := rules.Span{Start: lineEnd, End: lineEnd}
	return []rules.Edit{{Span: old}, {Span: below, New: text}}, nil
}

// editable returns the node at a path, or nil, after it made sure that nothing else depends on
// what stands there.
func (d *Document) editable(path []any) (*yaml.Node, error) {
	anchored := map[*yaml.Node]bool{}
	d.eachAlias(d.root, func(alias *yaml.Node) { anchored[alias.Alias] = true })
	n := d.root
	for i := 0; n != nil; i++ {
		switch {
		case n.Kind == yaml.AliasNode:
			return nil, d.problem(n.Line, "*%s is an alias, which is not edited", n.Value)
		case anchored[n]:
			return nil, d.problem(n.Line, "what &%s marks is used in other places, too, and is not edited", n.Anchor)
		case i == len(path):
			return n, nil
		}
		next := child(n, path[i])
		if key, ok := path[i].(string); ok && next == nil && hasMerge(n) {
			return nil, d.problem(n.Line, "%s may come from the merge key (<<), which is not edited", key)
		}
		n = next
	}
	return nil, nil
}

func (d *Document) eachAlias(n *yaml.Node, visit func(*yaml.Node)) {
	if n == nil {
		return
	}
	if n.Kind == yaml.AliasNode {
		visit(n)
	}
	for _, c := range n.Content {
		d.eachAlias(c, visit)
	}
}

func hasMerge(n *yaml.Node) bool {
	i := keyIndex(n, "<<")
	return i >= 0 && n.Content[i].ShortTag() == "!!merge"
}

// apply makes edits, if the text then says what it said but for the change.
func (d *Document) apply(edits []rules.Edit, err error, line int, change func(root *yaml.Node)) error {
	if err != nil && !errors.Is(err, errUnclear) {
		return err
	}
	unclear := d.problem(line, "this part is written in a way that is not edited: edit it by hand")
	if err != nil {
		return unclear
	}
	source, err := rules.Apply(d.source, edits)
	if err != nil {
		return unclear
	}
	want := &yaml.Node{}
	if d.root != nil {
		want = clone(d.root)
	}
	change(want)
	after := *d
	if err := after.parse(source); err != nil || after.root == nil || !equal(want, after.root) {
		return unclear
	}
	if bytes.HasPrefix(d.source, []byte(byteOrderMark)) != bytes.HasPrefix(source, []byte(byteOrderMark)) {
		return unclear
	}
	*d = after
	return nil
}
