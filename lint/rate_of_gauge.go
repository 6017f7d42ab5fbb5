package lint

import (
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "rate-of-gauge",
		Summary: "rate(), irate() or increase() of a gauge.",
		Why: `rate(), irate() and increase() are for counters, which only grow: they take every fall for a restart of
the process and count what is there after it as new. Of a gauge, which goes up and down, they make large
numbers out of nothing: connections that go 90, 10, 90 "increase" by 90, though no more are open than before.

For a gauge use its value as it is, ` + "`max_over_time()` or `avg_over_time()`" + `; for its change ` + "`delta()` or `deriv()`" + `.

That a metric is a gauge is known from what its exporter says of it (` + "`--metrics`" + `, or the live server), from the
recording rule that makes it (what ` + "`rate()`" + ` made is a gauge), or because the same expression also uses its value
as it is, beside the rate: ` + "`rate(parcels_open{state=\"late\"}[5m]) / parcels_open`" + `.`,
		Severity: Warning,
		Run:      rateOfGauge,
	})
}

// counterFunctions take every fall of the value for a restart.
var counterFunctions = map[string]bool{"rate": true, "irate": true, "increase": true}

func rateOfGauge(p *Pass) {
	p.eachPart(func(rule *rules.Rule, part *part, found *findings) {
		call, ok := part.Expr.(*parser.Call)
		if !ok || !counterFunctions[call.Func.Name] {
			return
		}
		argument, _ := rangeArgument(call)
		matrix, ok := argument.(*parser.MatrixSelector)
		if !ok {
			return
		}
		vs, ok := matrix.VectorSelector.(*parser.VectorSelector)
		if !ok || vs.Name == "" {
			return
		}
		if d, ok := gaugeDiagnostic(p, rule, part, vs); ok {
			found.add(d)
		}
	})
}

// gaugeDiagnostic tells whether what the part takes the rate of is a gauge.
func gaugeDiagnostic(p *Pass, rule *rules.Rule, part *part, vs *parser.VectorSelector) (Diagnostic, bool) {
	function := calledFunction(part.Expr) + "()"
	d := Diagnostic{
		Rule: rule, Span: metricSpan(rule, vs), Label: "a gauge",
		Message: fmt.Sprintf("%s of %s, which is a gauge", function, vs.Name),
		Hint:    "use the value as it is, or delta() for its change",
	}
	if records := p.records()[vs.Name]; len(records) > 0 {
		for _, record := range records {
			root := p.Infer(record).Root
			if root.Kind != infer.Gauge || !root.KindKnown {
				return d, false
			}
		}
		d.Hint = fmt.Sprintf("leave %s out, or record the counter itself", function)
		d.Related = []Related{{File: records[0].File(), Span: records[0].Expr.Span, Message: "recorded here"}}
		return d, true
	}
	if known := p.Infer(rule).Of(vs); known.KindKnown {
		d.Message += ", as its exporter says"
		return d, known.Kind == infer.Gauge
	}
	raw := besideRate(part, vs.Name)
	if raw == nil {
		return d, false
	}
	d.Message = fmt.Sprintf("%s takes %s for a counter, and beside it is used as a gauge", function, vs.Name)
	d.Label = "taken for a counter here"
	d.Hint = fmt.Sprintf("if it is a gauge, leave %s out; if it is a counter, use %s on both sides", function, function)
	d.Related = []Related{{File: rule.File(), Span: metricSpan(rule, raw), Message: "the value as it is"}}
	return d, true
}

// records are the recording rules of the run, by the metric they make.
func (p *Pass) records() map[string][]*rules.Rule {
	return shared(p, "records", func(files []*rules.File) map[string][]*rules.Rule {
		found := map[string][]*rules.Rule{}
		for _, file := range files {
			for _, rule := range file.Rules() {
				if !rule.IsAlert() && rule.AST != nil {
					found[rule.Name()] = append(found[rule.Name()], rule)
				}
			}
		}
		return found
	})
}

// besideRate returns a selector of the metric whose value is used as it is on the other side of
// the first division or comparison around the rate, or nil.
func besideRate(rate *part, metric string) *parser.VectorSelector {
	inner := rate
	for outer := rate.outer; outer != nil; inner, outer = outer, outer.outer {
		e, ok := outer.Expr.(*parser.BinaryExpr)
		if !ok {
			continue
		}
		other := e.LHS
		if infer.Unwrap(other) == inner.Expr {
			other = e.RHS
		}
		if other.Type() == parser.ValueTypeScalar {
			continue
		}
		if e.Op != parser.DIV && !e.Op.IsComparisonOperator() {
			return nil
		}
		return valueOf(other, metric)
	}
	return nil
}

// valueOf returns the selector of the metric whose value the expression's value is made of.
func valueOf(expr parser.Expr, metric string) *parser.VectorSelector {
	switch e := infer.Unwrap(expr).(type) {
	case *parser.VectorSelector:
		if e.Name == metric {
			return e
		}
	case *parser.AggregateExpr:
		switch e.Op {
		case parser.SUM, parser.MAX, parser.MIN, parser.AVG:
			return valueOf(e.Expr, metric)
		}
	case *parser.BinaryExpr:
		if e.Op.IsSetOperator() || e.Op.IsComparisonOperator() {
			return nil
		}
		if found := valueOf(e.LHS, metric); found != nil {
			return found
		}
		return valueOf(e.RHS, metric)
	}
	return nil
}
