package rules

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"sort"

	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

// MaxFileSize is the largest file that is read, in bytes.
const MaxFileSize = 16 << 20

// maxDocuments bounds the YAML documents of a file, or of a string in it.
const maxDocuments = 10_000

// Options says how rule files are read. The zero value reads what Prometheus reads.
type Options struct {
	// Dialect is the server the rules are for: "prometheus" (also ""), "thanos" or "mimir".
	// The latter two know more keys.
	Dialect string
	// PromQL are the features of the PromQL parser that the server has switched on. The zero
	// value is what Prometheus and promtool have without --enable-feature.
	PromQL parser.Options
	// Skip tells of paths that are not read, also where they are named; nil skips none. A folder
	// that is skipped is not looked into.
	Skip func(path string) bool
	// Stdin is read for the path "-", and StdinName is its name in messages ("<stdin>" if empty).
	Stdin     io.Reader
	StdinName string
}

// Parse reads one file of rules, whatever form it is written in. It never fails: all that is
// wrong becomes a problem of the file, in order of their place.
func Parse(path string, src []byte, o Options) *File {
	f := &File{Path: path, Source: src}
	r := &fileReader{file: f, options: o, parser: parser.NewParser(o.PromQL)}
	r.read()
	sort.SliceStable(f.Problems, func(i, k int) bool { return f.Problems[i].Span.Start < f.Problems[k].Span.Start })
	f.Problems = slices.CompactFunc(f.Problems, func(a, b Problem) bool { return a.Span == b.Span && a.Message == b.Message })
	sort.SliceStable(f.Comments, func(i, k int) bool { return f.Comments[i].Span.Start < f.Comments[k].Span.Start })
	return f
}

// fileReader reads one file.
type fileReader struct {
	file    *File
	options Options
	parser  parser.Parser
	// stray explains why a file without rules is not a rule file, if that is known.
	stray string
	// lineEnds are the offsets of the file's line breaks, once they are needed.
	lineEnds []int
	// actions are the actions of templates that were met, and whether they parse on their own.
	actions map[string]bool
}

func (r *fileReader) read() {
	f := r.file
	src, shift := f.Source, 0
	switch {
	case len(src) > MaxFileSize:
		r.problem(BadYAML, Span{}, "the file has %d bytes, more than the %d MiB that are read", len(src), MaxFileSize>>20)
		return
	case bytes.HasPrefix(src, []byte("\xff\xfe")) || bytes.HasPrefix(src, []byte("\xfe\xff")):
		r.problem(BadYAML, Span{0, 2}, "the file is UTF-16: save it as UTF-8")
		return
	case bytes.HasPrefix(src, []byte("\xef\xbb\xbf")):
		src, shift = src[3:], 3
	}
	if i := bytes.IndexByte(src, 0); i >= 0 {
		r.problem(BadYAML, Span{shift + i, shift + i + 1}, "the file is binary: it has a zero byte")
		return
	}
	t := newText(src, shift, nil)
	t.editable = true
	r.readText(t, "", 0)
	if len(f.Documents) == 0 && len(f.Problems) == 0 {
		r.noRules(src, shift)
	}
}

// noRules says what a file without rules is instead.
func (r *fileReader) noRules(src []byte, shift int) {
	why := r.stray
	switch {
	case len(bytes.TrimSpace(src)) == 0:
		why = "the file is empty: a rule file starts with groups:"
	case why == "":
		why = "the file holds no rules: a rule file starts with groups:"
	}
	start, end := shift, shift
	if first := newText(src, shift, nil).skipSpace(0); first < len(src) {
		start, end = shift+first, shift+first
		for end < len(r.file.Source) && !isBreak(r.file.Source, end) {
			end++
		}
	}
	r.file.empty = true
	r.problem(BadSchema, Span{start, end}, "%s", why)
}

// readText reads all YAML documents of a text. key is the path of keys to the text, and depth
// says how many scalars it is wrapped in.
func (r *fileReader) readText(t *text, key string, depth int) {
	later := false
	for i, part := range t.documents() {
		if i == maxDocuments {
			r.problem(BadYAML, part.lineSpan(1), "more than %d YAML documents: the rest is not read", maxDocuments)
			return
		}
		f := finder{fileReader: r, text: part, depth: depth, later: later && r.options.Dialect != "mimir"}
		later = f.part(key) || later
	}
}

// part reads one YAML document, and tells whether there is one.
func (f *finder) part(key string) bool {
	root, message := parseYAML(f.text.src)
	if message != "" {
		if !f.repaired(key) {
			f.file.Problems = append(f.file.Problems, *f.text.yamlProblem(message))
			f.file.broken = f.file.broken || meansRules(f.text.src)
			f.comments(nil, f.text.skipSpace(0))
		}
		return true
	}
	f.comments(root, len(f.text.src))
	if root == nil {
		return false
	}
	f.whole = root
	f.document(root, key)
	return true
}

// comments adds the comments of the text up to end.
func (f *finder) comments(root *yaml.Node, end int) {
	if bytes.IndexByte(f.text.src[:end], '#') >= 0 {
		f.file.Comments = append(f.file.Comments, f.text.comments(root, end)...)
	}
}

// problem adds a problem to the file.
func (r *fileReader) problem(kind ProblemKind, at Span, format string, args ...any) {
	r.file.Problems = append(r.file.Problems, Problem{Kind: kind, Span: at, Message: fmt.Sprintf(format, args...)})
}

// documentReader reads one rule file, wherever it was found.
type documentReader struct {
	*fileReader
	text     *text
	whole    *yaml.Node // the text's document
	document *Document
	rule     *Rule // the rule being read, or nil
	work     int   // what was visited, see visit
	// exhausted tells that reading was given up. What is found wrong from then on is not
	// the file's fault.
	exhausted bool
	// ordinary tells that Prometheus's own reader has nothing to add, see isOrdinary; otherwise
	// it is given the expressions that were parsed.
	ordinary bool
	parsed   map[string]parsedExpr
}

type parsedExpr struct {
	expr parser.Expr
	err  error
}

// problem adds a problem, of the rule being read if there is one.
func (d *documentReader) problem(kind ProblemKind, at Span, format string, args ...any) {
	d.report(Problem{Kind: kind, Span: at, Message: fmt.Sprintf(format, args...)})
}

// report adds a problem, of the rule being read if there is one.
func (d *documentReader) report(p Problem) {
	if !d.exhausted {
		p.Rule = d.rule
		d.file.Problems = append(d.file.Problems, p)
	}
}

// line is the line of the file in which a scalar starts, as File.Position counts it.
func (r *fileReader) line(s Scalar) int {
	if r.lineEnds == nil {
		r.lineEnds = []int{}
		for i, c := range r.file.Source {
			if c == '\n' {
				r.lineEnds = append(r.lineEnds, i)
			}
		}
	}
	return sort.SearchInts(r.lineEnds, s.Span.Start) + 1
}

// read reads a rule file whose groups are under root and adds it to the file.
func (d *documentReader) read(root *yaml.Node) {
	d.ordinary, d.parsed = isOrdinary(root), map[string]parsedExpr{}
	d.file.Documents = append(d.file.Documents, d.document)
	before := len(d.file.Problems)
	d.groups(root)
	d.checkTemplates()
	d.file.Groups = append(d.file.Groups, d.document.Groups...)
	if len(d.file.Problems) == before && !d.ordinary {
		d.verdict(root)
	}
}
