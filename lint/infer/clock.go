package infer

import (
	"fmt"
	"math"

	"github.com/prometheus/prometheus/promql/parser"
)

// clockSlack is, in seconds, more than what adding a number to the time of evaluation, or taking
// two such times from each other, is rounded by: Prometheus counts time in milliseconds in 64
// bits, and doubles of that size are at most this far apart. mostShift bounds the numbers that may
// be added.
const (
	clockSlack = 2
	mostShift  = 1e15
)

// clockOf bounds how many seconds the values of the expression are after the time at which it is
// evaluated, where they are that time plus a constant; otherwise it is nil.
func (a *Analysis) clockOf(expr parser.Expr, r *Result) *Interval {
	if r.base != expr {
		return a.results[r.base].clock
	}
	switch e := expr.(type) {
	case *parser.Call:
		switch {
		case e.Func.Name == "time", e.Func.Name == "timestamp" && !ofSelector(e):
			now := point(0)
			return &now
		case e.Func.Name == "vector":
			return a.results[e.Args[0]].clock
		}
	case *parser.AggregateExpr:
		if e.Op == parser.MIN || e.Op == parser.MAX {
			return a.results[e.Expr].clock
		}
	case *parser.BinaryExpr:
		return a.shifted(e)
	}
	return nil
}

// shifted is the clock of a time plus or minus a number.
func (a *Analysis) shifted(e *parser.BinaryExpr) *Interval {
	clock, number := a.results[e.LHS], a.results[e.RHS]
	if e.Op == parser.ADD && clock.clock == nil {
		clock, number = number, clock
	}
	by, ok := number.Values.Point()
	if e.Op != parser.ADD && e.Op != parser.SUB || clock.clock == nil || !number.scalar || !ok || math.Abs(by) > mostShift {
		return nil
	}
	if e.Op == parser.SUB {
		by = -by
	}
	out := *clock.clock
	if by != 0 {
		out = out.add(Interval{Lo: by - clockSlack, Hi: by + clockSlack})
	}
	if max(math.Abs(out.Lo), math.Abs(out.Hi)) > mostShift {
		return nil
	}
	return &out
}

// ofSelector tells whether a function is called with a plain selector. timestamp() is the time of
// the samples only then: anything else has no time but that of the evaluation.
func ofSelector(e *parser.Call) bool {
	if len(e.Args) != 1 {
		return false
	}
	_, ok := Unwrap(e.Args[0]).(*parser.VectorSelector)
	return ok
}

// apart bounds what is left when one time is taken from another.
func apart(op parser.ItemType, left, right *Result) (between Interval, ok bool) {
	if op != parser.SUB || left.clock == nil || right.clock == nil {
		return Interval{}, false
	}
	between = left.clock.add(right.clock.negate())
	if _, exact := between.Point(); !exact {
		between = between.add(Interval{Lo: -clockSlack, Hi: clockSlack})
	}
	return between, true
}

// calculated bounds what an arithmetic operator makes of two results, and says why if that is
// because both are times.
func calculated(e *parser.BinaryExpr, left, right *Result) (Interval, *Reason) {
	between, ok := apart(e.Op, left, right)
	if !ok {
		return arithmetic(left.Values, e.Op, right.Values), nil
	}
	for _, side := range []*Result{left, right} {
		if side.Bound != nil {
			return between, side.Bound
		}
	}
	return between, &Reason{Node: e, Clause: Operator, Text: "both sides are the time of the evaluation, but for a constant"}
}

// comparedBy are the values by which a comparison is decided: of two times, it matters only how
// far each is from the time of the evaluation.
func comparedBy(left, right *Result) (i, j Interval) {
	if left.clock != nil && right.clock != nil {
		return *left.clock, *right.clock
	}
	return left.Values, right.Values
}

// timesCompared says how a time compares with another, such as "never <".
func timesCompared(subject, other *Result, how string) string {
	const longest = 40
	with := "the other side"
	if at := other.Expr.PositionRange(); at.End-at.Start <= longest {
		with = other.Expr.String()
	}
	apart := ""
	if at, exact := subject.clock.Point(); !exact || at != 0 {
		apart = ", but for a constant"
	}
	return fmt.Sprintf("%s is always the time of the evaluation%s, so it is %s %s", called(subject.Expr), apart, how, with)
}
