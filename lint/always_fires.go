package lint

import (
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "always-fires",
		Summary: "The alert fires for every series there is, because its expression has no condition.",
		Why: `An alert fires for each series that its expression returns, whatever the value: 0 fires just as 1 does. So
the expression has to leave out the series that are well. These do not:

- no comparison at all: ` + "`sum by (pod) (ovens_failed)`" + ` also returns pods with 0 failed ovens. Write what is too
  much: ` + "`... > 0`" + `.
- a comparison with ` + "`bool`" + `: it returns 0 where it does not hold, instead of nothing. Take ` + "`bool`" + ` out.
- a condition that always holds: ` + "`count(x) >= 0`" + `
- ` + "`... or vector(0)`" + ` with nothing compared after it: it always returns something.

Such an alert either fires for ever, and soon nobody reads it, or starts the day its metric first appears.

A constant on purpose, such as ` + "`vector(1)`" + ` for a heartbeat, is not reported. Neither are metrics that are there
only when something is wrong: ` + "`ALERTS`" + `, metrics whose value says nothing and whose labels say all (` + "`..._info`" + `),
and metrics that a recording rule with a condition makes. An expression without any condition is a warning, since
there may be more of these; the others are errors.`,
		Severity: Error,
		Run:      alwaysFires,
	})
}

func alwaysFires(p *Pass) {
	for rule := range p.Rules() {
		if t := rule.AST.Type(); !rule.IsAlert() || t != parser.ValueTypeVector && t != parser.ValueTypeScalar || !selects(p, rule) {
			continue
		}
		c := conditions{recorded: p.conditionalRecords(), analysis: p.Infer(rule)}
		missing := c.missing(rule.AST)
		if missing == nil || missing.precedence || c.analysis.Root.Presence == infer.Never {
			continue
		}
		d := Diagnostic{
			Rule: rule, Span: spanOf(rule, missing.at), Label: missing.label, Hint: missing.hint,
			Message: "alert fires for every series there is: " + missing.text,
		}
		if c.analysis.Root.Presence == infer.Always {
			d.Message = "alert always fires: " + missing.text
		}
		if missing.why != nil {
			d.Span, d.Label = locate(rule, missing.why), missing.why.Text
			for _, cause := range missing.why.Because {
				d.Related = append(d.Related, Related{File: rule.File(), Span: locate(rule, cause), Message: cause.Text})
			}
		}
		severity := p.check.Severity
		if missing.plain && c.analysis.Root.Presence != infer.Always {
			// The metric may be one that is there only when something is wrong.
			severity = Warning
		}
		p.ReportAs(severity, d)
	}
}

// selects tells whether the rule looks at any series: a constant is a heartbeat.
func selects(p *Pass, rule *rules.Rule) bool {
	for part := range p.parts(rule) {
		if _, ok := part.Expr.(*parser.VectorSelector); ok {
			return true
		}
	}
	return false
}

// conditionalRecords are the metrics that a recording rule of the run makes only where a
// condition holds.
func (p *Pass) conditionalRecords() map[string]bool {
	return shared(p, "conditional-records", func(files []*rules.File) map[string]bool {
		found := map[string]bool{}
		for _, file := range files {
			for _, rule := range file.Rules() {
				if !rule.IsAlert() && rule.AST != nil && (conditions{}).missing(rule.AST) == nil {
					found[rule.Name()] = true
				}
			}
		}
		return found
	})
}

// unconditional is the part of an expression that returns series that are well too.
type unconditional struct {
	at                parser.Expr
	text, label, hint string
	// why is the reason that a condition always holds, where that is what is wrong.
	why *infer.Reason
	// precedence tells that it is the left side of an "or" whose right side has a condition that
	// was meant for both, which is for the check precedence to report.
	precedence bool
	// plain tells that there is no condition at all.
	plain bool
}

// conditions finds expressions without a condition. The analysis may be nil.
type conditions struct {
	recorded map[string]bool
	analysis *infer.Analysis
}

// missing returns what lacks a condition, or nil if the expression has one.
func (c conditions) missing(expr parser.Expr) *unconditional {
	expr = infer.Unwrap(expr)
	switch e := expr.(type) {
	case *parser.VectorSelector:
		if c.onlyThereWhenBad(e) {
			return nil
		}
	case *parser.MatrixSelector:
		return c.missing(e.VectorSelector)
	case *parser.SubqueryExpr:
		return c.missing(e.Expr)
	case *parser.UnaryExpr:
		return c.missing(e.Expr)
	case *parser.AggregateExpr:
		return c.missingIn(e, e.Expr)
	case *parser.BinaryExpr:
		return c.missingInBinary(e)
	case *parser.Call:
		return c.missingInCall(e)
	}
	return plainlyMissing(expr)
}

func plainlyMissing(expr parser.Expr) *unconditional {
	return &unconditional{
		at: expr, text: "its expression has no condition", label: "returned whatever its value is",
		hint: "compare the value with what is too much, such as ... > 0", plain: true,
	}
}

// missingIn is missing of an operand, told of the whole.
func (c conditions) missingIn(whole, operand parser.Expr) *unconditional {
	found := c.missing(operand)
	if found != nil && found.why == nil && !found.precedence && infer.Unwrap(found.at) == infer.Unwrap(operand) {
		wider := *found
		wider.at = whole
		return &wider
	}
	return found
}

// onlyThereWhenBad tells metrics that do not say with their value that something is wrong.
func (c conditions) onlyThereWhenBad(vs *parser.VectorSelector) bool {
	name := vs.Name
	switch {
	case name == "", strings.HasPrefix(name, "ALERTS"), c.recorded[name]:
		return true
	case strings.Contains(name, ":"):
		// A recording rule that is not at hand may have a condition.
		return true
	}
	for _, suffix := range []string{"_info", "_metadata", "_labels", "_taint"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return c.analysis != nil && c.analysis.Of(vs).Kind == infer.Info
}

func (c conditions) missingInBinary(e *parser.BinaryExpr) *unconditional {
	switch {
	case e.Op == parser.LAND || e.Op == parser.LUNLESS:
		// That the other side is there, or not, is a condition.
		return nil
	case e.Op == parser.LOR:
		left, right := c.missing(e.LHS), c.missing(e.RHS)
		if left == nil {
			return right
		}
		if right == nil && bindsTighter(e) {
			meant := *left
			meant.precedence = true
			return &meant
		}
		return left
	case e.Op.IsComparisonOperator() && e.ReturnBool:
		if c.missing(e.LHS) == nil || c.missing(e.RHS) == nil {
			return nil
		}
		return &unconditional{
			at: e, text: "bool returns 0 where the condition does not hold, and an alert fires on 0 too",
			label: "returned whether it holds or not", hint: "take bool out",
		}
	case e.Op.IsComparisonOperator():
		if c.analysis == nil {
			return nil
		}
		why := c.analysis.Of(e).Tautology
		if why == nil || c.asksForExistence(e) || c.missing(e.LHS) == nil || c.missing(e.RHS) == nil {
			return nil
		}
		return &unconditional{at: e, text: "its condition always holds", why: why}
	}
	return c.missingInArithmetic(e)
}

// asksForExistence tells whether a comparison of a count is written to say that there is
// something: count(x) > 0. It filters nothing out, and is not meant to.
func (c conditions) asksForExistence(e *parser.BinaryExpr) bool {
	comparison, ok := conditionOf(c.analysis, e)
	if !ok {
		return false
	}
	subject, ok := comparison.Subject.(*parser.AggregateExpr)
	if !ok || subject.Op != parser.COUNT && subject.Op != parser.GROUP {
		return false
	}
	switch comparison.Op {
	case parser.GTR, parser.NEQ:
		return comparison.Bound == 0
	case parser.GTE, parser.EQLC:
		return comparison.Bound == 1
	}
	return false
}

// missingInArithmetic is missing of what returns nothing where one of its sides does not.
func (c conditions) missingInArithmetic(e *parser.BinaryExpr) *unconditional {
	var first *unconditional
	for _, side := range []parser.Expr{e.LHS, e.RHS} {
		if side.Type() != parser.ValueTypeVector {
			continue
		}
		found := c.missing(side)
		if found == nil {
			return nil
		}
		if first == nil && (found.why != nil || found.precedence) {
			first = found
		}
	}
	if first != nil {
		return first
	}
	return plainlyMissing(e)
}

func (c conditions) missingInCall(e *parser.Call) *unconditional {
	switch e.Func.Name {
	case "absent", "absent_over_time":
		return nil
	case "vector":
		return &unconditional{
			at: e, text: "vector() always returns something", label: "always there",
			hint: "compare what comes out: (... or vector(0)) > 0",
		}
	}
	for _, arg := range e.Args {
		if t := arg.Type(); t == parser.ValueTypeVector || t == parser.ValueTypeMatrix {
			return c.missingIn(e, arg)
		}
	}
	return plainlyMissing(e)
}

// bindsTighter tells whether the right side of an "or" is a comparison that is not in
// parentheses, so that it looks as if it were of both sides.
func bindsTighter(e *parser.BinaryExpr) bool {
	right, ok := e.RHS.(*parser.BinaryExpr)
	return ok && right.Op.IsComparisonOperator() && !right.ReturnBool
}
