package rules

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// scalar returns a YAML scalar with its place in the file. It walks the source and the value
// that the YAML parser made of it in step; where the two part, the pieces are left out.
func (t *text) scalar(n *yaml.Node) Scalar {
	start, end, pieces := t.walk(n)
	for i := range pieces {
		pieces[i].source += int32(t.shift)
	}
	if t.origin != nil {
		pieces = t.origin.through(pieces, len(n.Value))
	}
	return Scalar{Value: n.Value, Span: t.span(start, end), pieces: pieces}
}

// walk finds a scalar in the text: the bytes it covers and the pieces of its value.
func (t *text) walk(n *yaml.Node) (start, end int, pieces []piece) {
	start = t.skipProperties(t.offset(n))
	if end, at, ok := t.verbatim(n, start); ok {
		return start, end, []piece{{source: int32(at)}}
	}
	w := &walker{src: t.src, pos: start, value: n.Value}
	var ok bool
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		ok = w.quoted('"')
	case n.Style&yaml.SingleQuotedStyle != 0:
		ok = w.quoted('\'')
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return w.block(n.Style&yaml.LiteralStyle != 0)
	default:
		ok = w.plain()
	}
	if !ok {
		return start, w.pos, nil
	}
	return start, w.pos, w.pieces
}

// verbatim finds a plain or quoted scalar that starts at start and stands on one line without
// escapes, as most do: where it ends and where its value starts.
func (t *text) verbatim(n *yaml.Node, start int) (end, at int, ok bool) {
	at, special := start, "\n\r\u0085\u2028\u2029"
	var quote byte
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		quote = '"' // an escape differs from what it stands for
	case n.Style&yaml.SingleQuotedStyle != 0:
		quote, special = '\'', special+"'" // two quotes stand for one
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return 0, 0, false
	}
	if quote != 0 {
		at++
	}
	end = at + len(n.Value)
	if n.Value == "" || end+at-start > len(t.src) || string(t.src[at:end]) != n.Value || strings.ContainsAny(n.Value, special) {
		return 0, 0, false
	}
	if quote != 0 {
		end++
		return end, at, t.src[start] == quote && t.src[end-1] == quote
	}
	return end, at, true
}

// walker walks a scalar's source and its value in step.
type walker struct {
	src    []byte
	pos    int
	value  string
	done   int // bytes of value that were found
	pieces []piece
}

// copy takes what stands in the source as it does in the value: one character, and those after
// it that cannot begin anything else.
func (w *walker) copy() bool {
	_, size := utf8.DecodeRune(w.src[w.pos:])
	for w.pos+size < len(w.src) && isOrdinaryByte(w.src[w.pos+size]) && w.done+size < len(w.value) {
		size++
	}
	return w.take(size)
}

// isOrdinaryByte tells whether c stands for itself wherever it is in a scalar.
func isOrdinaryByte(c byte) bool {
	return c > ' ' && c < 0x7F && c != '"' && c != '\'' && c != '\\'
}

// take takes size bytes that stand in the source as they do in the value.
func (w *walker) take(size int) bool {
	if w.done+size > len(w.value) || w.value[w.done:w.done+size] != string(w.src[w.pos:w.pos+size]) {
		return false
	}
	if k := len(w.pieces) - 1; k < 0 || w.pieces[k].width > 0 ||
		int(w.pieces[k].source)+w.done-int(w.pieces[k].value) != w.pos {
		w.pieces = append(w.pieces, piece{value: int32(w.done), source: int32(w.pos)})
	}
	w.done += size
	w.pos += size
	return true
}

// takes notes that width bytes of source at the given place were written for decoded.
func (w *walker) takes(decoded string, source, width int) bool {
	if !strings.HasPrefix(w.value[w.done:], decoded) {
		return false
	}
	if decoded != "" {
		w.pieces = append(w.pieces, piece{int32(w.done), int32(source), int32(width)})
		w.done += len(decoded)
	}
	return true
}

// foldedSpace walks over blanks and line breaks inside a plain or quoted scalar. Blanks
// around line breaks are dropped, one line break is a space, n are n-1 line breaks (YAML 1.1,
// section 5.1.4 "Line Folding"). escaped tells that a backslash has already eaten a line break.
func (w *walker) foldedSpace(escaped bool) bool {
	i := w.pos
	for i < len(w.src) && isBlank(w.src[i]) {
		i++
	}
	if !escaped && (i >= len(w.src) || !isBreak(w.src, i)) {
		for w.pos < i {
			if !w.copy() {
				return false
			}
		}
		return true
	}
	type lineEnd struct {
		at, width int
		value     string
	}
	var first lineEnd
	var more []lineEnd
	for i < len(w.src) && (isBlank(w.src[i]) || isBreak(w.src, i)) {
		width, value := lineBreak(w.src, i)
		switch {
		case width == 0:
			width = 1
		case !escaped && first.width == 0:
			first = lineEnd{i, width, value}
		default:
			more = append(more, lineEnd{i, width, value})
		}
		i += width
	}
	switch {
	case first.value == "\n" && len(more) == 0:
		first.value = " "
	case first.value == "\n":
		first.value = ""
	}
	if !w.takes(first.value, first.at, first.width) {
		return false
	}
	for _, b := range more {
		if !w.takes(b.value, b.at, b.width) {
			return false
		}
	}
	w.pos = i
	return true
}

// plain walks a plain scalar: it ends where its value does.
func (w *walker) plain() bool {
	for w.done < len(w.value) {
		if w.pos >= len(w.src) {
			return false
		}
		step := w.copy
		if isBlank(w.src[w.pos]) || isBreak(w.src, w.pos) {
			step = func() bool { return w.foldedSpace(false) }
		}
		if !step() {
			return false
		}
	}
	return true
}

// quoted walks a quoted scalar with its quotes.
func (w *walker) quoted(quote byte) bool {
	if w.pos >= len(w.src) || w.src[w.pos] != quote {
		return false
	}
	for w.pos++; w.pos < len(w.src); {
		c := w.src[w.pos]
		ok := true
		switch {
		case c == '\'' && quote == c && w.pos+1 < len(w.src) && w.src[w.pos+1] == c:
			ok = w.takes("'", w.pos, 2)
			w.pos += 2
		case c == quote:
			w.pos++
			return w.done == len(w.value)
		case c == '\\' && quote == '"':
			ok = w.escape()
		case isBlank(c) || isBreak(w.src, w.pos):
			ok = w.foldedSpace(false)
		default:
			ok = w.copy()
		}
		if !ok {
			return false
		}
	}
	return false
}

// escapes are the escapes of one letter (YAML 1.1, section 5.6 "Miscellaneous Characters").
var escapes = map[byte]string{
	'0': "\x00", 'a': "\a", 'b': "\b", 't': "\t", '\t': "\t", 'n': "\n", 'v': "\v", 'f': "\f",
	'r': "\r", 'e': "\x1b", ' ': " ", '"': "\"", '\'': "'", '\\': "\\",
	'N': "\u0085", '_': "\u00a0", 'L': "\u2028", 'P': "\u2029",
}

// escape walks a backslash and what belongs to it.
func (w *walker) escape() bool {
	if w.pos+1 >= len(w.src) {
		return false
	}
	if width, _ := lineBreak(w.src, w.pos+1); width > 0 {
		w.pos += 1 + width
		return w.foldedSpace(true)
	}
	c := w.src[w.pos+1]
	decoded, width := escapes[c], 2
	if digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]; digits > 0 {
		width += digits
		if w.pos+width > len(w.src) {
			return false
		}
		decoded = hexRune(w.src[w.pos+2 : w.pos+width])
	}
	if decoded == "" || !w.takes(decoded, w.pos, width) {
		return false
	}
	w.pos += width
	return true
}

func hexRune(digits []byte) string {
	var r rune
	for _, c := range digits {
		k := strings.IndexByte("0123456789abcdef", c|0x20)
		if k < 0 {
			return ""
		}
		r = r<<4 | rune(k)
	}
	return string(r)
}
