package infer

import (
	"strconv"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
)

// sameSeries tells whether samples with equal labels in both results come from one sample of
// one common expression, and so have one value.
func (a *Analysis) sameSeries(x, y *Result) bool {
	if x.base == nil || y.base == nil || !x.oneName() || !y.oneName() {
		return false
	}
	return a.shapes.source(x.base) == a.shapes.source(y.base)
}

// oneName tells whether the metric name is the same on all series of the result, so that the
// other labels tell them apart.
func (r *Result) oneName() bool {
	name := r.Labels.Get(model.MetricNameLabel)
	return name.State == Gone || name.State == Certain && name.Known
}

// shapes numbers expressions so that two have one number if and only if they read the same, but
// for parentheses and space. Each node is written once, with the numbers of its operands in
// place of their text, so that deep expressions cost no more than flat ones.
type shapes struct {
	numbers map[parser.Expr]int
	texts   map[string]int
}

func newShapes() shapes {
	return shapes{numbers: map[parser.Expr]int{}, texts: map[string]int{}}
}

// source is equal for expressions that give one series one value. The matchers of a selector
// only choose among series, so they are left out.
func (s shapes) source(expr parser.Expr) int {
	vs, ok := expr.(*parser.VectorSelector)
	if !ok || vs.Name == "" {
		return s.number(expr)
	}
	bare := *vs
	bare.LabelMatchers = nil
	return s.numberOf("source " + bare.String())
}

func (s shapes) number(expr parser.Expr) int {
	if number, ok := s.numbers[expr]; ok {
		return number
	}
	number := 0
	switch e := expr.(type) {
	case *parser.ParenExpr:
		number = s.number(e.Expr)
	case *parser.StepInvariantExpr:
		number = s.number(e.Expr)
	case *parser.UnaryExpr:
		number = s.node("unary "+e.ShortString(), e.Expr)
	case *parser.SubqueryExpr:
		number = s.node("subquery "+e.ShortString(), e.Expr)
	case *parser.BinaryExpr:
		number = s.node("binary "+e.ShortString(), e.LHS, e.RHS)
	case *parser.Call:
		number = s.node("call "+e.ShortString(), e.Args...)
	case *parser.AggregateExpr:
		if choosesSeries(e.Op) {
			// Of equal values it may choose others each time.
			return s.unique(e)
		}
		number = s.node("aggregation "+e.ShortString(), e.Expr)
		if e.Param != nil {
			number = s.node("aggregation "+e.ShortString(), e.Param, e.Expr)
		}
	default:
		number = s.numberOf("leaf " + expr.String())
	}
	s.numbers[expr] = number
	return number
}

// unique is the number of an expression that none is equal to, not even if it reads the same.
func (s shapes) unique(expr parser.Expr) int {
	number := s.numberOf("unique " + strconv.Itoa(len(s.texts)))
	s.numbers[expr] = number
	return number
}

func (s shapes) node(operator string, operands ...parser.Expr) int {
	text := []byte(operator)
	for _, operand := range operands {
		text = append(text, ' ', '#')
		text = strconv.AppendInt(text, int64(s.number(operand)), 10)
	}
	return s.numberOf(string(text))
}

func (s shapes) numberOf(text string) int {
	number, ok := s.texts[text]
	if !ok {
		number = len(s.texts)
		s.texts[text] = number
	}
	return number
}
