package lint

import "fmt"

func init() {
	register(Check{
		Name:    "doubled-unit",
		Summary: "A text writes a unit after a value that has one already: 1m 20s seconds.",
		Why: "`humanizeDuration`, `humanizePercentage` and `humanize` write the unit themselves: \"1m 20s\", \"12.5%\",\n" +
			"\"2.5G\". A unit after them gives \"1m 20s seconds\", \"12.5% percent\" and \"2.5GGB\": the reader has to guess\n" +
			"which of the two is right.\n\nTake the word out of the text, or print the number alone with `printf`.",
		Severity: Warning,
		Run:      doubledUnit,
	})
}

func doubledUnit(p *Pass) {
	var found []Diagnostic
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
			Edits:   v.withoutWord(),
		}
		if v.Word.Large {
			d.Hint, d.Edits = "write {{ $value | humanize1024 }}B", nil
		}
		found = append(found, d)
	}
	p.reportMerged(found)
}
