package rules

import (
	"log/slog"
	"regexp"
	"slices"
	"strconv"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

// isOrdinary tells whether a document uses nothing of YAML but mappings, lists and scalars. Of
// such a document our own reading is all that Prometheus's would say, which the tests prove;
// the other's work, two more readings of the YAML, is spared. Aliases, merge keys and tags
// change what a node means in ways that only the decoder of Prometheus knows in full.
func isOrdinary(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode || n.Style&yaml.TaggedStyle != 0 || n.Kind == yaml.ScalarNode && isMerge(n) {
		return false
	}
	for _, child := range n.Content {
		if !isOrdinary(child) {
			return false
		}
	}
	return true
}

// verdict gives a document in which nothing was found wrong to Prometheus's own reader. What
// that one refuses is a problem too, in its words.
func (d *documentReader) verdict(root *yaml.Node) {
	src, own := d.text.src, true
	if root != d.whole || d.options.Dialect != "" {
		var err error
		own = false
		if src, err = yaml.Marshal(d.plain(root)); err != nil {
			d.problem(BadSchema, d.head(d.span(root)), "prometheus cannot load this: %s", oneLine(err.Error()))
			return
		}
	}
	_, errs := rulefmt.Parse(src, false, model.UTF8Validation, knownExprs{d.parser, d.parsed}, slog.New(slog.DiscardHandler))
	for _, err := range errs {
		at, message := d.head(d.span(root)), err.Error()
		if m := rulefmtPlace.FindStringSubmatch(message); own && m != nil {
			line, _ := strconv.Atoi(m[1] + m[2])
			at, message = d.text.lineSpan(line), message[len(m[0]):]
		}
		d.problem(BadSchema, at, "prometheus cannot load this: %s", oneLine(message))
	}
}

// rulefmtPlace is how rulefmt and the YAML parser below it begin a message.
var rulefmtPlace = regexp.MustCompile(`^(?:yaml: (?:unmarshal errors:\s*)?line (\d+): |(\d+):\d+: (?:\d+:\d+: )?)`)

// knownExprs is a PromQL parser that remembers what this document's expressions gave: they
// are the greater part of the work.
type knownExprs struct {
	parser.Parser
	parsed map[string]parsedExpr
}

func (k knownExprs) ParseExpr(input string) (parser.Expr, error) {
	if known, ok := k.parsed[input]; ok {
		return known.expr, known.err
	}
	return k.Parser.ParseExpr(input)
}

// plain is a rule file as Prometheus itself knows it: aliases followed, keys of other servers
// left out. It is called for documents without problems only, so what it copies is bounded.
func (d *documentReader) plain(root *yaml.Node) *yaml.Node {
	groups := &yaml.Node{Kind: yaml.SequenceNode}
	for _, e := range d.entries(root, "the rule file") {
		if e.key.Value != "groups" {
			continue
		}
		for _, item := range d.items(e.value, "groups") {
			groups.Content = append(groups.Content, d.copyOf(item, groupKeys))
		}
	}
	key := &yaml.Node{Kind: yaml.ScalarNode, Value: "groups"}
	return &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{key, groups}}
}

// copyOf copies a node with all that is in it, and of its keys only those in keep, or all if
// keep is nil. Strings are quoted, for block scalars do not always survive writing.
func (d *documentReader) copyOf(n *yaml.Node, keep []string) *yaml.Node {
	n = resolve(n)
	c := &yaml.Node{Kind: n.Kind, Tag: n.Tag, Value: n.Value, Style: n.Style & yaml.TaggedStyle}
	switch n.Kind {
	case yaml.SequenceNode:
		for _, item := range d.items(n, "") {
			c.Content = append(c.Content, d.copyOf(item, nil))
		}
	case yaml.MappingNode:
		for _, e := range d.entries(n, "") {
			if keep != nil && !slices.Contains(keep, e.key.Value) {
				continue
			}
			key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: e.key.Value, Style: yaml.DoubleQuotedStyle}
			c.Content = append(c.Content, key, d.copyOf(e.value, nil))
		}
	case yaml.ScalarNode:
		if n.ShortTag() == "!!str" {
			c.Style |= yaml.DoubleQuotedStyle
		}
	}
	return c
}
