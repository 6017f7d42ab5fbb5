package terminal

import (
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

// layout is a line as it is shown: its text, and the cell at which each byte is.
type layout struct {
	text    string
	offsets []int // of the characters shown, and of the end
	cells   []int // the cell each of them begins at
}

// cell is the cell at which a byte of the line is shown, or would be.
func (l layout) cell(offset int) int {
	i := sort.SearchInts(l.offsets, offset)
	return l.cells[min(i, len(l.cells)-1)]
}

const tabStop = 4

// glyph is a character as it is shown: where it is in the line, and the cell it begins at.
type glyph struct {
	text   string
	offset int
	cell   int
}

// glyphsOf turns a part of a line into glyphs; the last is empty and stands at the end.
func glyphsOf(text []byte, from, to int) []glyph {
	var glyphs []glyph
	cell, offset := 0, from
	graphemes := displaywidth.BytesGraphemes(text[from:to])
	for graphemes.Next() {
		raw := graphemes.Value()
		shown := Safe(strings.ToValidUTF8(string(raw), "\uFFFD"))
		if shown == "\t" {
			shown = strings.Repeat(" ", tabStop-cell%tabStop)
		}
		glyphs = append(glyphs, glyph{shown, offset, cell})
		cell += Cells(shown)
		offset += len(raw)
	}
	return append(glyphs, glyph{"", to, cell})
}

// layOut turns a line into cells, and cuts it around its marks to the width.
func layOut(l *sourceLine, width int) layout {
	from, to := nearMarks(l, width)
	glyphs := glyphsOf(l.text, from, to)
	end := len(glyphs) - 1
	first, last := 0, end
	cutLeft, cutRight := from > 0, to < len(l.text)
	if glyphs[end].cell > width || cutLeft || cutRight {
		start := windowStart(l, width, glyphs)
		room := width - 2
		first = sort.Search(end, func(i int) bool { return glyphs[i].cell >= start })
		last = sort.Search(end, func(i int) bool { return glyphs[i+1].cell-glyphs[first].cell > room })
		cutLeft, cutRight = cutLeft || first > 0, cutRight || last < end
	}
	var out layout
	var text strings.Builder
	shift := -glyphs[first].cell
	if cutLeft {
		text.WriteString("…")
		shift++
	}
	for _, g := range glyphs[first : last+1] {
		out.offsets, out.cells = append(out.offsets, g.offset), append(out.cells, g.cell+shift)
	}
	for _, g := range glyphs[first:last] {
		text.WriteString(g.text)
	}
	if cutRight {
		text.WriteString("…")
	}
	out.text = text.String()
	return out
}

// nearMarks bounds how much of a very long line is looked at.
func nearMarks(l *sourceLine, width int) (from, to int) {
	reach := 8 * width
	if len(l.text) <= 2*reach {
		return 0, len(l.text)
	}
	at := 0
	if len(l.parts) > 0 {
		at = l.parts[0].start
	}
	from, to = max(0, at-reach), min(len(l.text), at+reach)
	for from > 0 && from < len(l.text) && !utf8.RuneStart(l.text[from]) {
		from--
	}
	for to < len(l.text) && !utf8.RuneStart(l.text[to]) {
		to++
	}
	return from, to
}

// windowStart is the first cell to show of a line that is too wide: the marks in the middle if
// they fit, otherwise the first mark near the left.
func windowStart(l *sourceLine, width int, glyphs []glyph) int {
	if len(l.parts) == 0 {
		return 0
	}
	cellOf := func(offset int) int {
		i := sort.Search(len(glyphs), func(i int) bool { return glyphs[i].offset >= offset })
		return glyphs[min(i, len(glyphs)-1)].cell
	}
	cells := glyphs[len(glyphs)-1].cell
	low, high := cells, 0
	for _, part := range l.parts {
		low, high = min(low, cellOf(part.start)), max(high, cellOf(part.end))
	}
	room := width - 2
	if high <= room {
		return 0
	}
	margin := max(room-(high-low), 0) / 2
	if high-low > room {
		low = cellOf(l.parts[0].start)
		margin = room / 8
	}
	return max(0, min(low-margin, cells-room))
}
