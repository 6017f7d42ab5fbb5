package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxDepth bounds how deep strings that hold YAML are wrapped in one another.
const maxDepth = 4

// finder looks for rule files in a YAML document.
type finder struct {
	*fileReader
	text  *text
	whole *yaml.Node // the text's document
	depth int
	// later tells that another YAML document stands before this one in the same rule file.
	later bool
}

// document reads the rule files of one YAML document: the document itself, or what it holds.
func (f *finder) document(root *yaml.Node, key string) {
	if root.Kind != yaml.MappingNode {
		if holdsRules(root) {
			f.misplaced(root, "a list of rules has to stand in a group: groups: [{name: ..., rules: ...}]")
		}
		return
	}
	switch groups := child(root, "groups"); {
	case isKind(root, "PrometheusRule"):
		f.customResource(root, key)
	case groups != nil:
		f.file.broken = f.file.broken || groups.Kind != yaml.MappingNode || meansRules(f.text.src)
		f.read(root, f.form(Plain), key)
	case f.otherFile(root):
	default:
		before := len(f.file.Documents)
		f.search(root, key)
		if len(f.file.Documents) == before {
			f.nearMiss(root, key)
		}
	}
}

// form is the form of a rule file found in the text.
func (f *finder) form(own Form) Form {
	if f.depth > 0 && own == Plain {
		return Embedded
	}
	return own
}

// read reads the rule file whose mapping with groups is n.
func (f *finder) read(n *yaml.Node, form Form, key string) {
	d := &documentReader{fileReader: f.fileReader, text: f.text, whole: f.whole}
	d.document = &Document{File: f.file, Form: form, Key: key, Span: d.span(n)}
	d.document.Ignored = f.later && n == f.whole && form != PrometheusRule
	d.read(n)
}

// customResource reads a PrometheusRule of the Prometheus Operator.
func (f *finder) customResource(n *yaml.Node, key string) {
	f.file.broken = true
	spec := child(n, "spec")
	if spec == nil {
		start, end := f.text.extent(keyNode(n, "kind"))
		f.problem(BadSchema, f.text.span(start, end), "the PrometheusRule has no spec: its groups belong under spec.groups")
		return
	}
	f.read(spec, PrometheusRule, key)
}

// search looks for rule files inside a document of another kind. Aliases are not followed:
// what they name is found where it stands.
func (f *finder) search(n *yaml.Node, key string) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			name, value := n.Content[i].Value, n.Content[i+1]
			if key != "" {
				name = key + "." + name
			}
			f.found(value, name)
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			f.found(item, fmt.Sprintf("%s[%d]", key, i))
		}
	}
}

// found reads a value of a document if it is a rule file, and looks further inside it if not.
func (f *finder) found(n *yaml.Node, key string) {
	switch {
	case n.Kind == yaml.ScalarNode:
		f.embedded(n, key)
	case n.Kind == yaml.MappingNode && isKind(n, "PrometheusRule"):
		f.customResource(n, key)
	case n.Kind == yaml.MappingNode && holdsGroups(child(n, "groups")):
		f.read(n, Embedded, key)
	default:
		f.search(n, key)
	}
}

// holdsGroups tells whether the value of a key groups, somewhere in a document, is a list of
// groups of rules: other formats have groups too.
func holdsGroups(n *yaml.Node) bool {
	if n == nil || n.Kind != yaml.SequenceNode {
		return false
	}
	for _, group := range n.Content {
		if holdsRules(child(group, "rules")) {
			return true
		}
	}
	return false
}

// holdsRules tells whether n is a list in which an item has the keys of a rule.
func holdsRules(n *yaml.Node) bool {
	if n == nil || n.Kind != yaml.SequenceNode {
		return false
	}
	for _, item := range n.Content {
		if child(item, "expr") != nil && (child(item, "alert") != nil || child(item, "record") != nil) {
			return true
		}
	}
	return false
}

// embedded reads a string if it holds a rule file.
func (f *finder) embedded(n *yaml.Node, key string) {
	if n.ShortTag() != "!!str" || !meansRules([]byte(n.Value)) || !hasGroups.MatchString(n.Value) {
		return
	}
	s := f.text.scalar(n)
	if f.depth >= maxDepth {
		f.problem(BadYAML, s.Span, "YAML inside YAML is nested too deeply")
		return
	}
	inner := newText([]byte(n.Value), 0, &s)
	inner.editable = f.text.editable && s.Exact() && n.Style&yaml.FoldedStyle == 0
	f.readText(inner, key, f.depth+1)
}

var (
	hasRule   = regexp.MustCompile(`(?:^|[\s{,])["']?(?:alert|record)["']?[ \t]*:`)
	hasExpr   = regexp.MustCompile(`(?:^|[\s{,])["']?expr["']?[ \t]*:`)
	hasGroups = regexp.MustCompile(`(?:^|[\s{,])["']?(?:groups?|spec)["']?[ \t]*:`)
)

// meansRules tells whether a text, YAML or broken, was written as rules.
func meansRules(src []byte) bool { return hasRule.Match(src) && hasExpr.Match(src) }

// otherFile tells whether a document is of another known kind, and remembers which.
func (f *finder) otherFile(root *yaml.Node) bool {
	for _, other := range []struct{ key, also, what string }{
		{"tests", "", "a file of unit tests: run it with rulekit test"},
		{"route", "receivers", "an Alertmanager configuration"},
		{"scrape_configs", "", "a Prometheus configuration: name the rule files it loads instead"},
		{"rule_files", "", "a Prometheus configuration: name the rule files it loads instead"},
	} {
		if child(root, other.key) != nil && (other.also == "" || child(root, other.also) != nil) {
			f.stray = "the file holds no rules: it is " + other.what
			return true
		}
	}
	return false
}

// nearMiss reports a document that was meant as a rule file but has its groups or rules under
// another key, and reads the groups. path is the path of keys to the document.
func (f *finder) nearMiss(root *yaml.Node, path string) {
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if holdsRules(value) {
			f.misplaced(key, fmt.Sprintf("the rules under %q have to stand in a group: groups: [{name: ..., rules: ...}]", short(key.Value)))
			return
		}
		if isNearGroups(key.Value, value) {
			f.file.broken = true
			f.read(root, f.form(Plain), path)
			return
		}
	}
	if child(root, "expr") != nil && (child(root, "alert") != nil || child(root, "record") != nil) {
		f.misplaced(root.Content[0], "a rule has to stand in a group: groups: [{name: ..., rules: [...]}]")
	}
}

// isNearGroups tells whether a key and its value were meant as the groups of a rule file.
func isNearGroups(key string, value *yaml.Node) bool {
	return key != "groups" && Nearest(key, rootKeys) != "" && holdsGroups(resolve(value))
}

// misplaced reports rules that Prometheus would not find.
func (f *finder) misplaced(n *yaml.Node, message string) {
	f.file.broken = true
	start, end := f.text.extent(n)
	if n.Kind != yaml.ScalarNode {
		end = start + 1
	}
	f.problem(BadSchema, f.text.span(start, end), "%s", message)
}

// isKind tells whether n is a Kubernetes object of that kind.
func isKind(n *yaml.Node, kind string) bool {
	k := child(n, "kind")
	return k != nil && k.Value == kind && child(n, "apiVersion") != nil &&
		strings.HasPrefix(child(n, "apiVersion").Value, "monitoring.coreos.com/")
}

// child is the value of a key of a mapping, aliases followed, or nil.
func child(n *yaml.Node, key string) *yaml.Node {
	k := keyNode(n, key)
	if k == nil {
		return nil
	}
	n = resolve(n)
	return resolve(n.Content[slices.Index(n.Content, k)+1])
}

// keyNode is the key of that name in a mapping, or nil.
func keyNode(n *yaml.Node, key string) *yaml.Node {
	if n == nil || resolve(n).Kind != yaml.MappingNode {
		return nil
	}
	n = resolve(n)
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Kind == yaml.ScalarNode && n.Content[i].Value == key {
			return n.Content[i]
		}
	}
	return nil
}
