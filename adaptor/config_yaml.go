package adaptor

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// fields reads a mapping whose keys are all known; every other key is a problem.
func (r *configReader) fields(node *yaml.Node, about string, known ...string) map[string]*yaml.Node {
	node = resolve(node)
	if node.Kind != yaml.MappingNode {
		r.problem(node.Line, "%s must be a mapping of keys to values, not %s", about, kindName(node))
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

// list reads a list; nothing at all is empty.
func (r *configReader) list(node *yaml.Node, what string) []*yaml.Node {
	if node == nil || node.ShortTag() == "!!null" {
		return nil
	}
	if node.Kind != yaml.SequenceNode {
		r.problem(node.Line, "%s must be a list, not %s", what, kindName(node))
		return nil
	}
	var entries []*yaml.Node
	for _, entry := range node.Content {
		entries = append(entries, resolve(entry))
	}
	return entries
}

// textOrList reads a list of strings, or a single one.
func (r *configReader) textOrList(node *yaml.Node, what string) []string {
	if node != nil && node.Kind == yaml.ScalarNode {
		if text := r.text(node, what); text != "" {
			return []string{text}
		}
		return nil
	}
	var all []string
	for _, entry := range r.list(node, what) {
		all = append(all, r.text(entry, what))
	}
	return all
}

// duration reads a duration in Prometheus's form, such as 1h30m, within bounds; nothing at all
// is 0.
func (r *configReader) duration(node *yaml.Node, what string, least, most time.Duration) time.Duration {
	text := r.text(node, what)
	if text == "" {
		return 0
	}
	value, err := model.ParseDuration(text)
	if duration := time.Duration(value); err == nil && duration >= least && duration <= most {
		return duration
	}
	r.problem(node.Line, "%s: %q is not a duration from %s to %s, such as 90s or 1h30m", what, clip(text, 40), model.Duration(least), model.Duration(most))
	return 0
}

// number reads a whole number within bounds; nothing at all is 0.
func (r *configReader) number(node *yaml.Node, what string, least, most int) int {
	text := r.text(node, what)
	if text == "" {
		return 0
	}
	value, err := strconv.Atoi(text)
	if err != nil || value < least || value > most {
		r.problem(node.Line, "%s: %q is not a whole number from %d to %d", what, clip(text, 40), least, most)
		return 0
	}
	return value
}

// truth reads true or false; nothing at all is false.
func (r *configReader) truth(node *yaml.Node, what string) bool {
	text := r.text(node, what)
	if text != "" && text != "true" && text != "false" {
		r.problem(node.Line, "%s: %q is neither true nor false", what, clip(text, 40))
	}
	return text == "true"
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
