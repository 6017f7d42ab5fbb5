package terminal

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
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
