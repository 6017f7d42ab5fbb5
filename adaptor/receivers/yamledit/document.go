// Package yamledit changes YAML files as a careful person would: what is not meant to change stays
// as it is, byte for byte, with its comments, order, quotes and indentation.
//
// Every edit is checked: the new text is parsed again and must say what the old one said, but for
// the change. An edit that cannot be made that way is an error, and the document stays as it was.
package yamledit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/rules"
)

// MaxSize is the largest document that is edited, in bytes.
const MaxSize = 1 << 20

// Document is a YAML file with one document, which is a mapping.
type Document struct {
	path   string
	source []byte
	// root is the mapping, or nil for a document without content.
	root  *yaml.Node
	lines []int
	// newline is the line break that the file uses.
	newline string
}

// Parse reads a document; the path is for errors, which say why the text cannot be edited.
func Parse(path string, source []byte) (*Document, error) {
	d := &Document{path: path, newline: "\n"}
	switch {
	case len(source) > MaxSize:
		return nil, fmt.Errorf("%s: the file is larger than the %d KiB that are read", path, MaxSize>>10)
	case !utf8.Valid(source) || bytes.IndexByte(source, 0) >= 0:
		return nil, fmt.Errorf("%s: the file is not UTF-8 text", path)
	}
	if err := d.parse(source); err != nil {
		return nil, err
	}
	if i := bytes.IndexByte(source, '\n'); i > 0 && source[i-1] == '\r' {
		d.newline = "\r\n"
	}
	return d, nil
}

func (d *Document) parse(source []byte) error {
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %s", d.path, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err == nil {
		if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
			return fmt.Errorf("%s: the file has more than one YAML document", d.path)
		}
	}
	var root *yaml.Node
	if len(document.Content) == 1 {
		root = document.Content[0]
		switch {
		case isEmpty(root):
			root = nil
		case root.Kind != yaml.MappingNode:
			return fmt.Errorf("%s:%d: the file must be a mapping", d.path, root.Line)
		}
	}
	d.source, d.root, d.lines = source, root, lineStarts(source)
	return nil
}

// Source is the text as it is now.
func (d *Document) Source() []byte { return d.source }

// Path is the name that errors call the document by.
func (d *Document) Path() string { return d.path }

// Node returns what stands at a path of keys (strings) and indexes (ints), or nil. Aliases on the
// way are followed, merge keys are not.
func (d *Document) Node(path ...any) *yaml.Node {
	n := d.root
	for _, step := range path {
		if n = child(resolve(n), step); n == nil {
			return nil
		}
	}
	return n
}

// Line is the number of the line that an entry starts on: that of its key, or of its dash. It is 0
// where there is none.
func (d *Document) Line(path ...any) int {
	last := len(path) - 1
	parent := resolve(d.Node(path[:last]...))
	if parent == nil {
		return 0
	}
	if key, ok := path[last].(string); ok {
		if i := keyIndex(parent, key); i >= 0 {
			return parent.Content[i].Line
		}
		return 0
	}
	n := child(parent, path[last])
	if n == nil {
		return 0
	}
	if parent.Style&yaml.FlowStyle == 0 {
		if dash, ok := d.dash(parent, path[last].(int)); ok {
			return rules.PositionOf(d.source, dash).Line
		}
	}
	return n.Line
}

func child(n *yaml.Node, step any) *yaml.Node {
	switch step := step.(type) {
	case string:
		if i := keyIndex(n, step); i >= 0 {
			return n.Content[i+1]
		}
	case int:
		if n != nil && n.Kind == yaml.SequenceNode && step < len(n.Content) {
			return n.Content[step]
		}
	}
	return nil
}

// keyIndex is the index of a key among the contents of a mapping, or -1.
func keyIndex(n *yaml.Node, key string) int {
	if n == nil || n.Kind != yaml.MappingNode {
		return -1
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key && n.Content[i].Kind == yaml.ScalarNode {
			return i
		}
	}
	return -1
}

func resolve(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// isEmpty tells whether a value is not written at all, as after "key:".
func isEmpty(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Value == "" && n.Style == 0
}

// isNull tells whether a value stands for nothing: it is empty, or null.
func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// isVoid tells whether a node is absent, null or an empty collection of a kind.
func isVoid(n *yaml.Node, kind yaml.Kind) bool {
	return n == nil || isNull(n) || n.Kind == kind && len(n.Content) == 0
}

// isBlockCollection tells whether a node is a list or mapping of lines.
func isBlockCollection(n *yaml.Node) bool {
	return (n.Kind == yaml.SequenceNode || n.Kind == yaml.MappingNode) && n.Style&yaml.FlowStyle == 0
}

// problem is an error about a line of the document.
func (d *Document) problem(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", d.path, line, fmt.Sprintf(format, args...))
}

const byteOrderMark = "\ufeff"

// lineStarts are the offsets at which the lines start, counted as the YAML parser counts them.
func lineStarts(source []byte) []int {
	start := 0
	if bytes.HasPrefix(source, []byte(byteOrderMark)) {
		start = len(byteOrderMark)
	}
	starts := []int{start}
	for i := start; i < len(source); {
		width := breakWidth(source, i)
		i += max(width, 1)
		if width > 0 {
			starts = append(starts, i)
		}
	}
	return starts
}

// breakWidth is the width of the line break at source[i], or 0 (YAML 1.1, section 4.1.4).
func breakWidth(source []byte, i int) int {
	rest := source[i:]
	switch {
	case rest[0] == '\n':
		return 1
	case bytes.HasPrefix(rest, []byte("\r\n")):
		return 2
	case rest[0] == '\r':
		return 1
	}
	for _, other := range []string{"\u0085", "\u2028", "\u2029"} {
		if bytes.HasPrefix(rest, []byte(other)) {
			return len(other)
		}
	}
	return 0
}

// offset is where a node starts. The YAML parser counts columns in characters.
func (d *Document) offset(n *yaml.Node) int {
	if n.Line < 1 || n.Line > len(d.lines) {
		return len(d.source)
	}
	at := d.lines[n.Line-1]
	for column := 1; column < n.Column && at < len(d.source); column++ {
		_, size := utf8.DecodeRune(d.source[at:])
		at += size
	}
	return at
}
