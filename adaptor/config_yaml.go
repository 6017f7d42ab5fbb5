package adaptor

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// fields reads a mapping whose keys are all known; every other key is a problem.
func (r *configReader) fields(node *yaml.Node, about string, known ...string) map[string]*yaml.Node {
	node = resolve(node)
	if node.Kind != yaml.MappingNode {
		r.problem(node.Line, "%s must be a mapping of %s, not %s", about, strings.Join(known, ", "), kindName(node))
		return nil
	}
	fields := map[string]*yaml.Node{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], resolve(node.Content[i+1])
		switch {
		case !slices.Contains(known, key.Value):
			r.problem(key.Line, "%s: unknown key %q%s: want %s", about, key.Value, didYouMean(key.Value, known), strings.Join(known, ", "))
		case fields[key.Value] != nil:
			r.problem(key.Line, "%s: the key %q is set twice", about, key.Value)
		default:
			fields[key.Value] = value
		}
	}
	return fields
}

// text reads a string. Numbers and the like count as what is written; nothing at all is empty.
func (r *configReader) text(node *yaml.Node, what string) string {
	switch {
	case node == nil || node.ShortTag() == "!!null":
		return ""
	case node.Kind != yaml.ScalarNode:
		r.problem(node.Line, "%s must be text, not %s", what, kindName(node))
		return ""
	}
	return node.Value
}

// resolve follows a YAML alias.
func resolve(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

func kindName(node *yaml.Node) string {
	switch node.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a mapping"
	}
	if node.ShortTag() == "!!null" {
		return "nothing"
	}
	return "a single value"
}
