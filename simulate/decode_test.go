package simulate

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

func TestParseSuiteKeepsPlaces(t *testing.T) {
	source := "# \u00e9\nrule_files: [a.yml]\ntests:\n- name: \"\u00fc\"\n  start_timestamp: 1.5\n  alert_rule_test:\n  - eval_time: 1h5m\n    alertname: A\n    exp_alerts:\n    - exp_labels: {a: b}\n  promql_expr_test: [{expr: 'up', exp_samples: [{labels: m, value: 0x10}]}]\n"
	suite, err := ParseSuite("s.yaml", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	c := suite.Cases[0]
	if c.Name != "\u00fc" || !c.Start.Equal(time.Unix(1, 5e8)) || c.Interval != time.Minute || c.AlertTests[0].EvalTime != 65*time.Minute || c.ExprTests[0].Expected[0].Value != 16 {
		t.Errorf("case: %+v", c)
	}
	lines := map[string]int{}
	for name, offset := range map[string]int{
		"case":   c.Span.Start,
		"test":   c.AlertTests[0].Span.Start,
		"name":   c.AlertTests[0].Alert.Span.Start,
		"alert":  c.AlertTests[0].Expected[0].Span.Start,
		"expr":   c.ExprTests[0].Expr.Span.Start,
		"sample": c.ExprTests[0].Expected[0].Span.Start,
		"file":   suite.RuleFiles[0].Span.Start,
	} {
		lines[name] = suite.Position(offset).Line
	}
	if diff := cmp.Diff(map[string]int{"file": 2, "case": 4, "test": 7, "name": 8, "alert": 10, "expr": 11, "sample": 11}, lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func FuzzParseSuite(f *testing.F) {
	archives, err := filepath.Glob("../testdata/promtool/*.txtar")
	if err != nil || len(archives) == 0 {
		f.Fatalf("no seeds (%v)", err)
	}
	for _, path := range archives {
		source, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range txtar.Parse(source).Files {
			f.Add(file.Data)
		}
	}
	f.Add([]byte("tests: [{input_scrapes: [{file: a, from: 1m, to: 2m, labels: {a: b}, growth: {m: 1}, recorded_at: 2026-01-01T00:00:00Z}]}]"))
	f.Add([]byte("tests: &a [*a]"))
	f.Fuzz(func(t *testing.T, source []byte) {
		suite, err := ParseSuite("fuzz.yaml", source)
		if err != nil {
			return
		}
		for _, c := range suite.Cases {
			for _, span := range []int{c.Span.Start, c.Span.End} {
				if span < 0 || span > len(source) {
					t.Fatalf("span %d of %d bytes", span, len(source))
				}
			}
			if c.Interval <= 0 {
				t.Fatalf("interval %s", c.Interval)
			}
			if _, err := c.length(); err != nil && err.Error() == "" {
				t.Fatal("an error without a text")
			}
		}
	})
}
