package lint

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "short-range",
		Summary: "A window is too short to hold the two samples that its function needs.",
		Why: `rate(), increase(), delta() and their kin compare samples, so they need at least two of them in their
window. A window that is not longer than the scrape interval never holds two, and the function returns
nothing: the alert is silent for ever. A window of less than two intervals holds two only now and then, and
one missed scrape empties it.

Make the window at least four times the scrape interval, so that a missed scrape does no harm: with
` + "`scrape_interval: 30s`, `rate(x[2m])`" + `. The scrape interval is taken from the prometheus.yml that rulekit is
given, or from the live server; where it is not known, only windows below 20 s are reported.`,
		Severity: Warning,
		Run:      shortRange,
	})
}

// needTwo are the functions that return nothing for a single sample.
var needTwo = map[string]bool{
	"rate": true, "irate": true, "increase": true, "delta": true, "idelta": true, "deriv": true,
	"predict_linear": true, "double_exponential_smoothing": true,
}

// usualInterval is the shortest scrape interval in common use, for where it is not known.
const usualInterval = 10 * time.Second

func shortRange(p *Pass) {
	interval := p.ScrapeInterval()
	known := interval > 0
	if !known {
		interval = usualInterval
	}
	p.eachPart(func(rule *rules.Rule, part *part, found *findings) {
		call, ok := part.Expr.(*parser.Call)
		if !ok || !needTwo[call.Func.Name] {
			return
		}
		argument, _ := rangeArgument(call)
		matrix, ok := argument.(*parser.MatrixSelector)
		if !ok || matrix.Range <= 0 || matrix.Range >= 2*interval {
			return
		}
		severity := p.check.Severity
		if known && matrix.Range <= interval {
			severity = Error
		}
		found.addAs(severity, shortRangeDiagnostic(rule, call, matrix, interval, known))
	})
}

func shortRangeDiagnostic(rule *rules.Rule, call *parser.Call, matrix *parser.MatrixSelector, interval time.Duration, known bool) Diagnostic {
	window := model.Duration(matrix.Range)
	d := Diagnostic{
		Rule: rule, Span: spanOf(rule, matrix), Label: call.Func.Name + "() needs two samples, and here is mostly one",
		Message: fmt.Sprintf("a window of %s is too short: targets are rarely scraped so often", window),
		Hint:    "make the window at least four times the scrape interval",
	}
	if !known {
		return d
	}
	scrape := model.Duration(interval)
	d.Message = fmt.Sprintf("a window of %s is too short: targets are scraped every %s", window, scrape)
	d.Hint = fmt.Sprintf("make the window at least four times the scrape interval: %s", model.Duration(4*interval))
	if matrix.Range <= interval {
		d.Label = call.Func.Name + "() needs two samples, and here is never more than one"
	}
	return d
}
