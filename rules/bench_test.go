package rules

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkParse reads 4000 alerts like those people write, which is most of the cost of linting
// a large file.
func BenchmarkParse(b *testing.B) {
	var s strings.Builder
	s.WriteString("groups:\n- name: a\n  rules:\n")
	for i := range 4000 {
		fmt.Fprintf(&s, "  - alert: Alert%d\n    expr: sum by (job, instance) (rate(http_requests_total{job=\"a%d\", code=~\"5..\"}[5m])) > 0.5\n    for: 5m\n    labels:\n      severity: warning\n    annotations:\n      summary: \"{{ $labels.instance }} has many errors\"\n      description: >-\n        The instance {{ $labels.instance }} of {{ $labels.job }} answers\n        {{ $value | humanize }} requests a second with an error.\n", i, i)
	}
	src := []byte(s.String())
	b.ReportAllocs()
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		if f := Parse("x", src, Options{}); len(f.Problems) > 0 {
			b.Fatal(f.Problems[0])
		}
	}
}
