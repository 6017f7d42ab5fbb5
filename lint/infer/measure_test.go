package infer_test

import (
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/lint/infer"
)

// knownMetrics is metadata of some metrics whose names do not tell what they are.
func knownMetrics(metric string) (model.MetricType, string) {
	switch metric {
	case "parcels", "parcel_weight_total":
		return model.MetricTypeGauge, ""
	case "scans", "scans_created":
		return model.MetricTypeCounter, ""
	case "belt_speed":
		return model.MetricTypeGauge, "meters"
	case "drop_time_seconds":
		return model.MetricTypeGauge, "seconds"
	case "sort_seconds", "sort_seconds_bucket", "sort_seconds_sum", "sort_seconds_count":
		return model.MetricTypeHistogram, "seconds"
	case "wait", "wait_sum":
		return model.MetricTypeSummary, "milliseconds"
	case "belt_info":
		return model.MetricTypeInfo, ""
	}
	return model.MetricTypeUnknown, ""
}

func measured(t *testing.T, text string) (*infer.Result, string) {
	t.Helper()
	expr, err := parser.NewParser(parser.Options{EnableExperimentalFunctions: true}).ParseExpr(text)
	if err != nil {
		t.Fatal(err)
	}
	root := infer.Analyse(expr, knownMetrics).Root
	return root, place(text, root.UnitWhy)
}

func TestUnits(t *testing.T) {
	for _, test := range []struct {
		text string
		want infer.Unit
		// at is the place that says so.
		at string
	}{
		{"x", infer.UnknownUnit, ""},
		{"x_seconds", infer.Seconds, "x_seconds"},
		{"x_ms", infer.Milliseconds, "x_ms"},
		{"x_bytes", infer.Bytes, "x_bytes"},
		{"x_seconds_total", infer.Seconds, "x_seconds_total"},
		{"x_total", infer.Count, "x_total"},
		{"x_memory_total", infer.UnknownUnit, ""},
		{"parcel_weight_total", infer.UnknownUnit, ""},
		{"x_percent", infer.Percent, "x_percent"},
		{"x_ratio", infer.Ratio, "x_ratio"},
		{"x_per_second", infer.PerSecond, "x_per_second"},
		{"x_bytes_per_second", infer.BytesPerSecond, "x_bytes_per_second"},
		{"x_bits_per_second", infer.UnknownUnit, ""},
		{"x_timestamp_seconds", infer.Timestamp, "x_timestamp_seconds"},
		{"process_start_time_seconds", infer.Timestamp, "process_start_time_seconds"},
		{"x_last_run_seconds", infer.UnknownUnit, ""},
		{"x_last_run_duration_seconds", infer.Seconds, "x_last_run_duration_seconds"},
		{"x_time_seconds", infer.UnknownUnit, ""},
		{"drop_time_seconds", infer.UnknownUnit, ""},
		{"belt_speed", infer.Meters, "belt_speed"},
		{"x_expiry_seconds", infer.UnknownUnit, ""},
		{"mysql_up", infer.Flag, "mysql_up"},
		{"x_scale_up", infer.UnknownUnit, ""},
		{"up", infer.Flag, "up"},
		{"job:x:ratio_rate5m", infer.Ratio, "job:x:ratio_rate5m"},
		{"job:x_seconds:sum", infer.UnknownUnit, ""},
		{`x_seconds{a="1"} offset 5m > 5`, infer.Seconds, `x_seconds{a="1"} offset 5m`},
		{"x_seconds > bool 5", infer.Flag, ">"},
		{"x_seconds and y_bytes", infer.Seconds, "x_seconds"},
		{"x_seconds or vector(0)", infer.Seconds, "x_seconds"},
		{"x_seconds or y_bytes", infer.UnknownUnit, ""},

		{"rate(x_seconds_total[5m])", infer.Ratio, "rate"},
		{"rate(x_bytes_total[5m])", infer.BytesPerSecond, "rate"},
		{"rate(x_total[5m])", infer.PerSecond, "rate"},
		{"rate(x[5m])", infer.UnknownUnit, ""},
		{"increase(x_total[5m])", infer.Count, "x_total"},
		{"delta(x_timestamp_seconds[5m])", infer.Seconds, "delta"},
		{"deriv(x_bytes[5m])", infer.BytesPerSecond, "deriv"},
		{"sum(rate(x_total[5m]))", infer.PerSecond, "rate"},
		{"sum(x_seconds)", infer.Seconds, "x_seconds"},
		{"sum(rate(x_seconds_total[5m]))", infer.UnknownUnit, ""},
		{"sum(x_ratio)", infer.UnknownUnit, ""},
		{"sum(up)", infer.Count, "sum"},
		{"avg(up)", infer.Ratio, "avg"},
		{"max(up)", infer.Flag, "up"},
		{"avg_over_time(up[5m])", infer.Ratio, "avg_over_time"},
		{"sum_over_time(up[5m])", infer.Count, "sum_over_time"},
		{"count(x_bytes)", infer.Count, "count"},
		{"group(x_bytes)", infer.Flag, "group"},
		{"stddev(x_timestamp_seconds)", infer.Seconds, "stddev"},
		{"stdvar(x_seconds)", infer.UnknownUnit, ""},
		{"absent(x_bytes)", infer.Flag, "absent"},
		{"changes(x_bytes[5m])", infer.Count, "changes"},
		{"hour()", infer.UnknownUnit, ""},
		{"abs(x_seconds)", infer.Seconds, "x_seconds"},
		{"ln(x_seconds)", infer.UnknownUnit, ""},
		{"scalar(x_seconds)", infer.Seconds, "x_seconds"},
		{`label_replace(x_seconds, "a", "$1", "b", "(.*)")`, infer.Seconds, "x_seconds"},

		{"x_seconds * 1000", infer.Milliseconds, "*"},
		{"x_ms / 1000", infer.Seconds, "/"},
		{"x_ms * 1000 > 5", infer.Microseconds, "*"},
		{"x_seconds / 60", infer.UnknownUnit, ""},
		{"x_bytes / 1024", infer.UnknownUnit, ""},
		{"x_percent / 100", infer.Ratio, "/"},
		{"x_ratio * 100", infer.Percent, "*"},
		{"100 * x_ratio", infer.Percent, "*"},
		{"x_ratio / 0.01", infer.Percent, "/"},
		{"100 * x_seconds", infer.UnknownUnit, ""},
		{"1 - x_ratio", infer.Ratio, "x_ratio"},
		{"100 - x_percent", infer.Percent, "x_percent"},
		{"100 - x_ratio", infer.UnknownUnit, ""},
		{"x_seconds + 5", infer.Seconds, "x_seconds"},
		{"x_bytes - y_bytes", infer.Bytes, "x_bytes"},
		{"x - y_bytes", infer.Bytes, "y_bytes"},
		{"x_bytes - y_seconds", infer.UnknownUnit, ""},
		{"mysql_up + 1", infer.UnknownUnit, ""},
		{"time()", infer.Timestamp, "time"},
		{"time() - x_timestamp_seconds", infer.Seconds, "-"},
		{"time() - x", infer.Seconds, "-"},
		{"x - time()", infer.Seconds, "-"},
		{"x - y_timestamp_seconds", infer.UnknownUnit, ""},
		{"time() - 3600", infer.Timestamp, "time"},
		{"time() - x_seconds", infer.Timestamp, "-"},
		{"time() - x_timestamp_ms", infer.UnknownUnit, ""},
		{"time() * 1000 - x_timestamp_ms", infer.Milliseconds, "-"},

		{"x_bytes / y_bytes", infer.Ratio, "/"},
		{"x_bytes / y_bytes * 100", infer.Percent, "*"},
		{"x_bytes * 100 / y_bytes", infer.Percent, "/"},
		{"100 * x / y", infer.Percent, "/"},
		{"x / y * 100", infer.Percent, "*"},
		{"100 * (1 - x / y)", infer.Percent, "*"},
		{"100 - x / y * 100", infer.Percent, "*"},
		{"100 * (x - y) / x", infer.Percent, "/"},
		{"100 * x_bytes / y_seconds", infer.UnknownUnit, ""},
		{"sum(x / y) * 100", infer.Percent, "*"},
		{"sum(rate(x_seconds_total[5m])) * 100", infer.Percent, "*"},
		{"1 - avg(sum by (a) (rate(x_seconds_total[5m])))", infer.Ratio, "-"},
		{"x / y", infer.UnknownUnit, ""},
		{"x_seconds_sum / x_seconds_count", infer.Seconds, "/"},
		{"rate(x_seconds_sum[5m]) / rate(x_seconds_count[5m])", infer.Seconds, "/"},
		{"sum(rate(x_ms_sum[5m])) / sum(rate(x_ms_count[5m]))", infer.Milliseconds, "/"},
		{"rate(x_total[5m]) / rate(y_total[5m])", infer.Ratio, "/"},
		{"sum(rate(x_seconds_total[5m])) / sum(rate(y_seconds_total[5m]))", infer.Ratio, "/"},
		{"x_total / y_total", infer.Ratio, "/"},
		{"x_total / y_seconds", infer.PerSecond, "/"},
		{"x_seconds / y_ms", infer.UnknownUnit, ""},
		{"rate(a[5m]) / (rate(a[5m]) + rate(b[5m]))", infer.Ratio, "/"},
		{"sum(up) / count(up)", infer.Ratio, "/"},
		{"x_bytes * y_ratio", infer.Bytes, "x_bytes"},
		{"x_bytes * on (a) group_left (b) y_info", infer.Bytes, "x_bytes"},
		{"x_bytes * on (a) group_left (b) y", infer.Bytes, "x_bytes"},
		{"y * on (a) group_right (b) x_bytes", infer.Bytes, "x_bytes"},
		{"x_bytes * y", infer.UnknownUnit, ""},
		{"rate(x_bytes_total[5m]) * y_seconds", infer.Bytes, "*"},

		{"histogram_quantile(0.9, rate(x_seconds_bucket[5m]))", infer.Seconds, "histogram_quantile"},
		{"histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))", infer.UnknownUnit, ""},
		{"histogram_quantile(0.9, rate(sort_seconds[5m]))", infer.Seconds, "histogram_quantile"},
		{"histogram_count(rate(sort_seconds[5m]))", infer.PerSecond, "histogram_count"},
		{"histogram_sum(rate(sort_seconds[5m])) / histogram_count(rate(sort_seconds[5m]))", infer.Seconds, "/"},
		{"histogram_avg(rate(sort_seconds[5m]))", infer.Seconds, "histogram_avg"},
		{"histogram_fraction(0, 1, rate(sort_seconds[5m]))", infer.Ratio, "histogram_fraction"},
	} {
		root, at := measured(t, test.text)
		if root.Unit != test.want || at != test.at {
			t.Errorf("%s: %s at %q, want %s at %q", test.text, root.Unit, at, test.want, test.at)
		}
	}
}

func TestKinds(t *testing.T) {
	for _, test := range []struct {
		text  string
		want  infer.Kind
		known bool
	}{
		{"x", infer.UnknownKind, false},
		{"x_total", infer.Counter, false},
		{"x_memory_total", infer.UnknownKind, false},
		{"x_seconds_count", infer.Counter, false},
		{"x_seconds_sum", infer.Counter, false},
		{"x_count", infer.UnknownKind, false},
		{"x_bucket", infer.Bucket, false},
		{"x_info", infer.Info, false},
		{"x_ratio", infer.Gauge, false},
		{"x_bytes", infer.UnknownKind, false},
		{`x{quantile="0.9"}`, infer.Summary, false},
		{"job:x_total:sum", infer.UnknownKind, false},
		{"up", infer.Gauge, true},
		{"parcels", infer.Gauge, true},
		{"parcel_weight_total", infer.Gauge, true},
		{"scans", infer.Counter, true},
		{"scans_created", infer.Gauge, true},
		{"sort_seconds", infer.Histogram, true},
		{"sort_seconds_bucket", infer.Bucket, true},
		{"sort_seconds_count", infer.Counter, true},
		{"wait", infer.Summary, true},
		{"wait_sum", infer.Counter, true},
		{"belt_info", infer.Info, true},

		{"scans > 5", infer.Counter, true},
		{"scans > bool 5", infer.Gauge, true},
		{"sum by (a) (scans)", infer.Counter, true},
		{"max(scans offset 5m)", infer.Counter, true},
		{"count(scans)", infer.Gauge, true},
		{"sum(belt_info)", infer.Gauge, true},
		{"avg(wait)", infer.UnknownKind, false},
		{"scans[5m:1m]", infer.Counter, true},
		{"last_over_time(scans[5m])", infer.Counter, true},
		{"rate(scans[5m])", infer.Gauge, true},
		{"rate(sort_seconds[5m])", infer.Histogram, true},
		{"scans + x_total", infer.Counter, false},
		{"scans - x_total", infer.UnknownKind, false},
		{"scans * 2", infer.Counter, true},
		{"-scans", infer.UnknownKind, false},
		{"scans / parcels", infer.UnknownKind, false},
		{"scans * on (a) group_left (b) belt_info", infer.Counter, true},
		{"scans or vector(0)", infer.Counter, true},
		{"scans or parcels", infer.UnknownKind, false},
		{"topk(3, scans)", infer.Counter, true},
		{"abs(scans)", infer.UnknownKind, false},
	} {
		if root, _ := measured(t, test.text); root.Kind != test.want || root.KindKnown && !test.known || test.known && !root.KindKnown {
			t.Errorf("%s: %s, known %t, want %s, known %t", test.text, root.Kind, root.KindKnown, test.want, test.known)
		}
	}
}

func TestQuotients(t *testing.T) {
	for text, want := range map[string]bool{
		"x / y":                                  true,
		"x_bytes / y":                            true,
		"x_bytes / y_bytes":                      true,
		"1 - x / y":                              true,
		"avg(x / y) > 5":                         true,
		"max_over_time((x / y)[5m:1m])":          true,
		"sum(x) / scalar(y)":                     true,
		"x":                                      false,
		"x / 2":                                  false,
		"x / y * 100":                            false,
		"x * 100 / y":                            false,
		"sum(x / y)":                             false,
		"2 - x / y":                              false,
		"x_seconds_sum / x_seconds_count":        false,
		"x_bytes / y_seconds":                    false,
		"(x / y) and z":                          true,
		"x / y or vector(0)":                     true,
		"x / y == bool 1":                        false,
		"label_join(x / y, \"a\", \"-\", \"b\")": true,
	} {
		if root, _ := measured(t, text); root.Quotient != want {
			t.Errorf("%s: %t, want %t", text, root.Quotient, want)
		}
	}
}
