package rules

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// scalarTests hold a YAML document {v: scalar} each. at names parts of the value and what is
// written in the source at their place.
var scalarTests = []struct {
	name, src, value string
	span             string
	at               [][2]string
}{
	{name: "plain", src: "v: up == 0 # why", value: "up == 0", span: "up == 0", at: [][2]string{{"==", "=="}}},
	{name: "plain over lines", src: "v: sum(up)\n    > 0\n\n\n   or vector(1)\n", value: "sum(up) > 0\n\nor vector(1)",
		span: "sum(up)\n    > 0\n\n\n   or vector(1)", at: [][2]string{{"> 0", "> 0"}, {"vector", "vector"}, {") >", ")\n    >"}}},
	{name: "plain with trailing blanks", src: "v: a  \t \n  b\n", value: "a b", span: "a  \t \n  b", at: [][2]string{{"b", "b"}}},
	{name: "plain not ASCII", src: "ключ: {v: größe ✓ x}", value: "größe ✓ x", span: "größe ✓ x", at: [][2]string{{"✓", "✓"}, {"x", "x"}}},
	{name: "plain in a list in a mapping", src: "{a: [1, {v: b c}]}", value: "b c", span: "b c"},
	{name: "plain number", src: "v: 0x1F", value: "0x1F", span: "0x1F"},
	{name: "plain before a tab", src: "v:\ta\tb\t# c", value: "a\tb", span: "a\tb"},
	{name: "single quoted", src: "v: 'it''s  up'", value: "it's  up", span: "'it''s  up'", at: [][2]string{{"'", "''"}, {"up", "up"}, {"t's", "t''s"}}},
	{name: "single quoted, with a quote at its end", src: "v: 'a'''", value: "a'", span: "'a'''", at: [][2]string{{"'", "''"}}},
	{name: "double quoted, with backslashes at its end", src: `v: "a\\\\"`, value: `a\\`, span: `"a\\\\"`, at: [][2]string{{`a\`, `a\\`}}},
	{name: "single quoted over lines", src: "v: 'a\n\n  b\n  c'", value: "a\nb c", span: "'a\n\n  b\n  c'", at: [][2]string{{"b", "b"}, {"c", "c"}, {"\n", "\n"}}},
	{name: "double quoted", src: `v: "a\"b\\c\n\td"`, value: "a\"b\\c\n\td", span: `"a\"b\\c\n\td"`,
		at: [][2]string{{`"`, `\"`}, {`\c`, `\\c`}, {"\n", `\n`}, {"d", "d"}, {`a"b`, `a\"b`}}},
	{name: "double quoted code points", src: `v: "\x41\u00e9\U0001F600 \/ z"`, value: ""},
	{name: "double quoted hex", src: `v: "\x41\u00e9\U0001F600 z"`, value: "Aé😀 z", span: `"\x41\u00e9\U0001F600 z"`,
		at: [][2]string{{"A", `\x41`}, {"é", `\u00e9`}, {"😀", `\U0001F600`}, {"z", "z"}}},
	{name: "double quoted rare escapes", src: `v: "\0\a\b\v\f\r\e\ \N\_\L\Pz"`, value: "\x00\a\b\v\f\r\x1b \u0085\u00a0\u2028\u2029z",
		span: `"\0\a\b\v\f\r\e\ \N\_\L\Pz"`, at: [][2]string{{"z", "z"}, {"\u2028", `\L`}, {" ", `\ `}}},
	{name: "double quoted over lines", src: "v: \"a \\\n   b\n\n  c \\\n\n  d\"", value: "a b\nc \nd", span: "\"a \\\n   b\n\n  c \\\n\n  d\"",
		at: [][2]string{{"b", "b"}, {"c", "c"}, {"d", "d"}}},
	{name: "literal", src: "v: |\n  a\n    b\n\n  c\n", value: "a\n  b\n\nc\n", span: "a\n    b\n\n  c", at: [][2]string{{"  b", "  b"}, {"c", "c"}, {"c\n", "c\n"}}},
	{name: "literal stripped", src: "v: |-\n  a\n\nw: 1", value: "a", span: "a"},
	{name: "literal kept", src: "v: |+\n  a\n\n\nw: 1", value: "a\n\n\n", span: "a"},
	{name: "literal with indentation", src: "v: |2-\n    a\n   b\n", value: "  a\n b", span: "  a\n   b", at: [][2]string{{"  a", "  a"}, {" b", " b"}}},
	{name: "literal with indentation and an empty line first", src: "v: |1\n\n   a\n b\n", value: "\n  a\nb\n", at: [][2]string{{"a", "a"}, {"b", "b"}}, span: "  a\n b"},
	{name: "literal after a comment", src: "v: | # > 5\n   a\n", value: "a\n", span: "a"},
	{name: "literal in a list", src: "x:\n- v: |\n    a\n  w: |\n    b\n", value: "a\n", span: "a"},
	{name: "literal without end of line", src: "v: |\n  a", value: "a", span: "a"},
	{name: "literal with tabs", src: "v: |\n  a\t\n  \tb\n", value: "a\t\n\tb\n", span: "a\t\n  \tb"},
	{name: "folded", src: "v: >-\n  sum(up)\n  > 0\n\n  # no comment\n", value: "sum(up) > 0\n# no comment",
		span: "sum(up)\n  > 0\n\n  # no comment", at: [][2]string{{"> 0", "> 0"}, {"no", "no"}, {"\n", "\n"}}},
	{name: "folded with more indented lines", src: "v: >\n  a\n    b\n    c\n\n  d\n  e\n", value: "a\n  b\n  c\n\nd e\n",
		span: "a\n    b\n    c\n\n  d\n  e", at: [][2]string{{"b", "b"}, {"d e", "d\n  e"}}},
	{name: "folded and kept", src: "v: >+\n\n  a\n  b\n\n", value: "\na b\n\n", span: "a\n  b", at: [][2]string{{"b", "b"}}},
	{name: "only line breaks", src: "v: |+\n\n\n", value: "\n\n", span: "|"},
	{name: "anchor and tag", src: "v: &x !!str 5", value: "5", span: "5"},
	{name: "anchor on a line of its own", src: "v: &x\n   # five\n   \"5\"", value: "5", span: `"5"`},
	{name: "alias", src: "a: &x up == 0\nv: *x", value: "up == 0", span: "up == 0", at: [][2]string{{"==", "=="}}},
	{name: "carriage returns", src: "v: |\r\n  a\r\n  b\r\nw: >\r\n  c\r\n", value: "a\nb\n", span: "a\r\n  b", at: [][2]string{{"\nb", "\r\n  b"}}},
	{name: "old Mac line ends", src: "w: 1\rv: >\r  a\r  b\r", value: "a b\n", span: "a\r  b", at: [][2]string{{"b", "b"}}},
	{name: "line breaks of Unicode", src: "w: 1\u2028v: a\u0085  b\u2029  c", value: "a b\u2029c", span: "a\u0085  b\u2029  c", at: [][2]string{{"b", "b"}, {"c", "c"}}},
	{name: "quoted key", src: `{"v": 'x'}`, value: "x", span: "'x'"},
	{name: "far into a long line", src: "[" + strings.Repeat("é, ", 3000) + "{v: größe}]", value: "größe", span: "größe"},
}

// findValue returns the scalar at key v, wherever it is.
func findValue(t *testing.T, src string) (Scalar, bool) {
	t.Helper()
	part := newText([]byte(src), 0, nil)
	root, message := parseYAML(part.src)
	if message != "" {
		return Scalar{}, false
	}
	list := root.Content
	for i := 0; i < len(list); i++ {
		if list[i].Value == "v" {
			return part.scalar(resolve(list[i+1])), true
		}
		list = append(list, list[i].Content...)
	}
	t.Fatalf("no key v in %q", src)
	return Scalar{}, false
}

func TestScalarSpans(t *testing.T) {
	for _, test := range scalarTests {
		t.Run(test.name, func(t *testing.T) {
			s, ok := findValue(t, test.src)
			if !ok {
				if test.value != "" {
					t.Fatal("this is not YAML")
				}
				return
			}
			if s.Value != test.value {
				t.Fatalf("value is %q, want %q", s.Value, test.value)
			}
			if got := test.src[s.Span.Start:s.Span.End]; got != test.span {
				t.Errorf("span covers %q, want %q", got, test.span)
			}
			for _, at := range test.at {
				i := strings.Index(s.Value, at[0])
				where := s.Locate(i, i+len(at[0]))
				if got := test.src[where.Start:where.End]; got != at[1] || !s.Exact() {
					t.Errorf("%q is located at %q, want %q", at[0], got, at[1])
				}
			}
			if end := s.Locate(len(s.Value), len(s.Value)); s.Exact() && s.Value != "" && end.Start < s.Span.Start {
				t.Errorf("the value ends at %d, before its span %v", end.Start, s.Span)
			}
		})
	}
}

func TestLocateOutsideTheValue(t *testing.T) {
	s, _ := findValue(t, "v: abc")
	for _, r := range [][2]int{{-1, 2}, {2, 1}, {0, 4}, {4, 4}} {
		if got := s.Locate(r[0], r[1]); got != s.Span {
			t.Errorf("Locate(%d, %d) = %v, want the whole scalar %v", r[0], r[1], got, s.Span)
		}
	}
	inexact := Scalar{Value: "abc", Span: Span{3, 9}}
	if got := inexact.Locate(1, 2); got != inexact.Span || inexact.Exact() {
		t.Errorf("a scalar without pieces locates a part at %v", got)
	}
}

func TestPositionOf(t *testing.T) {
	src := []byte("ab\né✓x\n")
	var got []Position
	for _, offset := range []int{-5, 0, 2, 3, 8, 9, 99} {
		got = append(got, PositionOf(src, offset))
	}
	want := []Position{{1, 1}, {1, 1}, {1, 3}, {2, 1}, {2, 3}, {2, 4}, {3, 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("positions (-want +got):\n%s", diff)
	}
}
