package lint

import (
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "never-fires",
		Summary: "The expression can never return anything, whatever series there are.",
		Why: `An alert fires for each series that its expression returns. Some expressions never return one:

- ` + "`count(x) < 1` and `count(x) == 0`" + `: where x has no series, count() does not return 0, it returns
  nothing at all. The alert is silent exactly when it is needed. Use ` + "`absent(x)`" + `, or ask for what should
  be there ` + "`unless`" + ` it is.
- matchers that exclude each other: ` + "`x{role=\"a\", role=\"b\"}`" + `
- conditions on one series that exclude each other: ` + "`x > 5 and x < 3`" + `
- a comparison that no possible value passes: ` + "`up == 2`, `vector(0) > 1`, `sum(rate(x[5m])) < 0`" + `
- two sides whose labels can never be equal: ` + "`x{job=\"a\"} > sum(y)`" + `, where sum() has no job
- a share of 1 compared as if it were percent: ` + "`failed / (failed + done) > 5`" + ` of rates is never above 1
- what is left out of itself, ` + "`x unless x`, and a choice of none, `topk(0, x)`" + `
- samples over a time, ` + "`up[5m]`" + `, or a string: Prometheus loads such a rule and fails its every evaluation

Such an alert looks like protection and is none. A finding is certain, given that counters do not go
below zero and that up is 0 or 1.`,
		Severity: Error,
		Run:      neverFires,
	})
}

func neverFires(p *Pass) {
	for rule := range p.Rules() {
		switch kind := rule.AST.Type(); kind {
		case parser.ValueTypeMatrix, parser.ValueTypeString:
			p.Report(unusableDiagnostic(rule, kind))
			continue
		}
		if root := p.Infer(rule).Root; root.Presence == infer.Never {
			p.Report(neverDiagnostic(p.Infer(rule), rule, root.Why))
		}
	}
}

// unusableDiagnostic is for an expression that parses, but whose result no rule can use:
// Prometheus fails its every evaluation (rules.EngineQueryFunc).
func unusableDiagnostic(rule *rules.Rule, kind parser.ValueType) Diagnostic {
	d := Diagnostic{
		Rule: rule, Span: rule.Expr.Span, Message: neverMessage(rule) + ": its expression is a string",
		Hint: "a rule needs an instant vector or a number",
	}
	if kind == parser.ValueTypeMatrix {
		d.Message = neverMessage(rule) + ": its expression gives samples over a time, not one value"
		d.Hint = "say what to make of them, such as max_over_time(...), rate(...) or last_over_time(...)"
	}
	return d
}

func neverMessage(rule *rules.Rule) string {
	if rule.IsAlert() {
		return "alert can never fire"
	}
	return "rule can never record anything"
}

func neverDiagnostic(analysis *infer.Analysis, rule *rules.Rule, why *infer.Reason) Diagnostic {
	d := Diagnostic{Rule: rule, Span: rule.Expr.Span, Message: neverMessage(rule)}
	if why == nil {
		d.Message += ": its expression has no possible value"
		return d
	}
	d.Span, d.Hint = locate(rule, why), neverHint(analysis, why)
	related := why.Because
	switch why.Kind {
	case infer.Comparison:
		d.Message += ": " + why.Text
		d.Label = "this never holds"
		if len(related) > 0 {
			// The cause is the better place to look at.
			d.Related = []Related{{File: rule.File(), Span: d.Span, Message: d.Label}}
			d.Span, d.Label = locate(rule, related[0]), related[0].Text
			related = related[1:]
		}
	case infer.Matchers:
		d.Message += ": the matchers exclude each other"
		d.Label = why.Text
	case infer.Intersection:
		d.Message += ": " + why.Text
		d.Label = "both are asked for"
	case infer.Join:
		d.Message += ": the labels of the two sides can never match"
		d.Label = why.Text
	default:
		d.Message += ": " + why.Text
	}
	for _, cause := range related {
		d.Related = append(d.Related, Related{File: rule.File(), Span: locate(rule, cause), Message: cause.Text})
	}
	return d
}

// neverHint says how to write what was probably meant.
func neverHint(analysis *infer.Analysis, why *infer.Reason) string {
	switch why.Kind {
	case infer.Comparison:
		if hint := comparisonHint(analysis, why.Node); hint != "" {
			return hint
		}
		for _, cause := range why.Because {
			if e, ok := cause.Node.(*parser.AggregateExpr); ok && e.Op == parser.COUNT {
				return countHint(e)
			}
		}
	case infer.Join:
		return "aggregate both sides by the same labels, or say with on (...) which labels have to be equal"
	case infer.Intersection:
		return `if one of the two is enough, join them with "or"`
	case infer.Matchers:
		if len(why.Because) == 0 {
			return `to select series without the label, use label=""; to select all, leave the matcher out`
		}
		return `to select several values of a label, use one matcher such as label=~"a|b"`
	}
	return ""
}

// comparisonHint says what to write for a share that was taken for percent, and for absent()
// that was taken for a number.
func comparisonHint(analysis *infer.Analysis, expr parser.Expr) string {
	c, ok := conditionOf(analysis, expr)
	if !ok {
		return ""
	}
	values := analysis.Of(c.Subject).Values
	_, divided := c.Subject.(*parser.BinaryExpr)
	switch {
	case strings.HasPrefix(calledFunction(c.Subject), "absent"):
		return "absent() returns nothing where there are series: leave the comparison out"
	case divided && c.above() && values.Lo >= 0 && values.Hi == 1 && c.Bound > 1 && c.Bound < 100:
		return fmt.Sprintf("the value is a share of 1: multiply it by 100, or compare with %v", c.Bound/100)
	}
	return ""
}

// countHint says how to find what count() cannot count.
func countHint(e *parser.AggregateExpr) string {
	if len(e.Grouping) == 0 && !e.Without {
		return fmt.Sprintf("to find that there are none, use absent(%s)", e.Expr)
	}
	vs, ok := e.Expr.(*parser.VectorSelector)
	if !ok || vs.Name == "" || len(vs.LabelMatchers) < 2 {
		return "to find a group that has none, say which groups there should be: ... unless " + e.String()
	}
	all, every := *vs, *e
	all.LabelMatchers, every.Expr = nil, &all
	return fmt.Sprintf("to find a group that has none, use %s unless %s", every.String(), e)
}
