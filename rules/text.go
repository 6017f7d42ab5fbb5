package rules

import (
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// text is a stretch of YAML that is parsed on its own: one document of a file, or of a
// string inside a document. It knows where its bytes stand in the file.
type text struct {
	src []byte
	// shift is where src starts in the file or, if it comes from a scalar, in the scalar's value.
	shift int
	// origin is the scalar that holds the text, or nil for text of the file itself.
	origin *Scalar
	lines  []line
}

// line is a line of a text: where it starts, and for a long line that is not all ASCII the
// offsets of every stride-th character, so that a column is found without reading the line.
type line struct {
	start   int
	ascii   bool
	strides []int32
}

const stride = 256

// newText returns the part of the file, or of the value of origin, that starts at shift.
func newText(src []byte, shift int, origin *Scalar) *text {
	t := &text{src: src, shift: shift, origin: origin}
	start, ascii := 0, true
	for i := 0; i < len(src); {
		width, _ := lineBreak(src, i)
		if width == 0 {
			ascii = ascii && src[i] < utf8.RuneSelf
			i++
			continue
		}
		t.lines = append(t.lines, line{start: start, ascii: ascii})
		i += width
		start, ascii = i, true
	}
	t.lines = append(t.lines, line{start: start, ascii: ascii})
	return t
}

// span turns offsets in the text into a span of the file.
func (t *text) span(start, end int) Span {
	if t.origin != nil {
		return t.origin.Locate(t.shift+start, t.shift+end)
	}
	return Span{t.shift + start, t.shift + end}
}

// offset is where a node starts in the text. The YAML parser counts columns in characters.
func (t *text) offset(n *yaml.Node) int {
	if n.Line < 1 || n.Line > len(t.lines) {
		return len(t.src)
	}
	l := &t.lines[n.Line-1]
	if l.ascii {
		return min(l.start+n.Column-1, len(t.src))
	}
	end := len(t.src)
	if n.Line < len(t.lines) {
		end = t.lines[n.Line].start
	}
	at, column := l.start, 1
	if end-l.start > 4*stride {
		if l.strides == nil {
			l.strides = strides(t.src[l.start:end])
		}
		k := min((n.Column-1)/stride, len(l.strides)-1)
		at, column = l.start+int(l.strides[k]), k*stride+1
	}
	for ; column < n.Column && at < end; column++ {
		_, size := utf8.DecodeRune(t.src[at:end])
		at += size
	}
	return at
}

func strides(src []byte) []int32 {
	var all []int32
	for i, n := 0, 0; i < len(src); n++ {
		if n%stride == 0 {
			all = append(all, int32(i))
		}
		_, size := utf8.DecodeRune(src[i:])
		i += size
	}
	return all
}

// lineSpan covers line number n, counted from 1, without the blanks around it.
func (t *text) lineSpan(n int) Span {
	n = min(max(n, 1), len(t.lines))
	start, end := t.lines[n-1].start, len(t.src)
	if n < len(t.lines) {
		end = t.lines[n].start
	}
	for start < end && isBlankOrBreak(t.src, start) {
		start++
	}
	for end > start && isBlankOrBreak(t.src, end-1) {
		end--
	}
	return t.span(start, end)
}

// lineBreak is the width of the line break at src[i], or 0 where there is none, and what the
// break becomes in a value. YAML 1.1 knows more breaks than editors do.
func lineBreak(src []byte, i int) (width int, value string) {
	switch c := src[i]; {
	case c == '\n':
		return 1, "\n"
	case c == '\r' && i+1 < len(src) && src[i+1] == '\n':
		return 2, "\n"
	case c == '\r':
		return 1, "\n"
	case c == 0xC2 && i+1 < len(src) && src[i+1] == 0x85:
		return 2, "\n"
	case c == 0xE2 && i+2 < len(src) && src[i+1] == 0x80 && (src[i+2] == 0xA8 || src[i+2] == 0xA9):
		return 3, string(src[i : i+3])
	}
	return 0, ""
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func isBlankOrBreak(src []byte, i int) bool {
	return isBlank(src[i]) || src[i] == '\n' || src[i] == '\r'
}
