package rules

import (
	"strings"
)

// block walks a literal or folded scalar, from its header on. It returns what of the text
// the scalar's lines cover, or the header where there is nothing but line breaks.
func (w *walker) block(literal bool) (start, end int, pieces []piece) {
	header := w.pos
	for w.pos < len(w.src) && !isBreak(w.src, w.pos) {
		w.pos++
	}
	if onlyBreaks(w.value) || w.pos >= len(w.src) {
		return header, min(header+1, len(w.src)), nil
	}
	width, _ := lineBreak(w.src, w.pos)
	w.pos += width
	end = w.lines(literal, w.indentation())
	if len(w.pieces) == 0 || w.done < len(w.value) {
		return header, max(end, header), nil
	}
	start = int(w.pieces[0].source)
	if first := len(w.value) - len(strings.TrimLeft(w.value, "\n\u2028\u2029")); first > 0 {
		start = Scalar{Value: w.value, pieces: w.pieces}.firstByte(first)
	}
	return start, end, w.pieces
}

func onlyBreaks(value string) bool { return strings.Trim(value, "\n\u2028\u2029") == "" }

// indentation is the number of blanks that the block scalar whose lines start at w.pos has
// before each line: what its first line with content has in the source more than in the value.
// Line breaks before that line are all in the value.
func (w *walker) indentation() int {
	i, value := w.pos, strings.TrimLeft(w.value, "\n\u2028\u2029")
	for range w.value[:len(w.value)-len(value)] {
		for i < len(w.src) && !isBreak(w.src, i) {
			i++
		}
		if i < len(w.src) {
			width, _ := lineBreak(w.src, i)
			i += width
		}
	}
	blanks := 0
	for i+blanks < len(w.src) && w.src[i+blanks] == ' ' {
		blanks++
	}
	return max(0, blanks-(len(value)-len(strings.TrimLeft(value, " "))))
}

// lines walks the lines of a block scalar and returns where the last one with content ends.
func (w *walker) lines(literal bool, indent int) (end int) {
	var breaks []Span // line breaks since the last line with content
	first, wasBlank := true, false
	for {
		for k := 0; k < indent && w.pos < len(w.src) && w.src[w.pos] == ' '; k++ {
			w.pos++
		}
		if w.pos >= len(w.src) {
			break
		}
		if width, _ := lineBreak(w.src, w.pos); width > 0 {
			breaks = append(breaks, Span{w.pos, w.pos + width})
			w.pos += width
			continue
		}
		if onlyBreaks(w.value[w.done:]) {
			break // this line is not the scalar's any more
		}
		blank := isBlank(w.src[w.pos])
		if !w.breaks(breaks, !literal && !first && !blank && !wasBlank) {
			return end
		}
		breaks, wasBlank, first = breaks[:0], blank, false
		size := 0
		for w.pos+size < len(w.src) && !isBreak(w.src, w.pos+size) {
			size++
		}
		if !w.take(size) {
			return end
		}
		end = w.pos
		if width, _ := lineBreak(w.src, min(w.pos, len(w.src)-1)); w.pos < len(w.src) {
			breaks = append(breaks, Span{w.pos, w.pos + width})
			w.pos += width
		}
	}
	w.breaks(breaks, false)
	return end
}

// breaks takes the line breaks between two lines of a block scalar. With fold the first of
// them is a space if it is the only one, and nothing otherwise. Breaks beyond the value's end
// were chomped.
func (w *walker) breaks(breaks []Span, fold bool) bool {
	for k, b := range breaks {
		if w.done == len(w.value) {
			return true
		}
		_, value := lineBreak(w.src, b.Start)
		if fold && k == 0 && value == "\n" {
			value = ""
			if len(breaks) == 1 {
				value = " "
			}
		}
		if !w.takes(value, b.Start, b.Len()) {
			return false
		}
	}
	return true
}
