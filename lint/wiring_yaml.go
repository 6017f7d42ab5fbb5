package lint

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/rules"
)

// configuration is the YAML file of a server, with the place of every node.
type configuration struct {
	file    *rules.File
	source  []byte
	root    *yaml.Node
	offsets map[*yaml.Node]int
}

// newConfiguration parses a file that must be one YAML mapping.
func newConfiguration(path string, source []byte) (*configuration, error) {
	if !utf8.Valid(source) {
		return nil, errors.New("the file is not UTF-8")
	}
	var document yaml.Node
	if err := yaml.Unmarshal(source, &document); err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("neither a configuration of Prometheus nor of Alertmanager: it is no YAML mapping")
	}
	c := &configuration{
		file:    &rules.File{Path: path, Source: source},
		source:  source,
		root:    document.Content[0],
		offsets: map[*yaml.Node]int{},
	}
	at := cursor{source: source, line: 1, column: 1}
	c.place(c.root, &at)
	return c, nil
}

// place notes where the nodes start. They come in the order in which they are written, so the
// source is read once.
func (c *configuration) place(n *yaml.Node, at *cursor) {
	at.advance(n.Line, n.Column)
	c.offsets[n] = at.offset
	for _, child := range n.Content {
		c.place(child, at)
	}
}

// cursor is a place in a source, counted as the YAML parser counts.
type cursor struct {
	source               []byte
	offset, line, column int
}

func (c *cursor) advance(line, column int) {
	for c.offset < len(c.source) && (c.line < line || c.line == line && c.column < column) {
		r, size := utf8.DecodeRune(c.source[c.offset:])
		c.offset += size
		c.column++
		crlf := r == '\r' && bytes.HasPrefix(c.source[c.offset:], []byte("\n"))
		if strings.ContainsRune("\n\r\u0085\u2028\u2029", r) && !crlf {
			c.line++
			c.column = 1
		}
	}
}

// scalar is a node's value and place.
func (c *configuration) scalar(n *yaml.Node) rules.Scalar {
	if n == nil {
		return rules.Scalar{}
	}
	s := rules.Scalar{Span: c.span(n)}
	if n = resolved(n); n != nil && n.Kind == yaml.ScalarNode {
		s.Value = n.Value
	}
	return s
}

// span covers a scalar, or what the first line holds of anything else.
func (c *configuration) span(n *yaml.Node) rules.Span {
	start := c.offsets[n]
	rest := c.source[start:]
	if end := bytes.IndexAny(rest, "\r\n"); end >= 0 {
		rest = rest[:end]
	}
	length := len(bytes.TrimRight(rest, " \t"))
	switch {
	case n.Kind != yaml.ScalarNode:
	case n.Style == 0 && bytes.HasPrefix(rest, []byte(n.Value)):
		length = len(n.Value)
	case n.Style == yaml.SingleQuotedStyle || n.Style == yaml.DoubleQuotedStyle:
		length = quotedLength(rest, length)
	}
	return rules.Span{Start: start, End: start + length}
}

// quotedLength is how long the quoted scalar is that the line starts with, or otherwise.
func quotedLength(line []byte, otherwise int) int {
	for i := 1; i < len(line); i++ {
		switch {
		case line[0] == '"' && line[i] == '\\':
			i++
		case line[i] != line[0]:
		case line[0] == '\'' && i+1 < len(line) && line[i+1] == '\'':
			i++
		default:
			return i + 1
		}
	}
	return otherwise
}

// resolved is the node that an alias stands for.
func resolved(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// field is the value of a key of a mapping, also of one mapping that it merges, or nil.
func field(n *yaml.Node, key string) *yaml.Node { return mergedField(n, key, 3) }

func mergedField(n *yaml.Node, key string, depth int) *yaml.Node {
	n = resolved(n)
	if n == nil || n.Kind != yaml.MappingNode || depth == 0 {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Tag == "!!merge" {
			return mergedField(n.Content[i+1], key, depth-1)
		}
	}
	return nil
}

// items are the items of a sequence; of what is none, none.
func items(n *yaml.Node) []*yaml.Node {
	if n = resolved(n); n != nil && n.Kind == yaml.SequenceNode {
		return n.Content
	}
	return nil
}

// keys are the keys of a mapping.
func keys(n *yaml.Node) []string {
	var all []string
	if n = resolved(n); n != nil && n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			all = append(all, n.Content[i].Value)
		}
	}
	return all
}

// scalars are the values of a sequence of scalars.
func (c *configuration) scalars(n *yaml.Node) []rules.Scalar {
	var all []rules.Scalar
	for _, item := range items(n) {
		all = append(all, c.scalar(item))
	}
	return all
}

// pairs are the keys and values of a mapping of scalars.
func (c *configuration) pairs(n *yaml.Node) []rules.Pair {
	var all []rules.Pair
	if n = resolved(n); n != nil && n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			all = append(all, rules.Pair{Key: c.scalar(n.Content[i]), Value: c.scalar(n.Content[i+1])})
		}
	}
	return all
}

// errorAt names the line of a node.
func (c *configuration) errorAt(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("line %d: %w", n.Line, fmt.Errorf(format, args...))
}

// blank puts asterisks for all values that are not public, so that no finding prints a secret:
// whole sections of the file are public, and of the items of some sections one field.
func (c *configuration) blank(public map[string]bool, field map[string]string) {
	b := blanker{out: bytes.Clone(c.source), offsets: c.offsets}
	for i := 0; i+1 < len(c.root.Content); i += 2 {
		key := c.root.Content[i].Value
		b.walk(c.root.Content[i], true)
		switch name, partly := field[key]; {
		case partly:
			for _, item := range c.root.Content[i+1].Content {
				for k := 0; k+1 < len(item.Content); k += 2 {
					b.walk(item.Content[k], true)
					b.walk(item.Content[k+1], item.Content[k].Value == name)
				}
			}
		default:
			b.walk(c.root.Content[i+1], public[key])
		}
	}
	b.upTo(len(b.out))
	c.file.Source = b.out
}

// blanker walks the nodes in the order in which they are written. What follows a value that is
// not public, up to the next node, is blanked.
type blanker struct {
	out     []byte
	offsets map[*yaml.Node]int
	from    int
	secret  bool
}

func (b *blanker) walk(n *yaml.Node, public bool) {
	b.upTo(b.offsets[n])
	b.secret = !public && n.Kind == yaml.ScalarNode
	isMapping := n.Kind == yaml.MappingNode
	for i, child := range n.Content {
		b.walk(child, public || isMapping && i%2 == 0)
	}
}

func (b *blanker) upTo(end int) {
	stop := end
	// What stands before the next node on a line of its own is no part of the value.
	if line := bytes.LastIndexByte(b.out[:end], '\n') + 1; line > b.from && len(bytes.Trim(b.out[line:end], " -[{")) == 0 {
		stop = line
	}
	for i := b.from; b.secret && i < stop; i++ {
		if b.out[i] != '\n' && b.out[i] != '\r' {
			b.out[i] = '*'
		}
	}
	b.from = end
}
