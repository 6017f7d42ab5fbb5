package infer

import (
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// Measure is what values mean: the kind of metric and the unit. It rests on the names of metrics
// and on Metadata, so it is no promise as the rest of a Result is; but it is left unknown where
// there is doubt.
type Measure struct {
	// Kind is the kind of metric, where the samples are those of a metric, or the sum or another
	// aggregate of metrics of that kind. KindKnown tells that it is known from Metadata or from
	// what the expression does, not only from the naming rules.
	Kind      Kind
	KindKnown bool
	// Unit is what the values are measured in, and UnitWhy the place that says so: a metric, or
	// the operation that makes the unit. UnitWhy is nil where the unit is unknown.
	Unit    Unit
	UnitWhy *Reason
	// Quotient tells that the value is a quotient of two vectors that nothing has multiplied
	// since, so it is a share of 1, if it is a share at all. Of 1 minus a quotient it tells the
	// same. The unit is Ratio where both vectors are known to have the same one.
	Quotient bool

	// shares tells that the value is a sum of ratios, which is a ratio only of the right things.
	shares bool
	// constant tells that the value is written in the expression.
	constant bool
	// rateOf is the unit of what the value is the rate of.
	rateOf Unit
	// observed is the unit of the le of buckets.
	observed Unit
	// hundredfold tells that the value is 100 times one of the unit hundredth.
	hundredfold bool
	hundredth   Unit
}

// gauge is a gauge of the unit, which an operation makes.
func gauge(unit Unit, at parser.Expr, text string) Measure {
	return Measure{Kind: Gauge, KindKnown: true, Unit: unit, UnitWhy: &Reason{Node: at, Clause: Operator, Text: text}}
}

// value is the measure of what has the same unit and is no longer that metric.
func (m Measure) value() Measure {
	m.Kind, m.KindKnown = UnknownKind, false
	return m
}

// in is the measure in another unit, which an operation makes.
func (m Measure) in(unit Unit, at parser.Expr, text string) Measure {
	return Measure{
		Kind: m.Kind, KindKnown: m.KindKnown, Quotient: m.Quotient && unit == Ratio,
		Unit: unit, UnitWhy: &Reason{Node: at, Clause: Operator, Text: text},
	}
}

// measure infers what the values of an expression mean, from what those of its parts do.
func (a *Analysis) measure(expr parser.Expr, out *Result) Measure {
	switch e := expr.(type) {
	case *parser.NumberLiteral:
		return Measure{constant: true}
	case *parser.VectorSelector:
		return a.measureSelector(e)
	case *parser.MatrixSelector:
		return a.results[e.VectorSelector].Measure
	case *parser.SubqueryExpr:
		return a.results[e.Expr].Measure
	case *parser.ParenExpr:
		return a.results[e.Expr].Measure
	case *parser.StepInvariantExpr:
		return a.results[e.Expr].Measure
	case *parser.UnaryExpr:
		return a.results[e.Expr].value()
	case *parser.AggregateExpr:
		return measureAggregate(e, a.results[e.Expr].Measure)
	case *parser.BinaryExpr:
		return measureBinary(e, a.results[e.LHS], a.results[e.RHS], out)
	case *parser.Call:
		return a.measureCall(e)
	}
	return Measure{}
}

func (a *Analysis) measureSelector(e *parser.VectorSelector) Measure {
	switch e.Name {
	case "":
		return Measure{}
	case "up":
		return gauge(Flag, e, "up is 1 for a target that was scraped and 0 for one that was not")
	case "ALERTS":
		return gauge(Flag, e, "ALERTS is 1 for each active alert")
	case "ALERTS_FOR_STATE":
		return gauge(Timestamp, e, "ALERTS_FOR_STATE is when the alert became active, in seconds since the epoch")
	}
	out := Measure{Kind: kindOfName(e.Name), Unit: unitOfName(e.Name)}
	kind, unit := a.known(e.Name)
	if kind != UnknownKind {
		out.Kind, out.KindKnown = kind, true
		if kind == Gauge && out.Unit == Count {
			// Such as a total of memory: the name was made without the rules in mind.
			out.Unit = UnknownUnit
		}
	}
	if out.Kind == UnknownKind && selectsQuantile(e) {
		out.Kind = Summary
	}
	switch {
	case out.Unit != UnknownUnit:
		out.UnitWhy = &Reason{Node: e, Text: "by its name, this is " + inUnit(out.Unit)}
	case unitOfMetadata(unit) != UnknownUnit && !endsWithUnit(e.Name):
		out.Unit = unitOfMetadata(unit)
		out.UnitWhy = &Reason{Node: e, Text: "by its metadata, this is " + inUnit(out.Unit)}
	}
	if out.Kind == Bucket {
		rest, _ := lastWord(e.Name)
		out.observed = unitOfWords(rest)
	}
	return out
}

// known is what the metadata tell of a metric.
func (a *Analysis) known(metric string) (Kind, string) {
	if a.metadata == nil || metric == "" {
		return UnknownKind, ""
	}
	family, unit := a.metadata(metric)
	return kindOfType(metric, family), unit
}

// endsWithUnit tells whether the name itself speaks of time, so that metadata adds nothing: a
// moment and a length of time have the same unit there.
func endsWithUnit(name string) bool {
	_, word := lastWord(name)
	return word == "seconds" || word == "milliseconds"
}

// selectsQuantile tells whether the selector asks for a quantile of a summary.
func selectsQuantile(e *parser.VectorSelector) bool {
	for _, m := range e.LabelMatchers {
		if m.Name == model.QuantileLabel && m.Type == labels.MatchEqual && m.Value != "" {
			return true
		}
	}
	return false
}

// inUnit is the unit after "this is".
func inUnit(u Unit) string {
	switch u {
	case Ratio, Count, Flag, PerSecond:
		return u.String()
	case Percent:
		return "a percentage"
	}
	return "in " + u.String()
}

// measureAggregate is what an aggregation makes of values that mean in.
func measureAggregate(e *parser.AggregateExpr, in Measure) Measure {
	in.constant = false
	switch e.Op {
	case parser.TOPK, parser.BOTTOMK, parser.LIMITK, parser.LIMIT_RATIO:
		return in
	case parser.COUNT, parser.COUNT_VALUES:
		return gauge(Count, e, "this is a number of series")
	case parser.GROUP:
		return gauge(Flag, e, "group() is always 1")
	case parser.STDVAR:
		return Measure{}
	case parser.STDDEV:
		return spread(in, e)
	case parser.AVG, parser.MIN, parser.MAX, parser.QUANTILE:
		if in.Kind == Summary || in.Kind == Info {
			in = in.value()
		}
		if in.Unit == Flag && e.Op == parser.AVG {
			return gauge(Ratio, e, "the average of zeros and ones is a ratio")
		}
		return in
	case parser.SUM:
		return summed(in, e)
	}
	return Measure{}
}

// summed is the measure of a sum.
func summed(in Measure, at parser.Expr) Measure {
	in.shares = in.shares || in.Quotient || in.Unit == Ratio
	in.Quotient = false
	if in.Kind == Summary || in.Kind == Info {
		in = in.value()
	}
	switch {
	case in.Unit == Flag:
		return gauge(Count, at, "the sum of zeros and ones is a count")
	case !in.Unit.amount():
		// A sum of shares is no share, but the rate of a sum is one.
		in.Unit, in.UnitWhy = UnknownUnit, nil
	}
	return in
}

// spread is the measure of how far values lie apart.
func spread(in Measure, at parser.Expr) Measure {
	switch in.Unit {
	case Timestamp:
		return gauge(Seconds, at, "how far moments lie apart is a length of time")
	case TimestampMilliseconds:
		return gauge(Milliseconds, at, "how far moments lie apart is a length of time")
	}
	return in.value()
}
