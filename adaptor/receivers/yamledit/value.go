package yamledit

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// Entry is a key of a mapping with its value.
type Entry struct {
	Key   string
	Value *yaml.Node
}

// String is a text as a value.
func String(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

// Bool is a truth value.
func Bool(is bool) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(is)}
}

// List is a list of values.
func List(items ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: items}
}

// Mapping is a mapping in the order of its entries.
func Mapping(entries ...Entry) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for _, e := range entries {
		n.Content = append(n.Content, String(e.Key), e.Value)
	}
	return n
}

// layout is how a file indents, in columns.
type layout struct {
	// mapping and list are how much deeper than its key a mapping or a list stands; item is how much
	// deeper than its dash an item stands.
	mapping, list, item int
	newline             string
}

// layoutNear is the layout of the document, by preference that of the part around a node.
func (d *Document) layoutNear(n *yaml.Node) layout {
	l := layout{mapping: -1, list: -1, item: -1, newline: d.newline}
	for _, from := range []*yaml.Node{n, d.root} {
		if from != nil {
			l.learn(d, from)
		}
	}
	for _, unknown := range []struct {
		columns  *int
		ordinary int
	}{{&l.mapping, 2}, {&l.list, 0}, {&l.item, 2}} {
		if *unknown.columns < 0 {
			*unknown.columns = unknown.ordinary
		}
	}
	return l
}

// learn takes what is not known yet from the first place below a node that shows it.
func (l *layout) learn(d *Document, n *yaml.Node) {
	if !isBlockCollection(n) {
		return
	}
	own, ok := d.column(n)
	for i, value := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 || !isBlockCollection(value) || len(value.Content) == 0 {
			continue
		}
		at, known := d.column(value)
		columns := &l.item
		switch {
		case n.Kind == yaml.MappingNode && value.Kind == yaml.MappingNode:
			columns = &l.mapping
		case n.Kind == yaml.MappingNode:
			columns = &l.list
		}
		least := 1
		if columns == &l.list {
			least = 0
		}
		if ok && known && *columns < 0 && at-own >= least {
			*columns = at - own
		}
		l.learn(d, value)
	}
}

// column is the column that the entries of a list or mapping of lines stand in, from 0.
func (d *Document) column(n *yaml.Node) (int, bool) {
	if len(n.Content) == 0 {
		return 0, false
	}
	start, ok := d.entryStart(n, 0)
	return start - d.lineStart(start), ok
}

// block writes a value as lines that are indented by some columns, the first without its
// indentation and the last without its line break.
func (l layout) block(n *yaml.Node, indent int) string {
	pad := l.newline + strings.Repeat(" ", indent)
	var lines []string
	switch {
	case n.Kind == yaml.ScalarNode:
		return scalarText(n, false)
	case len(n.Content) == 0:
		return inFlow(n, false)
	case n.Kind == yaml.SequenceNode:
		for _, item := range n.Content {
			lines = append(lines, "-"+strings.Repeat(" ", l.item-1)+l.block(item, indent+l.item))
		}
	default:
		for i := 0; i+1 < len(n.Content); i += 2 {
			lines = append(lines, scalarText(n.Content[i], false)+":"+l.after(n.Content[i+1], indent))
		}
	}
	return strings.Join(lines, pad)
}

// after writes a value as it follows its key and colon; the key stands in a column.
func (l layout) after(n *yaml.Node, column int) string {
	if n.Kind == yaml.ScalarNode || len(n.Content) == 0 {
		return " " + l.block(n, 0)
	}
	step := l.mapping
	if n.Kind == yaml.SequenceNode {
		step = l.list
	}
	return l.newline + strings.Repeat(" ", column+step) + l.block(n, column+step)
}

// inFlow writes a value between brackets; with quoted it is JSON.
func inFlow(n *yaml.Node, quoted bool) string {
	var parts []string
	switch n.Kind {
	case yaml.SequenceNode:
		for _, item := range n.Content {
			parts = append(parts, inFlow(item, quoted))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			parts = append(parts, inFlow(n.Content[i], quoted)+": "+inFlow(n.Content[i+1], quoted))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	if quoted && n.Tag == "!!str" {
		return quotedText(n.Value)
	}
	return scalarText(n, true)
}

func quotedText(text string) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a string always encodes
	return strings.TrimSuffix(b.String(), "\n")
}

// oldBools are the words that YAML 1.1 takes for truth values.
var oldBools = []string{"y", "n", "yes", "no", "on", "off"}

// scalarText writes a scalar, without quotes where it can stand without.
func scalarText(n *yaml.Node, flow bool) string {
	text := n.Value
	if n.Tag != "!!str" {
		return text
	}
	var read yaml.Node
	err := yaml.Unmarshal([]byte("k: "+text+" # end"), &read)
	plain := err == nil && len(read.Content) == 1 && len(read.Content[0].Content) == 2 && !slices.Contains(oldBools, strings.ToLower(text))
	if plain {
		value := read.Content[0].Content[1]
		plain = value.Value == text && value.Style == 0 && value.ShortTag() == "!!str" && value.Anchor == ""
	}
	special := strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
	switch {
	case plain && !special && !(flow && strings.ContainsAny(text, ",[]{}")):
		return text
	case special || strings.Contains(text, "'"):
		return quotedText(text)
	}
	return "'" + text + "'"
}
