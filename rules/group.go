package rules

import (
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// Keys that rule files have at each level (rulefmt of Prometheus v0.316.0).
var (
	rootKeys  = []string{"groups"}
	groupKeys = []string{"name", "interval", "query_offset", "limit", "rules", "labels"}
	ruleKeys  = []string{"record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"}
)

// Dialects are the servers whose rule files can be read.
var Dialects = []string{"prometheus", "thanos", "mimir"}

// dialect is what a server reads beyond Prometheus's format.
type dialect struct {
	name              string
	rootKeys, grpKeys []string
}

// dialects are the other servers' keys. Thanos: pkg/rules/rulespb. Mimir: the rule groups of
// its ruler and, for namespace, the files of mimirtool. The Prometheus Operator passes
// partial_response_strategy on to Thanos, so that a PrometheusRule may always have it.
var dialects = []dialect{
	{name: "thanos", grpKeys: []string{"partial_response_strategy"}},
	{name: "mimir", rootKeys: []string{"namespace"}, grpKeys: []string{
		"source_tenants", "align_evaluation_time_on_interval", "evaluation_delay"}},
}

// groups reads the groups of a document.
func (d *documentReader) groups(root *yaml.Node) {
	names := map[string]Scalar{}
	misspelt := child(root, "groups") == nil
	for _, e := range d.entries(root, "the rule file") {
		switch {
		case e.key.Value == "groups":
			d.listOfGroups(e.value, names)
		case d.document.Form != PrometheusRule && d.extraKey(e.key, func(x dialect) []string { return x.rootKeys }):
		case misspelt && isNearGroups(e.key.Value, e.value):
			problem := Problem{Kind: BadSchema, Span: e.key.Span, Message: fmt.Sprintf("a rule file has no key %q: did you mean groups?", short(e.key.Value))}
			if e.key.Exact() {
				problem.Edits = []Edit{{Span: e.key.Span, New: "groups"}}
			}
			d.report(problem)
			d.listOfGroups(e.value, names)
			misspelt = false
		default:
			d.unknownKey(e.key, "a rule file", rootKeys)
		}
	}
}

func (d *documentReader) listOfGroups(n *yaml.Node, names map[string]Scalar) {
	for _, item := range d.items(n, "groups") {
		d.group(item, names)
	}
}

// group reads a group.
func (d *documentReader) group(n *yaml.Node, names map[string]Scalar) {
	g := &Group{Document: d.document, Span: d.span(n)}
	entries := d.entries(n, "a group")
	if n.Kind != yaml.MappingNode || d.exhausted {
		return
	}
	d.document.Groups = append(d.document.Groups, g)
	for _, e := range entries {
		switch e.key.Value {
		case "name":
			g.Name = d.stringOf(e)
		case "interval":
			g.Interval = d.duration(e)
		case "query_offset":
			g.QueryOffset = d.duration(e)
		case "limit":
			d.limit(g, e)
		case "labels":
			g.Labels = d.pairs(e)
			d.limitTemplates(g.Labels)
		case "rules":
			for _, item := range d.items(e.value, "rules") {
				d.readRule(g, item)
			}
		default:
			if !d.extraKey(e.key, func(x dialect) []string { return x.grpKeys }) {
				d.unknownKey(e.key, "a group", groupKeys)
			}
		}
	}
	d.checkLabels(g.Labels)
	d.checkGroupName(g, names)
}

func (d *documentReader) checkGroupName(g *Group, names map[string]Scalar) {
	at := g.Name.Span
	if g.Name.IsZero() {
		at = d.head(g.Span)
	}
	if g.Name.Value == "" {
		d.problem(BadSchema, at, "group has no name")
	} else if first, again := names[g.Name.Value]; again {
		d.problem(BadSchema, at, "group name %q is already used in line %d", g.Name.Value, d.line(first))
		return
	}
	names[g.Name.Value] = g.Name
}

// head is the first line of a span, so that a missing key does not underline a whole group.
func (d *documentReader) head(s Span) Span {
	for i := s.Start; i < s.End; i++ {
		if c := d.file.Source[i]; c == '\n' || c == '\r' {
			return Span{s.Start, i}
		}
	}
	return s
}

func (d *documentReader) limit(g *Group, e entry) {
	g.LimitScalar = d.stringOf(e)
	if e.value.Kind != yaml.ScalarNode {
		return
	}
	if err := e.value.Decode(&g.Limit); err != nil {
		d.problem(BadSchema, d.span(e.value), "limit must be a whole number, not %s", kindName(e.value))
	}
}

// duration reads a duration as Prometheus writes them.
func (d *documentReader) duration(e entry) Duration {
	s := d.stringOf(e)
	if s.IsZero() {
		return Duration{}
	}
	value, err := model.ParseDuration(s.Value)
	if err != nil {
		hint := ""
		if _, err := time.ParseDuration(s.Value); err == nil {
			hint = ", without fractions or a sign"
		}
		d.problem(BadSchema, s.Span, "%s: %q is not a duration: write it like 30s, 5m or 1h30m%s", e.key.Value, short(s.Value), hint)
	}
	return Duration{Scalar: s, D: time.Duration(value)}
}

// pairs reads labels or annotations.
func (d *documentReader) pairs(e entry) []Pair {
	var all []Pair
	for _, p := range d.entries(e.value, e.key.Value) {
		value := d.stringOf(p)
		if value.IsZero() {
			value.Span = d.span(p.value)
		}
		all = append(all, Pair{Key: p.key, Value: value})
	}
	return all
}

// extraKey tells whether the dialect knows a key that Prometheus does not.
func (d *documentReader) extraKey(key Scalar, keys func(dialect) []string) bool {
	for _, x := range dialects {
		known := false
		for _, k := range keys(x) {
			known = known || k == key.Value
		}
		switch {
		case !known:
		case x.name == d.options.Dialect:
			return true
		case x.name == "thanos" && d.document.Form == PrometheusRule:
			return true
		default:
			d.problem(BadSchema, key.Span, "only %s knows %q, and these rules are read for %s",
				title(x.name), key.Value, title(d.options.Dialect))
			return true
		}
	}
	return false
}

func title(dialect string) string {
	if dialect == "" {
		dialect = "prometheus"
	}
	return strings.ToUpper(dialect[:1]) + dialect[1:]
}

// unknownKey reports a key that Prometheus refuses.
func (d *documentReader) unknownKey(key Scalar, where string, known []string) {
	hint := ": it has " + strings.Join(known, ", ")
	if near := Nearest(key.Value, known); near != "" {
		hint = ": did you mean " + near + "?"
	}
	d.problem(BadSchema, key.Span, "%s has no key %q%s", where, short(key.Value), hint)
}
