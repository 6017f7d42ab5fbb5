package lint

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/rules"
)

// maxConfigErrors bounds the errors that are told of one configuration.
const maxConfigErrors = 20

// configDecoder reads a configuration node by node, so that every mistake is told with its
// line, and no key is passed over.
type configDecoder struct {
	path, folder string
	errs         []configError
	lines        map[string]int // of the configuration
	// checks are the settings that overrides start from, and overriding tells that one is read.
	checks     Settings
	overriding bool
}

// nodeDecoder is a type that reads itself.
type nodeDecoder interface {
	decodeNode(d *configDecoder, about string, n *yaml.Node)
}

func (d *configDecoder) fail(format string, args ...any) {
	d.failAt(0, format, args...)
}

// failAt notes a mistake in a line; 0 stands for the whole file.
func (d *configDecoder) failAt(line int, format string, args ...any) {
	place := d.path
	if line > 0 {
		place = fmt.Sprintf("%s:%d", d.path, line)
	}
	d.errs = append(d.errs, configError{line, fmt.Errorf("%s: %s", place, fmt.Sprintf(format, args...))})
}

// configError is a mistake and its line.
type configError struct {
	line int
	error
}

// joined returns all mistakes in order of their place, or the first of very many.
func (d *configDecoder) joined() error {
	slices.SortStableFunc(d.errs, func(a, b configError) int { return a.line - b.line })
	var all []error
	for i, e := range d.errs {
		if i == maxConfigErrors {
			all = append(all, fmt.Errorf("%s: and %d more mistakes", d.path, len(d.errs)-i))
			break
		}
		all = append(all, e.error)
	}
	return errors.Join(all...)
}

// document reads the one document that a configuration is.
func (d *configDecoder) document(source []byte, c *Config) {
	if !utf8.Valid(source) {
		d.fail("the file is not UTF-8")
		return
	}
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return
	}
	if err != nil {
		d.fail("%s", strings.TrimPrefix(err.Error(), "yaml: "))
		return
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		d.fail("want one YAML document, not several")
		return
	}
	root := document.Content[0]
	if root.ShortTag() == "!!null" {
		return
	}
	if alias := findAlias(root); alias != nil {
		d.failAt(alias.Line, "aliases are not read here: write out what *%s stands for", alias.Value)
		return
	}
	c.lines = map[string]int{}
	if d.lines = c.lines; root.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(root.Content); i += 2 {
			if key, value := root.Content[i], root.Content[i+1]; value.ShortTag() != "!!null" {
				c.lines[key.Value] = key.Line
			}
		}
	}
	d.structure(root, "the configuration", reflect.ValueOf(c).Elem())
	c.validate(d)
}

func findAlias(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n
	}
	for _, child := range n.Content {
		if found := findAlias(child); found != nil {
			return found
		}
	}
	return nil
}

// entry is a key of a mapping and its value.
type entry struct{ key, value *yaml.Node }

// mapping returns the entries of a mapping. A key that is there twice is told.
func (d *configDecoder) mapping(n *yaml.Node, about string) []entry {
	if n.Kind != yaml.MappingNode {
		if n.ShortTag() != "!!null" {
			d.failAt(n.Line, "%s: want a mapping, not %s", about, kindOf(n))
		}
		return nil
	}
	var all []entry
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if seen[key.Value] {
			d.failAt(key.Line, "%s: the key %s is there twice", about, key.Value)
			continue
		}
		seen[key.Value] = true
		all = append(all, entry{key, n.Content[i+1]})
	}
	return all
}

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	return fmt.Sprintf("%q", n.Value)
}

// structure reads a mapping into a struct, whose fields are read in their order.
func (d *configDecoder) structure(n *yaml.Node, about string, into reflect.Value) {
	entries := d.mapping(n, about)
	fields := fieldsOf(into)
	for _, e := range entries {
		if _, known := fields[e.key.Value]; !known {
			d.unknownKey(e.key, about, fields)
		}
	}
	for _, field := range reflect.VisibleFields(into.Type()) {
		for _, e := range entries {
			if name, ok := keyOf(field); ok && name == e.key.Value {
				// What is given replaces the default, also in a map or a list.
				target := into.FieldByIndex(field.Index)
				if e.value.ShortTag() != "!!null" {
					if target.Kind() == reflect.Map || target.Kind() == reflect.Slice {
						target.SetZero()
					}
					d.value(e.value, name, target)
				}
			}
		}
	}
}

// keyOf is the key that a field is read from.
func keyOf(field reflect.StructField) (string, bool) {
	tag, inline, _ := strings.Cut(field.Tag.Get("yaml"), ",")
	if !field.IsExported() || tag == "-" || inline == "inline" || field.Anonymous {
		return "", false
	}
	if tag == "" {
		tag = strings.ToLower(field.Name)
	}
	return tag, true
}

func fieldsOf(of reflect.Value) map[string]bool {
	fields := map[string]bool{}
	for _, field := range reflect.VisibleFields(of.Type()) {
		if name, ok := keyOf(field); ok {
			fields[name] = true
		}
	}
	return fields
}

func (d *configDecoder) unknownKey(key *yaml.Node, about string, fields map[string]bool) {
	var known []string
	for name := range fields {
		known = append(known, name)
	}
	slices.Sort(known)
	switch near := rules.Nearest(key.Value, known); {
	case near != "":
		d.failAt(key.Line, "%s has no key %q: did you mean %s?", about, key.Value, near)
	case len(known) == 0:
		d.failAt(key.Line, "%s has no key %q: it has no options", about, key.Value)
	default:
		d.failAt(key.Line, "%s has no key %q: it has %s", about, key.Value, strings.Join(known, ", "))
	}
}

// value reads a node into whatever a field is.
func (d *configDecoder) value(n *yaml.Node, about string, into reflect.Value) {
	if own, ok := into.Addr().Interface().(nodeDecoder); ok {
		own.decodeNode(d, about, n)
		return
	}
	switch {
	case isScalar(into):
		d.scalar(n, about, into)
	case into.Kind() == reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		d.value(n, about, into.Elem())
	case into.Kind() == reflect.Struct:
		d.structure(n, about, into)
	case into.Kind() == reflect.Map:
		into.Set(reflect.MakeMap(into.Type()))
		for _, e := range d.mapping(n, about) {
			element := reflect.New(into.Type().Elem()).Elem()
			d.value(e.value, about+"."+e.key.Value, element)
			into.SetMapIndex(reflect.ValueOf(e.key.Value).Convert(into.Type().Key()), element)
		}
	case n.Kind != yaml.SequenceNode:
		d.failAt(n.Line, "%s: want a list, not %s", about, kindOf(n))
	default:
		into.Set(reflect.MakeSlice(into.Type(), len(n.Content), len(n.Content)))
		for i, child := range n.Content {
			d.value(child, about, into.Index(i))
		}
	}
}

// isScalar tells whether a field holds one value.
func isScalar(v reflect.Value) bool {
	if _, ok := v.Addr().Interface().(interface{ UnmarshalYAML(func(any) error) error }); ok {
		return true
	}
	if _, ok := v.Addr().Interface().(yaml.Unmarshaler); ok {
		return true
	}
	return !slices.Contains([]reflect.Kind{reflect.Struct, reflect.Map, reflect.Slice, reflect.Pointer}, v.Kind())
}

func (d *configDecoder) scalar(n *yaml.Node, about string, into reflect.Value) {
	isNull := n.ShortTag() == "!!null"
	if n.Kind == yaml.ScalarNode && !isNull && n.Decode(into.Addr().Interface()) == nil {
		return
	}
	what := kindOf(n)
	if isNull {
		what = "nothing"
	}
	d.failAt(n.Line, "%s: want %s, not %s", about, wanted(into), what)
}

// wanted says in words what a field holds.
func wanted(v reflect.Value) string {
	switch v.Interface().(type) {
	case model.Duration, time.Duration:
		return "a duration such as 30s"
	}
	switch v.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64, reflect.Uint:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	}
	return "a text"
}

func (s *Severity) decodeNode(d *configDecoder, about string, n *yaml.Node) {
	severity, err := ParseSeverity(n.Value)
	if err != nil || n.Kind != yaml.ScalarNode {
		d.failAt(n.Line, "%s: want error, warning or info, not %s", about, kindOf(n))
		return
	}
	*s = severity
}

func (p *PathPatterns) decodeNode(d *configDecoder, about string, n *yaml.Node) {
	var text []string
	d.value(n, about, reflect.ValueOf(&text).Elem())
	patterns, err := NewPathPatterns(d.folder, text)
	if err != nil {
		d.failAt(n.Line, "%s: %v", about, err)
		return
	}
	*p = patterns
}
