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
		Name:    "unit-mismatch",
		Summary: "Two values of different units are added, subtracted or compared.",
		Why: `Prometheus calculates with numbers and knows no units. Seconds minus milliseconds, a percentage above a ratio
or a moment above a length of time give a number, and the alert fires always or never.

What a value is measured in is known from the last words of the metric's name (` + "`_seconds`, `_bytes`, `_ratio`" + `), from
what the exporter says of it, and from the calculation: bytes divided by bytes is a ratio, a ratio times 100 is
a percentage, a moment minus a moment is a length of time. Where the unit is not known, something else can tell:
if one rule divides an expression by 1000, another that uses it beside other values as it is is probably wrong.

Bring both sides to one unit. Also reported is a percentage that is compared with a number between 0.5 and 1, which
looks like a ratio.`,
		Severity: Warning,
		Run:      unitMismatch,
	})
}

func unitMismatch(p *Pass) {
	thousandths := p.thousandths()
	p.eachPart(func(rule *rules.Rule, part *part, found *findings) {
		e, ok := part.Expr.(*parser.BinaryExpr)
		if !ok || e.Op != parser.ADD && e.Op != parser.SUB && !e.Op.IsComparisonOperator() {
			return
		}
		left, right := p.Infer(rule).Of(e.LHS), p.Infer(rule).Of(e.RHS)
		switch {
		case unitsClash(e.Op, left.Unit, right.Unit):
			found.add(unitDiagnostic(rule, e, left, right))
		case len(thousandths) > 0 && e.LHS.Type() == parser.ValueTypeVector && e.RHS.Type() == parser.ValueTypeVector:
			addUnscaled(rule, e, thousandths, found)
		default:
			addShareOfHundred(p.Infer(rule), rule, e, found)
		}
	})
}

// measured are the units that values are only compared in, and added up in, with their like.
var measured = []infer.Unit{
	infer.Seconds, infer.Milliseconds, infer.Microseconds, infer.Nanoseconds, infer.Timestamp,
	infer.TimestampMilliseconds, infer.Bytes, infer.Celsius, infer.Volts, infer.Amperes, infer.Watts,
	infer.Joules, infer.Meters, infer.Grams,
}

// unitsClash tells whether the operation makes no sense for values of the two units.
func unitsClash(op parser.ItemType, a, b infer.Unit) bool {
	pair := func(x, y infer.Unit) bool { return a == x && b == y || a == y && b == x }
	switch {
	case a == b:
		return false
	case pair(infer.Ratio, infer.Percent):
		return true
	case !slices.Contains(measured, a) || !slices.Contains(measured, b):
		return false
	case pair(infer.Timestamp, infer.Seconds), pair(infer.TimestampMilliseconds, infer.Milliseconds):
		// A length of time is added to a moment.
		return op.IsComparisonOperator()
	}
	return true
}

func unitDiagnostic(rule *rules.Rule, e *parser.BinaryExpr, left, right *infer.Result) Diagnostic {
	verb := "compares"
	switch e.Op {
	case parser.ADD:
		verb = "adds"
	case parser.SUB:
		verb = "subtracts"
	}
	d := Diagnostic{
		Rule: rule, Span: clauseOf(rule, e, infer.Operator), Label: "the two sides have different units",
		Message: fmt.Sprintf("%s %s and %s", verb, left.Unit, right.Unit),
		Hint:    "bring both sides to one unit",
	}
	for _, side := range []*infer.Result{left, right} {
		if side.UnitWhy != nil {
			d.Related = append(d.Related, Related{File: rule.File(), Span: locate(rule, side.UnitWhy), Message: side.Unit.String()})
		}
	}
	return d
}

// addShareOfHundred reports a percentage, made by a multiplication with 100, that is compared
// with what looks like a share of 1.
func addShareOfHundred(analysis *infer.Analysis, rule *rules.Rule, e *parser.BinaryExpr, found *findings) {
	c, ok := conditionOf(analysis, e)
	if !ok || c.Bound < 0.5 || c.Bound >= 1 {
		return
	}
	subject := analysis.Of(c.Subject)
	if subject.Unit != infer.Percent || subject.UnitWhy == nil {
		return
	}
	if _, calculated := subject.UnitWhy.Node.(*parser.BinaryExpr); !calculated {
		return
	}
	found.add(Diagnostic{
		Rule: rule, Span: clauseOf(rule, e, infer.Operator), Label: "a share of 100 beside a share of 1",
		Message: fmt.Sprintf("a percentage is compared with %v, which looks like a ratio", c.Bound),
		Hint:    fmt.Sprintf("compare with %v, or leave the multiplication with 100 out", c.Bound*100),
		Related: []Related{{File: rule.File(), Span: locate(rule, subject.UnitWhy), Message: "makes percent"}},
	})
}

// maxUnscaled bounds the text of an expression that is looked for in other rules, in bytes.
const maxUnscaled = 1 << 10

// thousandths are the rules that divide an expression by 1000, by the expression.
func (p *Pass) thousandths() map[string]*rules.Rule {
	return shared(p, "thousandths", func(files []*rules.File) map[string]*rules.Rule {
		found := map[string]*rules.Rule{}
		for _, file := range files {
			for _, rule := range file.Rules() {
				if rule.AST == nil {
					continue
				}
				parser.Inspect(rule.AST, func(node parser.Node, _ []parser.Node) error {
					e, ok := node.(*parser.BinaryExpr)
					if !ok || e.Op != parser.DIV || e.LHS.Type() != parser.ValueTypeVector {
						return nil
					}
					by, ok := infer.Unwrap(e.RHS).(*parser.NumberLiteral)
					if size := e.PositionRange(); ok && by.Val == 1000 && size.End-size.Start <= maxUnscaled {
						found[withoutAggregation(e.LHS).String()] = rule
					}
					return nil
				})
			}
		}
		return found
	})
}

// withoutAggregation takes aggregations that keep the unit off an expression.
func withoutAggregation(expr parser.Expr) parser.Expr {
	for {
		e, ok := infer.Unwrap(expr).(*parser.AggregateExpr)
		if !ok {
			return infer.Unwrap(expr)
		}
		switch e.Op {
		case parser.SUM, parser.AVG, parser.MAX, parser.MIN:
			expr = e.Expr
		default:
			return e
		}
	}
}

// addUnscaled reports an expression that another rule divides by 1000, beside another one
// that none does.
func addUnscaled(rule *rules.Rule, e *parser.BinaryExpr, thousandths map[string]*rules.Rule, found *findings) {
	if size := e.PositionRange(); size.End-size.Start > maxUnscaled {
		return
	}
	left, right := withoutAggregation(e.LHS), withoutAggregation(e.RHS)
	scaledLeft, scaledRight := thousandths[left.String()], thousandths[right.String()]
	if (scaledLeft == nil) == (scaledRight == nil) {
		return
	}
	operand, other := left, scaledLeft
	if scaledRight != nil {
		operand, other = right, scaledRight
	}
	if other == rule {
		return
	}
	found.add(Diagnostic{
		Rule: rule, Span: spanOf(rule, operand), Label: "in thousandths of what the other rule compares",
		Message: fmt.Sprintf("%s divides this by 1000, and here it is used as it is", other.Name()),
		Hint:    "divide by 1000 here too, unless the other side is in thousandths as well",
		Related: []Related{{File: other.File(), Span: other.Expr.Span, Message: "divided by 1000"}},
	})
}
