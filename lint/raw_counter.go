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
		Name:    "raw-counter",
		Summary: "A counter is compared, or averaged, without rate() or increase().",
		Why: `A counter counts since its process started. ` + "`parcels_lost_total > 100`" + ` fires once the hundredth parcel is lost,
be it after a day or after a year, and goes on until the process is restarted, though nothing is lost any
more. How much it grows is what matters: ` + "`increase(parcels_lost_total[1h]) > 100`" + `.

The same holds for a mean: ` + "`sorting_seconds_sum / sorting_seconds_count`" + ` is the mean since the process started. After
a week an hour of trouble does not move it. Write ` + "`rate(sorting_seconds_sum[5m]) / rate(sorting_seconds_count[5m])`" + `.

A comparison is a warning where the exporter says that the metric is a counter (` + "`--metrics`" + `, or the live server),
and info where only its name does: gauges are often called _total. A condition that is one of several that must
hold together is not reported.`,
		Severity: Warning,
		Run:      rawCounter,
	})
}

func rawCounter(p *Pass) {
	p.eachPart(func(rule *rules.Rule, part *part, found *findings) {
		analysis := p.Infer(rule)
		if e, ok := part.Expr.(*parser.BinaryExpr); ok && e.Op == parser.DIV {
			addLifelongMean(p, rule, part, found)
		}
		c, ok := conditionOf(analysis, part.Expr)
		if !ok || !rule.IsAlert() || !c.above() || c.Bound < 0 || !returned(part) {
			return
		}
		subject := withoutScaling(c.Subject)
		if known := analysis.Of(subject); countsUp(known) {
			addRawCounter(p, rule, subject, known.KindKnown, found)
		}
	})
}

// withoutScaling takes multiplications with numbers, rounding and the like off an expression.
func withoutScaling(expr parser.Expr) parser.Expr {
	for {
		switch e := infer.Unwrap(expr).(type) {
		case *parser.BinaryExpr:
			switch {
			case e.Op != parser.MUL && e.Op != parser.DIV:
				return e
			case e.RHS.Type() == parser.ValueTypeScalar:
				expr = e.LHS
			case e.LHS.Type() == parser.ValueTypeScalar && e.Op == parser.MUL:
				expr = e.RHS
			default:
				return e
			}
		case *parser.Call:
			switch e.Func.Name {
			case "round", "ceil", "floor", "clamp_min", "clamp_max":
				expr = e.Args[0]
			default:
				return e
			}
		default:
			return e
		}
	}
}

func addRawCounter(p *Pass, rule *rules.Rule, subject parser.Expr, known bool, found *findings) {
	vs, _ := soleSelector(subject)
	if vs == nil || vs.Name == "" || p.Recorded(vs.Name) || vs.OriginalOffset != 0 {
		return
	}
	d := Diagnostic{
		Rule: rule, Span: metricSpan(rule, vs), Label: "counts since the process started",
		Message: fmt.Sprintf("the counter %s is compared as it is: once the alert fires, it goes on until a restart", vs.Name),
		Hint:    fmt.Sprintf("compare its growth: increase(%s[...])", vs.Name),
	}
	if known {
		found.add(d)
		return
	}
	d.Message = fmt.Sprintf("%s is a counter by its name, and is compared as it is: such an alert goes on until a restart", vs.Name)
	d.Hint = fmt.Sprintf("if it is a counter, compare its growth: increase(%s[...])", vs.Name)
	found.addAs(Info, d)
}

// maxMean bounds the text of a division that is looked into, in bytes.
const maxMean = 2 << 10

// addLifelongMean reports the sum of all observations of a histogram or summary, divided by
// their number, both since the process started.
func addLifelongMean(p *Pass, rule *rules.Rule, part *part, found *findings) {
	e := part.Expr.(*parser.BinaryExpr)
	if size := e.PositionRange(); size.End-size.Start > maxMean {
		return
	}
	sum, sumRanged := soleSelector(e.LHS)
	count, countRanged := soleSelector(e.RHS)
	if sum == nil || count == nil || sumRanged || countRanged {
		return
	}
	base, isSum := strings.CutSuffix(sum.Name, "_sum")
	if !isSum || count.Name != base+"_count" || p.Recorded(sum.Name) || base == "" {
		return
	}
	for _, vs := range []*parser.VectorSelector{sum, count} {
		if known := p.Infer(rule).Of(vs); known.KindKnown && !countsUp(known) || vs.OriginalOffset != 0 {
			return
		}
	}
	for outer := part.outer; outer != nil; outer = outer.outer {
		if _, ok := outer.Expr.(*parser.SubqueryExpr); ok {
			return
		}
	}
	found.add(Diagnostic{
		Rule: rule, Span: clauseOf(rule, e, infer.Operator), Label: "both sides count since the process started",
		Message: fmt.Sprintf("this is the mean of %s since the process started, not of now", base),
		Hint:    fmt.Sprintf("divide the growth: rate(%s_sum[5m]) / rate(%s_count[5m])", base, base),
	})
}
