package simulate

import (
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// promtool returns the path of the promtool that test results are compared with.
func promtool(t *testing.T) string {
	t.Helper()
	path := os.Getenv("RULEKIT_PROMTOOL")
	if path == "" {
		path = filepath.Join("..", "bin", "promtool")
	}
	path, err := filepath.Abs(path)
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatalf("no promtool to compare with (%v). Build it with:\n"+
			"  GOFLAGS=-tags=remove_all_sd GOBIN=$PWD/bin go install github.com/prometheus/prometheus/cmd/promtool@v0.316.0\n"+
			"or set RULEKIT_PROMTOOL to one of that version", err)
	}
	return path
}

// TestVerdictsAreThoseOfPromtool runs the test files of testdata/promtool through promtool and
// through rulekit. Every case must have the same verdict, except those that an archive lists
// as "differs: NAME"; for these, the verdicts must differ.
func TestVerdictsAreThoseOfPromtool(t *testing.T) {
	oracle := promtool(t)
	archives, err := filepath.Glob("../testdata/promtool/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives in testdata/promtool (%v)", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			folder := t.TempDir()
			for _, f := range archive.Files {
				if err := os.WriteFile(filepath.Join(folder, f.Name), f.Data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			features := header(archive, "features: ")
			want := promtoolVerdicts(t, oracle, folder, features)
			got := rulekitVerdicts(t, folder, features)
			for _, name := range header(archive, "differs: ") {
				i := slices.IndexFunc(want, func(line string) bool { return strings.HasSuffix(line, " "+name) })
				if i < 0 {
					t.Fatalf("there is no case %q", name)
				}
				want[i] = map[string]string{"pass": "fail ", "fail": "pass "}[want[i][:4]] + name
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("verdicts (-promtool +rulekit):\n%s", diff)
			}
		})
	}
}

func header(archive *txtar.Archive, key string) []string {
	var values []string
	for line := range strings.SplitSeq(string(archive.Comment), "\n") {
		if value, found := strings.CutPrefix(line, key); found {
			values = append(values, value)
		}
	}
	return values
}

func promtoolVerdicts(t *testing.T, oracle, folder string, features []string) []string {
	t.Helper()
	junit := filepath.Join(folder, "junit.xml")
	command := exec.CommandContext(t.Context(), oracle, "--enable-feature="+strings.Join(features, ","), "test", "--junit", junit, "rules", "test.yml")
	command.Dir = folder
	output, err := command.CombinedOutput()
	t.Logf("promtool: %v\n%s", err, output)
	source, readErr := os.ReadFile(junit)
	if readErr != nil {
		t.Fatal(readErr)
	}
	var suites struct {
		Suites []struct {
			Abort *struct{} `xml:"abort"`
			Cases []struct {
				Name     string     `xml:"name,attr"`
				Failures []struct{} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(source, &suites); err != nil {
		t.Fatal(err)
	}
	var verdicts []string
	for _, c := range suites.Suites[0].Cases {
		verdicts = append(verdicts, verdict(len(c.Failures) == 0)+" "+c.Name)
	}
	if err != nil && !slices.ContainsFunc(verdicts, func(v string) bool { return strings.HasPrefix(v, "fail") }) {
		return []string{"unreadable"}
	}
	return verdicts
}

func rulekitVerdicts(t *testing.T, folder string, names []string) []string {
	t.Helper()
	features, err := ParseFeatures(names)
	if err != nil {
		t.Fatal(err)
	}
	file := Test(t.Context(), []string{filepath.Join(folder, "test.yml")}, TestOptions{Features: features}).Files[0]
	if file.Err != nil {
		t.Logf("rulekit: %v", file.Err)
		return []string{"unreadable"}
	}
	var verdicts []string
	for _, c := range file.Cases {
		for _, f := range c.Failures {
			t.Logf("rulekit: %s at %s: %s: %s", c.Case.Title(), f.EvalTime, f.Subject, f.Message)
		}
		verdicts = append(verdicts, fmt.Sprint(verdict(c.Passed()), " ", c.Case.Title()))
	}
	return verdicts
}

func verdict(passed bool) string {
	if passed {
		return "pass"
	}
	return "fail"
}
