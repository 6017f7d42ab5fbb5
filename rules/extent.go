package rules

import "go.yaml.in/yaml/v3"

// extent is what a node covers in the text. The YAML parser knows only where nodes start.
func (t *text) extent(n *yaml.Node) (start, end int) {
	switch n.Kind {
	case yaml.ScalarNode:
		start, end, _ = t.walk(n)
		return start, end
	case yaml.AliasNode:
		start = t.offset(n)
		end = min(start+1+len(n.Value), len(t.src))
		return start, end
	}
	start = t.skipProperties(t.offset(n))
	end = start
	if len(n.Content) > 0 {
		_, end = t.extent(n.Content[len(n.Content)-1])
		end = max(end, start)
	}
	if n.Style&yaml.FlowStyle != 0 {
		end = t.closing(end, len(n.Content) == 0)
	}
	return start, end
}

// closing is the end of a flow mapping or list whose last item ends at i, or that starts at i
// if it is empty.
func (t *text) closing(i int, empty bool) int {
	if empty && i < len(t.src) {
		i++
	}
	for from := i; i < len(t.src); {
		switch i = t.skipSpace(i); {
		case i >= len(t.src):
			return from
		case t.src[i] == '}' || t.src[i] == ']':
			return i + 1
		case t.src[i] == ',' || t.src[i] == ':':
			i++
		default:
			return from
		}
	}
	return i
}

// span is what a node covers in the file.
func (d *documentReader) span(n *yaml.Node) Span {
	return d.text.span(d.text.extent(n))
}

// comments finds the comments of a text up to end: what starts with a # after a blank or at the
// start of a line, and is in no scalar.
func (t *text) comments(root *yaml.Node, end int) []Comment {
	var all []Comment
	at := 0
	gap := func(end int) {
		for i := at; i < end; {
			if t.src[i] != '#' || i > 0 && !isBlank(t.src[i-1]) && !isBreakBefore(t.src, i) {
				i++
				continue
			}
			start := i
			for i < len(t.src) && !isBreak(t.src, i) {
				i++
			}
			all = append(all, Comment{Text: string(t.src[start:i]), Span: t.span(start, i)})
		}
	}
	var visit func(n *yaml.Node)
	visit = func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode {
			start, end, _ := t.walk(n)
			gap(start)
			at = max(at, end)
		}
		for _, child := range n.Content {
			visit(child)
		}
	}
	if root != nil {
		visit(root)
	}
	gap(end)
	return all
}
