package lint

import (
	"fmt"

	"github.com/rulekit/rulekit/lint/infer"
)

func init() {
	register(Check{
		Name:    "value-unit",
		Summary: "The text gives the value another unit or scale than the expression does.",
		Why: `Seconds that are called milliseconds, a number of vans that is called percent, a moment that is printed
as 1.7e+09, ` + "`humanizePercentage`" + ` on a value that was multiplied by 100 already, a ratio of 0.02 that is printed
without decimals and reads 0: the reader believes the text, and takes a grave alert for a harmless one.

The unit of the value comes from metadata and names of metrics (` + "`_seconds`, `_bytes`, `_total`" + `) and from
the arithmetic: what is divided by its like is a ratio, times 100 a percentage. What fits:

| value | print it with |
|---|---|
| ratio (0 to 1) | ` + "`{{ $value | humanizePercentage }}`" + ` |
| percentage (0 to 100) | ` + "`{{ $value | printf \"%.1f\" }}%`" + ` |
| seconds | ` + "`{{ $value | humanizeDuration }}`" + ` |
| moment | ` + "`{{ $value | humanizeTimestamp }}`" + `, or compare ` + "`time() - x`" + ` |
| bytes | ` + "`{{ $value | humanize1024 }}B`" + ` |`,
		Severity: Warning,
		Run:      valueUnit,
	})
}

func valueUnit(p *Pass) {
	var found []Diagnostic
	for v := range p.printedValues {
		if message, hint := v.wrongUnit(); message != "" {
			found = append(found, Diagnostic{Rule: v.rule, Span: v.span(), Message: message, Hint: hint, Related: v.because()})
		}
	}
	p.reportMerged(found)
}

// wrongUnit says what is wrong with how the value is printed, and what to do; or "".
func (v printedValue) wrongUnit() (message, hint string) {
	switch v.Use.format() {
	case asPercentage:
		return v.wrongPercentage()
	case asDuration:
		return v.wrongDuration()
	case asTime:
		return v.wrongTime()
	case plain, prefixed:
		return v.wrongNumber()
	case otherFormat:
	}
	return "", ""
}

const (
	ownUnit         = "print it in its own unit"
	quotientInstead = "compare the quotient of the two sides with the share instead: a / b > 0.8"
)

// wrongPercentage judges humanizePercentage, which takes a ratio.
func (v printedValue) wrongPercentage() (message, hint string) {
	switch {
	case v.root.Unit == infer.Percent && !v.below(1.5):
		return "the value is a percentage already, humanizePercentage multiplies it by 100 once more",
			`print it with {{ $value | printf "%.1f" }}%, or take the * 100 out of the expression`
	case v.part != nil && !v.mayBeShare():
		return fmt.Sprintf("humanizePercentage takes a share of 1, but the value is the left side of the comparison, which is %s", v.inWords()),
			quotientInstead
	case v.counted() || v.root.Unit == infer.Seconds || v.root.Unit == infer.Bytes || v.isMoment():
		return fmt.Sprintf("the value is %s, but humanizePercentage prints it as a share of 1", v.inWords()),
			ownUnit + ", or divide it by the whole in the expression"
	}
	return "", ""
}

// wrongDuration judges humanizeDuration, which takes seconds.
func (v printedValue) wrongDuration() (message, hint string) {
	switch {
	case v.isMoment():
		return "the value is a moment, but humanizeDuration prints it as the time since 1970",
			"print it with humanizeTimestamp, or compare time() minus the metric"
	case v.isTime() && v.root.Unit != infer.Seconds:
		return fmt.Sprintf("the value is %s, but humanizeDuration takes seconds", v.inWords()),
			"divide it to seconds in the expression, or print the number with its own unit"
	case v.counted() || v.root.Unit == infer.Bytes || v.root.Unit == infer.Percent:
		return fmt.Sprintf("the value is %s, but humanizeDuration prints it as a time", v.inWords()), ownUnit
	}
	return "", ""
}

// wrongTime judges humanizeTimestamp, which takes seconds since the epoch.
func (v printedValue) wrongTime() (message, hint string) {
	switch v.root.Unit {
	case infer.TimestampMilliseconds, infer.Seconds, infer.Milliseconds, infer.Count, infer.Bytes, infer.Percent:
		return fmt.Sprintf("the value is %s, but it is printed as a moment in seconds since 1970", v.inWords()), ownUnit
	}
	return "", ""
}

// wrongNumber judges a bare number by the unit that the text puts after it.
func (v printedValue) wrongNumber() (message, hint string) {
	switch {
	case v.percentWord():
		return v.wrongPercent()
	case v.isMoment() && (v.Word.none() || v.Word.duration()):
		return "the value is a moment, printed as the number of seconds since 1970",
			"print it with {{ $value | humanizeTimestamp }}, or compare time() minus the metric"
	case v.Word.duration():
		return v.wrongTimeWord()
	case v.Word.Large && v.root.Unit == infer.Bytes && v.Use.format() == plain:
		return "the value is in bytes, but the text says " + v.Word.Written, "write {{ $value | humanize1024 }}B"
	case v.Use.decimals() == 0:
		return v.wrongRounding()
	}
	return "", ""
}

// wrongPercent judges a number that the text calls percent. Ratios are the matter of
// ratio-as-percent.
func (v printedValue) wrongPercent() (message, hint string) {
	switch {
	case v.mayBeShare():
		return "", ""
	case v.part != nil:
		return fmt.Sprintf("the text calls the value percent, but it is the left side of the comparison, which is %s", v.inWords()),
			quotientInstead
	case v.counted() || v.isTime() || v.root.Unit == infer.Bytes || v.isMoment():
		return fmt.Sprintf("the value is %s, but the text calls it percent", v.inWords()),
			ownUnit + ", or divide it by the whole in the expression"
	}
	return "", ""
}

// mayBeShare tells that the value is a share of something, or that a metric's name says so.
func (v printedValue) mayBeShare() bool {
	return v.root.Unit == infer.Percent || v.root.Unit == infer.Ratio || v.root.Quotient ||
		namedAfter(v.rule.AST, "percent", "pct", "usage", "util", "ratio", "fraction", "share")
}

// wrongTimeWord judges a number that the text calls seconds, minutes and so on.
func (v printedValue) wrongTimeWord() (message, hint string) {
	switch {
	case v.isTime() && v.root.Unit != v.Word.Unit:
		return fmt.Sprintf("the value is %s, but the text says %s", v.inWords(), v.Word.Written),
			"print seconds with {{ $value | humanizeDuration }}, or convert them in the expression"
	case v.root.Unit == infer.Percent || v.root.Unit == infer.Bytes || v.root.Unit == infer.Count && !v.timed():
		return fmt.Sprintf("the value is %s, but the text gives it the unit %s", v.inWords(), v.Word.Written),
			"take " + v.Word.Written + " out of the text"
	}
	return "", ""
}

// wrongRounding judges a number that is printed without decimals.
func (v printedValue) wrongRounding() (message, hint string) {
	for _, l := range v.limits {
		if l.Side != above || l.Value <= 0 || l.Value >= 0.5 {
			continue
		}
		hint = `print it with more decimals, such as {{ printf "%.2f" $value }}`
		if v.root.Unit == infer.Ratio || v.root.Quotient {
			hint = "the value is a ratio: print it with {{ $value | humanizePercentage }}"
		}
		return fmt.Sprintf("the alert fires above %s, but the value is printed without decimals: it reads 0", plainNumber(l.Value)), hint
	}
	return "", ""
}
