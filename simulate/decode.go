package simulate

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/rules"
)

// Limits of one test file, against aliases that multiply and endless lists of errors.
const (
	maxNodes        = 1_000_000
	maxDecodeErrors = 20
)

// ParseSuite reads a test file's source. The error lists everything that is wrong, one line
// each, with its place; unknown and repeated keys are wrong.
func ParseSuite(path string, source []byte) (*Suite, error) {
	if !utf8.Valid(source) {
		return nil, fmt.Errorf("%s: not a text in UTF-8", path)
	}
	d := &decoder{path: path, source: source, starts: lineStarts(source)}
	suite := &Suite{Path: path, Source: source, EvaluationInterval: time.Minute}
	var root yaml.Node
	if err := yaml.Unmarshal(source, &root); err != nil {
		return nil, yamlError(path, err)
	}
	if root.Kind == 0 || root.Content[0].ShortTag() == "!!null" {
		return nil, fmt.Errorf("%s: the file is empty: a test file has rule_files and tests", path)
	}
	d.suite(root.Content[0], suite)
	if len(d.errs) > 0 {
		return nil, d.joined()
	}
	return suite, nil
}

// joined returns all errors, in order of their place.
func (d *decoder) joined() error {
	slices.SortStableFunc(d.errs, func(a, b decodeError) int { return a.offset - b.offset })
	var all []error
	for i, e := range d.errs {
		// An alias brings the same mistake many times.
		if i == 0 || e.Error() != d.errs[i-1].Error() {
			all = append(all, e.error)
		}
	}
	return errors.Join(all...)
}

// decodeError is an error and its place in the source.
type decodeError struct {
	error
	offset int
}

// yamlError turns "yaml: line 3: ..." into "path:3: ...".
func yamlError(path string, err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if line, rest, found := strings.Cut(strings.TrimPrefix(text, "line "), ": "); found {
		if _, err := strconv.Atoi(line); err == nil {
			return fmt.Errorf("%s:%s: %s", path, line, rest)
		}
	}
	return fmt.Errorf("%s: %s", path, text)
}

// decoder turns YAML nodes into a suite and collects what is wrong.
type decoder struct {
	path   string
	source []byte
	starts []int
	nodes  int
	errs   []decodeError
}

func lineStarts(source []byte) []int {
	starts := []int{0}
	for i, b := range source {
		if b == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// offset is where a node begins. YAML counts columns in characters.
func (d *decoder) offset(n *yaml.Node) int {
	if n.Line < 1 || n.Line > len(d.starts) {
		return 0
	}
	at := d.starts[n.Line-1]
	for column := 1; column < n.Column && at < len(d.source); column++ {
		_, size := utf8.DecodeRune(d.source[at:])
		at += size
	}
	return at
}

// span covers a node from its beginning to the end of its first line.
func (d *decoder) span(n *yaml.Node) rules.Span {
	start := d.offset(n)
	end := start
	for end < len(d.source) && d.source[end] != '\n' {
		end++
	}
	return rules.Span{Start: start, End: end}
}

func (d *decoder) fail(n *yaml.Node, format string, args ...any) {
	switch offset := d.offset(n); {
	case len(d.errs) < maxDecodeErrors:
		at := rules.PositionOf(d.source, offset)
		err := fmt.Errorf("%s:%d:%d: %s", d.path, at.Line, at.Column, fmt.Sprintf(format, args...))
		d.errs = append(d.errs, decodeError{err, offset})
	case len(d.errs) == maxDecodeErrors:
		d.errs = append(d.errs, decodeError{fmt.Errorf("%s: too many errors", d.path), len(d.source)})
	}
}

// resolve follows aliases, and counts how much is read in all.
func (d *decoder) resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if d.nodes++; d.nodes == maxNodes {
		d.fail(n, "too much YAML: the aliases stand for more than %d values", maxNodes)
	}
	if d.nodes >= maxNodes {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: n.Line, Column: n.Column}
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// notATest is the key that tells a rule file.
const notATest = "groups"

// keys says what to do with the value of each key of a mapping.
type keys map[string]func(*yaml.Node)

// mapping reads a mapping with fixed keys.
func (d *decoder) mapping(n *yaml.Node, what string, known keys) {
	d.pairs(n, what, func(key, value *yaml.Node) {
		decode, ok := known[key.Value]
		if !ok {
			names := make([]string, 0, len(known))
			for name := range known {
				names = append(names, name)
			}
			names = slices.DeleteFunc(slices.Sorted(slices.Values(names)), func(name string) bool { return name == notATest })
			hint := "known are " + strings.Join(names, ", ")
			if near := rules.Nearest(key.Value, names); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			d.fail(key, "unknown key %q in %s; %s", key.Value, what, hint)
			return
		}
		if value = d.resolve(value); !isNull(value) {
			decode(value)
		}
	})
}

// pairs calls visit for each key and value of a mapping; keys of merged mappings come first.
func (d *decoder) pairs(n *yaml.Node, what string, visit func(key, value *yaml.Node)) {
	n = d.resolve(n)
	if isNull(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		d.fail(n, "%s must be a mapping, not %s", what, describe(n))
		return
	}
	seen := map[string]int{}
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		if first, twice := seen[key.Value]; twice && key.Tag != "!!merge" {
			d.fail(key, "key %q is repeated in %s; it is in line %d already", key.Value, what, first)
			continue
		}
		seen[key.Value] = key.Line
	}
	for i := 0; i < len(n.Content); i += 2 {
		if key := n.Content[i]; key.Tag == "!!merge" {
			d.merged(n.Content[i+1], what, func(k, v *yaml.Node) {
				if _, own := seen[k.Value]; !own {
					visit(k, v)
				}
			})
		}
	}
	for i := 0; i < len(n.Content); i += 2 {
		if key := n.Content[i]; key.Tag != "!!merge" {
			visit(d.resolve(key), n.Content[i+1])
		}
	}
}

func (d *decoder) merged(n *yaml.Node, what string, visit func(key, value *yaml.Node)) {
	n = d.resolve(n)
	if n.Kind != yaml.SequenceNode {
		d.pairs(n, what, visit)
		return
	}
	for _, item := range n.Content {
		d.pairs(item, what, visit)
	}
}

// list reads a sequence.
func (d *decoder) list(n *yaml.Node, what string, visit func(*yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		d.fail(n, "%s must be a list, not %s", what, describe(n))
		return
	}
	for _, item := range n.Content {
		visit(d.resolve(item))
	}
}

func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	return strconv.Quote(n.Value)
}

func (d *decoder) scalar(n *yaml.Node, what string) rules.Scalar {
	if n.Kind != yaml.ScalarNode {
		d.fail(n, "%s must be a text, not %s", what, describe(n))
		return rules.Scalar{}
	}
	if isNull(n) {
		return rules.Scalar{Span: d.span(n)}
	}
	return rules.Scalar{Value: n.Value, Span: d.span(n)}
}

func (d *decoder) text(n *yaml.Node, what string) string { return d.scalar(n, what).Value }

func (d *decoder) duration(n *yaml.Node, what string) time.Duration {
	value, err := model.ParseDuration(d.text(n, what))
	if err != nil {
		d.fail(n, "%s: %s", what, err)
	}
	return time.Duration(value)
}

func (d *decoder) number(n *yaml.Node, what string) float64 {
	var value float64
	if err := n.Decode(&value); err != nil {
		d.fail(n, "%s must be a number, not %s", what, describe(n))
	}
	return value
}

func (d *decoder) boolean(n *yaml.Node, what string) bool {
	var value bool
	if err := n.Decode(&value); err != nil {
		d.fail(n, "%s must be true or false, not %s", what, describe(n))
	}
	return value
}

func (d *decoder) texts(n *yaml.Node, what string) map[string]string {
	m := map[string]string{}
	d.pairs(n, what, func(key, value *yaml.Node) { m[key.Value] = d.text(d.resolve(value), what+" "+key.Value) })
	return m
}

func (d *decoder) labels(n *yaml.Node, what string) labels.Labels {
	return labels.FromMap(d.texts(n, what))
}

// instant reads a time: RFC 3339, or seconds since 1970 with up to three decimals.
func (d *decoder) instant(n *yaml.Node, what string) time.Time {
	text := d.text(n, what)
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && math.Abs(seconds) < 1e11 {
		whole, fraction := math.Modf(seconds)
		return time.Unix(int64(whole), int64(math.Round(fraction*1000)/1000*float64(time.Second))).UTC()
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		d.fail(n, "%s: %q is neither a time as in 2026-01-05T00:00:00Z nor a number of seconds", what, text)
	}
	return t.UTC()
}
