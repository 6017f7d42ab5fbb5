package infer

import (
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"
)

func (a *Analysis) binary(e *parser.BinaryExpr) *Result {
	left, right := a.infer(e.LHS), a.infer(e.RHS)
	leftScalar := e.LHS.Type() == parser.ValueTypeScalar
	rightScalar := e.RHS.Type() == parser.ValueTypeScalar
	switch {
	case leftScalar && rightScalar:
		return scalars(e, left, right)
	case leftScalar:
		return vectorScalar(e, right, left, mirrored[e.Op])
	case rightScalar:
		return vectorScalar(e, left, right, e.Op)
	}
	switch e.Op {
	case parser.LAND:
		return a.and(e, left, right)
	case parser.LOR:
		return or(left, right)
	case parser.LUNLESS:
		return unless(e, left, right)
	}
	return a.vectors(e, left, right)
}

func scalars(e *parser.BinaryExpr, left, right *Result) *Result {
	out := &Result{Labels: closed(nil), Presence: Always}
	if e.Op.IsComparisonOperator() {
		out.Values = truth(left.Values, e.Op, right.Values, true)
		return out
	}
	out.Values = arithmetic(left.Values, e.Op, right.Values)
	return out
}

// vectorScalar infers an operation of a vector and a scalar. For a comparison, op is the
// operator with the vector on its left.
func vectorScalar(e *parser.BinaryExpr, vector, scalar *Result, op parser.ItemType) *Result {
	out := same(vector)
	switch {
	case e.Op.IsComparisonOperator() && e.ReturnBool:
		out.base, out.Bound = nil, nil
		out.Labels = withoutName(vector.Labels, e)
		out.Values = truth(vector.Values, op, scalar.Values, !vector.Histograms)
		if vector.Histograms && out.Presence == Always {
			out.Presence = Maybe
		}
		out.Histograms = false
	case e.Op.IsComparisonOperator():
		compareScalar(e, vector, scalar, op, out)
	case e.Op == parser.TRIM_LOWER || e.Op == parser.TRIM_UPPER:
		out = filtered(vector)
		out.base = nil
		out.Values = nothing()
	default:
		left, right := vector, scalar
		if e.LHS.Type() == parser.ValueTypeScalar {
			left, right = scalar, vector
		}
		out.base, out.Bound = nil, vector.Bound
		out.Labels = withoutName(vector.Labels, e)
		out.Values = arithmetic(left.Values, e.Op, right.Values)
		if vector.Histograms && out.Presence == Always {
			out.Presence = Maybe
		}
		out.Histograms = vector.Histograms && (e.Op == parser.MUL || e.Op == parser.DIV)
	}
	return out
}

// compareScalar infers a comparison that filters a vector.
func compareScalar(e *parser.BinaryExpr, vector, scalar *Result, op parser.ItemType, out *Result) {
	// A histogram is never kept by a comparison with a number.
	out.Histograms = false
	out.Values = narrow(vector.Values, op, scalar.Values)
	if out.Presence == Never {
		return
	}
	if !passes(vector.Values, op, scalar.Values) || out.Values.Empty() {
		left, right := vector, scalar
		if e.LHS.Type() == parser.ValueTypeScalar {
			left, right = scalar, vector
		}
		out.Presence, out.Why = Never, comparedNever(e, left, right)
		out.Values = nothing()
		return
	}
	out.Bound = &Reason{Node: e, Text: "keeps only values " + narrowed(op, scalar.Values)}
	if vector.Bound != nil && out.Values == vector.Values {
		out.Bound = vector.Bound
	}
	if out.Presence == Always && (vector.Histograms || !passesAlways(vector.Values, op, scalar.Values)) {
		out.Presence = Maybe
	}
}

func narrowed(op parser.ItemType, bound Interval) string {
	if v, ok := bound.Point(); ok {
		return parser.ItemTypeStr[op] + " " + point(v).String()
	}
	return parser.ItemTypeStr[op] + " the other side"
}

func arithmetic(i Interval, op parser.ItemType, j Interval) Interval {
	i, j = i.reachable(), j.reachable()
	switch op {
	case parser.ADD:
		return i.add(j)
	case parser.SUB:
		return i.add(j.negate())
	case parser.MUL:
		return i.mul(j)
	case parser.DIV:
		return i.div(j)
	case parser.MOD:
		return i.mod(j)
	}
	return anything()
}

// vectors infers arithmetic and comparisons of two vectors.
func (a *Analysis) vectors(e *parser.BinaryExpr, left, right *Result) *Result {
	m := e.VectorMatching
	if m.FillValues.LHS != nil || m.FillValues.RHS != nil {
		// A side that is missing is filled in, with the matched labels only.
		return unknown()
	}
	many, one := left, right
	if m.Card == parser.CardOneToMany {
		many, one = right, left
	}
	matched, conflict := match(e, many.Labels, one.Labels)
	out := &Result{Labels: matched, Histograms: left.Histograms || right.Histograms}
	if m.Card == parser.CardOneToOne {
		out.Labels = oneToOneLabels(e, matched)
	}
	if !e.Op.IsComparisonOperator() || e.ReturnBool {
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
		out.Values = truth(left.Values, e.Op, right.Values, !out.Histograms)
		if left.Histograms && right.Histograms && comparesHistograms(e.Op) {
			out.Values = whole(0, 1)
		}
		out.Histograms = false
	default:
		out.Values = arithmetic(left.Values, e.Op, right.Values)
		if e.Op == parser.TRIM_LOWER || e.Op == parser.TRIM_UPPER {
			out.Values = nothing()
		}
	}
	emptySides(out, left, right)
	if out.Presence != Never && conflict != nil {
		out.Presence, out.Why = Never, conflict
	}
	return out
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
	if !passes(left.Values, e.Op, right.Values) || out.Values.Empty() {
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

// onAll tells whether all labels but the metric name must be equal.
func onAll(m *parser.VectorMatching) bool { return !m.On && len(m.MatchingLabels) == 0 }

// oneToOneLabels are the labels that a one-to-one match leaves.
func oneToOneLabels(e *parser.BinaryExpr, l Labels) Labels {
	m := e.VectorMatching
	if m.On {
		return l.keep(m.MatchingLabels, &Reason{Node: e, Clause: Matching, Text: "a one-to-one match keeps only the labels that on() lists"})
	}
	return l.drop(m.MatchingLabels, &Reason{Node: e, Clause: Matching, Text: "a one-to-one match drops the labels that ignoring() lists"})
}

// included is a label that group_left or group_right takes from the "one" side.
func included(e *parser.BinaryExpr, from Label) Label {
	if from.State == Gone {
		from.Why = &Reason{Node: e, Clause: Operator, Text: "is taken from the other side, which does not have it", Because: because(from.Why)}
	}
	return from
}

func because(why *Reason) []*Reason {
	if why == nil {
		return nil
	}
	return []*Reason{why}
}

// match returns the labels of samples of left that have a match in right, and, if none can
// have one, the reason. For group_right, left is what the expression has on the right.
func match(e *parser.BinaryExpr, left, right Labels) (Labels, *Reason) {
	m := e.VectorMatching
	names := m.MatchingLabels
	if !m.On {
		skip := map[string]bool{}
		for _, name := range m.MatchingLabels {
			skip[name] = true
		}
		names = nil
		for _, side := range []Labels{left, right} {
			for _, name := range side.Names() {
				if !skip[name] && !isMetadata(name) {
					names = append(names, name)
				}
			}
		}
	}
	changed := map[string]Label{}
	for _, name := range names {
		l, r := left.Get(name), right.Get(name)
		both, ok := bothLabel(l, r)
		if !ok {
			return left.withAll(changed), joinNever(e, name, l, r)
		}
		if both != l {
			changed[name] = both
		}
	}
	return left.withAll(changed), nil
}

// joinNever is the reason of a match whose sides, as match has them, can never agree in a label.
func joinNever(e *parser.BinaryExpr, name string, l, r Label) *Reason {
	if e.VectorMatching.Card == parser.CardOneToMany {
		l, r = r, l
	}
	why := &Reason{Node: e, Clause: Matching, Kind: Join}
	if l.Known && r.Known {
		why.Text = fmt.Sprintf("%s is %q on the left and %q on the right", name, l.Value, r.Value)
		return why
	}
	with, without, gone := "left", "right", r
	if l.State == Gone {
		with, without, gone = "right", "left", l
	}
	why.Text = fmt.Sprintf("the %s side always has the label %s, the %s side never", with, name, without)
	why.Because = because(gone.Why)
	return why
}
