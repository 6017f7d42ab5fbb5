package lint

import (
	"iter"
	"slices"
	"sync"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

// part is an expression or one of the expressions it is made of. Parentheses are no parts.
type part struct {
	parser.Expr
	// outer is the part that this one is an operand or argument of, or nil for the whole.
	outer *part
}

// parts yields the rule's expression and all parts of it, outer before inner, in the order they
// are written.
func (p *Pass) parts(rule *rules.Rule) iter.Seq[*part] {
	cache := shared(p, "parts", func([]*rules.File) *sync.Map { return &sync.Map{} })
	known, ok := cache.Load(rule)
	if !ok {
		known = takeApart(nil, rule.AST, nil)
		cache.Store(rule, known)
	}
	return func(yield func(*part) bool) {
		for _, part := range known.([]*part) {
			if !yield(part) {
				return
			}
		}
	}
}

func takeApart(all []*part, expr parser.Expr, outer *part) []*part {
	expr = infer.Unwrap(expr)
	self := &part{Expr: expr, outer: outer}
	all = append(all, self)
	for child := range parser.ChildrenIter(expr) {
		if inner, ok := child.(parser.Expr); ok {
			all = takeApart(all, inner, self)
		}
	}
	return all
}

// spanOf is where a part of the rule's expression stands in its file.
func spanOf(rule *rules.Rule, expr parser.Expr) rules.Span {
	return locate(rule, &infer.Reason{Node: expr})
}

// clauseOf is where a clause of a part of the rule's expression stands in its file.
func clauseOf(rule *rules.Rule, expr parser.Expr, clause infer.Clause) rules.Span {
	return locate(rule, &infer.Reason{Node: expr, Clause: clause})
}

// calledFunction is the name of the function that the expression calls, or "".
func calledFunction(expr parser.Expr) string {
	if call, ok := infer.Unwrap(expr).(*parser.Call); ok {
		return call.Func.Name
	}
	return ""
}

// rangeArgument is the first argument of a call that holds samples over a time.
func rangeArgument(call *parser.Call) (parser.Expr, bool) {
	for _, arg := range call.Args {
		if arg.Type() == parser.ValueTypeMatrix {
			return infer.Unwrap(arg), true
		}
	}
	return nil, false
}

// condition is a comparison of a vector with a number that keeps the series it holds for.
type condition struct {
	Expr *parser.BinaryExpr
	// Subject is what is compared, Op how, seen from it, and Bound the number.
	Subject parser.Expr
	Op      parser.ItemType
	Bound   float64
}

var mirroredComparison = map[parser.ItemType]parser.ItemType{
	parser.EQLC: parser.EQLC, parser.NEQ: parser.NEQ,
	parser.GTR: parser.LSS, parser.LSS: parser.GTR,
	parser.GTE: parser.LTE, parser.LTE: parser.GTE,
}

// conditionOf tells whether the expression is a condition.
func conditionOf(analysis *infer.Analysis, expr parser.Expr) (condition, bool) {
	e, ok := infer.Unwrap(expr).(*parser.BinaryExpr)
	if !ok || !e.Op.IsComparisonOperator() || e.ReturnBool {
		return condition{}, false
	}
	c := condition{Expr: e, Subject: infer.Unwrap(e.LHS), Op: e.Op}
	number := e.RHS
	if e.LHS.Type() == parser.ValueTypeScalar {
		c.Subject, c.Op, number = infer.Unwrap(e.RHS), mirroredComparison[e.Op], e.LHS
	}
	if c.Subject.Type() != parser.ValueTypeVector || number.Type() != parser.ValueTypeScalar {
		return condition{}, false
	}
	bound := analysis.Of(number)
	if bound == nil {
		return condition{}, false
	}
	c.Bound, ok = bound.Values.Point()
	return c, ok
}

// above tells whether the condition holds for great values.
func (c condition) above() bool { return c.Op == parser.GTR || c.Op == parser.GTE }

// below tells whether the condition holds for small values.
func (c condition) below() bool { return c.Op == parser.LSS || c.Op == parser.LTE }

// findings gathers what a check finds in one rule. What is said several times is reported once,
// with the other places beside it.
type findings struct {
	severity Severity
	all      []Diagnostic
}

// add adds a finding of the check's severity.
func (f *findings) add(d Diagnostic) { f.addAs(f.severity, d) }

func (f *findings) addAs(severity Severity, d Diagnostic) {
	d.Severity = severity
	f.all = append(f.all, d)
}

// maxFindings bounds what is looked for in one rule: each finding reads the expression again to
// find its place.
const maxFindings = 20

func (f *findings) report(p *Pass) {
	const most = 4
	var told []Diagnostic
	places := map[string]int{}
	for _, d := range f.all {
		i := slices.IndexFunc(told, func(other Diagnostic) bool { return other.Message == d.Message })
		if i < 0 {
			told = append(told, d)
			continue
		}
		if places[d.Message]++; places[d.Message] < most {
			told[i].Related = append(told[i].Related, Related{File: d.Rule.File(), Span: d.Span, Message: "here too"})
		}
		told[i].Edits = append(told[i].Edits, d.Edits...)
	}
	for _, d := range told {
		p.ReportAs(d.Severity, d)
	}
}

// eachPart looks for findings in all parts of the expressions of all rules.
func (p *Pass) eachPart(find func(rule *rules.Rule, part *part, found *findings)) {
	for rule := range p.Rules() {
		found := &findings{severity: p.check.Severity}
		for part := range p.parts(rule) {
			if find(rule, part, found); len(found.all) >= maxFindings {
				break
			}
		}
		found.report(p)
	}
}
