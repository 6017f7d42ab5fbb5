package lint

import (
	"fmt"

	"github.com/rulekit/rulekit/lint/infer"
)

func init() {
	register(Check{
		Name:    "doubled-unit",
		Summary: "A text writes a unit after a value that has one already: 1m 20s seconds.",
		Why: "`humanizeDuration`, `humanizePercentage` and `humanize` write the unit themselves: \"1m 20s\", \"12.5%\",\n" +
			"\"2.5G\". A unit after them gives \"1m 20s minutes\", \"12.5% percent\" and \"2.5GGB\".\n\n" +
			"It is a warning where the reader has to guess which of the two is right: where the word is another unit\n" +
			"than the one that is written, and where seconds stand behind minutes or hours, since the alert fires\n" +
			"above a minute only. A mere stutter, such as \"7s seconds\", is an info.\n\n" +
			"Take the word out of the text, or print the number alone with `printf`.",
		Severity: Warning,
		Run:      doubledUnit,
	})
}

func doubledUnit(p *Pass) {
	var stutters, contradictions []Diagnostic
	for v := range p.printedValues {
		function, writes := "", ""
		switch {
		case v.Word.duration() && v.Use.format() == asDuration:
			function, writes = "humanizeDuration", "the units"
		case v.percentWord() && v.Use.format() == asPercentage:
			function, writes = "humanizePercentage", "the percent sign"
		case v.Word.Large && v.Use.format() == prefixed:
			function, writes = "humanize", "a prefix"
		default:
			continue
		}
		d := Diagnostic{
			Rule: v.rule, Span: v.span(),
			Message: fmt.Sprintf("%s writes %s itself, so %s is one too many", function, writes, v.Word.Written),
			Hint:    fmt.Sprintf("take %s out of the text", v.Word.Written),
		}
		switch {
		case v.Word.Large:
			d.Hint = "write {{ $value | humanize1024 }}B"
		case v.root.Unit == infer.Seconds || v.Word.Unit == infer.Seconds || v.percentWord():
			d.Edits = v.withoutWord()
		default:
			// The word may be right, and the format wrong.
			d.Hint += fmt.Sprintf(", or print the number without %s if it is in %s", function, v.Word.Written)
		}
		if v.contradicted() {
			contradictions = append(contradictions, d)
		} else {
			stutters = append(stutters, d)
		}
	}
	p.reportMergedAs(Warning, contradictions)
	p.reportMergedAs(Info, stutters)
}

// contradicted tells that the word is another unit than the format writes.
func (v printedValue) contradicted() bool {
	const minute = 60
	switch {
	case v.percentWord():
		return false
	case v.Word.Unit == infer.Seconds:
		return v.root.Values.Lo >= minute
	}
	return true
}
