package lint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rulekit/rulekit/lint"
)

const pages = "../docs/checks"

// TestPages keeps docs/checks true to the checks and their examples; -update writes it.
func TestPages(t *testing.T) {
	want := []string{"README.md"}
	for _, check := range lint.Checks() {
		want = append(want, check.Name+".md")
		golden(t, filepath.Join(pages, check.Name+".md"), []byte(page(t, check)))
	}
	golden(t, filepath.Join(pages, "README.md"), []byte(index()))
	entries, err := os.ReadDir(pages)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !slices.Contains(want, entry.Name()) {
			t.Errorf("%s/%s is the page of no check", pages, entry.Name())
		}
	}
}

const generated = "<!-- Generated from the check and its examples by: go test ./lint -update -->\n"

// page is the page of one check.
func page(t *testing.T, check *lint.Check) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n# %s\n\n%s\n\nSeverity: %s%s\n\n%s\n", generated, check.Name, check.Summary, check.Severity, offNote(check), check.Why)
	fmt.Fprintf(&b, "\n## Example\n\n```yaml\n%s```\n", readExample(t, check.Name, "bad.yaml"))
	for _, beside := range []struct{ name, words, language string }{
		{"metrics.prom", "The exporter serves, as recorded for `--metrics`", "text"},
		{"prometheus.yml", "Prometheus is configured with", "yaml"},
		{"alertmanager.yml", "Alertmanager is configured with", "yaml"},
		{".rulekit.yaml", "The configuration of rulekit is", "yaml"},
	} {
		if fileExists(filepath.Join(examples, check.Name, beside.name)) {
			fmt.Fprintf(&b, "\n%s:\n\n```%s\n%s```\n", beside.words, beside.language, readExample(t, check.Name, beside.name))
		}
	}
	fmt.Fprintf(&b, "\nrulekit lint says:\n\n```text\n%s```\n", readExample(t, check.Name, "want.txt"))
	fmt.Fprintf(&b, "\n## Better\n\n```yaml\n%s```\n", readExample(t, check.Name, "good.yaml"))
	return b.String()
}

// offNote says of a check that is off how it is switched on.
func offNote(check *lint.Check) string {
	if !check.Off {
		return ""
	}
	return ", off unless the configuration switches it on"
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// index is the list of all checks.
func index() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n# Checks of rulekit lint\n", generated)
	table := func(title string, off bool) {
		fmt.Fprintf(&b, "\n%s\n\n| check | severity | finds |\n|---|---|---|\n", title)
		for _, check := range lint.Checks() {
			if check.Off == off {
				fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s |\n", check.Name, check.Name, check.Severity, check.Summary)
			}
		}
	}
	table("These run unless they are switched off:", false)
	table("These are policies, and run where [the configuration](../config.md) switches them on:", true)
	return b.String()
}
