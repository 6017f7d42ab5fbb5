package infer

import "github.com/prometheus/prometheus/promql/parser"

// measureOf is what the values of a call mean.
type measureOf func(e *parser.Call, args []Measure) Measure

func (a *Analysis) measureCall(e *parser.Call) Measure {
	f, ok := functions[e.Func.Name]
	if !ok || f.measure == nil {
		return Measure{}
	}
	args := make([]Measure, len(e.Args))
	for i, arg := range e.Args {
		args[i] = a.results[arg].Measure
	}
	return f.measure(e, args)
}

// sameMeasure is for functions that return samples of their first argument.
func sameMeasure(_ *parser.Call, args []Measure) Measure { return args[0] }

// sameUnit is for functions whose value has the unit of an argument.
func sameUnit(arg int) measureOf {
	return func(_ *parser.Call, args []Measure) Measure {
		m := args[arg].value()
		m.constant = false
		return m
	}
}

// overTime is for functions that pick one of the values in a time.
func overTime(arg int) measureOf {
	return func(_ *parser.Call, args []Measure) Measure { return args[arg] }
}

// made is for functions whose unit does not depend on their arguments.
func made(unit Unit, text string) measureOf {
	return func(e *parser.Call, _ []Measure) Measure { return gauge(unit, e, e.Func.Name+"() "+text) }
}

func averageOverTime(e *parser.Call, args []Measure) Measure {
	if args[0].Unit == Flag {
		return gauge(Ratio, e, "the average of zeros and ones is a ratio")
	}
	return args[0]
}

func sumOverTime(e *parser.Call, args []Measure) Measure {
	if args[0].Unit == Flag {
		return gauge(Count, e, "the sum of zeros and ones is a count")
	}
	return Measure{}
}

func spreadOverTime(e *parser.Call, args []Measure) Measure { return spread(args[0], e) }

// growth is for functions that tell by how much a value has grown.
func growth(e *parser.Call, args []Measure) Measure {
	m := args[0]
	if m.Kind == Histogram {
		return m
	}
	out := spread(m, e)
	out.Kind, out.KindKnown = Gauge, true
	out.hundredfold = false
	if m.Unit == Flag {
		out.Unit, out.UnitWhy = UnknownUnit, nil
	}
	return out
}

// ratePerSecond is for functions that tell how fast a value grows.
func ratePerSecond(e *parser.Call, args []Measure) Measure {
	m := args[0]
	if m.Kind == Histogram {
		m.rateOf, m.Unit, m.UnitWhy = m.Unit, UnknownUnit, nil
		return m
	}
	out := Measure{Kind: Gauge, KindKnown: true, observed: m.observed, rateOf: m.Unit}
	if unit := perSecond(m.Unit); unit != UnknownUnit {
		out.Unit = unit
		out.UnitWhy = &Reason{Node: e, Clause: Operator, Text: e.Func.Name + "() of " + m.Unit.String() + " is " + inUnit(unit)}
	}
	return out
}

// observation is for functions of histograms whose value is of the size that was observed.
func observation(arg int) measureOf {
	return func(e *parser.Call, args []Measure) Measure {
		m := args[arg]
		unit := m.observed
		switch {
		case unit != UnknownUnit || m.Kind == Bucket || m.Kind != Histogram && m.rateOf == Count:
		case m.rateOf != UnknownUnit:
			unit = m.rateOf
		default:
			unit = m.Unit
		}
		if unit == UnknownUnit {
			return Measure{Kind: Gauge, KindKnown: true}
		}
		return gauge(unit, e, "what the histogram observes is "+inUnit(unit))
	}
}

// histogramSum is the sum of what a native histogram observes, or its rate.
func histogramSum(e *parser.Call, args []Measure) Measure {
	if args[0].rateOf == UnknownUnit {
		return observation(0)(e, args)
	}
	m := Measure{Kind: Gauge, KindKnown: true, rateOf: args[0].rateOf}
	if unit := perSecond(m.rateOf); unit != UnknownUnit {
		m.Unit, m.UnitWhy = unit, &Reason{Node: e, Clause: Operator, Text: "the rate of a sum in " + m.rateOf.String()}
	}
	return m
}

// histogramCount is how many observations a native histogram has, or their rate.
func histogramCount(e *parser.Call, args []Measure) Measure {
	if args[0].rateOf != UnknownUnit {
		m := gauge(PerSecond, e, "the rate of a number of observations")
		m.rateOf = Count
		return m
	}
	return gauge(Count, e, "this is a number of observations")
}

// filled is for vector() and scalar(): a constant stays one.
func filled(_ *parser.Call, args []Measure) Measure { return args[0] }

func filledPi(*parser.Call, []Measure) Measure { return Measure{constant: true} }

// greater is for max_of() and min_of().
func greater(_ *parser.Call, args []Measure) Measure {
	if args[0].constant && !args[1].constant {
		return args[1].value()
	}
	m := args[0].value()
	m.constant = m.constant && args[1].constant
	return m
}
