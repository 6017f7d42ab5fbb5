package rules

import (
	"bytes"
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
	// editable tells that taking blanks out of the file takes them out of the text, and nothing
	// else. Folded scalars are not like that.
	editable bool
	lines    []line
	// strides are, for a long line that is not all ASCII, the offsets of every stride-th
	// character, so that a column is found without reading the line again and again.
	strides map[int][]int32
}

// line is a line of a text.
type line struct {
	start int
	ascii bool
}

const stride = 256

// newText returns the part of the file, or of the value of origin, that starts at shift.
func newText(src []byte, shift int, origin *Scalar) *text {
	t := &text{src: src, shift: shift, origin: origin, lines: make([]line, 0, bytes.Count(src, []byte("\n"))+1)}
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
	l := t.lines[n.Line-1]
	if l.ascii {
		return min(l.start+n.Column-1, len(t.src))
	}
	end := len(t.src)
	if n.Line < len(t.lines) {
		end = t.lines[n.Line].start
	}
	at, column := l.start, 1
	if end-l.start > 4*stride {
		offsets, known := t.strides[n.Line]
		if !known {
			if t.strides == nil {
				t.strides = map[int][]int32{}
			}
			offsets = strides(t.src[l.start:end])
			t.strides[n.Line] = offsets
		}
		k := min((n.Column-1)/stride, len(offsets)-1)
		at, column = l.start+int(offsets[k]), k*stride+1
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

// skipProperties steps over the anchor and the tag before a node.
func (t *text) skipProperties(i int) int {
	for i < len(t.src) && (t.src[i] == '&' || t.src[i] == '!') {
		for i < len(t.src) && !isBlank(t.src[i]) && !isBreak(t.src, i) {
			i++
		}
		i = t.skipSpace(i)
	}
	return i
}

// skipSpace steps over blanks, line breaks and comments.
func (t *text) skipSpace(i int) int {
	for i < len(t.src) {
		width, _ := lineBreak(t.src, i)
		switch {
		case width > 0:
			i += width
		case isBlank(t.src[i]):
			i++
		case t.src[i] == '#' && (i == 0 || isBlank(t.src[i-1]) || isBreakBefore(t.src, i)):
			for i < len(t.src) && !isBreak(t.src, i) {
				i++
			}
		default:
			return i
		}
	}
	return i
}

func isBreak(src []byte, i int) bool {
	width, _ := lineBreak(src, i)
	return width > 0
}

func isBreakBefore(src []byte, i int) bool {
	return src[i-1] == '\n' || src[i-1] == '\r' || i > 1 && isBreak(src, i-2) || i > 2 && isBreak(src, i-3)
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func isBlankOrBreak(src []byte, i int) bool {
	return isBlank(src[i]) || src[i] == '\n' || src[i] == '\r'
}
