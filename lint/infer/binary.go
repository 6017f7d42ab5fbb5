package infer

import "github.com/prometheus/prometheus/promql/parser"

func (a *Analysis) binary(e *parser.BinaryExpr) *Result {
	left, right := a.infer(e.LHS), a.infer(e.RHS)
	switch {
	case left.scalar && right.scalar:
		return scalars(e, left, right)
	case left.scalar:
		return vectorScalar(e, right, left, mirrored[e.Op])
	case right.scalar:
		return vectorScalar(e, left, right, e.Op)
	}
	switch e.Op {
	case parser.LAND:
		return a.and(e, left, right)
	case parser.LOR:
		return or(left, right)
	case parser.LUNLESS:
		return a.unless(e, left, right)
	}
	if fills(e.VectorMatching) {
		return a.filledIn(e, left, right)
	}
	return a.vectors(e, left, right)
}

func scalars(e *parser.BinaryExpr, left, right *Result) *Result {
	out := &Result{Labels: closed(nil), Presence: Always}
	if e.Op.IsComparisonOperator() {
		out.Values = truth(left.Values, e.Op, right.Values, true)
		return out
	}
	out.Values, out.Bound = calculated(e, left, right)
	return out
}

// vectorScalar infers an operation of a vector and a scalar. For a comparison, op is the
// operator with the vector on its left.
func vectorScalar(e *parser.BinaryExpr, vector, scalar *Result, op parser.ItemType) *Result {
	switch {
	case e.Op.IsComparisonOperator() && e.ReturnBool:
		out := same(vector)
		out.base, out.Bound = nil, nil
		out.Labels = withoutName(vector.Labels, e)
		out.Values = truth(vector.Values, op, scalar.Values, !vector.Histograms)
		if vector.Histograms && out.Presence == Always {
			out.Presence = Maybe
		}
		out.Histograms = false
		return out
	case e.Op.IsComparisonOperator():
		return compareScalar(e, vector, scalar, op)
	case e.Op == parser.TRIM_LOWER || e.Op == parser.TRIM_UPPER:
		return trimmed(e, vector)
	}
	left, right := vector, scalar
	if vector.Expr == e.RHS {
		left, right = scalar, vector
	}
	out := same(vector)
	out.base = nil
	out.Labels = withoutName(vector.Labels, e)
	var why *Reason
	if out.Values, why = calculated(e, left, right); why != nil {
		out.Bound = why
	}
	if vector.Histograms && out.Presence == Always {
		out.Presence = Maybe
	}
	out.Histograms = histogramsFrom(e.Op, left.Histograms, right.Histograms)
	return out
}

// trimmed is what a trim operator makes of a vector and a scalar: it returns histograms only.
func trimmed(e *parser.BinaryExpr, vector *Result) *Result {
	out := filtered(vector)
	out.base = nil
	out.Values = nothing()
	out.Bound = &Reason{Node: e, Clause: Operator, Text: "only native histograms can be trimmed"}
	out.Histograms = vector.Histograms && vector.Expr == e.LHS
	return out
}

// histogramsFrom tells whether an arithmetic operator can return a native histogram, given which
// sides may have one.
func histogramsFrom(op parser.ItemType, left, right bool) bool {
	switch op {
	case parser.ADD, parser.SUB:
		return left && right
	case parser.MUL:
		return left || right
	case parser.DIV, parser.TRIM_LOWER, parser.TRIM_UPPER:
		return left
	}
	return false
}

// compareScalar infers a comparison that filters a vector.
func compareScalar(e *parser.BinaryExpr, vector, scalar *Result, op parser.ItemType) *Result {
	out := same(vector)
	// A histogram is never kept by a comparison with a number.
	out.Histograms = false
	out.Values = narrow(vector.Values, op, scalar.Values)
	if out.Presence == Never {
		return out
	}
	if i, j := comparedBy(vector, scalar); !passes(i, op, j) || out.Values.Empty() {
		left, right := vector, scalar
		if vector.Expr == e.RHS {
			left, right = scalar, vector
		}
		out.Presence, out.Why = Never, comparedNever(e, left, right)
		out.Values = nothing()
		return out
	}
	out.Tautology = tautology(e, vector, scalar, op)
	if vector.Bound == nil || out.Values != vector.Values {
		out.Bound = &Reason{Node: e, Text: "keeps only values " + narrowed(op, scalar.Values)}
	}
	if out.Presence == Always && (vector.Histograms || out.Tautology == nil) {
		out.Presence = Maybe
	}
	return out
}

func narrowed(op parser.ItemType, bound Interval) string {
	if v, ok := bound.Point(); ok {
		return parser.ItemTypeStr[op] + " " + point(v).String()
	}
	return parser.ItemTypeStr[op] + " the other side"
}

// vectors infers arithmetic and comparisons of two vectors.
func (a *Analysis) vectors(e *parser.BinaryExpr, left, right *Result) *Result {
	m := e.VectorMatching
	many, one := left, right
	if m.Card == parser.CardOneToMany {
		many, one = right, left
	}
	matched, conflict := match(e, many.Labels, one.Labels)
	out := &Result{Labels: matched}
	if m.Card == parser.CardOneToOne {
		out.Labels = oneToOneLabels(e, matched)
	}
	if !e.Op.IsComparisonOperator() && !trims(e.Op) || e.ReturnBool {
		out.Labels = withoutName(out.Labels, e)
	}
	// The engine takes the metric name away before it includes labels: one of them may be the name.
	for _, name := range m.Include {
		out.Labels = out.Labels.with(name, included(e, one.Labels.Get(name)))
	}
	switch {
	case e.Op.IsComparisonOperator() && !e.ReturnBool:
		a.compareVectors(e, left, right, out)
	case e.Op.IsComparisonOperator():
		out.Values = compared(e.Op, left, right)
	default:
		a.calculateVectors(e, left, right, out)
	}
	emptySides(out, left, right)
	if out.Presence != Never && conflict != nil {
		out.Presence, out.Why = Never, conflict
	}
	return out
}

func trims(op parser.ItemType) bool { return op == parser.TRIM_LOWER || op == parser.TRIM_UPPER }

// calculateVectors infers the values of arithmetic of two vectors.
func (a *Analysis) calculateVectors(e *parser.BinaryExpr, left, right, out *Result) {
	out.Histograms = histogramsFrom(e.Op, left.Histograms, right.Histograms)
	if trims(e.Op) {
		out.Values = nothing()
		out.Bound = &Reason{Node: e, Clause: Operator, Text: "only native histograms can be trimmed"}
		return
	}
	out.Values, out.Bound = calculated(e, left, right)
	if e.Op != parser.DIV {
		return
	}
	if share, ok := a.share(e, left, right); ok {
		out.Values = share
		out.Bound = &Reason{Node: e, Clause: Operator, Text: "a part divided by the whole is " + share.String()}
	}
}

// compared is the interval of a comparison of two vectors with bool.
func compared(op parser.ItemType, left, right *Result) Interval {
	if left.Histograms && right.Histograms && comparesHistograms(op) {
		return whole(0, 1)
	}
	return truth(left.Values, op, right.Values, !left.Histograms && !right.Histograms)
}

// emptySides makes the result empty if one of its sides is.
func emptySides(out, left, right *Result) {
	for _, side := range []*Result{left, right} {
		if side.Presence == Never {
			out.Presence, out.Why = Never, side.Why
			return
		}
	}
}

func (a *Analysis) compareVectors(e *parser.BinaryExpr, left, right, out *Result) {
	m := e.VectorMatching
	out.Values = narrow(left.Values, e.Op, right.Values)
	out.Bound = left.Bound
	out.Histograms = left.Histograms && right.Histograms && comparesHistograms(e.Op)
	if m.Card != parser.CardOneToMany && len(m.Include) == 0 && (m.Card != parser.CardOneToOne || onAll(m)) {
		out.base = left.base
	}
	if out.Histograms {
		return
	}
	if i, j := comparedBy(left, right); !passes(i, e.Op, j) || out.Values.Empty() {
		out.Presence, out.Why = Never, comparedNever(e, left, right)
		return
	}
	strict := e.Op == parser.GTR || e.Op == parser.LSS
	if strict && m.Card == parser.CardOneToOne && onAll(m) && a.sameSeries(left, right) {
		out.Presence, out.Why = Never, &Reason{
			Node: e, Clause: Operator, Kind: Comparison,
			Text: "both sides are the same value of the same series",
		}
	}
}

// comparesHistograms tells whether the operator compares two histograms; the other comparisons
// return nothing for them.
func comparesHistograms(op parser.ItemType) bool { return op == parser.EQLC || op == parser.NEQ }

// filledIn infers an operation of two vectors of which a missing side is filled in: it has the
// labels that are matched, and one value.
func (a *Analysis) filledIn(e *parser.BinaryExpr, left, right *Result) *Result {
	m := e.VectorMatching
	fill := func(side *Result, with *float64) *Result {
		out := *side
		if with == nil {
			return &out
		}
		if out.Presence == Never {
			out.Values, out.Histograms = nothing(), false
		}
		out.Presence, out.Why, out.Bound, out.base, out.clock = Maybe, nil, nil, nil, nil
		out.Values = out.Values.hull(point(*with))
		return &out
	}
	l, r := fill(left, m.FillValues.LHS), fill(right, m.FillValues.RHS)
	out := &Result{Labels: open()}
	switch {
	case e.Op.IsComparisonOperator() && e.ReturnBool:
		out.Values = compared(e.Op, l, r)
	case e.Op.IsComparisonOperator():
		a.compareVectors(e, l, r, out)
		out.base = nil
	default:
		out.Values = arithmetic(l.Values, e.Op, r.Values)
		if trims(e.Op) {
			out.Values = nothing()
		}
		out.Histograms = histogramsFrom(e.Op, l.Histograms, r.Histograms)
	}
	if m.Card == parser.CardOneToOne {
		out.Labels = oneToOneLabels(e, either(left.Labels, right.Labels))
		if !e.Op.IsComparisonOperator() && !trims(e.Op) || e.ReturnBool {
			out.Labels = withoutName(out.Labels, e)
		} else {
			// What is filled in has no name.
			out.Labels = out.Labels.with("__name__", Label{}).with("__type__", Label{}).with("__unit__", Label{})
		}
	}
	if left.Presence == Never && right.Presence == Never {
		out.Presence, out.Why = Never, left.Why
		return out
	}
	emptySides(out, l, r)
	return out
}
