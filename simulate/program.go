package simulate

import (
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/rules"
)

// Program is rules made ready to be evaluated. It is never changed once built, so any number
// of runs may share it.
type Program struct {
	groups   []*programGroup
	features Features
	// alerts and records find rules by their name.
	alerts, records map[string][]*programRule
	total           int
}

// programGroup is a rule group. Its key is unique in the program.
type programGroup struct {
	key, name   string
	interval    time.Duration
	queryOffset *time.Duration
	limit       int
	rules       []*programRule
}

type programRule struct {
	rule *rules.Rule
	name string
	// text is the expression as Prometheus prints it, which is what Prometheus evaluates.
	text                string
	expr                parser.Expr
	labels, annotations labels.Labels
	// reads is what the expression and the templates read.
	reads reads
}

// NewProgram builds a program of the rules of files, which were read with the same features
// (Features.Parser). The error is the first problem that keeps
// Prometheus from loading one of them, with its place.
func NewProgram(files []*rules.File, features Features) (*Program, error) {
	p := &Program{features: features, alerts: map[string][]*programRule{}, records: map[string][]*programRule{}}
	parse := features.parser()
	for _, file := range files {
		if err := firstProblem(file); err != nil {
			return nil, err
		}
		for i, document := range file.Documents {
			for _, group := range document.Groups {
				if err := p.add(group, fmt.Sprintf("%s#%d", file.Path, i), parse); err != nil {
					return nil, err
				}
			}
		}
	}
	return p, nil
}

// firstProblem returns the first problem of a file as an error with its place.
func firstProblem(file *rules.File) error {
	if len(file.Problems) == 0 {
		return nil
	}
	problem := file.Problems[0]
	at := file.Position(problem.Span.Start)
	return fmt.Errorf("%s:%d:%d: %s", file.Path, at.Line, at.Column, problem.Message)
}

func (p *Program) add(group *rules.Group, document string, parse parser.Parser) error {
	g := &programGroup{
		key:      document,
		name:     group.Name.Value,
		interval: group.Interval.D,
		limit:    group.Limit,
	}
	if offset := group.QueryOffset.D; offset != 0 {
		g.queryOffset = &offset
	}
	for _, rule := range group.Rules {
		r, err := newProgramRule(rule, parse)
		if err != nil {
			at := rule.File().Position(rule.Expr.Span.Start)
			return fmt.Errorf("%s:%d:%d: %w", rule.File().Path, at.Line, at.Column, err)
		}
		g.rules = append(g.rules, r)
		index := p.records
		if rule.IsAlert() {
			index = p.alerts
		}
		index[r.name] = append(index[r.name], r)
	}
	p.groups = append(p.groups, g)
	p.total += len(g.rules)
	return nil
}

func newProgramRule(rule *rules.Rule, parse parser.Parser) (*programRule, error) {
	expr, err := parse.ParseExpr(rule.Expr.Value)
	if err != nil {
		return nil, err
	}
	r := &programRule{
		rule:        rule,
		name:        rule.Name(),
		text:        expr.String(),
		expr:        expr,
		labels:      pairLabels(rule.EffectiveLabels()),
		annotations: pairLabels(rule.Annotations),
	}
	r.reads.expression(expr)
	if r.asks() {
		r.reads.everything = true
	}
	return r, nil
}

func pairLabels(pairs []rules.Pair) labels.Labels {
	m := make(map[string]string, len(pairs))
	for _, pair := range pairs {
		m[pair.Key.Value] = pair.Value.Value
	}
	return labels.FromMap(m)
}

// callsQuery tells whether a template among the values may run a query of its own.
func callsQuery(values labels.Labels) bool {
	found := false
	values.Range(func(l labels.Label) {
		_, template, _ := strings.Cut(l.Value, "{{")
		found = found || strings.Contains(template, "query")
	})
	return found
}
