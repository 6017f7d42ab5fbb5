// Package infer says what a PromQL expression can return, without evaluating it: which labels
// its series have, between which bounds its values lie, and whether it returns anything at
// all. Whatever it cannot tell it calls possible: what it promises always holds (for queries
// that end without an error, under the engine's default features).
//
// Two promises rest on what Prometheus and its metric types promise, not on PromQL: up is 0 or
// 1, and a counter (what rate, irate and increase are applied to, and what Metadata calls one) is
// a finite number and never negative.
package infer

import "github.com/prometheus/prometheus/promql/parser"

// Presence says whether an expression returns anything.
type Presence int

// The presences.
const (
	// Maybe is a result that depends on the series there are.
	Maybe Presence = iota
	// Never is an expression that is empty whatever series there are.
	Never
	// Always is an expression that returns at least one series whatever series there are.
	Always
)

func (p Presence) String() string { return [...]string{"maybe", "never", "always"}[p] }

// Result is what an expression can return at one instant. For a range vector it is what each
// of the instants in the range can hold.
type Result struct {
	// Expr is the expression the result is of.
	Expr parser.Expr
	// Labels are the labels of the returned series.
	Labels Labels
	// Values bounds the float samples.
	Values Interval
	// Bound is why Values is bounded, or nil.
	Bound *Reason
	// Histograms tells whether native histograms may be among the samples.
	Histograms bool
	// Presence says whether there are samples at all.
	Presence Presence
	// Why is the reason for Never, otherwise nil.
	Why *Reason
	// Tautology is set where the expression is a comparison with a number that keeps every number
	// it is given: it is why, otherwise nil. What it is given may be some of a metric's samples
	// only, as in (x > 5) > 3.
	Tautology *Reason
	// Measure is what the values mean.
	Measure

	// scalar tells that the expression is of PromQL's type scalar.
	scalar bool
	// base is the expression this one filters: each returned sample has the value and, but for
	// the metric name, the labels of a sample of base.
	base parser.Expr
	// clock bounds how many seconds each value is after the time of the evaluation. It is nil for
	// values that have nothing to do with that time.
	clock *Interval
}

// Analysis holds the results of an expression and all its parts.
type Analysis struct {
	// Root is the result of the whole expression.
	Root *Result

	results  map[parser.Expr]*Result
	shapes   shapes
	metadata Metadata
}

// Of returns the result of one part of the expression, or nil for what is no expression of the
// analysed tree.
func (a *Analysis) Of(expr parser.Expr) *Result { return a.results[expr] }

// Analyse infers what the expression can return. The metadata, which may be nil, tells kinds and
// units of metrics.
func Analyse(expr parser.Expr, metadata Metadata) *Analysis {
	a := &Analysis{results: map[parser.Expr]*Result{}, shapes: newShapes(), metadata: metadata}
	a.Root = a.infer(expr)
	return a
}

func (a *Analysis) infer(expr parser.Expr) *Result {
	r := a.inferKind(expr)
	if r.base == nil {
		r.base = expr
	}
	r.Expr, r.scalar = expr, a.isScalar(expr)
	if r.Presence != Never && r.Values.Empty() && !r.Histograms {
		r.Presence, r.Why = Never, r.Bound
	}
	r.Measure = a.measure(expr, r)
	r.clock = a.clockOf(expr, r)
	a.results[expr] = r
	return r
}

// isScalar tells whether an expression whose parts are inferred is a scalar. The parser's Type
// goes through all parts each time.
func (a *Analysis) isScalar(expr parser.Expr) bool {
	switch e := expr.(type) {
	case *parser.NumberLiteral:
		return true
	case *parser.ParenExpr:
		return a.results[e.Expr].scalar
	case *parser.StepInvariantExpr:
		return a.results[e.Expr].scalar
	case *parser.UnaryExpr:
		return a.results[e.Expr].scalar
	case *parser.BinaryExpr:
		return a.results[e.LHS].scalar && a.results[e.RHS].scalar
	case *parser.Call:
		return e.Func.ReturnType == parser.ValueTypeScalar
	}
	return false
}

func (a *Analysis) inferKind(expr parser.Expr) *Result {
	switch e := expr.(type) {
	case *parser.NumberLiteral:
		return &Result{Labels: closed(nil), Values: point(e.Val), Presence: Always}
	case *parser.StringLiteral:
		return &Result{Labels: closed(nil), Presence: Always}
	case *parser.VectorSelector:
		return a.selector(e)
	case *parser.MatrixSelector:
		return filtered(a.infer(e.VectorSelector))
	case *parser.SubqueryExpr:
		return subquery(a.infer(e.Expr))
	case *parser.ParenExpr:
		return wrapped(a.infer(e.Expr))
	case *parser.StepInvariantExpr:
		return wrapped(a.infer(e.Expr))
	case *parser.UnaryExpr:
		return unary(e, a.infer(e.Expr))
	case *parser.AggregateExpr:
		return a.aggregate(e)
	case *parser.BinaryExpr:
		return a.binary(e)
	case *parser.Call:
		return a.call(e)
	}
	return unknown()
}

// unknown promises nothing.
func unknown() *Result {
	return &Result{Labels: open(), Values: anything(), Histograms: true}
}

// wrapped is the result of an expression in parentheses.
func wrapped(in *Result) *Result {
	out := *in
	return &out
}

// same passes the samples on unchanged.
func same(in *Result) *Result {
	out := *in
	out.Tautology = nil
	return &out
}

// filtered is some of the samples of in, perhaps none.
func filtered(in *Result) *Result {
	out := *in
	out.Tautology = nil
	if out.Presence == Always {
		out.Presence = Maybe
	}
	return &out
}

// subquery is what an expression returned at other instants.
func subquery(in *Result) *Result {
	out := filtered(in)
	out.base = nil
	return out
}

func unary(e *parser.UnaryExpr, in *Result) *Result {
	if e.Op != parser.SUB {
		return same(in)
	}
	out := *in
	out.base, out.Tautology = nil, nil
	out.Values = in.Values.negate()
	out.Labels = withoutName(in.Labels, e)
	return &out
}
