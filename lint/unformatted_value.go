package lint

import (
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "unformatted-value",
		Summary: "A text prints a quotient, a rate or the like with all its digits.",
		Why: `` + "`{{ $value }}`" + ` prints a number as exactly as a computer holds it: "83.33333333333334% of the parcels" or
"0.06666666666666667 parcels a second". Nobody can read that on a phone.

Print ratios with ` + "`humanizePercentage`" + `, seconds with ` + "`humanizeDuration`" + `, bytes with ` + "`humanize1024`" + `, percentages
with ` + "`printf \"%.1f\"`" + `, numbers of things with ` + "`humanize`" + ` and the rest with ` + "`printf \"%.2f\"`" + `. The text is right as it is,
only tiresome to read, so this is an info. Whole numbers are not reported.`,
		Severity: Info,
		Run:      unformattedValue,
	})
}

func unformattedValue(p *Pass) {
	for rule := range p.Rules() {
		if !rule.IsAlert() {
			continue
		}
		var uses []rules.Span
		for _, text := range p.texts(rule) {
			for _, use := range text.values {
				if use.raw() && !text.IsLabel && !hasWrongUnit(p, rule, text, use) {
					uses = append(uses, text.span(use.place))
				}
			}
		}
		if len(uses) == 0 {
			continue
		}
		what := digits(p.Infer(rule).Root, valueExpr(rule.AST))
		if what == "" {
			continue
		}
		d := Diagnostic{
			Rule: rule, Span: uses[0],
			Message: fmt.Sprintf("the value is %s, printed with all its digits", what),
			Hint:    "print it with " + formatFor(newUnitJudge(rule, p.Infer(rule))),
		}
		for _, also := range uses[1:] {
			d.Related = append(d.Related, Related{File: rule.File(), Span: also, Message: "and here"})
		}
		p.Report(d)
	}
}

// hasWrongUnit tells whether another check of units reports the place: then the format is its matter.
func hasWrongUnit(p *Pass, rule *rules.Rule, text ruleText, use valueUse) bool {
	v := printedValue{unitJudge: newUnitJudge(rule, p.Infer(rule)), Text: text, Use: use, Word: unitAfter(use.After)}
	message, _ := v.wrongUnit()
	return message != "" || v.ratioAsPercent()
}

// manyDigits are functions that return numbers with many digits, and what they return.
var manyDigits = map[string]string{
	"histogram_quantile": "a quantile", "quantile_over_time": "a quantile", "histogram_avg": "an average",
	"avg_over_time": "an average", "rate": "a rate", "irate": "a rate", "deriv": "a rate", "increase": "an extrapolated increase",
	"delta": "an extrapolated change", "predict_linear": "a prediction", "stddev_over_time": "a deviation",
}

// digits says what makes a value have many digits, or "".
func digits(root *infer.Result, value parser.Expr) string {
	if _, constant := root.Values.Point(); constant || root.Values.Integer {
		return ""
	}
	switch {
	case root.Unit == infer.Ratio || root.Quotient:
		return "a quotient"
	case root.Unit == infer.Percent && root.UnitWhy != nil && root.UnitWhy.Clause == infer.Operator:
		return "a percentage"
	case root.Unit == infer.PerSecond || root.Unit == infer.BytesPerSecond:
		return "a rate"
	}
	for {
		switch e := value.(type) {
		case *parser.ParenExpr:
			value = e.Expr
			continue
		case *parser.AggregateExpr:
			if e.Op == parser.AVG || e.Op == parser.QUANTILE || e.Op == parser.STDDEV {
				return "an average or the like"
			}
			value = e.Expr
			continue
		case *parser.Call:
			return manyDigits[e.Func.Name]
		}
		return ""
	}
}

// formatFor is how to print a value. A quotient of two numbers of things that is compared with
// more than 1 is no share of a whole: it says how many there are of one for each of the other.
func formatFor(value *unitJudge) string {
	switch value.root.Unit {
	case infer.Ratio:
		if slices.ContainsFunc(value.limits, func(l limit) bool { return l.Value > 1 }) {
			break
		}
		return "{{ $value | humanizePercentage }}"
	case infer.Percent:
		return `{{ $value | printf "%.1f" }}%`
	case infer.BytesPerSecond:
		return "{{ $value | humanize1024 }}B/s"
	case infer.Seconds:
		return "{{ $value | humanizeDuration }}"
	case infer.PerSecond, infer.Count:
		return "{{ $value | humanize }}"
	}
	return `{{ $value | printf "%.2f" }}`
}
