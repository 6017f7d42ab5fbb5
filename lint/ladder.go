package lint

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

// step is an alert among others that differ only in the numbers they compare with: a warning
// above 70 and a critical above 90.
type step struct {
	rule *rules.Rule
	// severity is the value of the label, and level its rank.
	severity   string
	level      int
	thresholds []threshold
}

// threshold is a number that an alert compares with.
type threshold struct {
	expr  parser.Expr
	op    parser.ItemType
	value float64
}

// ladders are the steps of each expression for which there are several, in order of the rules.
func (p *Pass) ladders() [][]step {
	return shared(p, "ladders", func([]*rules.File) [][]step {
		byShape := map[string]int{}
		var all [][]step
		for _, rule := range p.sharingMetrics() {
			s, shape, ok := newStep(rule)
			if !ok {
				continue
			}
			shape = filepath.Dir(rule.File().Path) + "\x00" + shape
			i, seen := byShape[shape]
			if !seen {
				i = len(all)
				byShape[shape] = i
				all = append(all, nil)
			}
			all[i] = append(all[i], s)
		}
		// A hundred rules of one expression are no ladder but a list of exceptions.
		const most = 16
		kept := all[:0]
		for _, steps := range all {
			if len(steps) > 1 && len(steps) <= most {
				kept = append(kept, steps)
			}
		}
		return kept
	})
}

// sharingMetrics are the alerts that use the same metrics as another: the others need not be
// compared, which costs.
func (p *Pass) sharingMetrics() []*rules.Rule {
	byMetrics := map[string][]*rules.Rule{}
	var order []string
	for rule := range p.Rules() {
		if !rule.IsAlert() {
			continue
		}
		var key strings.Builder
		for part := range p.parts(rule) {
			if selector, ok := part.Expr.(*parser.VectorSelector); ok {
				key.WriteString(selector.Name + " ")
			}
		}
		if len(byMetrics[key.String()]) == 0 {
			order = append(order, key.String())
		}
		byMetrics[key.String()] = append(byMetrics[key.String()], rule)
	}
	var all []*rules.Rule
	for _, key := range order {
		if len(byMetrics[key]) > 1 {
			all = append(all, byMetrics[key]...)
		}
	}
	return all
}

// levels rank the usual names of severities.
var levels = map[string]int{
	"none": 0, "debug": 0,
	"info": 1, "information": 1, "informational": 1, "notice": 1,
	"warn": 2, "warning": 2, "minor": 2, "ticket": 2,
	"error": 3, "major": 3,
	"crit": 4, "critical": 4, "page": 4, "fatal": 4, "emergency": 4, "disaster": 4,
}

// newStep reads a rule as a step. The shape is its expression without the numbers.
func newStep(rule *rules.Rule) (s step, shape string, ok bool) {
	if !rule.IsAlert() || rule.AST == nil {
		return s, "", false
	}
	severity, ok := severityOf(rule)
	if !ok {
		return s, "", false
	}
	s = step{rule: rule, severity: severity.Value.Value}
	if s.level, ok = levels[strings.ToLower(s.severity)]; !ok {
		return s, "", false
	}
	var b strings.Builder
	s.shape(&b, rule.AST)
	return s, b.String(), len(s.thresholds) > 0
}

// severityOf is the severity label that all alerts of the rule have.
func severityOf(rule *rules.Rule) (rules.Pair, bool) {
	for _, pair := range rule.EffectiveLabels() {
		if pair.Key.Value == "severity" && pair.Value.Value != "" && !strings.Contains(pair.Value.Value, "{{") {
			return pair, true
		}
	}
	return rules.Pair{}, false
}

// shape writes an expression with its thresholds left out. It looks only at what lets more
// through the lower its thresholds are, or less: not below unless, and not into arithmetic.
func (s *step) shape(b *strings.Builder, expr parser.Expr) {
	e, ok := infer.Unwrap(expr).(*parser.BinaryExpr)
	switch {
	case ok && (e.Op == parser.LAND || e.Op == parser.LOR):
		s.operands(b, e, s.shape)
	case ok && e.Op == parser.LUNLESS:
		s.operands(b, e, writeShape)
	case ok && e.Op.IsComparisonOperator() && !e.ReturnBool && s.comparison(b, e):
	default:
		writeShape(b, expr)
	}
}

// writeShape writes an expression so that it is the same text however it was put in parentheses.
func writeShape(b *strings.Builder, expr parser.Expr) {
	arguments := func(all ...parser.Expr) {
		b.WriteByte('(')
		for _, argument := range all {
			writeShape(b, argument)
			b.WriteByte(',')
		}
		b.WriteByte(')')
	}
	switch e := infer.Unwrap(expr).(type) {
	case *parser.BinaryExpr:
		b.WriteString(e.Op.String() + strconv.FormatBool(e.ReturnBool))
		if m := e.VectorMatching; m != nil {
			fmt.Fprintf(b, " %t%q %v%q", m.On, m.MatchingLabels, m.Card, m.Include)
		}
		arguments(e.LHS, e.RHS)
	case *parser.AggregateExpr:
		fmt.Fprintf(b, "%s %t%q", e.Op, e.Without, e.Grouping)
		if e.Param != nil {
			arguments(e.Param)
		}
		arguments(e.Expr)
	case *parser.Call:
		b.WriteString(e.Func.Name)
		arguments(e.Args...)
	default:
		b.WriteString(e.String())
	}
}

func (s *step) operands(b *strings.Builder, e *parser.BinaryExpr, right func(*strings.Builder, parser.Expr)) {
	b.WriteByte('(')
	s.shape(b, e.LHS)
	b.WriteString(") " + e.Op.String() + " ")
	if m := e.VectorMatching; m != nil {
		b.WriteString(strconv.FormatBool(m.On) + strings.Join(m.MatchingLabels, ","))
	}
	b.WriteString(" (")
	right(b, e.RHS)
	b.WriteByte(')')
}

// comparison writes a comparison with a number that is more or less, and notes the number.
func (s *step) comparison(b *strings.Builder, e *parser.BinaryExpr) bool {
	subject, number, op := e.LHS, e.RHS, e.Op
	value, ok := literal(number)
	if !ok {
		subject, number, op = e.RHS, e.LHS, mirroredComparison[e.Op]
		value, ok = literal(number)
	}
	if !ok || op == parser.EQLC || op == parser.NEQ {
		return false
	}
	s.thresholds = append(s.thresholds, threshold{number, op, value})
	writeShape(b, subject)
	b.WriteString(" " + op.String() + " ?")
	return true
}

// literal is a number as it is written, perhaps with a sign or as a product of numbers.
func literal(expr parser.Expr) (float64, bool) {
	switch e := infer.Unwrap(expr).(type) {
	case *parser.NumberLiteral:
		return e.Val, true
	case *parser.UnaryExpr:
		v, ok := literal(e.Expr)
		if e.Op == parser.SUB {
			v = -v
		}
		return v, ok
	case *parser.BinaryExpr:
		left, ok := literal(e.LHS)
		right, also := literal(e.RHS)
		switch e.Op {
		case parser.MUL:
			return left * right, ok && also
		case parser.DIV:
			return left / right, ok && also
		}
	}
	return 0, false
}

// implies tells whether other holds whenever s holds, and whether it ever holds alone.
func (s *step) implies(other *step) (implied, strictly bool) {
	for i, t := range s.thresholds {
		looser := t.value - other.thresholds[i].value
		if t.op == parser.LSS || t.op == parser.LTE {
			looser = -looser
		}
		// Not a number is neither looser nor stricter.
		if !(looser >= 0) {
			return false, false
		}
		strictly = strictly || looser > 0
	}
	return true, strictly
}
