package infer_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
)

// expressions writes random PromQL. What it writes is mostly valid; what is not is skipped.
type expressions struct{ *rand.Rand }

func (g expressions) pick(from ...string) string { return from[g.IntN(len(from))] }

func (g expressions) labels() string {
	return strings.Join([]string{"a", "b", "job", "missing"}[:g.IntN(5)], ", ")
}

func (g expressions) someLabels() string {
	var names []string
	for _, name := range []string{"a", "b", "job", "missing", "__name__"} {
		if g.IntN(3) == 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

func (g expressions) number() string {
	return g.pick("0", "1", "2", "-1", "0.5", "3", "-2.5", "100", "1e300", "NaN", "Inf", "-Inf")
}

func (g expressions) selector() string {
	name := g.pick("gauge", "gauge", "other", "c_total", "up", "native", "nothing", "h_bucket")
	var matchers []string
	for range g.IntN(3) {
		matchers = append(matchers, g.pick("a", "b", "job", "missing", "a", "b", "job", "le")+
			g.pick(`="1"`, `="2"`, `=""`, `!=""`, `!="1"`, `=~"1|2"`, `=~".+"`, `!~"1.*"`, `=~"x|2"`))
	}
	if len(matchers) > 0 {
		name += "{" + strings.Join(matchers, ",") + "}"
	}
	if g.IntN(8) == 0 {
		name += g.pick(" offset 2m", " offset -1m", " @ 240", " @ start()", " offset (1m+30s)", " smoothed")
	}
	return name
}

func (g expressions) scalar(depth int) string {
	if depth <= 0 || g.IntN(2) == 0 {
		return g.number()
	}
	switch g.IntN(5) {
	case 4:
		return g.pick("max_of", "min_of") + "(" + g.scalar(depth-1) + ", " + g.scalar(depth-1) + ")"
	case 0:
		return "scalar(" + g.vector(depth-1) + ")"
	case 1:
		return "(" + g.scalar(depth-1) + g.pick(" + ", " - ", " * ", " / ", " % ", " ^ ", " atan2 ", " > bool ", " == bool ") + g.scalar(depth-1) + ")"
	case 2:
		return g.pick("time()", "pi()", "start()", "end()", "step()", "range()", "-"+g.number())
	}
	return g.number()
}

func (g expressions) matrix(depth int) string {
	if depth <= 0 || g.IntN(2) == 0 {
		return g.selector2("[4m]")
	}
	return "(" + g.vector(depth-1) + ")[5m:1m]"
}

// selector2 puts a range behind a selector, before its offset.
func (g expressions) selector2(suffix string) string {
	name, modifier, found := strings.Cut(g.selector(), " ")
	if found {
		return name + suffix + " " + strings.Replace(modifier, "smoothed", g.pick("smoothed", "anchored"), 1)
	}
	return name + suffix
}

// counterMatrix is a range of what is, or may be taken for, a counter.
func (g expressions) counterMatrix(depth int) string {
	if depth <= 0 || g.IntN(2) == 0 {
		return g.pick("c_total", "up", "native", `c_total{a="1"}`) + "[4m]"
	}
	return "(" + g.vector(depth-1) + ")[5m:1m]"
}

func (g expressions) matching() string {
	switch g.IntN(6) {
	case 0:
		return " on(" + g.someLabels() + ") "
	case 1:
		return " ignoring(" + g.someLabels() + ") "
	}
	return " "
}

func (g expressions) grouping(matching string) string {
	if matching == " " || g.IntN(2) == 0 {
		return matching
	}
	return matching + g.pick("group_left", "group_right") + "(" + g.pick("", "b", "missing", "__name__", "b, __name__") + ") "
}

func (g expressions) vector(depth int) string {
	if depth <= 0 {
		return g.selector()
	}
	d := depth - 1
	switch g.IntN(25) {
	case 24:
		return g.clock(d) + g.pick(" > ", " < ", " >= ", " <= ", " == ", " != ", " - ", " < bool ", " > ", " < ") + g.clock(d)
	case 13, 14, 15:
		return g.related()
	case 18, 19, 20:
		return g.function(d)
	case 21, 22:
		return g.part(d)
	case 23:
		return g.filledIn(d)
	case 0, 1:
		return g.vector(d) + g.pick(" > ", " < ", " >= ", " <= ", " == ", " != ", " > bool ", " != bool ") + g.scalar(d)
	case 2:
		return g.scalar(d) + g.pick(" > ", " < ", " >= ", " == ", " != ", " <= bool ") + "(" + g.vector(d) + ")"
	case 3:
		operands := []string{"(" + g.vector(d) + ")", g.scalar(d)}
		g.Shuffle(2, func(i, k int) { operands[i], operands[k] = operands[k], operands[i] })
		return "(" + operands[0] + ")" + g.pick(" + ", " - ", " * ", " / ", " % ", " ^ ", " atan2 ", " </ ", " >/ ") + operands[1]
	case 4:
		return "(" + g.vector(d) + ")" + g.pick(" + ", " - ", " * ", " / ", " % ", " ^ ", " atan2 ", " >/ ", " > ", " < ", " == ", " != ", " >= bool ", " == bool ", " != bool ") +
			g.grouping(g.matching()) + "(" + g.vector(d) + ")"
	case 5, 6:
		return "(" + g.vector(d) + ")" + g.pick(" and", " and", " or", " unless") + g.matching() + "(" + g.vector(d) + ")"
	case 7, 8:
		return g.aggregate(d)
	case 9:
		return g.pick("abs", "ceil", "floor", "round", "sgn", "sqrt", "exp", "ln", "sin", "hour", "month", "day_of_week", "year",
			"sort", "sort_desc", "timestamp", "-", "+") + "(" + g.vector(d) + ")"
	case 10:
		return g.pick("avg", "sum", "min", "max", "count", "last", "first", "present", "stddev", "stdvar", "mad", "absent") +
			"_over_time(" + g.matrix(d) + ")"
	case 11:
		return g.pick("rate", "increase", "irate") + "(" + g.counterMatrix(d) + ")"
	case 12:
		return g.pick("delta", "idelta", "deriv", "changes", "resets") + "(" + g.matrix(d) + ")"
	}
	return g.special(d)
}

// related writes expressions whose parts have to do with each other, which two random ones
// hardly ever have.
func (g expressions) related() string {
	s := g.selector()
	if g.IntN(4) == 0 {
		s = `{__name__=~"gauge|other"}`
	}
	t := s
	if g.IntN(4) == 0 && !strings.Contains(s, "offset") {
		t += " offset 1m"
	}
	low, high := g.pick("-3", "-1", "0", "1", "Inf", "-Inf"), g.pick("0", "1", "2.5", "5")
	switch g.IntN(9) {
	case 6:
		return g.wholeNumbers()
	case 7:
		return g.histograms()
	case 8:
		call := g.pick("(", "(", "topk(1, ", "vector(scalar(")
		return call + s + " or " + g.pick("on () ", "") + "vector(1)" + strings.Repeat(")", strings.Count(call, "(")) + g.pick(" > bool ", " > ", " + ", " == bool ") + low
	case 0:
		return s + g.pick(" > ", " >= ", " == ", " < ") + high + " and" + g.matching() + t + g.pick(" < ", " <= ", " > ", " == ") + low
	case 1:
		return s + g.pick(" > ", " < ", " != ", " - ", " >= ") + g.matching() + t
	case 2:
		return s + g.pick(" * ", " > ", " == ") + "on (" + g.pick("a", "b", "job") + ") group_left (" + g.pick("b", "job", "missing", "__name__") + ") " +
			g.pick("max", "count") + " by (" + g.pick("a", "b", "a, job", "b, job") + ") (" + g.selector() + ")"
	case 3:
		return g.pick("sum(", "avg(", "min(", "max(", "quantile(0.5, ", "stddev(") + s + g.pick(" > ", " >= ", " < ", " <= ", " != ") + low + ")"
	case 4:
		return g.pick("min", "max", "abs", "sum", "count") + "(" + s + " or " + g.pick("vector(1)", "native") + ")"
	}
	return "clamp(" + s + ", " + g.pick("-Inf", "-1", "Inf") + ", " + g.pick("-Inf", "1", "Inf") + ")"
}

// wholeNumbers writes averages and quantiles of whole numbers, at whose bounds rounding shows.
func (g expressions) wholeNumbers() string {
	numbers := "clamp(round(" + g.pick("gauge", "other", "c_total") + "), " + g.pick("0", "-3") + ", " + g.pick("3", "7") + ")"
	weight := g.pick("0.1", "0.2", "0.3", "0.6", "0.7", "0.9")
	return g.pick(
		"quantile("+weight+", "+numbers+")", "avg("+numbers+")", "sum("+numbers+")",
		"quantile_over_time("+weight+", "+numbers+"[5m:1m])", "avg_over_time("+numbers+"[5m:1m])",
	) + g.pick("", " > 3", " > 7", " < 0", " < -3")
}

// histograms writes comparisons of histograms that also have no float value in common.
func (g expressions) histograms() string {
	side := func() string {
		return g.pick("native", "rate(native[4m])", "rate(native[4m]) * NaN", "(native > Inf)", "native * 2")
	}
	return "(" + side() + g.pick(" == bool ", " != bool ", " == ", " != ", " > bool ") + g.matching() + side() + ")" + g.pick("", " > 0", " < 1")
}

func (g expressions) aggregate(d int) string {
	op := g.pick("sum", "avg", "min", "max", "count", "group", "stddev", "quantile", "stdvar", "topk", "bottomk", "limitk", "limit_ratio", "count_values")
	param := ""
	switch op {
	case "quantile":
		param = g.pick("0.5", "0.2", "0.7", "1", "0", "1.5", g.scalar(d)) + ", "
	case "topk", "bottomk", "limitk":
		param = g.pick("1", "2", "0", "0.5", "-1", g.scalar(d)) + ", "
	case "limit_ratio":
		param = g.pick("0", "0.5", "-0.5", "1", "2", g.scalar(d)) + ", "
	case "count_values":
		param = g.pick(`"a"`, `"v"`) + ", "
	}
	clause := g.pick("", " by ("+g.someLabels()+")", " without ("+g.someLabels()+")", " by ("+g.labels()+")")
	return op + clause + " (" + param + g.vector(d) + ")"
}

func (g expressions) special(d int) string {
	switch g.IntN(9) {
	case 0:
		return "absent(" + g.vector(d) + ")"
	case 1:
		return "vector(" + g.scalar(d) + ")"
	case 2:
		return "label_replace(" + g.vector(d) + ", \"" + g.pick("a", "new", "__name__") + `", "` + g.pick("$1", "$1", "x", "", "$0", "$1_x") + `", "` +
			g.pick("a", "b", "job", "missing", "", "__name__") + `", "` + g.pick("(.*)", "(.+)", "", ".*", ".+", "(1|2)", "(x)?.*") + `")`
	case 3:
		return "label_join(" + g.vector(d) + `, "` + g.pick("a", "new") + `", "` + g.pick("-", "") + `"` + g.pick("", `, "b"`, `, "b", "missing"`, `, "a"`) + ")"
	case 4:
		return "clamp(" + g.vector(d) + ", " + g.number() + ", " + g.number() + ")"
	case 5:
		return g.pick("clamp_min", "clamp_max") + "(" + g.vector(d) + ", " + g.scalar(d) + ")"
	case 6:
		return "quantile_over_time(" + g.number() + ", " + g.matrix(d) + ")"
	case 7:
		return g.pick("hour", "minute", "day_of_year") + "()"
	}
	return "histogram_quantile(0.9, " + g.vector(d) + ")"
}

// function calls any function there is, with arguments of the right types.
func (g expressions) function(d int) string {
	names := slices.Sorted(maps.Keys(parser.Functions))
	f := parser.Functions[names[g.IntN(len(names))]]
	count := len(f.ArgTypes)
	if f.Variadic != 0 {
		count -= g.IntN(2)
	}
	args := make([]string, count)
	for i := range args {
		switch f.ArgTypes[i] {
		case parser.ValueTypeVector:
			args[i] = g.vector(d)
		case parser.ValueTypeMatrix:
			args[i] = g.matrix(d)
		case parser.ValueTypeString:
			args[i] = g.pick(`"a"`, `"new"`, `"$1"`, `"(.*)"`)
		case parser.ValueTypeScalar:
			args[i] = g.pick("0.5", "0.9", g.scalar(d))
		}
	}
	switch f.Name {
	case "rate", "irate", "increase":
		args[0] = g.counterMatrix(d)
	case "info":
		if count == 2 {
			args[1] = g.pick(`{b="2"}`, `{missing=~".*"}`, `{__name__=~".+_info",version!=""}`)
		}
	case "histogram_quantiles":
		args[1] = g.pick(`"a"`, `"new"`)
	}
	call := f.Name + "(" + strings.Join(args, ", ") + ")"
	if f.ReturnType == parser.ValueTypeScalar {
		return "vector(" + call + ")"
	}
	return call
}

// part writes quotients and differences of a part and the whole, and sides that are dead.
func (g expressions) part(d int) string {
	whole := g.pick("gauge", "other", "up", "c_total", "rate(c_total[4m])", "(other >= 0)", "abs(gauge)", "native", g.vector(d))
	some := g.pick(whole, whole+" > 1", whole+" == 0", "topk(2, "+whole+")", whole+" unless other", strings.Replace(whole, "c_total", `c_total{a="1"}`, 1))
	by := g.pick("", " by (a)", " by (a, b)", " without (a)", " by (job)")
	also := g.pick(by, by, " by (a)", "")
	dead := g.pick(`gauge{a="1",a="2"}`, "count(up) < 1", "up > 1", `gauge{a=~"1|2",a!="1",a!="2"}`, "topk(0, up)", "gauge > 5 < 3")
	switch g.IntN(7) {
	case 0:
		return g.pick("sum", "count") + by + " (" + some + ") / " + g.grouping(g.matching()) + g.pick("sum", "count") + also + " (" + whole + ")" + g.pick("", "", " > 1", " < 0", " >= 0")
	case 1:
		m := g.matching()
		return "(" + whole + ") /" + g.pick(m, m, g.matching()) + "((" + whole + ") +" + m + "(" + g.pick("abs(other)", "(gauge > 0)", "up", "other") + "))"
	case 2:
		return "(" + some + ") unless" + g.matching() + "(" + whole + ")"
	case 3:
		return "(" + whole + ")" + g.pick(" or ", " unless ") + "(" + dead + ")"
	case 4:
		return "((" + dead + ") or (" + g.pick(dead, whole) + ")) or " + g.pick("absent("+dead+")", "vector(scalar("+dead+"))", whole)
	case 5:
		return g.pick("count(", "rate(c_total[4m]", "sum(rate(c_total[4m])", "(up", "stddev(", "vector(1", "(other > 2", "c_total", "count_over_time(gauge[5m:1m]") +
			strings.TrimPrefix(g.pick(whole, whole), "x") + ")" + g.pick(" >= ", " > ", " <= ", " != ", " == ") + g.pick("0", "1", "-1", "3", "NaN")
	}
	return g.pick("count", "sum", "avg", "max") + by + "(" + some + ")" + g.pick(" >= ", " > ", " < ", " != ") + g.pick("0", "1", "-0.5")
}

// filledIn writes operations of which a missing side is filled in.
func (g expressions) filledIn(d int) string {
	return "(" + g.vector(d) + ")" + g.pick(" + ", " - ", " * ", " / ", " > ", " == ", " >= bool ", " != bool ") + g.grouping(g.matching()) +
		g.pick("fill (0) ", "fill_left (1) ", "fill_right (-1) ", "fill_left (2) fill_right (0) ") + "(" + g.vector(d) + ")"
}
