package lint

import (
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "histogram-quantile",
		Summary: "histogram_quantile() gets what is no histogram, or a quantile() is outside 0 to 1.",
		Why: `histogram_quantile() puts the buckets of a histogram together by their label ` + "`le`" + `. It gives no error for
what it cannot use; it returns nothing, or nonsense:

- ` + "`histogram_quantile(0.9, sum by (job) (rate(x_bucket[5m])))`" + `: sum() has dropped ` + "`le`" + `, so nothing is returned
  and the alert is silent for ever. Write ` + "`sum by (job, le)`" + `.
- ` + "`histogram_quantile(0.9, x_bucket)`" + `: buckets count since the process started, so this is the quantile of its
  whole life, and moves less each day. Write ` + "`rate(x_bucket[5m])`" + `.
- ` + "`histogram_quantile(0.9, rate(x_sum[5m]))`" + `: that metric has no buckets.
- ` + "`histogram_quantile(95, ...)`" + `: the quantile of a number above 1 is +Inf, below 0 it is -Inf. Write 0.95. The same
  holds for ` + "`quantile()` and `quantile_over_time()`" + `.`,
		Severity: Error,
		Run:      histogramQuantile,
	})
}

func histogramQuantile(p *Pass) {
	p.eachPart(func(rule *rules.Rule, part *part, found *findings) {
		switch e := part.Expr.(type) {
		case *parser.AggregateExpr:
			if e.Op == parser.QUANTILE {
				checkPhi(p.Infer(rule), rule, e.Param, "quantile()", found)
			}
		case *parser.Call:
			switch e.Func.Name {
			case "histogram_quantile":
				checkPhi(p.Infer(rule), rule, e.Args[0], "histogram_quantile()", found)
				checkBuckets(p, rule, e, found)
			case "quantile_over_time":
				checkPhi(p.Infer(rule), rule, e.Args[0], "quantile_over_time()", found)
			}
		}
	})
}

// checkPhi reports a quantile that is not between 0 and 1.
func checkPhi(analysis *infer.Analysis, rule *rules.Rule, phi parser.Expr, function string, found *findings) {
	v, ok := analysis.Of(phi).Values.Point()
	if !ok || v >= 0 && v <= 1 {
		return
	}
	d := Diagnostic{
		Rule: rule, Span: spanOf(rule, phi), Label: "not between 0 and 1",
		Message: fmt.Sprintf("%s of %v is always infinite", function, v),
	}
	if v > 1 && v <= 100 {
		d.Hint = fmt.Sprintf("a quantile is a share of 1: write %v", v/100)
	}
	found.add(d)
}

// checkBuckets reports an argument that holds no buckets of a classic histogram. What is not
// called _bucket may be a native histogram, which has no le.
func checkBuckets(p *Pass, rule *rules.Rule, call *parser.Call, found *findings) {
	argument := call.Args[1]
	selector, rated := soleSelector(argument)
	if selector == nil {
		return
	}
	le := p.Infer(rule).Of(argument).Labels.Get(labels.BucketLabel)
	switch {
	case strings.HasSuffix(selector.Name, "_bucket") && le.State == infer.Gone:
		d := Diagnostic{
			Rule: rule, Span: clauseOf(rule, call, infer.Operator), Label: "returns nothing without le",
			Message: "histogram_quantile() returns nothing: its argument has lost the label le",
			Hint:    "keep le, the label that tells the buckets apart",
		}
		if le.Why != nil {
			d.Hint = keepLe(le.Why)
			d.Related = []Related{{File: rule.File(), Span: locate(rule, le.Why), Message: le.Why.Text}}
		}
		found.add(d)
	case strings.HasSuffix(selector.Name, "_bucket") && !rated:
		found.addAs(Warning, Diagnostic{
			Rule: rule, Span: spanOf(rule, argument), Label: "counted since the process started",
			Message: "quantile of all that was measured since the process started, not of now",
			Hint:    fmt.Sprintf("use the growth of the buckets: rate(%s[5m])", selector),
		})
	case hasSuffix(selector.Name, "_sum", "_count", "_total") && !p.Recorded(selector.Name):
		found.add(Diagnostic{
			Rule: rule, Span: metricSpan(rule, selector), Label: "has no buckets",
			Message: fmt.Sprintf("histogram_quantile() of %s, which is no histogram", selector.Name),
			Hint:    "give it the metric that ends in _bucket",
		})
	}
}

func keepLe(why *infer.Reason) string {
	if e, ok := why.Node.(*parser.AggregateExpr); ok {
		switch {
		case e.Without:
			return "take le out of without (...)"
		case len(e.Grouping) > 0:
			return fmt.Sprintf("add le: by (%s, le)", strings.Join(e.Grouping, ", "))
		}
	}
	return "keep le: by (le)"
}

// soleSelector returns the one selector of an expression, or nil if there are several, and
// whether it is inside a function of samples over a time.
func soleSelector(expr parser.Expr) (found *parser.VectorSelector, ranged bool) {
	several := false
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch e := node.(type) {
		case *parser.VectorSelector:
			several = several || found != nil
			found = e
		case *parser.MatrixSelector, *parser.SubqueryExpr:
			ranged = true
		case *parser.BinaryExpr:
			// x - x offset 5m is the growth of x too.
			ranged = ranged || e.Op == parser.SUB
		}
		return nil
	})
	if several {
		return nil, false
	}
	return found, ranged
}

func hasSuffix(name string, suffixes ...string) bool {
	for _, suffix := range suffixes {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}
