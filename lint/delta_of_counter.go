package lint

import (
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "delta-of-counter",
		Summary: "delta(), idelta() or deriv() of a counter.",
		Why: `A counter starts again at 0 when its process restarts. delta(), idelta() and deriv() do not know that: they take
the restart for a fall, and the events around it are lost, or an alert on a fall fires at every restart.

Use ` + "`increase()` instead of `delta()`, `rate()` instead of `deriv()`" + `, and irate() for the last two samples.

A warning where the exporter says that the metric is a counter (` + "`--metrics`" + `, or the live server), info where only
its name does.`,
		Severity: Warning,
		Run:      deltaOfCounter,
	})
}

// insteadOf is what to use for a counter.
var insteadOf = map[string]string{"delta": "increase", "idelta": "irate", "deriv": "rate"}

func deltaOfCounter(p *Pass) {
	p.eachPart(func(rule *rules.Rule, part *part, found *findings) {
		call, ok := part.Expr.(*parser.Call)
		if !ok || insteadOf[call.Func.Name] == "" {
			return
		}
		argument, _ := rangeArgument(call)
		matrix, ok := argument.(*parser.MatrixSelector)
		if !ok {
			return
		}
		vs, ok := matrix.VectorSelector.(*parser.VectorSelector)
		if !ok || p.Recorded(vs.Name) {
			return
		}
		if known := p.Infer(rule).Of(vs); countsUp(known) {
			addDelta(found, rule, call.Func.Name, vs, known.KindKnown)
		}
	})
}

// countsUp tells whether the values are those of counters.
func countsUp(r *infer.Result) bool {
	return r != nil && (r.Kind == infer.Counter || r.Kind == infer.Bucket)
}

func addDelta(found *findings, rule *rules.Rule, function string, vs *parser.VectorSelector, known bool) {
	d := Diagnostic{
		Rule: rule, Span: metricSpan(rule, vs), Label: "a counter, as its exporter says",
		Message: fmt.Sprintf("%s() of %s takes every restart for a fall", function, vs.Name),
		Hint:    fmt.Sprintf("use %s(), which knows that counters restart", insteadOf[function]),
	}
	if known {
		found.add(d)
		return
	}
	d.Label = "a counter, by its name"
	found.addAs(Info, d)
}
