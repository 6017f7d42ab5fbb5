package infer_test

import (
	"fmt"
	"strings"
)

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
		"x_info":  func() string { return "1" },
		"up":      func() string { return g.pick("0", "1", "1") },
		"native": func() string {
			return g.pick("_", "3", "{{schema:0 sum:5 count:4 buckets:[1 2 1]}}", "{{schema:0 sum:9 count:7 buckets:[2 3 2]}}")
		},
	}
	for _, name := range []string{"gauge", "other", "c_total", "up", "native", "x_info"} {
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
	for _, le := range []string{"1", "2", "+Inf"} {
		fmt.Fprintf(&b, "  h_bucket{a=\"1\",le=%q} %d+%dx12\n", le, g.IntN(3), g.IntN(5))
	}
	return b.String()
}
