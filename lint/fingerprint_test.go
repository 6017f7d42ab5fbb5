package lint_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/rules"
)

const fingerprinted = `groups:
  - name: cache
    rules:
      - alert: NoCache
        expr: count(cache_info{zone="a"})
          < 1
      - alert: NoDisk
        expr: count(disk_info) < 1
      - alert: NoDisk
        expr: count(disk_info) < 1
`

// fingerprintsOf are the sorted fingerprints of findings about each rule of a source: its
// expression, its name, and one whose message names a line.
func fingerprintsOf(t *testing.T, path, source string) []string {
	t.Helper()
	file := rules.Parse(path, []byte(source), rules.Options{})
	if len(file.Problems) > 0 {
		t.Fatalf("%s\n%v", source, file.Problems)
	}
	result := &lint.Result{}
	for _, rule := range file.Rules() {
		if !rule.IsAlert() {
			continue
		}
		line := file.Position(rule.Span.Start).Line
		result.Diagnostics = append(result.Diagnostics,
			lint.Diagnostic{Check: "x", File: file, Rule: rule, Span: rule.Expr.Span, Message: "it never fires"},
			lint.Diagnostic{Check: "x", File: file, Rule: rule, Span: rule.Alert.Span, Message: "it has no summary"},
			lint.Diagnostic{Check: "y", File: file, Rule: rule, Span: rule.Alert.Span, Message: fmt.Sprintf("it is in line %d", line)})
	}
	all := lint.Fingerprints(result)
	slices.Sort(all)
	return all
}

func TestFingerprintsStay(t *testing.T) {
	want := fingerprintsOf(t, "rules/a.yaml", fingerprinted)
	if unique := slices.Compact(slices.Clone(want)); len(unique) != len(want) {
		t.Errorf("two findings of one run have the same fingerprint: %v", want)
	}
	head, first, _ := strings.Cut(fingerprinted, "      - alert: NoCache")
	first, rest, _ := strings.Cut(first, "      - alert: NoDisk")
	first, rest = "      - alert: NoCache"+first, "      - alert: NoDisk"+rest
	for name, source := range map[string]string{
		"lines above":     "# a comment\n\n" + fingerprinted,
		"rules reordered": head + rest + first,
		"indented":        strings.ReplaceAll(fingerprinted, "\n  ", "\n       "),
		"line ends":       strings.ReplaceAll(fingerprinted, "\n", "\r\n"),
		"another rule":    fingerprinted + "      - record: a:b\n        expr: up\n",
	} {
		if got := fingerprintsOf(t, "rules/a.yaml", source); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	if got := fingerprintsOf(t, "./rules//a.yaml", fingerprinted); !slices.Equal(got, want) {
		t.Errorf("another way to write the path: got %v, want %v", got, want)
	}
}

func TestFingerprintsTell(t *testing.T) {
	file := rules.Parse("a.yaml", []byte(fingerprinted), rules.Options{})
	base := lint.Diagnostic{Check: "x", File: file, Span: rules.Span{Start: 0, End: 6}, Rule: file.Rules()[0], Message: "m"}
	seen := map[string]string{base.Fingerprint(): "the first"}
	for name, change := range map[string]func(*lint.Diagnostic){
		"check":   func(d *lint.Diagnostic) { d.Check = "y" },
		"file":    func(d *lint.Diagnostic) { d.File = &rules.File{Path: "b.yaml", Source: file.Source} },
		"rule":    func(d *lint.Diagnostic) { d.Rule = file.Rules()[1] },
		"no rule": func(d *lint.Diagnostic) { d.Rule = nil },
		"text":    func(d *lint.Diagnostic) { d.Span.End++ },
		"message": func(d *lint.Diagnostic) { d.Message = "n" },
	} {
		d := base
		change(&d)
		if other, again := seen[d.Fingerprint()]; again {
			t.Errorf("another %s has the same fingerprint as %s", name, other)
		}
		seen[d.Fingerprint()] = name
	}
	for _, change := range []func(*lint.Diagnostic){
		func(d *lint.Diagnostic) { d.Severity = lint.Error },
		func(d *lint.Diagnostic) { d.Hint = "another hint" },
		func(d *lint.Diagnostic) { d.Related = []lint.Related{{File: file}} },
	} {
		d := base
		change(&d)
		if d.Fingerprint() != base.Fingerprint() {
			t.Errorf("the fingerprint depends on how a mistake is explained: %+v", d)
		}
	}
	twoLines, oneLine := base, base
	twoLines.Message, oneLine.Message = "already in line 12 of b.yaml:3:14", "already in line 7 of b.yaml:44:1"
	if twoLines.Fingerprint() != oneLine.Fingerprint() {
		t.Error("the fingerprint depends on line numbers in the message")
	}
}

// TestFingerprintOutside is for findings whose place is not in the source.
func TestFingerprintOutside(t *testing.T) {
	file := &rules.File{Path: "a.yaml", Source: []byte("x")}
	for _, span := range []rules.Span{{}, {Start: -1, End: -1}, {Start: 5, End: 9}, {Start: 1, End: 0}} {
		d := lint.Diagnostic{File: file, Span: span}
		if got := d.Fingerprint(); len(got) != 32 {
			t.Errorf("%v: %q", span, got)
		}
	}
}
