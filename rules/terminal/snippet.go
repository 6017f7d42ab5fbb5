package terminal

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

// Mark is a place in a source text that a snippet underlines.
type Mark struct {
	// Start and End are byte offsets; an empty mark points between two characters.
	Start, End int
	// Label stands beside the underline; it may be empty.
	Label string
	// Primary marks the place itself; the others are what has to do with it.
	Primary bool
	// Look colours the underline and its label; nil is plain.
	Look func(string) string
}

// Snippet shows the lines of the source that the marks are in, each with its number and the
// underlines below it. Lines wider than the output are cut around the marks, and characters
// that could disturb a terminal are made visible. It ends with a newline, unless there are no
// marks.
func (s Style) Snippet(source *Source, marks ...Mark) string {
	if len(marks) == 0 {
		return ""
	}
	lines := markedLines(source, marks)
	digits := len(fmt.Sprint(lines[len(lines)-1].number))
	p := snippetPrinter{style: s, digits: digits, width: max(20, s.Width()-digits-3)}
	p.gutter("|", "")
	last := 0
	for i := range lines {
		line := &lines[i]
		if last > 0 && line.number > last+1 {
			p.gutter("...", "")
		}
		last = line.number
		p.line(line)
	}
	return p.out.String()
}

// sourceLine is a line of the source and the parts of it that are marked.
type sourceLine struct {
	number     int
	start, end int // byte offsets, without the line break
	text       []byte
	parts      []markedPart
}

// markedPart is the part of a mark that is in one line, as byte offsets in that line.
type markedPart struct {
	mark       Mark
	start, end int
	label      string
}

// markedLines returns the lines to show in their order: those a mark begins and ends in, those
// between if they are few, and single lines between two of these.
func markedLines(source *Source, marks []Mark) []sourceLine {
	shown := map[int]*sourceLine{}
	line := func(n int) *sourceLine {
		if shown[n] == nil {
			start, end := source.bounds(n)
			shown[n] = &sourceLine{number: n + 1, start: start, end: end, text: source.text[start:end]}
		}
		return shown[n]
	}
	for _, m := range marks {
		m.Start = min(max(m.Start, 0), len(source.text))
		m.End = min(max(m.End, m.Start), len(source.text))
		first := source.line(m.Start)
		last := max(first, source.line(max(m.Start, m.End-1)))
		const whole = 4
		for n := first; n <= last; n++ {
			if last-first >= whole && n > first && n < last {
				continue
			}
			l := line(n)
			part := markedPart{mark: m, start: max(m.Start-l.start, 0), end: min(m.End, l.end) - l.start}
			if n > first {
				part.start = len(l.text) - len(bytes.TrimLeft(l.text, " \t"))
			}
			if n == last {
				part.label = m.Label
			}
			if part.end > part.start || n == last {
				l.parts = append(l.parts, part)
			}
		}
	}
	numbers := make([]int, 0, len(shown))
	for n := range shown {
		numbers = append(numbers, n)
	}
	sort.Ints(numbers)
	for i := 1; i < len(numbers); i++ {
		if numbers[i] == numbers[i-1]+2 {
			line(numbers[i] - 1)
		}
	}
	all := make([]sourceLine, 0, len(shown))
	for _, l := range shown {
		all = append(all, *l)
	}
	sort.Slice(all, func(i, k int) bool { return all[i].number < all[k].number })
	return all
}

// Source is a source text that knows where its lines begin, so that many snippets of it are
// made at little cost.
type Source struct {
	text   []byte
	starts []int
}

// NewSource looks through a text for its lines. The text must not be changed afterwards.
func NewSource(text []byte) *Source {
	starts := []int{0}
	for i := 0; ; {
		next := bytes.IndexByte(text[i:], '\n')
		if next < 0 {
			return &Source{text, starts}
		}
		i += next + 1
		starts = append(starts, i)
	}
}

// Position is the line and the column of a byte offset as editors count them: from 1, and
// columns in characters.
func (x *Source) Position(offset int) (line, column int) {
	offset = min(max(offset, 0), len(x.text))
	n := x.line(offset)
	return n + 1, utf8.RuneCount(x.text[x.starts[n]:offset]) + 1
}

// line is the number, from 0, of the line that a byte is in.
func (x *Source) line(offset int) int {
	return sort.SearchInts(x.starts, offset+1) - 1
}

func (x *Source) bounds(n int) (start, end int) {
	start, end = x.starts[n], len(x.text)
	if n+1 < len(x.starts) {
		end = x.starts[n+1] - 1
	}
	if end > start && x.text[end-1] == '\r' {
		end--
	}
	return start, end
}

type snippetPrinter struct {
	style  Style
	digits int
	width  int // cells for the source itself
	out    strings.Builder
}

// gutter writes a line without a number.
func (p *snippetPrinter) gutter(sign, text string) {
	line := strings.Repeat(" ", p.digits+1) + sign
	if sign == "..." {
		line = sign
	}
	p.out.WriteString(p.style.Dim(line) + strings.TrimRight(" "+text, " ") + "\n")
}

// line writes a line of the source and its underlines.
func (p *snippetPrinter) line(l *sourceLine) {
	shown := layOut(l, p.width)
	number := p.style.Dim(fmt.Sprintf("%*d |", p.digits, l.number))
	p.out.WriteString(number + strings.TrimRight(" "+shown.text, " ") + "\n")
	sort.SliceStable(l.parts, func(i, k int) bool { return l.parts[i].mark.Primary && !l.parts[k].mark.Primary })
	for _, part := range l.parts {
		p.underline(part, shown.cell(part.start), shown.cell(part.end))
	}
}

// underline writes one underline with its label, on more lines if it is long.
func (p *snippetPrinter) underline(part markedPart, from, to int) {
	sign, look := "-", part.mark.Look
	if part.mark.Primary {
		sign = "^"
	}
	if look == nil {
		look = func(text string) string { return text }
	}
	line := strings.Repeat(sign, max(1, to-from))
	pad := strings.Repeat(" ", from)
	label := Safe(part.label)
	if label == "" {
		p.gutter("|", pad+look(line))
		return
	}
	if to+1+Cells(label) <= p.width {
		p.gutter("|", pad+look(line+" "+label))
		return
	}
	p.gutter("|", pad+look(line))
	const narrow = 36
	if p.width-from < min(narrow, Cells(label)) {
		pad = strings.Repeat(" ", max(0, p.width-min(narrow, Cells(label))))
	}
	for _, text := range wrap(label, p.width-len(pad)) {
		p.gutter("|", pad+look(text))
	}
}

// wrap breaks a text at spaces into lines of at most the given number of cells.
func wrap(text string, cells int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case Cells(line)+1+Cells(word) > cells:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}

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

// layOut turns a line into cells, and cuts it around its marks to the width.
func layOut(l *sourceLine, width int) layout {
	from, to := nearMarks(l, width)
	type glyph struct {
		text   string
		offset int
		cell   int
	}
	var glyphs []glyph
	cell := 0
	graphemes := displaywidth.BytesGraphemes(l.text[from:to])
	offset := from
	for graphemes.Next() {
		raw := graphemes.Value()
		text := Safe(strings.ToValidUTF8(string(raw), "\uFFFD"))
		if text == "\t" {
			text = strings.Repeat(" ", tabStop-cell%tabStop)
		}
		glyphs = append(glyphs, glyph{text, offset, cell})
		cell += Cells(text)
		offset += len(raw)
	}
	glyphs = append(glyphs, glyph{"", to, cell})
	first, last := 0, len(glyphs)-1
	cutLeft, cutRight := from > 0, to < len(l.text)
	if cell > width || cutLeft || cutRight {
		start := windowStart(l, width, cell, func(offset int) int {
			i := sort.Search(len(glyphs), func(i int) bool { return glyphs[i].offset >= offset })
			return glyphs[min(i, len(glyphs)-1)].cell
		})
		first = sort.Search(len(glyphs)-1, func(i int) bool { return glyphs[i].cell >= start })
		room := width - 2
		last = sort.Search(len(glyphs)-1, func(i int) bool { return glyphs[i+1].cell-glyphs[first].cell > room })
		cutLeft, cutRight = cutLeft || first > 0, cutRight || last < len(glyphs)-1
	}
	var out layout
	var text strings.Builder
	shift := -glyphs[first].cell
	if cutLeft {
		text.WriteString("…")
		shift++
	}
	for _, g := range glyphs[first:last] {
		text.WriteString(g.text)
		out.offsets, out.cells = append(out.offsets, g.offset), append(out.cells, g.cell+shift)
	}
	out.offsets, out.cells = append(out.offsets, glyphs[last].offset), append(out.cells, glyphs[last].cell+shift)
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
func windowStart(l *sourceLine, width, cells int, cellOf func(int) int) int {
	if len(l.parts) == 0 {
		return 0
	}
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
