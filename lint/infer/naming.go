package infer

import (
	"slices"
	"strings"

	"github.com/prometheus/common/model"
)

// lastWord splits a metric's name before its last word.
func lastWord(name string) (rest, word string) {
	if at := strings.LastIndexByte(name, '_'); at >= 0 {
		return name[:at], name[at+1:]
	}
	return "", name
}

// unitOfName is the unit that the naming rules of Prometheus give a metric of that name
// (https://prometheus.io/docs/practices/naming/), where the name leaves no doubt.
func unitOfName(name string) Unit {
	if at := strings.LastIndexByte(name, ':'); at >= 0 {
		return unitOfOperation(name[at+1:])
	}
	rest, word := lastWord(name)
	switch word {
	case "bucket", "count":
		return Count
	case "info":
		return Flag
	case "sum":
		return summedUnit(rest)
	case "total":
		if unit := summedUnit(rest); unit != UnknownUnit {
			return unit
		}
		if counts(rest) {
			return Count
		}
		return UnknownUnit
	}
	return unitOfWords(name)
}

// unitOfOperation is the unit of a recording rule, from what its name has after the last colon.
func unitOfOperation(operation string) Unit {
	word, _, _ := strings.Cut(operation, "_")
	switch word {
	case "ratio":
		return Ratio
	case "percent", "percentage":
		return Percent
	}
	return UnknownUnit
}

// summedUnit is the unit of a metric that is added up, from its name without _total or _sum.
func summedUnit(name string) Unit {
	rest, word := lastWord(name)
	if word == "seconds" {
		// A sum is no moment.
		return Seconds
	}
	unit := unitOfWords(name)
	if unit.amount() || unit == Ratio && rest != "" {
		return unit
	}
	return UnknownUnit
}

// counts tells whether a total of that name, given without _total, is a number of things: not
// the size of something that there is a total of.
func counts(name string) bool {
	_, word := lastWord(name)
	switch strings.ToLower(word) {
	case "memory", "mem", "size", "space", "disk", "capacity", "swap", "storage", "cpu", "time", "duration", "heap",
		"usage", "used", "free", "available", "percent", "ratio", "percentage", "bits", "kb", "mb", "gb", "kib", "mib", "gib":
		return false
	}
	return true
}

// unitOfWords is the unit that a name ends with.
func unitOfWords(name string) Unit {
	rest, word := lastWord(name)
	switch word {
	case "seconds", "secs":
		return unitOfTime(rest, Seconds)
	case "milliseconds", "millis", "msec", "ms":
		return unitOfTime(rest, Milliseconds)
	case "microseconds", "micros", "usec":
		return unitOfTime(rest, Microseconds)
	case "nanoseconds", "nanos":
		return unitOfTime(rest, Nanoseconds)
	case "second", "sec":
		return unitOfRate(rest)
	case "up":
		if _, before := lastWord(rest); strings.HasPrefix(before, "scale") {
			return UnknownUnit
		}
		return Flag
	}
	return unitWords[word]
}

var unitWords = map[string]Unit{
	"bytes": Bytes, "ratio": Ratio, "percent": Percent, "percentage": Percent, "pct": Percent,
	"celsius": Celsius, "volts": Volts, "amperes": Amperes, "amps": Amperes, "watts": Watts,
	"joules": Joules, "hertz": Hertz, "meters": Meters, "metres": Meters, "grams": Grams,
}

// unitOfRate is the unit of x_per_second, from its name without the last word.
func unitOfRate(name string) Unit {
	rest, per := lastWord(name)
	if per != "per" {
		return UnknownUnit
	}
	switch _, what := lastWord(rest); what {
	case "bytes":
		return BytesPerSecond
	case "bits", "kb", "mb", "kilobytes", "megabytes", "kbytes", "mbytes", "kbits", "mbits", "seconds", "":
		return UnknownUnit
	}
	return PerSecond
}

// unitOfTime tells a length of time from a moment, by the name without its unit. Where it may
// be both, the unit is unknown.
func unitOfTime(name string, unit Unit) Unit {
	moment := UnknownUnit
	switch unit {
	case Seconds:
		moment = Timestamp
	case Milliseconds:
		moment = TimestampMilliseconds
	}
	rest, word := lastWord(name)
	switch word {
	case "timestamp", "unixtime":
		return moment
	case "duration", "latency", "lag", "delay", "age", "uptime", "interval", "timeout", "elapsed", "wait", "ttl", "rtt", "offset":
		return unit
	case "time":
		switch _, before := lastWord(rest); before {
		case "start", "boot", "creation":
			return moment
		case "response", "processing", "execution", "wait", "cpu", "round", "trip":
			return unit
		}
		return UnknownUnit
	case "per":
		return UnknownUnit
	}
	for part := range strings.SplitSeq(name, "_") {
		if slices.Contains(momentWords, part) {
			return UnknownUnit
		}
	}
	return unit
}

// momentWords are words of names that may be of a moment.
var momentWords = []string{
	"last", "next", "time", "expiry", "expiration", "expires", "expire", "created", "epoch", "start", "started", "end",
	"ended", "finished", "completed", "mtime", "modified", "updated", "changed", "date", "at", "after", "before", "until",
}

// kindOfName is the kind that the naming rules give a metric of that name, where the name
// leaves no doubt.
func kindOfName(name string) Kind {
	if strings.Contains(name, ":") {
		return UnknownKind
	}
	rest, word := lastWord(name)
	switch word {
	case "bucket":
		return Bucket
	case "info":
		return Info
	case "total":
		if summedUnit(rest) != UnknownUnit || counts(rest) {
			return Counter
		}
		return UnknownKind
	case "sum", "count":
		// Without a unit before it, a count may be of what there is now.
		if summedUnit(rest) != UnknownUnit {
			return Counter
		}
		return UnknownKind
	}
	switch unitOfWords(name) {
	case Timestamp, TimestampMilliseconds, Ratio, Percent, Flag, Celsius, Volts, Amperes, Watts, PerSecond, BytesPerSecond:
		return Gauge
	}
	return UnknownKind
}

// kindOfType is the kind of a metric of that name whose family has the type.
func kindOfType(name string, family model.MetricType) Kind {
	_, word := lastWord(name)
	switch family {
	case model.MetricTypeCounter:
		if word == "created" {
			return Gauge
		}
		return Counter
	case model.MetricTypeGauge, model.MetricTypeStateset, model.MetricTypeGaugeHistogram:
		return Gauge
	case model.MetricTypeInfo:
		return Info
	case model.MetricTypeHistogram, model.MetricTypeSummary:
		switch word {
		case "bucket":
			return Bucket
		case "sum", "count":
			return Counter
		case "created":
			return Gauge
		}
		if family == model.MetricTypeHistogram {
			return Histogram
		}
		return Summary
	}
	return UnknownKind
}

// unitOfMetadata is the unit of OpenMetrics metadata.
func unitOfMetadata(unit string) Unit {
	switch unit {
	case "seconds":
		return Seconds
	case "milliseconds":
		return Milliseconds
	}
	return unitWords[unit]
}
