package yamledit

import (
	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/rules"
)

// Delete takes an entry out of the list or mapping at a path, with the comments that belong to it.
// A list that loses its last item stays as an empty one; a mapping keeps its last key.
func (d *Document) Delete(path ...any) error {
	last := len(path) - 1
	entry, err := d.editable(path)
	if err != nil || entry == nil {
		return err
	}
	if alias := d.dependent(entry); alias != nil {
		return d.problem(alias.Line, "*%s needs what is to be removed", alias.Value)
	}
	parent := d.Node(path[:last]...)
	edits, err := d.deletion(parent, path)
	return d.apply(edits, err, entry.Line, func(root *yaml.Node) { drop(at(root, path[:last]), path[last]) })
}

// dependent is an alias outside of a node for something inside of it, or nil.
func (d *Document) dependent(n *yaml.Node) *yaml.Node {
	inside := map[*yaml.Node]bool{}
	var visit func(n *yaml.Node)
	visit = func(n *yaml.Node) {
		inside[n] = true
		for _, c := range n.Content {
			visit(c)
		}
	}
	visit(n)
	var found *yaml.Node
	d.eachAlias(d.root, func(alias *yaml.Node) {
		if inside[alias.Alias] && !inside[alias] {
			found = alias
		}
	})
	return found
}

func (d *Document) deletion(parent *yaml.Node, path []any) ([]rules.Edit, error) {
	i, isIndex := path[len(path)-1].(int)
	if !isIndex {
		i = keyIndex(parent, path[len(path)-1].(string)) / 2
	}
	switch {
	case parent.Style&yaml.FlowStyle != 0:
		return d.flowDeletion(parent, i)
	case count(parent) > 1:
		return d.blockDeletion(parent, i)
	case isIndex:
		return d.fold(parent, path[:len(path)-1])
	}
	return nil, errUnclear
}

func (d *Document) flowDeletion(parent *yaml.Node, i int) ([]rules.Edit, error) {
	found, err := d.flow(d.skipProperties(d.offset(parent), true))
	if err != nil || len(found.entries) != count(parent) {
		return nil, errUnclear
	}
	span := found.entries[i]
	switch {
	case i+1 < len(found.entries):
		span.End = found.entries[i+1].Start
	case i > 0:
		span.Start = found.entries[i-1].End
	}
	return []rules.Edit{{Span: span}}, nil
}

func (d *Document) blockDeletion(parent *yaml.Node, i int) ([]rules.Edit, error) {
	start, ok := d.entryStart(parent, i)
	if !ok {
		return nil, errUnclear
	}
	if !d.startsLine(start) {
		// The first key of an item stands behind its dash, where the next one takes its place.
		next, ok := d.entryStart(parent, i+1)
		if !ok || d.lineIndex(next) != d.lineIndexAfter(parent, i) {
			return nil, errUnclear
		}
		return []rules.Edit{{Span: rules.Span{Start: start, End: next}}}, nil
	}
	whole, err := d.linesOf(parent, i)
	if err != nil {
		return nil, err
	}
	_, follows := d.lineText(whole.to)
	isLast := i+1 == count(parent)
	switch {
	case i == 0 && d.blank(whole.to):
		whole.to++
	case i > 0 && (!follows || isLast) && d.separated(parent, i):
		whole.from--
	}
	return []rules.Edit{{Span: d.lineSpan(whole)}}, nil
}

// lineIndexAfter is the line below an entry.
func (d *Document) lineIndexAfter(parent *yaml.Node, i int) int {
	end, err := d.entryEnd(parent, i)
	if err != nil {
		return -1
	}
	return d.lineIndex(end) + 1
}

// lineSpan covers lines with their line breaks. Where the last line of the text has none, neither
// has the one that is the last then.
func (d *Document) lineSpan(l lines) rules.Span {
	span := rules.Span{Start: d.lineOffset(l.from), End: d.lineOffset(l.to)}
	if l.to >= len(d.lines) && !d.endsWithBreak() && l.from > 0 {
		span.Start = d.lineEnd(d.lines[l.from-1])
	}
	return span
}

// fold writes [] behind the key of a list, in place of its only item.
func (d *Document) fold(list *yaml.Node, path []any) ([]rules.Edit, error) {
	key, isKey := path[len(path)-1].(string)
	parent := d.Node(path[:len(path)-1]...)
	only, err := d.linesOf(list, 0)
	if err != nil || !isKey {
		return nil, errUnclear
	}
	colon, err := d.end(parent.Content[keyIndex(parent, key)])
	if err != nil {
		return nil, err
	}
	if colon = d.skipBlanks(colon); colon >= len(d.source) || d.source[colon] != ':' {
		return nil, errUnclear
	}
	colon++
	return []rules.Edit{{Span: rules.Span{Start: colon, End: colon}, New: " []"}, {Span: d.lineSpan(only)}}, nil
}
