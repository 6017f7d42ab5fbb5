package infer

import (
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"
)

// measureBinary is what the values of a binary operation mean.
func measureBinary(e *parser.BinaryExpr, left, right, out *Result) Measure {
	l, r := left.Measure, right.Measure
	switch {
	case e.Op == parser.LAND || e.Op == parser.LUNLESS:
		return l
	case e.Op == parser.LOR:
		return measureOr(left, right)
	case e.Op.IsComparisonOperator() && e.ReturnBool:
		return gauge(Flag, e, "a comparison with bool is 0 or 1")
	case e.Op.IsComparisonOperator():
		if left.scalar && !right.scalar {
			l = r
		}
		l.constant = false
		return l
	case l.constant && r.constant:
		return Measure{constant: true}
	}
	switch e.Op {
	case parser.ADD, parser.SUB:
		return added(e, left, right)
	case parser.MUL:
		switch {
		case l.constant:
			return multiplied(e, r, left.Values.Lo)
		case r.constant:
			return multiplied(e, l, right.Values.Lo)
		}
		return product(e, l, r)
	case parser.DIV:
		switch {
		case r.constant:
			return divided(e, l, right.Values.Lo)
		case l.constant:
			return Measure{}
		}
		return quotient(e, l, r, out)
	}
	return Measure{}
}

// measureOr is what both sides mean. A side that is always one value, such as vector(0), only
// fills in.
func measureOr(left, right *Result) Measure {
	if _, fills := right.Values.Point(); fills && !right.Histograms {
		return left.Measure
	}
	l, r := left.Measure, right.Measure
	if l.Kind != r.Kind {
		l = l.value()
	}
	l.KindKnown = l.KindKnown && r.KindKnown
	if l.Unit != r.Unit {
		l.Unit, l.UnitWhy = UnknownUnit, nil
	}
	if l.rateOf != r.rateOf {
		l.rateOf = UnknownUnit
	}
	if l.observed != r.observed {
		l.observed = UnknownUnit
	}
	l.Quotient, l.shares = l.Quotient && r.Quotient, l.shares && r.shares
	l.hundredfold = l.hundredfold && r.hundredfold && l.hundredth == r.hundredth
	return l
}

// added is the measure of a sum or a difference of two values.
func added(e *parser.BinaryExpr, left, right *Result) Measure {
	l, r := left.Measure, right.Measure
	switch {
	case l.constant:
		return shifted(e, r, left.Values.Lo, e.Op == parser.SUB)
	case r.constant:
		return shifted(e, l, right.Values.Lo, false)
	}
	if unit, ok := betweenMoments(e, l.Unit, r.Unit); ok {
		text := "this is the time between two moments, in " + unit.String()
		switch unit {
		case UnknownUnit:
			return Measure{}
		case Timestamp:
			text = "a moment and a length of time make a moment"
		}
		return Measure{Unit: unit, UnitWhy: &Reason{Node: e, Clause: Operator, Text: text}}
	}
	out := l
	if e.Op != parser.ADD || l.Kind != Counter || r.Kind != Counter {
		out = l.value()
	}
	out.KindKnown = l.KindKnown && r.KindKnown
	out.Quotient, out.shares = l.Quotient && r.Quotient, l.shares && r.shares
	if l.rateOf != r.rateOf {
		out.rateOf = UnknownUnit
	}
	out.hundredfold = l.hundredfold && r.hundredfold && l.hundredth == r.hundredth
	switch {
	case l.Unit == Flag || r.Unit == Flag:
		return Measure{}
	case l.Unit == r.Unit:
	case l.Unit == UnknownUnit && !l.Quotient && !l.shares && !l.hundredfold:
		// What is added to seconds are seconds.
		out.Unit, out.UnitWhy = r.Unit, r.UnitWhy
	case r.Unit == UnknownUnit && !r.Quotient && !r.shares && !r.hundredfold:
	default:
		out.Unit, out.UnitWhy = UnknownUnit, nil
	}
	return out
}

// betweenMoments is the unit of a sum or a difference that has a moment in it.
func betweenMoments(e *parser.BinaryExpr, l, r Unit) (Unit, bool) {
	switch {
	case l == TimestampMilliseconds && r == l && e.Op == parser.SUB:
		return Milliseconds, true
	case l == TimestampMilliseconds || r == TimestampMilliseconds:
		return UnknownUnit, true
	case l != Timestamp && r != Timestamp:
		return UnknownUnit, false
	case e.Op == parser.SUB && l == r:
		return Seconds, true
	case e.Op == parser.SUB && (isNow(e.LHS) && r == UnknownUnit || isNow(e.RHS) && l == UnknownUnit):
		// Only a moment makes sense beside the current time.
		return Seconds, true
	case l == Timestamp && r == Seconds, l == Seconds && r == Timestamp && e.Op == parser.ADD:
		return Timestamp, true
	}
	return UnknownUnit, true
}

func isNow(expr parser.Expr) bool {
	call, ok := Unwrap(expr).(*parser.Call)
	return ok && call.Func.Name == "time"
}

// shifted is the measure of a value that a constant is added to or, where from is set, that is
// taken from the constant.
func shifted(e *parser.BinaryExpr, m Measure, by float64, from bool) Measure {
	if by == 0 && !from {
		return m
	}
	kept := m.value()
	kept.rateOf, kept.observed, kept.hundredfold = UnknownUnit, UnknownUnit, false
	one := by == 1 || by == -1
	kept.Quotient, kept.shares = m.Quotient && one, false
	if m.shares && from && by == 1 {
		return gauge(Ratio, e, "1 minus a share is a ratio").value()
	}
	switch m.Unit {
	case Flag:
		if from && by == 1 {
			return gauge(Flag, e, "1 minus what is 0 or 1 is 1 or 0")
		}
		return Measure{}
	case Ratio:
		if !one {
			return Measure{}
		}
	case Percent:
		if by != 100 && by != -100 {
			return Measure{}
		}
	case Timestamp, TimestampMilliseconds:
		if from {
			return Measure{}
		}
	}
	return kept
}

// multiplied is the measure of a value times a constant.
func multiplied(e *parser.BinaryExpr, m Measure, by float64) Measure {
	if by == 1 {
		return m
	}
	if unit, ok := times[m.Unit][by]; ok {
		return m.in(unit, e, fmt.Sprintf("%s times %v is %s", m.Unit, by, inUnit(unit)))
	}
	out := scaled(m, by)
	if by == 100 {
		if m.Unit == UnknownUnit && (m.Quotient || m.shares) {
			return gauge(Percent, e, "a share times 100 is a percentage").value()
		}
		out.hundredfold, out.hundredth = true, m.Unit
		out.rateOf = m.rateOf
	}
	return out
}

// scaled is the measure of a value in a unit that has no name.
func scaled(m Measure, by float64) Measure {
	if m.Kind == Counter && by > 0 {
		return Measure{Kind: Counter, KindKnown: m.KindKnown}
	}
	return Measure{}
}

// divided is the measure of a value divided by a constant.
func divided(e *parser.BinaryExpr, m Measure, by float64) Measure {
	switch {
	case by == 1:
		return m
	case by == 0.01:
		return multiplied(e, m, 100)
	}
	if unit, ok := dividedBy[m.Unit][by]; ok {
		return m.in(unit, e, fmt.Sprintf("%s divided by %v is %s", m.Unit, by, inUnit(unit)))
	}
	return scaled(m, by)
}

// product is the measure of two values multiplied.
func product(e *parser.BinaryExpr, l, r Measure) Measure {
	flag := func(m Measure) bool { return m.Unit == Flag || m.Kind == Info }
	switch {
	case flag(r):
		// This is how labels are brought over.
		return l
	case flag(l):
		return r
	case bringsLabels(e) && e.VectorMatching.Card == parser.CardManyToOne && r.Unit == UnknownUnit && !r.Quotient && !r.hundredfold:
		return l
	case bringsLabels(e) && e.VectorMatching.Card == parser.CardOneToMany && l.Unit == UnknownUnit && !l.Quotient && !l.hundredfold:
		return r
	case l.Unit == Ratio && r.Unit == Ratio:
		return l.value()
	case l.Unit == Ratio && r.Unit.amount():
		return Measure{Unit: r.Unit, UnitWhy: r.UnitWhy}
	case r.Unit == Ratio && l.Unit.amount():
		return Measure{Unit: l.Unit, UnitWhy: l.UnitWhy}
	}
	for _, pair := range [][2]Unit{{l.Unit, r.Unit}, {r.Unit, l.Unit}} {
		if pair[1] != Seconds {
			continue
		}
		if of := map[Unit]Unit{PerSecond: Count, BytesPerSecond: Bytes, Watts: Joules}[pair[0]]; of != UnknownUnit {
			return gauge(of, e, fmt.Sprintf("%s for some seconds is %s", pair[0], inUnit(of))).value()
		}
	}
	return Measure{}
}

// bringsLabels tells whether the operation takes labels from the side of which one series matches
// many. In a product, that side is 1: it is there for its labels.
func bringsLabels(e *parser.BinaryExpr) bool {
	return e.VectorMatching != nil && len(e.VectorMatching.Include) > 0
}

// quotient is the measure of one value divided by another, of which neither is a constant.
func quotient(e *parser.BinaryExpr, l, r Measure, out *Result) Measure {
	if l.hundredfold {
		plain := l
		plain.Unit, plain.hundredfold = l.hundredth, false
		if share := quotient(e, plain, r, out); share.Quotient {
			return gauge(Percent, e, "100 times a value, divided by another, is a percentage").value()
		}
		return Measure{}
	}
	because := func(unit Unit, text string) Measure { return gauge(unit, e, text).value() }
	share := func(text string) Measure {
		m := because(Ratio, text)
		m.Quotient = true
		return m
	}
	switch {
	case l.rateOf != UnknownUnit && l.rateOf == r.rateOf:
		return share("one divided by the other, both rates of " + l.rateOf.String() + ", is a ratio")
	case l.rateOf.amount() && r.rateOf == Count:
		return because(l.rateOf, "the rate of a sum divided by that of a count is a mean")
	case l.Unit == r.Unit && (l.Unit.amount() || l.Unit == Ratio || l.Unit == Percent):
		return share("one divided by the other, both " + inUnit(l.Unit) + ", is a ratio")
	case l.Unit.length() && r.Unit == Count, (l.Unit == Bytes || l.Unit == Joules) && r.Unit == Count:
		return because(l.Unit, "a sum divided by a count is a mean")
	case r.Unit == Ratio && l.Unit.amount():
		return Measure{Unit: l.Unit, UnitWhy: l.UnitWhy}
	}
	if unit, ok := quotients[[2]Unit{l.Unit, r.Unit}]; ok {
		return because(unit, fmt.Sprintf("%s divided by %s", l.Unit, r.Unit))
	}
	if v := out.Values; v.Lo >= 0 && v.Hi <= 1 && !v.noNumbers() {
		return share("this is a part divided by the whole")
	}
	if l.Unit == UnknownUnit || r.Unit == UnknownUnit {
		return Measure{Quotient: true}
	}
	return Measure{}
}
