package rules

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

func FuzzParse(f *testing.F) {
	seeds, err := filepath.Glob("../testdata/reader/*.yaml")
	if err != nil || len(seeds) == 0 {
		f.Fatal("no seeds in testdata", err)
	}
	for _, path := range append(seeds, "postgresql.yaml") {
		src, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		if len(src) > 1<<13 {
			continue // slow to mutate
		}
		f.Add(src)
		f.Add(bytes.ReplaceAll(src, []byte("\n"), []byte("\r\n")))
	}
	for _, s := range scalarTests {
		f.Add([]byte(s.src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 1<<13 {
			return
		}
		file := Parse("fuzz.yaml", src, Options{})
		checkSpans(t, file)
		checkScalars(t, src)
		checkVerdict(t, file)
		checkEdits(t, file)
	})
}

// checkSpans fails unless every place in the file lies in its source.
func checkSpans(t *testing.T, f *File) {
	t.Helper()
	inside := func(what string, s Span) {
		t.Helper()
		if s.Start < 0 || s.End < s.Start || s.End > len(f.Source) {
			t.Errorf("%s has span %v in a source of %d bytes", what, s, len(f.Source))
		}
	}
	scalar := func(what string, s Scalar) {
		t.Helper()
		inside(what, s.Span)
		last := 0
		for i := range len(s.Value) {
			at := s.Locate(i, i+1)
			inside(what, at)
			if s.Exact() && at.Start < last {
				t.Errorf("%s: byte %d of %q is at %d, before byte %d", what, i, s.Value, at.Start, i-1)
			}
			last = at.Start
		}
	}
	pairs := func(what string, all []Pair) {
		t.Helper()
		for _, p := range all {
			scalar(what, p.Key)
			scalar(what, p.Value)
		}
	}
	for _, p := range f.Problems {
		inside("problem: "+p.Message, p.Span)
	}
	for _, c := range f.Comments {
		inside("comment", c.Span)
	}
	for _, d := range f.Documents {
		inside("document", d.Span)
	}
	for _, g := range f.Groups {
		inside("group", g.Span)
		scalar("group name", g.Name)
		scalar("interval", g.Interval.Scalar)
		pairs("group labels", g.Labels)
		for _, r := range g.Rules {
			inside("rule", r.Span)
			scalar("alert", r.Alert)
			scalar("record", r.Record)
			scalar("expr", r.Expr)
			scalar("for", r.For.Scalar)
			pairs("labels", r.Labels)
			pairs("annotations", r.Annotations)
		}
	}
}

// checkScalars fails unless every scalar of valid YAML is found exactly: what stands at the
// place of a byte of the value is that byte, an escape or a line break.
func checkScalars(t *testing.T, src []byte) {
	t.Helper()
	if bytes.HasPrefix(src, []byte("\xff\xfe")) || bytes.HasPrefix(src, []byte("\xfe\xff")) {
		return
	}
	for _, part := range newText(bytes.TrimPrefix(src, []byte("\xef\xbb\xbf")), 0, nil).documents() {
		root, message := parseYAML(part.src)
		if message != "" || root == nil {
			continue
		}
		var visit func(n *yaml.Node)
		visit = func(n *yaml.Node) {
			if n.Kind == yaml.ScalarNode && n.Value != "" {
				checkScalar(t, part, n)
			}
			for _, c := range n.Content {
				visit(c)
			}
		}
		visit(root)
	}
}

func checkScalar(t *testing.T, part *text, n *yaml.Node) {
	t.Helper()
	start, end, pieces := part.walk(n)
	s := Scalar{Value: n.Value, Span: Span{start, end}, pieces: pieces}
	if pieces == nil {
		if !onlyBreaks(n.Value) {
			t.Errorf("%q (style %d, line %d) is not found in its source %q", n.Value, n.Style, n.Line, part.src[start:])
		}
		return
	}
	if plain := n.Style&^yaml.TaggedStyle == 0; plain {
		if written := part.src[start:end]; !bytes.ContainsAny(written, "\r\n\u0085\u2028\u2029") && string(written) != n.Value {
			t.Errorf("plain %q is written %q", n.Value, written)
		}
	}
	for i := range len(n.Value) {
		at := s.Locate(i, i+1)
		if at.Len() == 1 && part.src[at.Start] != n.Value[i] && !isBreak(part.src, at.Start) {
			t.Errorf("byte %d of %q stands at %d, where %q is", i, n.Value, at.Start, part.src[at.Start:at.End])
		}
	}
}

// checkVerdict fails unless Prometheus's reader and ours agree on a plain rule file. They may
// differ where the file says nothing about rules, and where it has several documents:
// Prometheus ignores all but the first, even if they are broken.
func checkVerdict(t *testing.T, f *File) {
	t.Helper()
	if len(f.Documents) != 1 || f.Documents[0].Form != Plain || bytes.IndexByte(f.Source, 0) >= 0 {
		return
	}
	parts := newText(bytes.TrimPrefix(f.Source, []byte("\xef\xbb\xbf")), 0, nil).documents()
	if _, message := parseYAML(parts[0].src); len(parts) > 1 || message != "" {
		return
	}
	_, errs := rulefmt.Parse(f.Source, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	if len(errs) > 0 && len(f.Problems) == 0 {
		t.Errorf("Prometheus refuses what was accepted: %v", errs)
	}
	if len(errs) == 0 && len(f.Problems) > 0 {
		t.Errorf("Prometheus accepts what was refused: %s", f.Problems[0].Message)
	}
}
