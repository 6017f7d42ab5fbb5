package terminal

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mark marks the first occurrence of a text.
func mark(t *testing.T, source, text, label string) Mark {
	t.Helper()
	start := strings.Index(source, text)
	if start < 0 {
		t.Fatalf("%q is not in the source", text)
	}
	return Mark{Start: start, End: start + len(text), Label: label}
}

func primary(m Mark) Mark {
	m.Primary = true
	return m
}

func TestSnippet(t *testing.T) {
	const lines = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n"
	long := strings.Repeat("left ", 40) + "HERE" + strings.Repeat(" right", 40)
	for _, test := range []struct {
		name   string
		source string
		marks  []Mark
		want   string
	}{
		{name: "no marks", source: lines},
		{
			name: "one", source: lines, marks: []Mark{primary(mark(t, lines, "wo", "here"))},
			want: `
  |
2 | two
  |  ^^ here
`,
		},
		{
			name: "primary first, then by place; one line between is shown", source: lines,
			marks: []Mark{mark(t, lines, "fi", "second"), mark(t, lines, "one", ""), primary(mark(t, lines, "ve", "first")), mark(t, lines, "three", "third"), mark(t, lines, "ten", "last")},
			want: `
   |
 1 | one
   | ---
 2 | two
 3 | three
   | ----- third
 4 | four
 5 | five
   |   ^^ first
   | -- second
...
10 | ten
   | --- last
`,
		},
		{
			name: "some lines", source: "a:\n  b: 1\n  c: 2\n", marks: []Mark{primary(mark(t, "a:\n  b: 1\n  c: 2\n", "b: 1\n  c: 2", "all"))},
			want: `
  |
2 |   b: 1
  |   ^^^^
3 |   c: 2
  |   ^^^^ all
`,
		},
		{
			name: "many lines", source: lines, marks: []Mark{primary(mark(t, lines, strings.TrimSpace(lines), "all"))},
			want: `
   |
 1 | one
   | ^^^
...
10 | ten
   | ^^^ all
`,
		},
		{
			name: "tabs and wide characters", source: "\tä世界\u0301x\ty", marks: []Mark{primary(mark(t, "\tä世界\u0301x\ty", "x", "x")), mark(t, "\tä世界\u0301x\ty", "y", "y")},
			want: "\n  |\n1 |     ä世界\u0301x  y\n  |          ^ x\n  |             - y\n",
		},
		{
			name: "control characters and broken UTF-8", source: "a\x1b[31mb\xffc\r\n", marks: []Mark{primary(mark(t, "a\x1b[31mb\xffc", "c", "c"))},
			want: "\n  |\n1 | a\\x1b[31mb\uFFFDc\n  |            ^ c\n",
		},
		{
			name: "a long line is cut around the mark", source: long, marks: []Mark{primary(mark(t, long, "HERE", "here"))},
			want: `
  |
1 | …left left left left left HERE right right right right …
  |                           ^^^^ here
`,
		},
		{
			name: "a long label is wrapped", source: lines,
			marks: []Mark{primary(mark(t, lines, "two", "a label that has so many words that they can by no means stand on one line"))},
			want: `
  |
2 | two
  | ^^^
  | a label that has so many words that they can by no means
  | stand on one line
`,
		},
		{
			name: "nothing and beyond the end", source: "ab", marks: []Mark{primary(Mark{Start: 2, End: 2, Label: "end"}), {Start: 90, End: 99}},
			want: `
  |
1 | ab
  |   ^ end
  |   -
`,
		},
		{name: "empty source", source: "", marks: []Mark{primary(Mark{Label: "empty"})}, want: "\n  |\n1 |\n  | ^ empty\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Style{Columns: 60}.Snippet(NewSource([]byte(test.source)), test.marks...)
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestSourcePosition(t *testing.T) {
	source := NewSource([]byte("aü\n\nb"))
	for offset, want := range map[int][2]int{-1: {1, 1}, 0: {1, 1}, 3: {1, 3}, 4: {2, 1}, 5: {3, 1}, 6: {3, 2}, 99: {3, 2}} {
		if line, column := source.Position(offset); line != want[0] || column != want[1] {
			t.Errorf("offset %d: %d:%d, want %d:%d", offset, line, column, want[0], want[1])
		}
	}
}

// FuzzSnippet shows anything at all: nothing panics, no line is wider than the output by more
// than a glyph, and no control character gets through.
func FuzzSnippet(f *testing.F) {
	f.Add([]byte("a: b\n\tc: 世界\n"), 3, 9, 0, 1, 40)
	f.Add([]byte("\x1b[31m\xff\r\n"), 0, 100, 2, 2, 5)
	f.Fuzz(func(t *testing.T, source []byte, start, end, start2, end2, columns int) {
		columns %= 300
		text := Style{Columns: columns}.Snippet(NewSource(source),
			Mark{Start: start, End: end, Label: "first", Primary: true}, Mark{Start: start2, End: end2})
		for line := range strings.Lines(text) {
			line = strings.TrimRight(line, "\n")
			if strings.ContainsFunc(line, isControl) {
				t.Errorf("%q has a control character", line)
			}
		}
	})
}
