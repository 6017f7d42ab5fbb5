package infer

import (
	"math"

	"github.com/prometheus/prometheus/promql/parser"
)

// function is what is known of a function: what a call returns, given its arguments' results,
// and what the values mean, which is nil where nothing is known.
type function struct {
	infer   func(e *parser.Call, args []*Result) *Result
	measure measureOf
}

// functions are all functions of PromQL.
var functions map[string]function

func init() {
	functions = map[string]function{
		"abs":    {eachOf(absolute), sameUnit(0)},
		"absent": {absent, made(Flag, "is 1 where it returns anything")},
		"absent_over_time": {
			absentOverTime, made(Flag, "is 1 where it returns anything"),
		},
		"acos":              {eachOf(fixed(Interval{Lo: 0, Hi: math.Pi, NaN: true})), nil},
		"acosh":             {eachOf(fixed(notNegative)), nil},
		"asin":              {eachOf(fixed(Interval{Lo: -math.Pi / 2, Hi: math.Pi / 2, NaN: true})), nil},
		"asinh":             {eachOf(rising(math.Asinh, -inf)), nil},
		"atan":              {eachOf(rising(math.Atan, -inf)), nil},
		"atanh":             {eachOf(fixed(anything())), nil},
		"avg_over_time":     {rangeOf(average, true), averageOverTime},
		"ceil":              {eachOf(wholeBounds(math.Ceil)), sameUnit(0)},
		"changes":           {rangeOf(fixed(counted(0)), false), made(Count, "is a number of changes")},
		"clamp":             {clamp, sameUnit(0)},
		"clamp_max":         {clampMax, sameUnit(0)},
		"clamp_min":         {clampMin, sameUnit(0)},
		"cos":               {eachOf(wave), nil},
		"cosh":              {eachOf(fixed(Interval{Lo: 1, Hi: inf, NaN: true})), nil},
		"count_over_time":   {rangeOf(fixed(counted(1)), false), made(Count, "is a number of samples")},
		"day_of_month":      {datePart(1, 31), nil},
		"day_of_week":       {datePart(0, 6), nil},
		"day_of_year":       {datePart(1, 366), nil},
		"days_in_month":     {datePart(28, 31), nil},
		"deg":               {eachOf(rising(func(v float64) float64 { return v * (180 / math.Pi) }, -inf)), nil},
		"delta":             {rangeOf(unboundedRange, true), growth},
		"deriv":             {rangeOf(unboundedRange, false), ratePerSecond},
		"end":               {scalarWithin(finite()), made(Timestamp, "is a moment")},
		"exp":               {eachOf(rising(math.Exp, -inf)), nil},
		"first_over_time":   {lastOverTime, sameMeasure},
		"floor":             {eachOf(wholeBounds(math.Floor)), sameUnit(0)},
		"histogram_avg":     {fromHistograms(anything()), observation(0)},
		"histogram_count":   {fromHistograms(anything()), histogramCount},
		"histogram_stddev":  {fromHistograms(notNegative), observation(0)},
		"histogram_stdvar":  {fromHistograms(anything()), nil},
		"histogram_sum":     {fromHistograms(anything()), histogramSum},
		"hour":              {datePart(0, 23), nil},
		"idelta":            {rangeOf(unboundedRange, true), growth},
		"increase":          {counterRate, growth},
		"info":              {info, sameMeasure},
		"integral":          {rangeOf(unboundedRange, false), nil},
		"irate":             {counterRate, ratePerSecond},
		"label_join":        {labelJoin, sameMeasure},
		"label_replace":     {labelReplace, sameMeasure},
		"last_over_time":    {lastOverTime, sameMeasure},
		"ln":                {eachOf(rising(math.Log, 0)), nil},
		"log10":             {eachOf(rising(math.Log10, 0)), nil},
		"log2":              {eachOf(rising(math.Log2, 0)), nil},
		"mad_over_time":     {rangeOf(fixed(notNegative), false), spreadOverTime},
		"max_of":            {extreme(math.Max), greater},
		"max_over_time":     {rangeOf(Interval.reachable, false), overTime(0)},
		"min_of":            {extreme(math.Min), greater},
		"min_over_time":     {rangeOf(Interval.reachable, false), overTime(0)},
		"minute":            {datePart(0, 59), nil},
		"month":             {datePart(1, 12), nil},
		"pi":                {scalarWithin(point(math.Pi)), filledPi},
		"predict_linear":    {rangeOf(unboundedRange, false), sameUnit(0)},
		"present_over_time": {rangeOf(fixed(point(1)), false), made(Flag, "is 1 where it returns anything")},
		"quantile_over_time": {
			quantileOverTime, overTime(1),
		},
		"rad":                {eachOf(rising(func(v float64) float64 { return v * (math.Pi / 180) }, -inf)), nil},
		"range":              {scalarWithin(Interval{Lo: 0, Hi: inf}), made(Seconds, "is a length of time")},
		"rate":               {counterRate, ratePerSecond},
		"resets":             {rangeOf(fixed(counted(0)), false), made(Count, "is a number of resets")},
		"round":              {round, sameUnit(0)},
		"scalar":             {scalar, filled},
		"sgn":                {eachOf(sign), nil},
		"sin":                {eachOf(wave), nil},
		"sinh":               {eachOf(rising(math.Sinh, -inf)), nil},
		"sort":               {floatsOnly, sameMeasure},
		"sort_by_label":      {passed, sameMeasure},
		"sort_by_label_desc": {passed, sameMeasure},
		"sort_desc":          {floatsOnly, sameMeasure},
		"sqrt":               {eachOf(rising(math.Sqrt, 0)), nil},
		"start":              {scalarWithin(finite()), made(Timestamp, "is a moment")},
		"start_timestamp":    {timestamps, made(Timestamp, "is a moment")},
		"stddev_over_time":   {rangeOf(fixed(notNegative), false), spreadOverTime},
		"stdvar_over_time":   {rangeOf(fixed(notNegative), false), nil},
		"step":               {scalarWithin(Interval{Lo: 0, Hi: inf}), made(Seconds, "is a length of time")},
		"sum_over_time":      {rangeOf(sum, true), sumOverTime},
		"tan":                {eachOf(fixed(anything())), nil},
		"tanh":               {eachOf(tanh), nil},
		"time":               {scalarWithin(finite()), made(Timestamp, "is the current time in seconds since the epoch")},
		"timestamp":          {timestamps, made(Timestamp, "is the time of the sample in seconds since the epoch")},

		"double_exponential_smoothing": {rangeOf(unboundedRange, false), sameUnit(0)},
		"histogram_fraction":           {fromBuckets(2), made(Ratio, "is a share of the observations")},
		"histogram_quantile":           {fromBuckets(1), observation(1)},
		"histogram_quantiles":          {quantiles, observation(0)},
		"ts_of_first_over_time":        {rangeOf(fixed(finite()), false), made(Timestamp, "is a moment")},
		"ts_of_last_over_time":         {rangeOf(fixed(finite()), false), made(Timestamp, "is a moment")},
		"ts_of_max_over_time":          {rangeOf(fixed(finite()), false), made(Timestamp, "is a moment")},
		"ts_of_min_over_time":          {rangeOf(fixed(finite()), false), made(Timestamp, "is a moment")},
		"vector":                       {vector, filled},
		"year":                         {datePart(-inf, inf), nil},
	}
}

func (a *Analysis) call(e *parser.Call) *Result {
	args := make([]*Result, len(e.Args))
	for i, arg := range e.Args {
		args[i] = a.infer(arg)
	}
	if f, ok := functions[e.Func.Name]; ok {
		return f.infer(e, args)
	}
	// A function that a newer Prometheus has.
	out := unknown()
	if e.Func.ReturnType == parser.ValueTypeScalar {
		out.Labels, out.Histograms, out.Presence = closed(nil), false, Always
	}
	return out
}

// scalarWithin is a function without arguments whose value lies within the interval.
func scalarWithin(i Interval) func(*parser.Call, []*Result) *Result {
	return func(*parser.Call, []*Result) *Result {
		return &Result{Labels: closed(nil), Values: i, Presence: Always}
	}
}

// extreme is max_of or min_of. The engine takes math.Max and math.Min, of which an infinity wins
// over NaN.
func extreme(f func(x, y float64) float64) func(*parser.Call, []*Result) *Result {
	return func(_ *parser.Call, args []*Result) *Result {
		x, y := args[0].Values.reachable(), args[1].Values.reachable()
		out := Interval{Lo: f(x.Lo, y.Lo), Hi: f(x.Hi, y.Hi), NaN: x.NaN || y.NaN, Integer: x.Integer && y.Integer}
		if x.noNumbers() || y.noNumbers() {
			out = anything()
		}
		return &Result{Labels: closed(nil), Values: out, Presence: Always}
	}
}

func madeBy(e *parser.Call) *Reason {
	return &Reason{Node: e, Clause: Operator, Text: e.Func.Name + "() makes a series that has no labels"}
}

func vector(e *parser.Call, args []*Result) *Result {
	return &Result{Labels: closed(madeBy(e)), Values: args[0].Values, Bound: args[0].Bound, Presence: Always}
}

// scalar is NaN where its vector does not hold exactly one sample.
func scalar(_ *parser.Call, args []*Result) *Result {
	out := &Result{Labels: closed(nil), Values: args[0].Values, Bound: args[0].Bound, Presence: Always}
	if args[0].Presence == Never {
		out.Values = nothing()
	}
	if args[0].Presence != Always || args[0].Histograms || !args[0].Labels.None() {
		out.Values.NaN = true
	}
	return out
}

func datePart(lo, hi float64) func(*parser.Call, []*Result) *Result {
	return func(e *parser.Call, args []*Result) *Result {
		if len(args) == 0 {
			return &Result{Labels: closed(madeBy(e)), Values: whole(lo, hi), Presence: Always}
		}
		out := eachOf(fixed(whole(lo, hi)))(e, args)
		out.Values.NaN = false
		out.Bound = &Reason{Node: e, Clause: Operator, Text: e.Func.Name + "() is always " + whole(lo, hi).String()}
		return out
	}
}

// timestamps is a moment for each sample.
func timestamps(e *parser.Call, args []*Result) *Result {
	out := filtered(args[0])
	out.base, out.Bound = nil, nil
	out.Values, out.Histograms = finite(), false
	out.Labels = withoutName(out.Labels, e)
	if e.Func.Name == "timestamp" && !ofSelector(e) {
		out.Bound = &Reason{Node: e, Clause: Operator, Text: "timestamp() of anything but a metric itself is the time of the evaluation, not that of a sample"}
	}
	return out
}
