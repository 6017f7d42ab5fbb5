package rules

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

// readRule reads a rule and adds it to its group.
func (d *documentReader) readRule(g *Group, n *yaml.Node) {
	rule := &Rule{Group: g, Span: d.span(n)}
	if n.Kind == yaml.MappingNode {
		d.rule = rule
		defer func() { d.rule = nil }()
	}
	entries := d.entries(n, "a rule")
	if n.Kind != yaml.MappingNode || d.exhausted {
		return
	}
	g.Rules = append(g.Rules, rule)
	keys := map[string]entry{}
	for _, e := range entries {
		keys[e.key.Value] = e
		switch e.key.Value {
		case "record":
			rule.Record = d.stringOf(e)
		case "alert":
			rule.Alert = d.stringOf(e)
		case "expr":
			rule.Expr = d.stringOf(e)
		case "for":
			rule.For = d.duration(e)
		case "keep_firing_for":
			rule.KeepFiringFor = d.duration(e)
		case "labels":
			rule.Labels = d.pairs(e)
		case "annotations":
			rule.Annotations = d.pairs(e)
		default:
			d.unknownKey(e.key, "a rule", ruleKeys)
		}
	}
	d.checkName(rule, keys)
	if rule.Record.Value != "" {
		d.checkRecord(rule, keys)
	}
	d.checkExpr(rule, keys["expr"])
	d.checkLabels(rule.Labels)
	d.limitTemplates(rule.Labels)
	d.limitTemplates(rule.Annotations)
	for _, p := range rule.Annotations {
		if !model.UTF8Validation.IsValidLabelName(p.Key.Value) {
			d.problem(BadSchema, p.Key.Span, "%q is not a valid name of an annotation", short(p.Key.Value))
		}
	}
}

func (d *documentReader) checkName(rule *Rule, keys map[string]entry) {
	switch {
	case rule.Alert.Value != "" && rule.Record.Value != "":
		d.problem(BadSchema, rule.Record.Span, "a rule has either alert or record, not both")
	case rule.Alert.Value != "" || rule.Record.Value != "":
	case keys["alert"].wrongType() || keys["record"].wrongType():
	case !rule.NameScalar().IsZero():
		d.problem(BadSchema, rule.NameScalar().Span, "the rule's name is empty")
	default:
		d.problem(BadSchema, d.head(rule.Span), "the rule has neither alert nor record")
	}
}

func (d *documentReader) checkRecord(rule *Rule, keys map[string]entry) {
	if rule.For.D != 0 {
		d.problem(BadSchema, keys["for"].key.Span, "a recording rule has no for")
	}
	if rule.KeepFiringFor.D != 0 {
		d.problem(BadSchema, keys["keep_firing_for"].key.Span, "a recording rule has no keep_firing_for")
	}
	if len(rule.Annotations) > 0 {
		d.problem(BadSchema, keys["annotations"].key.Span, "a recording rule has no annotations")
	}
	name := rule.Record
	if strings.ContainsAny(name.Value, "{}") {
		d.problem(BadSchema, name.Span, "%q has braces: record is the name of a series, the query belongs in expr", short(name.Value))
	} else if !model.UTF8Validation.IsValidMetricName(name.Value) {
		d.problem(BadSchema, name.Span, "%q is not a valid metric name", short(name.Value))
	}
}

func (d *documentReader) checkLabels(labels []Pair) {
	for _, p := range labels {
		if name := p.Key.Value; name == model.MetricNameLabel {
			d.problem(BadSchema, p.Key.Span, "the label __name__ cannot be set")
		} else if !model.UTF8Validation.IsValidLabelName(name) {
			d.problem(BadSchema, p.Key.Span, "%q is not a valid label name", short(name))
		}
		if !model.LabelValue(p.Value.Value).IsValid() {
			d.problem(BadSchema, p.Value.Span, "the value of label %q is not valid UTF-8", p.Key.Value)
		}
	}
}

// maxExpr is the longest expression that is parsed, in bytes, and maxOperators the most operators
// that it may have: the time the PromQL parser takes grows with the square of the operators that
// are nested in one another, and 64 KiB of minus signs take it nine seconds.
const (
	maxExpr      = 64 << 10
	maxOperators = 10_000
)

// operators counts the operators of an expression, as far as it can be read.
func operators(expr string) int {
	n := 0
	lexer := parser.Lex(expr)
	for {
		var item parser.Item
		lexer.NextItem(&item)
		switch {
		case item.Typ == parser.EOF || item.Typ == parser.ERROR:
			return n
		case item.Typ.IsOperator():
			n++
		}
	}
}

// checkExpr parses the rule's expression.
func (d *documentReader) checkExpr(rule *Rule, written entry) {
	if rule.Expr.Value == "" {
		at := rule.Expr.Span
		switch {
		case written.wrongType():
			return
		case !rule.Expr.IsZero():
		case written.value != nil:
			at = written.key.Span
		case rule.Name() != "":
			at = rule.NameScalar().Span
		default:
			at = d.head(rule.Span)
		}
		d.problem(BadSchema, at, "the rule has no expr")
		return
	}
	if len(rule.Expr.Value) > maxExpr {
		d.problem(BadPromQL, rule.Expr.Span, "the expression has %d KiB, more than the %d KiB that are read", len(rule.Expr.Value)>>10, maxExpr>>10)
		return
	}
	if len(rule.Expr.Value) > maxOperators {
		if n := operators(rule.Expr.Value); n > maxOperators {
			d.problem(BadPromQL, rule.Expr.Span, "the expression has %d operators, more than the %d that are read", n, maxOperators)
			return
		}
	}
	expr, err := d.parser.ParseExpr(rule.Expr.Value)
	if !d.ordinary {
		d.parsed[rule.Expr.Value] = parsedExpr{expr, err}
	}
	if err == nil {
		rule.AST = expr
		return
	}
	var several parser.ParseErrors
	if !errors.As(err, &several) || len(several) == 0 {
		d.problem(BadPromQL, rule.Expr.Span, "%s", oneLine(err.Error()))
		return
	}
	for _, e := range several {
		// What is missing at the end is missing before the line break that ends a block scalar.
		last := len(strings.TrimRight(rule.Expr.Value, " \t\n"))
		at := rule.Expr.Locate(min(int(e.PositionRange.Start), last), min(int(e.PositionRange.End), last))
		d.problem(BadPromQL, at, "%s", oneLine(e.Err.Error()))
	}
}

// oneLine puts a message of another package on one line.
func oneLine(message string) string { return strings.Join(strings.Fields(message), " ") }

// CommentsAbove returns the comments on the lines directly above the rule, from the first to
// the last.
func (r *Rule) CommentsAbove() []Comment {
	source := r.File().Source
	lineStart := bytes.LastIndexByte(source[:min(r.Span.Start, len(source))], '\n') + 1
	var above []Comment
	for end := lineStart - 1; end >= 0; {
		start := bytes.LastIndexByte(source[:end], '\n') + 1
		line := bytes.TrimLeft(source[start:end], " \t")
		if len(line) == 0 || line[0] != '#' {
			break
		}
		at := end - len(line)
		text := strings.TrimRight(string(line), " \t\r")
		above = append(above, Comment{Text: text, Span: Span{at, at + len(text)}})
		end = start - 1
	}
	slices.Reverse(above)
	return above
}
