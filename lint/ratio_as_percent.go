package lint

import (
	"regexp"

	"github.com/rulekit/rulekit/lint/infer"
)

func init() {
	register(Check{
		Name:    "ratio-as-percent",
		Summary: "A text calls a ratio from 0 to 1 percent.",
		Why: "`errors / requests > 0.1` with the text `the error rate is {{ $value | printf \"%.2f\" }} percent` says\n" +
			"\"0.12 percent\" when one request in eight fails. Who reads it goes back to sleep.\n\n" +
			"Print a ratio with `{{ $value | humanizePercentage }}`, which multiplies by 100 and writes the sign too, or\n" +
			"multiply by 100 in the expression. A quotient that is compared with a number above 1 is not reported: it is\n" +
			"no share.",
		Severity: Warning,
		Run:      ratioAsPercent,
	})
}

func ratioAsPercent(p *Pass) {
	var found []Diagnostic
	for v := range p.printedValues {
		if !v.ratioAsPercent() {
			continue
		}
		found = append(found, Diagnostic{
			Rule: v.rule, Span: v.span(), Related: v.because(), Edits: v.asPercentage(),
			Message: "the value is a ratio from 0 to 1, but the text calls it percent",
			Hint:    "print it with {{ $value | humanizePercentage }}, which writes the sign too",
		})
	}
	p.reportMerged(found)
}

// ratioAsPercent tells that the value is a ratio, which the text calls percent.
func (v printedValue) ratioAsPercent() bool {
	format := v.Use.format()
	isRatio := v.root.Unit == infer.Ratio || v.root.Quotient
	return v.percentWord() && (format == plain || format == prefixed) && isRatio && v.below(1.5)
}

// simpleNumber is an action that does nothing but print the value as a number.
var simpleNumber = regexp.MustCompile(`^\{\{(-?)\s*(?:(\$value|\.Value)\s*(?:\|\s*(?:printf\s+"%[0-9.]*[fgv]"|humanize)\s*)?|` +
	`printf\s+"%[0-9.]*[fgv]"\s+(\$value|\.Value)\s*)(-?)\}\}$`)

// asPercentage prints the value with humanizePercentage, and takes the word away.
func (v printedValue) asPercentage() []Edit {
	text := v.Text.Value.Value
	m := simpleNumber.FindStringSubmatch(text[v.Use.Start:v.Use.End])
	if m == nil || v.withoutWord() == nil {
		return nil
	}
	return []Edit{{
		Span: v.Text.span(place{v.Use.Start, v.Use.End + v.Word.Length}),
		New:  "{{" + m[1] + " " + m[2] + m[3] + " | humanizePercentage " + m[4] + "}}",
	}}
}
