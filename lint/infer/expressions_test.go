package infer_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
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
	name := g.pick("gauge", "gauge", "other", "c_total", "up", "native", "nothing")
	var matchers []string
	for range g.IntN(3) {
		matchers = append(matchers, g.pick("a", "b", "job", "missing")+
			g.pick(`="1"`, `="2"`, `=""`, `!=""`, `!="1"`, `=~"1|2"`, `=~".+"`, `!~"1.*"`, `=~"x|2"`))
	}
	if len(matchers) > 0 {
		name += "{" + strings.Join(matchers, ",") + "}"
	}
	if g.IntN(8) == 0 {
		name += " offset 2m"
	}
	return name
}

func (g expressions) scalar(depth int) string {
	if depth <= 0 || g.IntN(2) == 0 {
		return g.number()
	}
	switch g.IntN(4) {
	case 0:
		return "scalar(" + g.vector(depth-1) + ")"
	case 1:
		return "(" + g.scalar(depth-1) + g.pick(" + ", " - ", " * ", " / ", " % ", " ^ ", " > bool ", " == bool ") + g.scalar(depth-1) + ")"
	case 2:
		return g.pick("time()", "pi()", "-"+g.number())
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
	name, offset, found := strings.Cut(g.selector(), " offset")
	if found {
		return name + suffix + " offset" + offset
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
	switch g.IntN(18) {
	case 13, 14, 15:
		return g.related()
	case 0, 1:
		return g.vector(d) + g.pick(" > ", " < ", " >= ", " <= ", " == ", " != ", " > bool ", " != bool ") + g.scalar(d)
	case 2:
		return g.scalar(d) + g.pick(" > ", " < ", " >= ", " == ", " != ", " <= bool ") + "(" + g.vector(d) + ")"
	case 3:
		operands := []string{"(" + g.vector(d) + ")", g.scalar(d)}
		g.Shuffle(2, func(i, k int) { operands[i], operands[k] = operands[k], operands[i] })
		return "(" + operands[0] + ")" + g.pick(" + ", " - ", " * ", " / ", " % ", " ^ ", " atan2 ") + operands[1]
	case 4:
		return "(" + g.vector(d) + ")" + g.pick(" + ", " - ", " * ", " / ", " > ", " < ", " == ", " != ", " >= bool ", " == bool ", " != bool ") +
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
		return "(" + s + " or on () vector(1))" + g.pick(" > bool ", " > ", " + ", " == bool ") + low
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
	op := g.pick("sum", "avg", "min", "max", "count", "group", "stddev", "quantile", "topk", "bottomk", "limitk", "count_values")
	param := ""
	switch op {
	case "quantile":
		param = g.pick("0.5", "0.2", "0.7", "1", "0", "1.5", g.scalar(d)) + ", "
	case "topk", "bottomk", "limitk":
		param = g.pick("1", "2", "0") + ", "
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
		return "label_replace(" + g.vector(d) + ", \"" + g.pick("a", "new") + `", "$1", "` + g.pick("b", "job") + `", "(.*)")`
	case 3:
		return "label_join(" + g.vector(d) + `, "` + g.pick("a", "new") + `", "-", "b", "missing")`
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

// load writes random series: gauges of both signs, counters with restarts, up, and native
// histograms, with labels that are there or not, and with gaps.
func (g expressions) load() string {
	var b strings.Builder
	b.WriteString("load 1m\n")
	value := map[string]func() string{
		"gauge": func() string {
			return g.pick("0", "1", "-3", "2.5", "100", "NaN", "Inf", "-Inf", "_", "stale", "1e300", "0.1")
		},
		"other":   func() string { return g.pick("0", "1", "2", "7", "-1", "-3") },
		"c_total": func() string { return g.pick("0", "1", "5", "5.5", "1000000", "_") },
		"up":      func() string { return g.pick("0", "1", "1") },
		"native": func() string {
			return g.pick("_", "3", "{{schema:0 sum:5 count:4 buckets:[1 2 1]}}", "{{schema:0 sum:9 count:7 buckets:[2 3 2]}}")
		},
	}
	for _, name := range []string{"gauge", "other", "c_total", "up", "native"} {
		for _, set := range []string{`{a="1"}`, `{a="1",b="2"}`, `{a="2",b="2",job="1"}`, `{job="2"}`, `{b="x",job="1"}`} {
			if g.IntN(3) == 0 {
				continue
			}
			values := make([]string, 12)
			for i := range values {
				values[i] = value[name]()
			}
			fmt.Fprintf(&b, "  %s%s %s\n", name, set, strings.Join(values, " "))
		}
	}
	return b.String()
}
