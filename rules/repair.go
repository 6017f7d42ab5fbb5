package rules

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"
)

// A rule whose keys are indented deeper than its first one is a common slip:
//
//	- alert: A
//	    expr: up
//
// YAML reads the deeper lines as part of the value above, where a key may not stand, and gives up
// on the whole document. What was meant is certain, so that it is read as such.

// repaired reads a text that is not YAML as it was meant, if that is certain: what is too deep is
// reported, and the rest is read as if it were not. It does nothing where there still is no YAML,
// or no rule file.
func (f *finder) repaired(key string) bool {
	mended, runs := f.text.repair()
	if mended == nil {
		return false
	}
	root, message := parseYAML(mended.src)
	if message != "" || root == nil {
		return false
	}
	documents, groups, problems, comments := len(f.file.Documents), len(f.file.Groups), len(f.file.Problems), len(f.file.Comments)
	m := finder{fileReader: f.fileReader, text: mended, whole: root, depth: f.depth, later: f.later}
	if m.document(root, key); len(f.file.Documents) == documents {
		f.file.Problems, f.file.Comments = f.file.Problems[:problems], f.file.Comments[:comments]
		return false
	}
	m.comments(root, len(mended.src))
	f.file.broken = true
	for _, run := range runs {
		p := run.problem(f.text)
		p.Rule = ruleAt(f.file.Groups[groups:], p.Span.Start)
		f.file.Problems = append(f.file.Problems, p)
	}
	return true
}

// ruleAt is the rule that covers a place, or nil. Groups and rules are in order of their place.
func ruleAt(groups []*Group, place int) *Rule {
	i := sort.Search(len(groups), func(i int) bool { return groups[i].Span.End > place })
	if i == len(groups) {
		return nil
	}
	rules := groups[i].Rules
	k := sort.Search(len(rules), func(k int) bool { return rules[k].Span.End > place })
	if k == len(rules) || rules[k].Span.Start > place {
		return nil
	}
	return rules[k]
}

// overIndented is a run of lines that are indented deeper than the key above them.
type overIndented struct {
	above string   // the key above
	keys  []string // the keys that are to stand beside it
	line  int      // the number of the first line
	// cuts are the blanks too many, in the text.
	cuts []Span
}

// repair takes away indentation that cannot be meant. It returns nil where there is none.
func (t *text) repair() (*text, []*overIndented) {
	r := repairer{text: t, skip: -1}
	for k := range t.lines {
		r.line(k)
	}
	if len(r.found) == 0 {
		return nil, nil
	}
	var cuts []Span
	for _, run := range r.found {
		cuts = append(cuts, run.cuts...)
	}
	return t.without(cuts), r.found
}

// repairer walks the lines of a text that is not YAML.
type repairer struct {
	text  *text
	found []*overIndented
	// open are the steps that the current line stands on: within a run of lines, some may be
	// indented deeper still. All steps belong to the last run of found.
	open []step
	// above is the key of the line before, if a value ends with that line, and column is where it
	// would stand in the repaired text.
	above  string
	column int
	// skip is the column of the key whose block scalar is passed over, or -1.
	skip int
}

// step is an indentation in the text, and how much of it is too much.
type step struct{ depth, shift int }

// keyLine is a line that starts with a key, after the dashes of lists.
var keyLine = regexp.MustCompile(`^((?: *- +)* *)([a-z_]+):(?:[ \t]+(.*))?$`)

func (r *repairer) line(k int) {
	start, end := r.text.lines[k].start, len(r.text.src)
	if k+1 < len(r.text.lines) {
		end = r.text.lines[k+1].start
	}
	content := bytes.TrimRight(r.text.src[start:end], " \t\r\n")
	indent := len(content) - len(bytes.TrimLeft(content, " "))
	switch {
	case len(content) == 0:
		// An empty line ends nothing. In a block scalar its blanks may be part of the value.
		if r.skip >= 0 {
			r.cut(start, r.blanks(start, end))
		}
		return
	case r.skip >= 0 && indent > r.skip:
		r.cut(start, indent)
		return
	case content[indent] == '#':
		if n := len(r.open); n > 0 && indent >= r.open[n-1].depth {
			r.cut(start, indent)
		}
		return
	}
	r.skip = -1
	for len(r.open) > 0 && indent < r.open[len(r.open)-1].depth {
		r.open = r.open[:len(r.open)-1]
	}
	m := keyLine.FindSubmatch(content)
	if m == nil {
		r.cut(start, indent)
		r.above = ""
		return
	}
	key, column := string(m[2]), len(m[1])
	if r.above != "" && column == indent && indent-r.shift() > r.column && areSiblings(r.above, key) {
		if len(r.open) == 0 {
			r.found = append(r.found, &overIndented{above: r.above, line: k + 1})
		}
		r.open = append(r.open, step{depth: indent, shift: indent - r.column})
	}
	if n := len(r.open); n > 0 && column == r.open[n-1].depth {
		if run := r.found[len(r.found)-1]; !slices.Contains(run.keys, key) {
			run.keys = append(run.keys, key)
		}
	}
	r.cut(start, indent)
	r.above, r.column = "", column-r.shift()
	switch value := string(m[3]); {
	case strings.HasPrefix(value, "|"), strings.HasPrefix(value, ">"):
		r.skip = column
	case endsOnLine(value):
		r.above = key
	}
}

// blanks is the number of blanks at the start of a line.
func (r *repairer) blanks(start, end int) int {
	n := 0
	for start+n < end && r.text.src[start+n] == ' ' {
		n++
	}
	return n
}

// shift is how much too deep the current line is.
func (r *repairer) shift() int {
	if n := len(r.open); n > 0 {
		return r.open[n-1].shift
	}
	return 0
}

// cut takes away what is too much of a line's indentation.
func (r *repairer) cut(start, indent int) {
	if shift := min(r.shift(), indent); shift > 0 {
		run := r.found[len(r.found)-1]
		run.cuts = append(run.cuts, Span{start, start + shift})
	}
}

// areSiblings tells whether two keys stand side by side in a rule or a group.
func areSiblings(a, b string) bool {
	return slices.Contains(ruleKeys, a) && slices.Contains(ruleKeys, b) ||
		slices.Contains(groupKeys, a) && slices.Contains(groupKeys, b)
}

// endsOnLine tells whether a value as it is written after a key is a whole scalar.
func endsOnLine(value string) bool {
	switch {
	case value == "" || strings.ContainsAny(value[:1], "#&*!|>%@`[]{},"):
		return false
	case value[0] == '\'' || value[0] == '"':
		rest := quotedValue.ReplaceAllString(value, "")
		return rest == "" || rest != value && rest[0] == '#'
	}
	return true
}

var quotedValue = regexp.MustCompile(`^(?:'(?:[^']|'')*'|"(?:[^"\\]|\\.)*")[ \t]*`)

// without is the text without some of its bytes. It still knows where the others stand in the file.
func (t *text) without(cuts []Span) *text {
	var src []byte
	var pieces []piece
	at := 0
	for _, cut := range append(cuts, Span{len(t.src), len(t.src)}) {
		if cut.Start > at {
			pieces = append(pieces, piece{value: int32(len(src)), source: int32(t.shift + at)})
			src = append(src, t.src[at:cut.Start]...)
		}
		at = cut.End
	}
	if t.origin != nil {
		pieces = t.origin.through(pieces, len(src))
	}
	return newText(src, 0, &Scalar{Value: string(src), Span: t.span(0, len(t.src)), pieces: pieces})
}

// problem says what is wrong with a run of lines of t.
func (run *overIndented) problem(t *text) Problem {
	p := Problem{Kind: BadYAML, Span: t.lineSpan(run.line)}
	are, them := "is", "it"
	if len(run.keys) > 1 {
		are, them = "are", "them"
	}
	p.Message = fmt.Sprintf("not valid YAML: %s %s indented deeper than %s, so YAML reads %s as part of its value",
		listed(run.keys), are, run.above, them)
	if t.editable {
		for _, cut := range run.cuts {
			p.Edits = append(p.Edits, Edit{Span: t.span(cut.Start, cut.End)})
		}
	}
	return p
}

// listed is an enumeration: a, b and c.
func listed(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
