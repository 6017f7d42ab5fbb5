// Package infer says what a PromQL expression can return, without evaluating it: which labels
// its series have, between which bounds its values lie, and whether it returns anything at
// all. Whatever it cannot tell it calls possible: what it promises always holds (for queries
// that end without an error, under the engine's default features).
//
// Two promises rest on what Prometheus and its metric types promise, not on PromQL: up is 0 or
// 1, and a counter (what rate, irate and increase are applied to) is never negative.
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

	// base is the expression this one filters: each returned sample has the value and, but for
	// the metric name, the labels of a sample of base.
	base parser.Expr
}

// Analysis holds the results of an expression and all its parts.
type Analysis struct {
	// Root is the result of the whole expression.
	Root *Result

	results map[parser.Expr]*Result
	shapes  shapes
}

// Of returns the result of one part of the expression, or nil for what is no expression of the
// analysed tree.
func (a *Analysis) Of(expr parser.Expr) *Result { return a.results[expr] }

// Analyse infers what the expression can return.
func Analyse(expr parser.Expr) *Analysis {
	a := &Analysis{results: map[parser.Expr]*Result{}, shapes: newShapes()}
	a.Root = a.infer(expr)
	return a
}

func (a *Analysis) infer(expr parser.Expr) *Result {
	r := a.inferKind(expr)
	if r.base == nil {
		r.base = expr
	}
	r.Expr = expr
	if r.Presence != Never && r.Values.Empty() && !r.Histograms && expr.Type() != parser.ValueTypeString {
		r.Presence, r.Why = Never, r.Bound
	}
	a.results[expr] = r
	return r
}

func (a *Analysis) inferKind(expr parser.Expr) *Result {
	switch e := expr.(type) {
	case *parser.NumberLiteral:
		return &Result{Labels: closed(nil), Values: point(e.Val), Presence: Always}
	case *parser.StringLiteral:
		return &Result{Labels: closed(nil), Presence: Always}
	case *parser.VectorSelector:
		return selector(e)
	case *parser.MatrixSelector:
		return filtered(a.infer(e.VectorSelector))
	case *parser.SubqueryExpr:
		return subquery(a.infer(e.Expr))
	case *parser.ParenExpr:
		return same(a.infer(e.Expr))
	case *parser.StepInvariantExpr:
		return same(a.infer(e.Expr))
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

// same passes a result on unchanged.
func same(in *Result) *Result {
	out := *in
	return &out
}

// filtered is some of the samples of in, perhaps none.
func filtered(in *Result) *Result {
	out := *in
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
	out.base = nil
	out.Values = in.Values.negate()
	out.Labels = withoutName(in.Labels, e)
	return &out
}
