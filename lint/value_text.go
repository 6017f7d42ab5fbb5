package lint

import (
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
)

// unitWord is a unit that a text writes after a value.
type unitWord struct {
	// Unit is what the word means; UnknownUnit stands for none.
	Unit infer.Unit
	// Long tells minutes, hours and days; Large tells kB, MB and the like: no unit of metrics,
	// but of people.
	Long, Large bool
	// Length is how many bytes of the text the word takes, with the space before it.
	Length int
	// Written is the word.
	Written string
}

// none tells that there is no unit.
func (w unitWord) none() bool { return w.Length == 0 }

// duration tells whether the word is a unit of time.
func (w unitWord) duration() bool {
	return w.Long || w.Unit == infer.Seconds || w.Unit == infer.Milliseconds || w.Unit == infer.Microseconds || w.Unit == infer.Nanoseconds
}

var unitWords = map[string]unitWord{
	"%": {Unit: infer.Percent}, "percent": {Unit: infer.Percent}, "pct": {Unit: infer.Percent}, "percents": {Unit: infer.Percent},
	"s": {Unit: infer.Seconds}, "sec": {Unit: infer.Seconds}, "secs": {Unit: infer.Seconds}, "second": {Unit: infer.Seconds},
	"seconds": {Unit: infer.Seconds}, "ms": {Unit: infer.Milliseconds}, "msec": {Unit: infer.Milliseconds},
	"millisecond": {Unit: infer.Milliseconds}, "milliseconds": {Unit: infer.Milliseconds},
	"µs": {Unit: infer.Microseconds}, "μs": {Unit: infer.Microseconds}, "us": {Unit: infer.Microseconds},
	"microseconds": {Unit: infer.Microseconds}, "ns": {Unit: infer.Nanoseconds}, "nanoseconds": {Unit: infer.Nanoseconds},
	"minutes": {Long: true}, "minute": {Long: true}, "mins": {Long: true}, "min": {Long: true}, "hours": {Long: true},
	"hour": {Long: true}, "hrs": {Long: true}, "days": {Long: true}, "day": {Long: true},
	"byte": {Unit: infer.Bytes}, "bytes": {Unit: infer.Bytes},
	"kb": {Large: true}, "mb": {Large: true}, "gb": {Large: true}, "tb": {Large: true},
	"kib": {Large: true}, "mib": {Large: true}, "gib": {Large: true}, "tib": {Large: true},
	"kilobytes": {Large: true}, "megabytes": {Large: true}, "gigabytes": {Large: true}, "terabytes": {Large: true},
}

// unitAfter is the unit that the text after a value begins with. What is followed by a stroke or
// "per" is a rate, and none.
func unitAfter(after string) unitWord {
	rest := strings.TrimLeft(after, " ")
	space := len(after) - len(rest)
	n := 0
	if strings.HasPrefix(rest, "%") {
		n = 1
	} else {
		for n < len(rest) && (isLetter(rest[n]) || rest[n] >= 0x80 && !strings.HasPrefix(rest[n:], gap)) {
			n++
		}
	}
	word, ok := unitWords[strings.ToLower(rest[:n])]
	if !ok || n == 1 && space > 1 || n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
		return unitWord{}
	}
	follows := strings.TrimLeft(rest[n:], " ")
	if strings.HasPrefix(follows, "/") || strings.HasPrefix(follows, "per ") || strings.HasPrefix(rest[n:], "-") {
		return unitWord{}
	}
	word.Written, word.Length = rest[:n], space+n
	return word
}

// formatter is the function that decides how a value looks.
type formatter int

const (
	// plain is no function, or printf.
	plain formatter = iota
	// prefixed is humanize and humanize1024: 1.5k, 2Gi.
	prefixed
	// asDuration, asPercentage and asTime have their unit in the text they make.
	asDuration
	asPercentage
	asTime
	// otherFormat is anything else.
	otherFormat
)

// format is how a value is printed.
func (v valueUse) format() formatter {
	out := plain
	for _, c := range v.Calls {
		switch c.Name {
		case "printf":
		case "humanize", "humanize1024":
			out = prefixed
		case "humanizeDuration", "toDuration":
			return asDuration
		case "humanizePercentage":
			return asPercentage
		case "humanizeTimestamp", "toTime":
			return asTime
		default:
			return otherFormat
		}
	}
	return out
}

// decimals is how many decimals are printed, or -1 where as many as there are.
func (v valueUse) decimals() int {
	if len(v.Calls) != 1 || v.Calls[0].Name != "printf" {
		return -1
	}
	verb := v.Calls[0].Verb
	if !strings.HasSuffix(verb, "f") {
		return -1
	}
	_, precision, ok := strings.Cut(verb[:len(verb)-1], ".")
	switch {
	case !ok:
		return 6
	case precision == "" || precision == "0":
		return 0
	case len(precision) == 1:
		return int(precision[0] - '0')
	}
	return -1
}

// raw tells that the value is printed with all its digits.
func (v valueUse) raw() bool {
	for _, c := range v.Calls {
		if c.Name != "printf" || c.Verb != "%v" && c.Verb != "%g" {
			return false
		}
	}
	return true
}

// valueLimits are the constants that the value of the alert is compared with.
func valueLimits(analysis *infer.Analysis, expr parser.Expr) []limit {
	var limits []limit
	for {
		switch e := expr.(type) {
		case *parser.ParenExpr:
			expr = e.Expr
			continue
		case *parser.BinaryExpr:
			switch {
			case e.Op == parser.LOR:
				limits = append(limits, valueLimits(analysis, e.RHS)...)
			case e.Op == parser.LAND || e.Op == parser.LUNLESS:
			case e.Op.IsComparisonOperator() && !e.ReturnBool:
				l, ok := limitOf(e, analysis)
				if ok {
					limits = append(limits, l)
				}
				if _, number := analysis.Of(e.LHS).Values.Point(); number && ok {
					expr = e.RHS
					continue
				}
			default:
				return limits
			}
			expr = e.LHS
			continue
		}
		return limits
	}
}

// limitOf returns the comparison if one side of it is a constant.
func limitOf(e *parser.BinaryExpr, analysis *infer.Analysis) (limit, bool) {
	l := limit{Node: e}
	switch e.Op {
	case parser.GTR, parser.GTE:
		l.Side = above
	case parser.LSS, parser.LTE:
		l.Side = below
	}
	left, right := analysis.Of(e.LHS), analysis.Of(e.RHS)
	if left == nil || right == nil {
		return l, false
	}
	v, constant := right.Values.Point()
	if !constant {
		if v, constant = left.Values.Point(); l.Side != 0 {
			l.Side = above + below - l.Side
		}
	}
	l.Value = v
	return l, constant
}

// metricNames are the names of the metrics that the expression reads.
func metricNames(expr parser.Expr) []string {
	var names []string
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if n, ok := node.(*parser.VectorSelector); ok {
			names = append(names, n.Name)
		}
		return nil
	})
	return names
}

// namedAfter tells whether a metric of the expression has one of the words in its name.
func namedAfter(expr parser.Expr, words ...string) bool {
	for _, name := range metricNames(expr) {
		name = strings.ToLower(name)
		for _, word := range words {
			if strings.Contains(name, word) {
				return true
			}
		}
	}
	return false
}
