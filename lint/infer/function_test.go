package infer

import (
	"maps"
	"slices"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

// TestFunctions fails for a function that a new version of Prometheus brings, or drops, until
// somebody has thought about what it returns.
func TestFunctions(t *testing.T) {
	known, all := slices.Sorted(maps.Keys(functions)), slices.Sorted(maps.Keys(parser.Functions))
	for _, name := range all {
		if functions[name].infer == nil {
			t.Errorf("%s() has no entry in functions", name)
		}
	}
	for _, name := range known {
		if parser.Functions[name] == nil {
			t.Errorf("%s() is no function of PromQL", name)
		}
	}
}
