package infer

import (
	"fmt"
	"math"
	"strconv"

	"github.com/prometheus/prometheus/promql/parser"
)

// passes tells whether some pair of possible values passes the comparison.
func passes(i Interval, op parser.ItemType, j Interval) bool {
	if i.Empty() || j.Empty() {
		return false
	}
	if op == parser.NEQ {
		x, onePointI := i.Point()
		y, onePointJ := j.Point()
		return !(onePointI && onePointJ && x == y)
	}
	if i.noNumbers() || j.noNumbers() {
		return false
	}
	switch op {
	case parser.EQLC:
		return !i.intersect(j).noNumbers()
	case parser.GTR:
		return i.Hi > j.Lo
	case parser.GTE:
		return i.Hi > j.Lo || i.Hi == j.Lo && !i.HiOpen && !j.LoOpen
	case parser.LSS:
		return i.Lo < j.Hi
	case parser.LTE:
		return i.Lo < j.Hi || i.Lo == j.Hi && !i.LoOpen && !j.HiOpen
	}
	return true
}

// passesAlways tells whether every pair of possible values passes the comparison.
func passesAlways(i Interval, op parser.ItemType, j Interval) bool {
	if op != parser.NEQ && (i.NaN || j.NaN) {
		return false
	}
	return !passes(i, opposite[op], j)
}

var opposite = map[parser.ItemType]parser.ItemType{
	parser.EQLC: parser.NEQ, parser.NEQ: parser.EQLC,
	parser.GTR: parser.LTE, parser.LTE: parser.GTR,
	parser.LSS: parser.GTE, parser.GTE: parser.LSS,
}

// mirrored is the comparison with its sides swapped.
var mirrored = map[parser.ItemType]parser.ItemType{
	parser.EQLC: parser.EQLC, parser.NEQ: parser.NEQ,
	parser.GTR: parser.LSS, parser.LSS: parser.GTR,
	parser.GTE: parser.LTE, parser.LTE: parser.GTE,
}

// narrow returns the values of i that pass the comparison with some value of j.
func narrow(i Interval, op parser.ItemType, j Interval) Interval {
	if op == parser.NEQ {
		if y, ok := j.Point(); ok {
			i.LoOpen = i.LoOpen || i.Lo == y
			i.HiOpen = i.HiOpen || i.Hi == y
		}
		return i.tighten()
	}
	i.NaN = false
	if j.noNumbers() {
		return nothing()
	}
	bound := anything()
	switch op {
	case parser.EQLC:
		bound = j
	case parser.GTR:
		bound.Lo, bound.LoOpen = j.Lo, true
	case parser.GTE:
		bound.Lo, bound.LoOpen = j.Lo, j.LoOpen
	case parser.LSS:
		bound.Hi, bound.HiOpen = j.Hi, true
	case parser.LTE:
		bound.Hi, bound.HiOpen = j.Hi, j.HiOpen
	}
	bound.NaN = false
	return i.intersect(bound)
}

// truth is the interval of a comparison with bool.
func truth(i Interval, op parser.ItemType, j Interval, comparable bool) Interval {
	switch {
	case !passes(i, op, j):
		return point(0)
	case comparable && passesAlways(i, op, j):
		return point(1)
	}
	return whole(0, 1)
}

// String writes the interval as a person would say it.
func (i Interval) String() string {
	if v, ok := i.Point(); ok {
		return number(v)
	}
	low, high := ">= ", "<= "
	if i.LoOpen {
		low = "> "
	}
	if i.HiOpen {
		high = "< "
	}
	switch {
	case i.noNumbers() && i.NaN:
		return "NaN"
	case i.noNumbers():
		return "nothing"
	case i.Lo == -inf && i.Hi == inf:
		return "any number"
	case i.Hi == inf:
		return low + number(i.Lo)
	case i.Lo == -inf:
		return high + number(i.Hi)
	}
	if i.Integer && i.Hi == i.Lo+1 {
		return number(i.Lo) + " or " + number(i.Hi)
	}
	if i.LoOpen || i.HiOpen {
		return low + number(i.Lo) + " and " + high + number(i.Hi)
	}
	return number(i.Lo) + " to " + number(i.Hi)
}

// number writes a bound without the digits that it was widened by.
func number(v float64) string {
	if size := math.Abs(v); size != 0 && (size < 1e-6 || size >= 1e15) {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	const digits = 9
	if v != math.Trunc(v) {
		if short, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', digits, 64), 64); err == nil {
			v = short
		}
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// comparedNever is the reason of a comparison that nothing passes.
func comparedNever(e *parser.BinaryExpr, left, right *Result) *Reason {
	subject, op, other := left, e.Op, right
	if e.LHS.Type() == parser.ValueTypeScalar && e.RHS.Type() != parser.ValueTypeScalar {
		subject, op, other = right, mirrored[e.Op], left
	}
	why := &Reason{Node: e, Clause: Operator, Kind: Comparison}
	sign, bound := parser.ItemTypeStr[op], other.Values
	if values := subject.Values; subject.clock != nil && other.clock != nil {
		why.Text = timesCompared(subject, other, "never "+sign)
	} else if values.Lo == -inf && values.Hi == inf {
		why.Text = fmt.Sprintf("no value is %s %s", sign, bound)
	} else {
		why.Text = fmt.Sprintf("%s is always %s, so it is never %s %s", called(subject.Expr), values, sign, bound)
	}
	for _, side := range []*Result{left, right} {
		why.Because = append(why.Because, because(side.Bound)...)
	}
	return why
}

// called is what a person would call the expression in a sentence.
func called(expr parser.Expr) string {
	switch e := Unwrap(expr).(type) {
	case *parser.AggregateExpr:
		return e.Op.String() + "()"
	case *parser.Call:
		return e.Func.Name + "()"
	case *parser.VectorSelector:
		if e.Name != "" {
			return e.Name
		}
	}
	return "the value"
}
