package lint_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/lint/report"
	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/terminal"
)

var update = flag.Bool("update", false, "write what is found as what is wanted")

const examples = "../testdata/lint"

// exampleOptions are those for a file of a check's examples: all checks that are not off, and
// that one.
func exampleOptions(t *testing.T, check, name string) lint.Options {
	t.Helper()
	own, err := lint.Lookup(check)
	if err != nil {
		t.Fatal(err)
	}
	options := lint.Options{Checks: slices.DeleteFunc(lint.Checks(), func(c *lint.Check) bool { return c.Off && c != own })}
	options.Wiring = exampleWiring(t, check, name)
	configureExample(t, check, &options)
	metrics := filepath.Join(examples, check, "metrics.prom")
	if _, err := os.Stat(metrics); err == nil {
		scrapes, err := lint.LoadScrapes([]string{metrics})
		if err != nil {
			t.Fatal(err)
		}
		options.Catalogue = scrapes
	}
	return options
}

// lintExample lints one file of a check's examples.
func lintExample(t *testing.T, check, name string, source []byte) *lint.Result {
	t.Helper()
	options := exampleOptions(t, check, name)
	result, err := lint.Run(context.Background(), []*rules.File{rules.Parse(name, source, rules.Options{})}, options)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// printed is what a person is shown of a result.
func printed(t *testing.T, result *lint.Result) []byte {
	t.Helper()
	printer, err := report.New("text", report.Options{Style: terminal.Style{Columns: 0}})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := printer.Print(&out, result); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func readExample(t *testing.T, check, name string) []byte {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(examples, check, name))
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// golden compares with a file, or writes it with -update.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test ./lint -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// TestChecks is the police of the registry: each check has its own file, prose, and examples
// that prove it.
func TestChecks(t *testing.T) {
	for _, check := range lint.Checks() {
		t.Run(check.Name, func(t *testing.T) {
			policeProse(t, check)
			bad := lintExample(t, check.Name, "bad.yaml", readExample(t, check.Name, "bad.yaml"))
			if len(bad.Diagnostics) == 0 {
				t.Error("bad.yaml: nothing was found")
			}
			for _, d := range bad.Diagnostics {
				if d.Check != check.Name {
					t.Errorf("bad.yaml: also finds %s: %s", d.Check, d.Message)
				}
			}
			golden(t, filepath.Join(examples, check.Name, "want.txt"), printed(t, bad))
			good := lintExample(t, check.Name, "good.yaml", readExample(t, check.Name, "good.yaml"))
			if len(good.Diagnostics) > 0 {
				t.Errorf("good.yaml:\n%s", printed(t, good))
			}
			policeFix(t, check.Name, bad)
		})
	}
}

var checkName = regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)*$`)

func policeProse(t *testing.T, check *lint.Check) {
	t.Helper()
	if !checkName.MatchString(check.Name) {
		t.Errorf("name %q: want small letters joined by -", check.Name)
	}
	if check.Run == nil {
		t.Error("has no function")
	}
	if !strings.HasSuffix(check.Summary, ".") || strings.Contains(check.Summary, "\n") || len(check.Summary) > 100 {
		t.Errorf("summary %q: want one sentence of at most 100 bytes", check.Summary)
	}
	if len(check.Why) < 150 {
		t.Errorf("the reason is only %d bytes long", len(check.Why))
	}
	file := strings.ReplaceAll(check.Name, "-", "_") + ".go"
	source, err := os.ReadFile(file)
	if err != nil {
		t.Errorf("want the check in %s: %v", file, err)
	} else if !bytes.Contains(source, []byte(`"`+check.Name+`"`)) {
		t.Errorf("%s does not register %s", file, check.Name)
	}
}

// policeFix proves that mending bad.yaml makes fixed.yaml, that this is there if and only if
// there are edits, and that nothing is left to mend then.
func policeFix(t *testing.T, check string, bad *lint.Result) {
	t.Helper()
	path := filepath.Join(examples, check, "fixed.yaml")
	if !slices.ContainsFunc(bad.Diagnostics, func(d lint.Diagnostic) bool { return len(d.Edits) > 0 }) {
		if _, err := os.Stat(path); err == nil {
			t.Error("there is a fixed.yaml, but the check gives no edits")
		}
		return
	}
	file := rules.Parse("bad.yaml", readExample(t, check, "bad.yaml"), rules.Options{})
	fixed, err := lint.Fix(context.Background(), []*rules.File{file}, lint.FixOptions{Lint: exampleOptions(t, check, "bad.yaml")})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, path, fixed.Files[0].Source)
	for _, d := range fixed.Result.Diagnostics {
		if len(d.Edits) > 0 || d.Check != check {
			t.Errorf("fixed.yaml:\n%s", printed(t, fixed.Result))
			break
		}
	}
}

// TestExamplesHaveChecks finds examples that a removed or renamed check left behind.
func TestExamplesHaveChecks(t *testing.T) {
	entries, err := os.ReadDir(examples)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if _, err := lint.Lookup(entry.Name()); err != nil {
			t.Errorf("%s/%s: %v", examples, entry.Name(), err)
		}
	}
}

func TestSelect(t *testing.T) {
	names := func(checks []*lint.Check, err error) []string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, c := range checks {
			all = append(all, c.Name)
		}
		return all
	}
	all := names(lint.Select(nil, nil))
	if got := names(lint.Select(nil, []string{"never-fires"})); len(got) != len(all)-1 || slices.Contains(got, "never-fires") {
		t.Errorf("without never-fires: %v", got)
	}
	got := names(lint.Select([]string{"never-fires", "lost-label", "never-fires"}, []string{"lost-label"}))
	if diff := cmp.Diff([]string{"never-fires"}, got); diff != "" {
		t.Error(diff)
	}
	_, err := lint.Select([]string{"Never-Fire"}, nil)
	unknown := (*lint.UnknownCheckError)(nil)
	if !errors.As(err, &unknown) || unknown.Nearest != "never-fires" {
		t.Errorf("got %v, nearest %q", err, unknown.Nearest)
	}
}
