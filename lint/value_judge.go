package lint

import (
	"slices"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

// printedValue is a place where an alert prints its value, and what is known of both.
type printedValue struct {
	*unitJudge
	Text ruleText
	Use  valueUse
	// Word is the unit that the text gives the value.
	Word unitWord
}

// printedValues yields the places where the alerts of a pass print their values.
func (p *Pass) printedValues(yield func(printedValue) bool) {
	for rule := range p.Rules() {
		if !rule.IsAlert() {
			continue
		}
		var judge *unitJudge
		for _, text := range p.texts(rule) {
			for _, use := range text.values {
				if judge == nil {
					judge = newUnitJudge(rule, p.Infer(rule))
				}
				if !yield(printedValue{unitJudge: judge, Text: text, Use: use, Word: unitAfter(use.After)}) {
					return
				}
			}
		}
	}
}

// reportMerged reports findings, as one where the same is true of several places of a rule.
func (p *Pass) reportMerged(found []Diagnostic) { p.reportMergedAs(p.check.Severity, found) }

// reportMergedAs is reportMerged for findings of another severity than their check's.
func (p *Pass) reportMergedAs(severity Severity, found []Diagnostic) {
	var merged []Diagnostic
	for _, d := range found {
		last := len(merged) - 1
		if last < 0 || merged[last].Rule != d.Rule || merged[last].Message != d.Message {
			merged = append(merged, d)
			continue
		}
		merged[last].Related = append(merged[last].Related, Related{File: d.Rule.File(), Span: d.Span, Message: "and here"})
		merged[last].Edits = append(merged[last].Edits, d.Edits...)
	}
	for _, d := range merged {
		p.ReportAs(severity, d)
	}
}

// span is the place of the action in the file, with the unit after it.
func (v printedValue) span() rules.Span {
	end := v.Use.End
	if !v.Word.none() && end+v.Word.Length <= len(v.Text.Value.Value) {
		end += v.Word.Length
	}
	return v.Text.span(place{v.Use.Start, end})
}

// because is the place that tells the unit of the value, if that is known.
func (j *unitJudge) because() []Related {
	if j.root.UnitWhy == nil || j.root.Unit == infer.UnknownUnit {
		return nil
	}
	return []Related{relatedReason(j.rule, j.root.UnitWhy)}
}

// withoutWord takes the unit after the value out of the text, where it is written right there.
func (v printedValue) withoutWord() []Edit {
	text := v.Text.Value
	if v.Use.End+v.Word.Length > len(text.Value) || !text.Exact() || unitAfter(text.Value[v.Use.End:]) != v.Word {
		return nil
	}
	return []Edit{{Span: v.Text.span(place{v.Use.End, v.Use.End + v.Word.Length})}}
}

// unitJudge knows what the value of a rule is measured in.
type unitJudge struct {
	rule   *rules.Rule
	root   *infer.Result
	limits []limit
	// part is the vector that the value is compared with a part of, as in a > b * 0.8, or nil.
	part *parser.BinaryExpr
}

func newUnitJudge(rule *rules.Rule, analysis *infer.Analysis) *unitJudge {
	return &unitJudge{
		rule: rule, root: analysis.Root, limits: valueLimits(analysis, rule.AST), part: partOf(rule.AST, analysis),
	}
}

// counted tells that the value is a number of things, and no metric's name speaks against it.
func (j *unitJudge) counted() bool {
	return (j.root.Unit == infer.Count || j.root.Unit == infer.PerSecond) && !j.timed()
}

func (j *unitJudge) timed() bool {
	return namedAfter(j.rule.AST, "time", "duration", "latency", "delay", "second", "age", "percent", "ratio")
}

// percentWord tells that the text calls the value percent.
func (v printedValue) percentWord() bool { return v.Word.Unit == infer.Percent }

// isTime tells that the value is a length of time.
func (j *unitJudge) isTime() bool {
	switch j.root.Unit {
	case infer.Seconds, infer.Milliseconds, infer.Microseconds, infer.Nanoseconds:
		return true
	}
	return false
}

// inWords is what the value is, for a sentence.
func (j *unitJudge) inWords() string {
	switch {
	case j.isTime() || j.root.Unit == infer.Bytes:
		return "in " + j.root.Unit.String()
	case j.root.Unit == infer.UnknownUnit:
		return "no share"
	}
	return j.root.Unit.String()
}

func (j *unitJudge) isMoment() bool {
	return j.root.Unit == infer.Timestamp || j.root.Unit == infer.TimestampMilliseconds
}

// below tells whether all numbers that the value is compared with are less than the bound.
func (j *unitJudge) below(bound float64) bool {
	return !slices.ContainsFunc(j.limits, func(l limit) bool { return l.Value >= bound || l.Value < 0 })
}

// partOf returns the comparison of a > b * 0.8: one with a part of another vector.
func partOf(expr parser.Expr, analysis *infer.Analysis) *parser.BinaryExpr {
	e, ok := infer.Unwrap(expr).(*parser.BinaryExpr)
	if !ok || !e.Op.IsComparisonOperator() || e.ReturnBool {
		return nil
	}
	for _, operand := range []parser.Expr{e.LHS, e.RHS} {
		product, ok := infer.Unwrap(operand).(*parser.BinaryExpr)
		if !ok || product.Op != parser.MUL {
			continue
		}
		for _, side := range []parser.Expr{product.LHS, product.RHS} {
			if v, constant := analysis.Of(side).Values.Point(); constant && v > 0 && v < 1 {
				return e
			}
		}
	}
	return nil
}
