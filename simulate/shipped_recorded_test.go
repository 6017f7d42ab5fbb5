package simulate

import (
	"io/fs"
	"maps"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	ruletests "github.com/rulekit/rulekit/testdata/rules"
)

// shippedSuites reads the unit tests of the shipped rules, by their path from here.
func shippedSuites(t *testing.T) map[string]*Suite {
	t.Helper()
	names, err := fs.Glob(ruletests.Files, "*/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	suites := map[string]*Suite{}
	for _, name := range names {
		source, err := fs.ReadFile(ruletests.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(source), "\ntests:") {
			continue // a rule file that tests are about
		}
		path := filepath.Join("..", "testdata", "rules", name)
		if suites[path], err = ParseSuite(path, source); err != nil {
			t.Fatal(err)
		}
	}
	return suites
}

// TestShippedAlertsOnRecordings fails for a recorded scrape on which nobody says exactly which
// of the shipped alerts fire.
func TestShippedAlertsOnRecordings(t *testing.T) {
	played := map[string]bool{}
	for path, suite := range shippedSuites(t) {
		for _, c := range suite.Cases {
			exact := slices.ContainsFunc(c.ExprTests, func(e ExprTest) bool {
				return strings.Contains(e.Expr.Value, `ALERTS{alertstate="firing"}`)
			})
			for _, in := range c.Scrapes {
				played[filepath.Join(filepath.Dir(path), in.File.Value)] = true
			}
			if len(c.Scrapes) > 0 && !exact {
				t.Errorf("%s: %q plays a recorded scrape and does not say which alerts fire on it, by an expression over ALERTS{alertstate=\"firing\"}", path, c.Name)
			}
		}
	}
	recordings, err := filepath.Glob("../testdata/exporters/*.prom*")
	if err != nil || len(recordings) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, recording := range recordings {
		if !played[recording] && !played[strings.TrimSuffix(recording, ".gz")] {
			t.Errorf("no unit test of the shipped rules plays %s", recording)
		}
	}
}

// TestShippedSuitesPass runs all unit tests of the shipped rules, those on recordings too.
func TestShippedSuitesPass(t *testing.T) {
	for _, file := range Test(t.Context(), slices.Sorted(maps.Keys(shippedSuites(t))), TestOptions{}).Files {
		if file.Err != nil {
			t.Errorf("%s: %v", file.Path, file.Err)
		}
		for _, c := range file.Cases {
			for _, f := range c.Failures {
				t.Errorf("%s:%d: %q: at %s: %s: %s (rulekit test %[1]s says more)",
					file.Path, file.Suite.Position(f.Span.Start).Line, c.Case.Title(), f.EvalTime, f.Subject, f.Message)
			}
		}
	}
}

// TestPromtoolRunsTheShippedTests runs promtool over the unit tests that hold nothing of
// rulekit's own, and has it check the rules. It takes its time for each case, and uses one
// processor: so there is one run for each.
func TestPromtoolRunsTheShippedTests(t *testing.T) {
	oracle := promtool(t)
	var files []string
	for path, suite := range shippedSuites(t) {
		if !slices.ContainsFunc(suite.Cases, func(c *Case) bool { return len(c.Scrapes) > 0 }) {
			files = append(files, path)
		}
	}
	shipped, err := filepath.Glob("../rules/*.yaml")
	if err != nil || len(shipped) == 0 || len(files) == 0 {
		t.Fatalf("%d rule files, %d test files: %v", len(shipped), len(files), err)
	}
	runs := [][]string{append([]string{"check", "rules", "--lint-fatal"}, shipped...)}
	for chunk := range slices.Chunk(files, len(files)/runtime.GOMAXPROCS(0)+1) {
		runs = append(runs, append([]string{"test", "rules"}, chunk...))
	}
	for _, run := range runs {
		t.Run(run[0], func(t *testing.T) {
			t.Parallel()
			if output, err := exec.CommandContext(t.Context(), oracle, run...).CombinedOutput(); err != nil {
				t.Errorf("promtool %s %s: %v\n%s", run[0], run[1], err, output)
			}
		})
	}
}
