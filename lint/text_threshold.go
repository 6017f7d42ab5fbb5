package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
	"github.com/rulekit/rulekit/rules"
)

func init() {
	register(Check{
		Name:    "text-threshold",
		Summary: "The text names another threshold, or another side of it, than the expression has.",
		Why: `Somebody moves the threshold from 80 to 90 and forgets the text. From then on the summary says
"(> 80%)" while the alert fires above 90: who reads it looks for a problem that is not there, or takes a
serious alert for an early one. The same goes for "below 10%" where the expression fires above 10, and for
"for more than 15 minutes" where no time in the rule is of that length.

Only numbers after a sign or a word of comparison are looked at (` + "`>`" + `, above, more than, exceeds ...), and
all scales are tried: 80% is 0.8 as well, 10 days are 864000 seconds. The number may stand anywhere in the
expression; times may also be the rule's ` + "`for`" + `, a range, or both together.`,
		Severity: Warning,
		Run:      textThreshold,
	})
}

func textThreshold(p *Pass) {
	var found []Diagnostic
	for rule := range p.Rules() {
		if !rule.IsAlert() {
			continue
		}
		var known *thresholds
		for _, annotation := range rule.Annotations {
			numbers := textNumbers(annotation.Value.Value)
			if len(numbers) > 0 && known == nil {
				known = newThresholds(rule, p.Infer(rule))
			}
			// A text that names the threshold may speak of other numbers too.
			named := slices.ContainsFunc(numbers, func(n textNumber) bool { return n.Unit.Time == 0 && known.holds(n) })
			for _, number := range numbers {
				if named && number.Unit.Time == 0 && !known.holds(number) {
					continue
				}
				if d, wrong := known.judge(annotation, number); wrong {
					found = append(found, d)
				}
			}
		}
	}
	p.reportMerged(found)
}

// thresholds are the numbers of a rule that its text may speak of.
type thresholds struct {
	rule *rules.Rule
	// numbers are all constants of the expression.
	numbers []float64
	// limits are the comparisons with a constant.
	limits []limit
	// times are the lengths of time of the rule, in seconds.
	times []float64
	// derived tells that the expression reads a recording rule: numbers may stand there.
	derived bool
}

// limit is a comparison with a constant.
type limit struct {
	Value float64
	// Side is where the value lies when the alert fires, or 0 for == and !=.
	Side direction
	Node *parser.BinaryExpr
	// Condition tells that it must hold for the alert to fire.
	Condition bool
}

func newThresholds(rule *rules.Rule, analysis *infer.Analysis) *thresholds {
	t := &thresholds{rule: rule}
	conditions := map[*parser.BinaryExpr]bool{}
	markConditions(rule.AST, conditions)
	spans := []time.Duration{rule.For.D, rule.KeepFiringFor.D}
	parser.Inspect(rule.AST, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.NumberLiteral:
			t.numbers = append(t.numbers, n.Val)
		case *parser.BinaryExpr:
			t.binary(n, analysis, conditions[n])
		case *parser.MatrixSelector:
			spans = append(spans, n.Range)
		case *parser.SubqueryExpr:
			spans = append(spans, n.Range, n.Step, n.OriginalOffset)
		case *parser.VectorSelector:
			spans = append(spans, n.OriginalOffset)
			t.derived = t.derived || strings.Contains(n.Name, ":")
		}
		return nil
	})
	spans = spans[:min(len(spans), mostSpans)]
	for i, span := range spans {
		t.times = append(t.times, span.Seconds())
		for _, other := range spans[:i] {
			t.times = append(t.times, (span + other).Seconds())
		}
	}
	return t
}

// mostSpans bounds the ranges that are looked at: their sums are compared too.
const mostSpans = 64

// markConditions marks the comparisons that must hold for the alert to fire.
func markConditions(expr parser.Expr, marked map[*parser.BinaryExpr]bool) {
	for {
		switch e := expr.(type) {
		case *parser.ParenExpr:
			expr = e.Expr
			continue
		case *parser.BinaryExpr:
			if e.Op.IsComparisonOperator() && !e.ReturnBool {
				marked[e] = true
			} else if e.Op != parser.LAND && e.Op != parser.LOR && e.Op != parser.LUNLESS {
				return
			}
			if e.Op != parser.LUNLESS {
				markConditions(e.RHS, marked)
			}
			expr = e.LHS
			continue
		}
		return
	}
}

func (t *thresholds) binary(e *parser.BinaryExpr, analysis *infer.Analysis, condition bool) {
	if whole := analysis.Of(e); whole != nil {
		if v, ok := whole.Values.Point(); ok {
			t.numbers = append(t.numbers, v)
		}
	}
	if !e.Op.IsComparisonOperator() {
		return
	}
	if l, ok := limitOf(e, analysis); ok {
		l.Condition = condition
		t.limits = append(t.limits, l)
		t.numbers = append(t.numbers, l.Value)
	}
}

// judge compares a number of a text with those of the rule.
func (t *thresholds) judge(annotation rules.Pair, number textNumber) (Diagnostic, bool) {
	written := annotation.Value.Value[number.Start:number.End]
	d := Diagnostic{Rule: t.rule, Span: annotation.Value.Locate(number.Start, number.End)}
	if t.holds(number) {
		other, wrong := t.otherSide(annotation.Value.Value, number)
		if !wrong {
			return d, false
		}
		d.Message = fmt.Sprintf("the text says %s %s, but the alert fires %s it", number.Side, written, other.Side)
		d.Label = fmt.Sprintf("%s, says the text", number.Side)
		d.Hint = "mend the text or the expression"
		d.Related = []Related{t.related(other)}
		return d, true
	}
	if t.derived || !t.comparable(annotation.Value.Value, number) || isWish(annotation.Value.Value[:number.Start]) {
		return d, false
	}
	d.Label = "no such number in the rule"
	d.Hint = "mend the text or the expression"
	if number.Unit.Time > 0 {
		d.Message = fmt.Sprintf("the text speaks of %s, but no time in the rule is that long", written)
		return d, true
	}
	last := t.limits[slices.IndexFunc(t.limits, func(l limit) bool { return l.Value != 0 })]
	d.Message = fmt.Sprintf("the text says %s %s, but the alert fires %s %s", number.Side, written, last.Side, number.inItsUnit(last.Value))
	d.Related = []Related{t.related(last)}
	return d, true
}

func (t *thresholds) related(l limit) Related {
	why := &infer.Reason{Node: l.Node, Clause: infer.Operator}
	span := locate(t.rule, why)
	if at := l.Node.PositionRange(); int(at.End) <= len(t.rule.Expr.Value) {
		span.End = t.rule.Expr.Locate(int(at.Start), int(at.End)).End
	}
	return Related{File: t.rule.File(), Span: span, Message: "the threshold of the expression"}
}

// holds tells whether the rule has the number anywhere.
func (t *thresholds) holds(number textNumber) bool {
	for _, v := range number.values() {
		if slices.ContainsFunc(t.numbers, func(n float64) bool { return nearly(v, n) }) {
			return true
		}
	}
	if number.Unit.Time == 0 {
		return false
	}
	seconds := number.Number * number.Unit.Time.Seconds()
	return slices.ContainsFunc(t.times, func(n float64) bool { return nearly(seconds, n) })
}

// comparable tells whether a number that the rule does not have must be meant for one that it
// has: where the expression compares with one number only that could be written so, and for a
// time that the text says something lasts for.
func (t *thresholds) comparable(text string, number textNumber) bool {
	if number.Unit.Time > 0 {
		return lasts.MatchString(text[max(number.Start-lastsWithin, 0):number.Start])
	}
	var only []limit
	for _, l := range t.limits {
		if l.Value != 0 {
			only = append(only, l)
		}
	}
	return len(only) == 1 && only[0].Condition && only[0].Side == number.Side
}

// lasts is what stands before a time that something has lasted for.
var lasts = regexp.MustCompile(`(?i)\bfor\s+(?:at least|more than|longer than|over|>=?)\s*$`)

const lastsWithin = 40

// otherSide returns the comparison with the number if all such comparisons are on the other side
// of it than the text says.
func (t *thresholds) otherSide(text string, number textNumber) (limit, bool) {
	var other limit
	for _, l := range t.limits {
		if l.Value == 0 || !slices.ContainsFunc(number.values()[:2], func(v float64) bool { return nearly(v, l.Value) }) {
			continue
		}
		if l.Side == number.Side || l.Side == 0 || !l.Condition {
			return limit{}, false
		}
		other = l
	}
	return other, other.Node != nil && number.Unit.Time == 0 && !isWish(text[:number.Start])
}

// isWish tells whether a text speaks of how it should be: "should stay below".
func isWish(before string) bool {
	const within = 200
	before = before[max(len(before)-within, 0):]
	if i := strings.LastIndexAny(before, ".;\n"); i >= 0 {
		before = before[i:]
	}
	before = strings.ToLower(before)
	for _, word := range []string{"should", "must", "need", "expect", "keep", "stay", "until", "ought", "not ", "n't", "no ", "normal", "want", "goal", "target", "recover"} {
		if strings.Contains(before, word) {
			return true
		}
	}
	return false
}

// inItsUnit writes a number of the expression as the text would.
func (n textNumber) inItsUnit(v float64) string {
	if n.Unit.Percent && v > 0 && v <= 1 {
		return plainNumber(v*100) + "%"
	}
	return plainNumber(v)
}

// plainNumber writes a number in full.
func plainNumber(v float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.6f", v), "0"), ".")
}
