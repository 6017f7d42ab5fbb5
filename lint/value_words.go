package lint

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "value-words",
		Summary: "The text takes the value for another quantity than the expression returns.",
		Why: `The value of an alert is that of the expression, and it is easy to forget what that is:

- ` + "`oven_last_scrape_error > 0`" + ` returns 1, not the number of errors: "1.00 scrape errors" says nothing.
- ` + "`predict_linear(x[1h], 3600) - limit > 0`" + ` returns by how much the limit is exceeded, not the predicted
  value: "the predicted value is 2GiB" is wrong by the whole limit.
- ` + "`max(job_duration_seconds) > 60`" + ` returns how long the longest job takes: with the text "high number of
  jobs, the value is 75" the reader takes it for a number of jobs.

Say what the value is, or change the expression to return what the text says (` + "`a > b`" + ` returns a,
` + "`a - b > 0`" + ` returns the difference).`,
		Severity: Warning,
		Run:      valueWords,
	})
}

func valueWords(p *Pass) {
	for rule := range p.Rules() {
		if !rule.IsAlert() {
			continue
		}
		for _, text := range p.texts(rule) {
			for _, use := range text.values {
				if d, wrong := misnamed(p, rule, use); wrong {
					d.Rule, d.Span = rule, text.span(use.place)
					p.Report(d)
				}
			}
		}
	}
}

// misnamed compares the words around a value with what the value is.
func misnamed(p *Pass, rule *rules.Rule, use valueUse) (Diagnostic, bool) {
	value := valueExpr(rule.AST)
	if thing := countedThing(use.After); thing != "" {
		if metric, why := flagMetric(p, rule, value); why != "" {
			return Diagnostic{
				Message: fmt.Sprintf("the text counts %s, but the value is only ever 0 or 1", thing),
				Related: []Related{relatedNode(rule, metric, why)},
				Hint:    "take the value out of the text, or use a metric that counts",
			}, true
		}
	}
	if minus, ok := value.(*parser.BinaryExpr); ok && minus.Op == parser.SUB && comparedWithZero(p, rule) {
		if name := levelNamed(use.Before); name != "" && isPrediction(minus) == strings.HasPrefix(name, "predict") {
			return Diagnostic{
				Message: fmt.Sprintf("the text says that the value is the %s, but it is a difference", name),
				Related: []Related{relatedReason(rule, &infer.Reason{Node: minus, Clause: infer.Operator, Text: "this is subtracted before the comparison"})},
				Hint:    "say by how much it differs, or compare the two sides: the value of a > b is a",
			}, true
		}
	}
	if metric, why := durationMetric(p, value); why != "" && use.format() == plain && unitAfter(use.After).none() {
		if thing := numberedThing(rule); thing != "" {
			return Diagnostic{
				Message: fmt.Sprintf("the text speaks of the number of %s, but the value is a time", thing),
				Related: []Related{relatedNode(rule, metric, why)},
				Hint:    "say what the value is, and print it with {{ $value | humanizeDuration }}, or count in the expression",
			}, true
		}
	}
	return Diagnostic{}, false
}

func relatedNode(rule *rules.Rule, node parser.Expr, why string) Related {
	return relatedReason(rule, &infer.Reason{Node: node, Text: why})
}

func relatedReason(rule *rules.Rule, why *infer.Reason) Related {
	return Related{File: rule.File(), Span: locate(rule, why), Message: why.Text}
}

// valueExpr is the part of an expression that gives the alert its value: the left side of
// comparisons and of and.
func valueExpr(expr parser.Expr) parser.Expr {
	for {
		switch e := expr.(type) {
		case *parser.ParenExpr:
			expr = e.Expr
			continue
		case *parser.BinaryExpr:
			if e.Op.IsComparisonOperator() && !e.ReturnBool || e.Op == parser.LAND || e.Op == parser.LUNLESS {
				if _, number := e.LHS.(*parser.NumberLiteral); number {
					expr = e.RHS
				} else {
					expr = e.LHS
				}
				continue
			}
		}
		return expr
	}
}

// oneOf is the metric whose samples a value is picked from, such as by max and max_over_time,
// or nil.
func oneOf(expr parser.Expr) *parser.VectorSelector {
	for {
		switch e := expr.(type) {
		case *parser.VectorSelector:
			return e
		case *parser.MatrixSelector:
			expr = e.VectorSelector
		case *parser.ParenExpr:
			expr = e.Expr
		case *parser.AggregateExpr:
			if e.Op != parser.MAX && e.Op != parser.MIN {
				return nil
			}
			expr = e.Expr
		case *parser.Call:
			switch e.Func.Name {
			case "max_over_time", "min_over_time", "last_over_time":
				expr = e.Args[0]
			default:
				return nil
			}
		default:
			return nil
		}
	}
}

var (
	// flagHelp is how the help of a metric says that it is 0 or 1.
	flagHelp = regexp.MustCompile(`(?i)^\W*(?:\w+: )?whether |^1 if |0 otherwise|\(1 (?:for|=|if) |\b0 or 1\b`)
	// flagName is how exporters call whether their last scrape went wrong.
	flagName = regexp.MustCompile(`_last_[a-z_]*(?:error|success|successful|failed)$`)
	// timeHelp is how the help of a metric says that it is a length of time.
	timeHelp = regexp.MustCompile(`(?i)\b(?:duration|time|age|lag|delay|latency)\b.*\bin (?:milli|micro|nano)?seconds\b`)
)

// flagMetric returns the metric that is 0 or 1, and how that is known, or "".
func flagMetric(p *Pass, rule *rules.Rule, value parser.Expr) (parser.Expr, string) {
	metric := oneOf(value)
	if metric == nil {
		return nil, ""
	}
	if r := p.Infer(rule).Of(metric); r != nil && r.Unit == infer.Flag {
		return metric, "this metric is 0 or 1"
	}
	if known, ok := p.Catalogue.Metric(metric.Name); ok {
		if flagHelp.MatchString(known.Help) {
			return metric, "the metric's help says that it is 0 or 1"
		}
		return nil, ""
	}
	if flagName.MatchString(metric.Name) {
		return metric, "by its name this metric tells whether the last one failed, as 0 or 1"
	}
	return nil, ""
}

// durationMetric returns the metric that is a length of time, and how that is known, or "".
func durationMetric(p *Pass, value parser.Expr) (parser.Expr, string) {
	metric := oneOf(value)
	if metric == nil {
		return nil, ""
	}
	if known, ok := p.Catalogue.Metric(metric.Name); ok && timeHelp.MatchString(known.Help) {
		return metric, "the metric's help says that it is a time"
	}
	for _, end := range []string{"_duration", "_duration_seconds", "_latency", "_latency_seconds", "_age_seconds", "_delay_seconds", "_lag_seconds"} {
		if strings.HasSuffix(metric.Name, end) {
			return metric, "by its name this metric is a time"
		}
	}
	return nil, ""
}

// countedThing is the plural that follows a value within two words: "scrape errors".
func countedThing(after string) string {
	first, rest, _ := strings.Cut(strings.TrimLeft(after, " "), " ")
	if isPlural(first) {
		return strings.TrimRight(first, ".,;:)")
	}
	second, _, _ := strings.Cut(rest, " ")
	if onlyLetters(first) && isPlural(second) {
		return first + " " + strings.TrimRight(second, ".,;:)")
	}
	return ""
}

func isPlural(word string) bool {
	word = strings.TrimRight(word, ".,;:)")
	if len(word) < 4 || !onlyLetters(word) {
		return false
	}
	for _, end := range []string{"ss", "us", "is", "'s"} {
		if strings.HasSuffix(word, end) {
			return false
		}
	}
	if unit := unitAfter(word); !unit.none() {
		return false
	}
	switch strings.ToLower(word) {
	case "means", "does", "says", "fails", "seems", "shows", "this", "stands", "indicates", "status":
		return false
	}
	return strings.HasSuffix(word, "s")
}

// level is what a text calls a value that is no difference.
var level = regexp.MustCompile(`(?i)\b(predict(?:ed|ion)?(?: value| usage)?|usage|current (?:value|usage|size|level)|size|level)(?:\s+(?:is|of|is at)|\s*:)\s*$`)

// levelNamed is what the words before a value call it, if that is a level of something.
func levelNamed(before string) string {
	if i := strings.LastIndexAny(before, ".;,("); i >= 0 {
		before = before[i:]
	}
	m := level.FindStringSubmatch(before)
	if m == nil || differing.MatchString(before) {
		return ""
	}
	return strings.ToLower(m[1])
}

// differing are words for a difference.
var differing = regexp.MustCompile(`(?i)\b(differ\w*|exceed\w*|over\w*|above|below|beyond|more|less|missing|left|remaining|gap|drift|lag|behind|by)\b`)

// isPrediction tells whether what something is subtracted from is a prediction.
func isPrediction(minus *parser.BinaryExpr) bool {
	call, ok := infer.Unwrap(minus.LHS).(*parser.Call)
	return ok && call.Func.Name == "predict_linear"
}

// comparedWithZero tells whether a difference of two vectors is compared with 0.
func comparedWithZero(p *Pass, rule *rules.Rule) bool {
	analysis := p.Infer(rule)
	minus, ok := valueExpr(rule.AST).(*parser.BinaryExpr)
	if !ok || minus.LHS.Type() != parser.ValueTypeVector || minus.RHS.Type() != parser.ValueTypeVector {
		return false
	}
	for _, l := range valueLimits(analysis, rule.AST) {
		if l.Value == 0 && l.Side != 0 {
			return true
		}
	}
	return false
}

var (
	numberOf = regexp.MustCompile(`(?i)\b(?:number|count|amount) of ([a-z]+(?: [a-z]+)?s)\b`)
	timeWord = regexp.MustCompile(`(?i)\b(duration|latency|seconds|minutes|hours|longest|oldest|age|lasting|delay|lag|time|times)\b`)
)

// mostWords is how long a text may be that is searched for what it counts, in bytes.
const mostWords = 4096

// numberedThing is what the texts of a rule speak of the number of, if they do not speak of
// time.
func numberedThing(rule *rules.Rule) string {
	thing := ""
	for _, annotation := range rule.Annotations {
		text := annotation.Value.Value
		if len(text) > mostWords {
			return ""
		}
		if strings.Contains(annotation.Key.Value, "_url") {
			continue
		}
		for _, part := range literalParts(text) {
			words := text[part.Start:part.End]
			if timeWord.MatchString(words) {
				return ""
			}
			if m := numberOf.FindStringSubmatch(words); m != nil {
				thing = m[1]
			}
		}
	}
	return thing
}
