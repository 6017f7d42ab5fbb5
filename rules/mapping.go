package rules

import (
	"encoding/base64"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// maxKeys bounds the keys of one mapping of a rule file: Prometheus compares each key with
// each other one.
const maxKeys = 10_000

// spareWork bounds what aliases may add to a document: this much more may be read than its
// bytes. A node costs 1, and 1 more for each 8 bytes of a scalar. The YAML parser of
// Prometheus draws such a line too, at 400,000 nodes.
const spareWork = 100_000

// entry is a key of a mapping with its value, aliases followed.
type entry struct {
	key   Scalar
	value *yaml.Node
}

// wrongType tells whether the entry is there but cannot be read as a string.
func (e entry) wrongType() bool { return e.value != nil && e.value.Kind != yaml.ScalarNode }

// resolve returns the node that n stands for. An alias never names another alias.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

// visit counts what a node costs and tells whether reading may go on.
func (d *documentReader) visit(n *yaml.Node) bool {
	if d.exhausted {
		return false
	}
	d.work += 1 + len(n.Value)/8
	if d.work > len(d.text.src)+spareWork {
		d.rule = nil
		d.problem(BadYAML, d.head(d.document.Span), "aliases blow this document up beyond what is read")
		d.exhausted = true
	}
	return !d.exhausted
}

// entries returns the keys of a mapping in order, then those that merge keys (<<) bring in.
// what names the mapping in messages.
func (d *documentReader) entries(n *yaml.Node, what string) []entry {
	n = resolve(n)
	if isNull(n) {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		d.problem(BadSchema, d.span(n), "%s must be a mapping, not %s", what, kindName(n))
		return nil
	}
	if len(n.Content)/2 > maxKeys {
		d.problem(BadSchema, d.span(n), "%s has %d keys, more than the %d that are read", what, len(n.Content)/2, maxKeys)
		return nil
	}
	m := merger{reader: d, what: what, entries: make([]entry, 0, len(n.Content)/2)}
	m.add(n, 0)
	return m.entries
}

// merger flattens a mapping and its merge keys as yaml.v3 decodes them: a key of the mapping
// itself wins over merged ones, and an earlier merged one over a later.
type merger struct {
	reader  *documentReader
	what    string
	entries []entry
	seen    keySet // the keys of entries, once there is something to merge
}

// keySet finds keys by their value. Most mappings have few keys, for which a map costs more
// than it saves.
type keySet struct {
	list []Scalar
	more map[string]Scalar
}

const fewKeys = 16

func (s *keySet) find(key string) (Scalar, bool) {
	if s.more != nil {
		found, ok := s.more[key]
		return found, ok
	}
	for _, k := range s.list {
		if k.Value == key {
			return k, true
		}
	}
	return Scalar{}, false
}

func (s *keySet) add(key Scalar) {
	if s.more == nil && len(s.list) < fewKeys {
		s.list = append(s.list, key)
		return
	}
	if s.more == nil {
		s.more = map[string]Scalar{}
		for _, k := range s.list {
			s.more[k.Value] = k
		}
	}
	s.more[key.Value] = key
}

func (m *merger) add(n *yaml.Node, depth int) {
	d := m.reader
	if depth > 20 {
		d.problem(BadYAML, d.span(n), "merge keys (<<) are nested too deeply")
		return
	}
	own := keySet{list: make([]Scalar, 0, min(len(n.Content)/2, fewKeys))}
	var merged *yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := resolve(n.Content[i]), resolve(n.Content[i+1])
		if !d.visit(key) || !d.visit(value) {
			return
		}
		if key.Kind != yaml.ScalarNode {
			d.problem(BadSchema, d.span(key), "a key of %s must be a string, not %s", m.what, kindName(key))
			continue
		}
		k := d.scalar(key)
		if first, again := own.find(k.Value); again {
			d.problem(BadSchema, k.Span, "key %q is already set in line %d", k.Value, d.line(first))
			continue
		}
		own.add(k)
		switch {
		case isMerge(key):
			merged = value
		case isNull(key):
		default:
			if _, have := m.seen.find(k.Value); have {
				continue
			}
			if m.entries = append(m.entries, entry{k, value}); depth > 0 {
				m.seen.add(k)
			}
		}
	}
	if merged == nil {
		return
	}
	if depth == 0 {
		for _, e := range m.entries {
			m.seen.add(e.key)
		}
	}
	m.merge(merged, depth)
}

func (m *merger) merge(n *yaml.Node, depth int) {
	n = resolve(n)
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	for _, item := range list {
		item = resolve(item)
		if item.Kind != yaml.MappingNode {
			m.reader.problem(BadSchema, m.reader.span(item), "a merge key (<<) needs a mapping or a list of mappings, not %s", kindName(item))
			return
		}
		m.add(item, depth+1)
	}
}

// items returns the items of a list, aliases followed and empty items left out, as Prometheus
// does.
func (d *documentReader) items(n *yaml.Node, what string) []*yaml.Node {
	n = resolve(n)
	if isNull(n) {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		d.problem(BadSchema, d.span(n), "%s must be a list, not %s", what, kindName(n))
		return nil
	}
	var all []*yaml.Node
	for _, item := range n.Content {
		if item = resolve(item); !d.visit(item) {
			return nil
		}
		if !isNull(item) {
			all = append(all, item)
		}
	}
	return all
}

// stringOf reads a value that must be a scalar. An empty one is the zero Scalar.
func (d *documentReader) stringOf(e entry) Scalar {
	switch {
	case isNull(e.value):
		return Scalar{}
	case e.value.Kind != yaml.ScalarNode:
		d.problem(BadSchema, d.span(e.value), "%s must be a string, not %s", e.key.Value, kindName(e.value))
		return Scalar{}
	}
	return d.scalar(e.value)
}

// scalar returns a scalar node with its place.
func (d *documentReader) scalar(n *yaml.Node) Scalar {
	s := d.text.scalar(n)
	if n.ShortTag() == "!!binary" {
		if decoded, err := base64.StdEncoding.DecodeString(s.Value); err == nil {
			s.Value, s.pieces = string(decoded), nil
		}
	}
	return s
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func isMerge(n *yaml.Node) bool { return n.Value == "<<" && n.ShortTag() == "!!merge" }

// kindName says what a node is, for messages.
func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	switch n.ShortTag() {
	case "!!str":
		return fmt.Sprintf("the string %q", short(n.Value))
	case "!!null":
		return "nothing"
	case "!!int", "!!float":
		return "the number " + short(n.Value)
	}
	return fmt.Sprintf("%q", short(n.Value))
}

// short cuts a value for use in a message.
func short(s string) string {
	const most = 40
	for i := range s {
		if i > most {
			return s[:i] + "..."
		}
	}
	return s
}
