package rules

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestParse reads every file of testdata/reader and compares what was found with the .want file
// beside it.
func TestParse(t *testing.T) {
	paths, err := filepath.Glob("../testdata/reader/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatal("no test data", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			f := Parse(path, src, Options{})
			checkSpans(t, f)
			checkVerdict(t, f)
			checkEdits(t, f)
			golden(t, strings.TrimSuffix(path, ".yaml")+".want", describe(f))
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// describe writes down what was found in a file, each thing with the text at its place.
func describe(f *File) string {
	var b strings.Builder
	at := func(s Span) string {
		p, text := f.Position(s.Start), string(f.Source[s.Start:s.End])
		if len(text) > 60 {
			text = text[:28] + " ... " + text[len(text)-28:]
		}
		return fmt.Sprintf("%d:%d %q", p.Line, p.Column, text)
	}
	for _, d := range f.Documents {
		ignored := ""
		if d.Ignored {
			ignored = ", which Prometheus ignores"
		}
		fmt.Fprintf(&b, "%s document %s at %s%s\n", d.Form, d.Key, at(d.Span), ignored)
		for _, g := range d.Groups {
			fmt.Fprintf(&b, "  group %q at %s\n", g.Name.Value, at(g.Span))
			if len(g.Rules) > 20 {
				fmt.Fprintf(&b, "    %d rules\n", len(g.Rules))
				continue
			}
			for _, r := range g.Rules {
				fmt.Fprintf(&b, "    rule %q at %s\n", r.Name(), at(r.Span))
				if r.AST != nil {
					where := r.AST.PositionRange()
					fmt.Fprintf(&b, "      expr %s\n", at(r.Expr.Locate(int(where.Start), int(where.End))))
				}
				if !r.For.IsZero() {
					fmt.Fprintf(&b, "      for %s = %s\n", at(r.For.Span), r.For.D)
				}
				for _, p := range append(r.EffectiveLabels(), r.Annotations...) {
					fmt.Fprintf(&b, "      %s: %s\n", at(p.Key.Span), at(p.Value.Span))
				}
			}
		}
	}
	for _, p := range f.Problems {
		in := ""
		if p.Rule != nil {
			in = " (in rule " + p.Rule.Name() + ")"
		}
		kind := [...]string{"YAML", "schema", "PromQL", "template"}[p.Kind]
		fmt.Fprintf(&b, "%s problem at %s: %s%s\n", kind, at(p.Span), p.Message, in)
		for _, e := range p.Edits {
			fmt.Fprintf(&b, "  mended by %q at %s\n", e.New, at(e.Span))
		}
	}
	for _, c := range f.Comments {
		fmt.Fprintf(&b, "comment %s\n", at(c.Span))
	}
	return b.String()
}
