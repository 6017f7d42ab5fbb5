package lint_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/rules"
)

const fixable = `groups:
  - name: ovens
    rules:
      - alert: OvenCold # bread
        expr: oven_celsius < 90
      - alert: OvenHot # cake
        expr: oven_celsius > 300
`

// replacing is a check that would have one text replaced by another, wherever it stands.
func replacing(name, old, by string) *lint.Check {
	return &lint.Check{Name: name, Severity: lint.Warning, Run: func(p *lint.Pass) {
		for _, file := range p.Files {
			for at := 0; ; {
				i := bytes.Index(file.Source[at:], []byte(old))
				if i < 0 {
					break
				}
				span := rules.Span{Start: at + i, End: at + i + len(old)}
				p.Report(lint.Diagnostic{File: file, Span: span, Message: name, Edits: []lint.Edit{{Span: span, New: by}}})
				at = span.End
			}
		}
	}}
}

func TestFix(t *testing.T) {
	for name, test := range map[string]struct {
		checks   []*lint.Check
		want     func(string) string // nil: nothing changes
		findings int
	}{
		"nothing to do":        {checks: []*lint.Check{replacing("a", "fridge", "oven")}},
		"everywhere":           {checks: []*lint.Check{replacing("a", "oven_celsius", "oven_degrees")}, want: replace("oven_celsius", "oven_degrees"), findings: 2},
		"one after another":    {checks: []*lint.Check{replacing("a", "90", "91"), replacing("b", "91", "92")}, want: replace("90", "92"), findings: 2},
		"first of overlapping": {checks: []*lint.Check{replacing("a", "# bread", "# toast"), replacing("b", "bread", "rolls")}, want: replace("bread", "toast"), findings: 1},
		// A finding that a fix brings back, or moves on for ever, is no mistake that can be mended.
		"for ever":    {checks: []*lint.Check{replacing("a", "90", "190")}},
		"to and fro":  {checks: []*lint.Check{replacing("a", "90", "91"), replacing("b", "91", "90")}},
		"no change":   {checks: []*lint.Check{replacing("a", "90", "90")}},
		"harm":        {checks: []*lint.Check{replacing("a", "expr:", "expression:")}},
		"broken YAML": {checks: []*lint.Check{replacing("a", "rules:", "rules: [")}},
		"rules lost":  {checks: []*lint.Check{replacing("a", "      - alert: OvenHot # cake\n        expr: oven_celsius > 300\n", "")}},
		// What does harm does not keep the rest from being mended.
		"harm and good": {
			checks: []*lint.Check{replacing("a", "90\n", "\n"), replacing("b", "300", "301")},
			want:   replace("300", "301"), findings: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			files := []*rules.File{rules.Parse("ovens.yaml", []byte(fixable), rules.Options{}), rules.Parse("other.yaml", []byte("groups: []\n"), rules.Options{})}
			fixed, err := lint.Fix(context.Background(), files, lint.FixOptions{Lint: lint.Options{Checks: test.checks}})
			if err != nil {
				t.Fatal(err)
			}
			want, changed := fixable, 0
			if test.want != nil {
				want, changed = test.want(fixable), 1
			}
			if got := string(fixed.Files[0].Source); got != want {
				t.Errorf("got:\n%s", got)
			}
			if fixed.Findings != test.findings || len(fixed.Changed()) != changed {
				t.Errorf("%d findings mended in %d files", fixed.Findings, len(fixed.Changed()))
			}
			if string(fixed.Before[0].Source) != fixable || fixed.Files[1] != files[1] {
				t.Error("the files that were given have changed")
			}
		})
	}
}

func replace(old, by string) func(string) string {
	return func(text string) string { return strings.ReplaceAll(text, old, by) }
}

func TestFixKeeps(t *testing.T) {
	files := []*rules.File{rules.Parse("ovens.yaml", []byte(fixable), rules.Options{})}
	fixed, err := lint.Fix(context.Background(), files, lint.FixOptions{
		Lint: lint.Options{Checks: []*lint.Check{replacing("a", "90", "91")}},
		Keep: func(files []*rules.File, result *lint.Result) {
			if len(files) != 1 || len(result.Diagnostics) != 1 {
				t.Errorf("%d files, %d findings", len(files), len(result.Diagnostics))
			}
			result.Diagnostics = nil
		},
	})
	if err != nil || len(fixed.Changed()) > 0 {
		t.Errorf("mended what is not reported: %v", err)
	}
}

func TestFixStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	files := []*rules.File{rules.Parse("ovens.yaml", []byte(fixable), rules.Options{})}
	if _, err := lint.Fix(ctx, files, lint.FixOptions{Lint: lint.Options{Checks: []*lint.Check{replacing("a", "90", "91")}}}); err == nil {
		t.Error("goes on without its context")
	}
}
