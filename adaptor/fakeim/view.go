package fakeim

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// view is a message as a person sees it, in a form that all messengers share: it is written as
// plain text for terminals and as HTML for the page.
type view struct {
	// Title is what a phone shows of the message before it is opened; it is not in the message.
	Title  string
	Blocks []block
}

// kind is what a block is.
type kind string

const (
	// textBlock has lines; noteBlock too, in small print.
	textBlock kind = "text"
	noteBlock kind = "note"
	// headBlock is the coloured head of a card, with lines.
	headBlock kind = "head"
	ruleBlock kind = "rule"
	// gapBlock is an empty line between blocks of one kind.
	gapBlock    kind = "gap"
	buttonBlock kind = "buttons"
	// fieldBlock has fields, each a few lines, side by side where there is room.
	fieldBlock kind = "fields"
	// columnBlock has columns of blocks; barBlock has blocks beside a coloured bar, panelBlock
	// below a title that opens and closes it.
	columnBlock kind = "columns"
	barBlock    kind = "bar"
	panelBlock  kind = "panel"
	imageBlock  kind = "image"
)

// block is a part of a message.
type block struct {
	Kind    kind
	Lines   []line
	Color   string
	Buttons []button
	Fields  [][]line
	Columns []column
	Blocks  []block
}

// column is a part of a block beside others; a narrow one is no wider than what is in it.
type column struct {
	Blocks []block
	Narrow bool
}

// button opens a page.
type button struct {
	Label, URL string
	// Style is primary, danger or empty.
	Style string
}

// shape is what a line is.
type shape string

const (
	plainLine   shape = ""
	headingLine shape = "heading"
	quoteLine   shape = "quote"
	itemLine    shape = "item"
	ruleLine    shape = "rule"
	codeLine    shape = "code"
	// rowLine is a row of a table, with cells instead of spans.
	rowLine shape = "row"
)

// line is a line of text.
type line struct {
	Shape shape
	// Level is that of a heading, from 1.
	Level int
	Spans []span
	Cells [][]span
}

// span is a piece of a line that looks the same all along.
type span struct {
	Text                                string
	Bold, Italic, Strike, Code, Mention bool
	Color                               string
	// URL is where a click goes.
	URL string
	// mark is written around the text where there is no other way to show how it looks.
	mark string
}

// ruleText is how a horizontal line looks.
const ruleText = "────────"

// text writes a message as plain text.
func (v *view) text() string { return strings.Join(blockLines(v.Blocks), "\n") }

// whole is all that a messenger looks for keywords in.
func (v *view) whole() string { return v.Title + "\n" + v.text() }

func blockLines(blocks []block) []string {
	var lines []string
	for _, b := range blocks {
		lines = append(lines, b.lines()...)
	}
	return lines
}

func (b block) lines() []string {
	switch b.Kind {
	case headBlock:
		lines := lineTexts(b.Lines)
		if len(lines) > 0 {
			lines[0] = "■ " + lines[0]
		}
		return lines
	case ruleBlock:
		return []string{ruleText}
	case gapBlock:
		return []string{""}
	case buttonBlock:
		var labels []string
		for _, button := range b.Buttons {
			labels = append(labels, "["+button.Label+"]")
		}
		return []string{strings.Join(labels, " ")}
	case fieldBlock:
		var lines []string
		for _, field := range b.Fields {
			lines = append(lines, lineTexts(field)...)
		}
		return lines
	case columnBlock:
		return columnLines(b.Columns)
	case barBlock:
		return prefixed("┃ ", blockLines(b.Blocks))
	case panelBlock:
		return append(prefixed("▸ ", lineTexts(b.Lines)), blockLines(b.Blocks)...)
	}
	return lineTexts(b.Lines)
}

// columnLines writes columns beside each other if each is one line, else below each other.
func columnLines(columns []column) []string {
	var all []string
	short := true
	for _, c := range columns {
		lines := blockLines(c.Blocks)
		short = short && len(lines) <= 1
		all = append(all, lines...)
	}
	if short && len(all) > 0 {
		return []string{strings.Join(all, "  ")}
	}
	return all
}

func prefixed(prefix string, lines []string) []string {
	var result []string
	for _, text := range lines {
		for part := range strings.SplitSeq(text, "\n") {
			result = append(result, strings.TrimRight(prefix+part, " "))
		}
	}
	return result
}

func lineTexts(lines []line) []string {
	var texts []string
	for _, l := range lines {
		switch l.Shape {
		case ruleLine:
			texts = append(texts, ruleText)
		case quoteLine:
			texts = append(texts, strings.TrimRight("│ "+spanText(l.Spans), " "))
		case itemLine:
			texts = append(texts, "- "+spanText(l.Spans))
		case rowLine:
			var cells []string
			for _, cell := range l.Cells {
				cells = append(cells, spanText(cell))
			}
			texts = append(texts, strings.Join(cells, " | "))
		default:
			texts = append(texts, spanText(l.Spans))
		}
	}
	return texts
}

// spanText writes spans as plain text. A link is followed by its address, once, however many
// spans its label has.
func spanText(spans []span) string {
	var b strings.Builder
	for i, s := range spans {
		b.WriteString(s.mark + s.Text + s.mark)
		last := i+1 == len(spans) || spans[i+1].URL != s.URL
		if s.URL != "" && s.Text != shortURL(s.URL) && last {
			b.WriteString(" (" + shortURL(s.URL) + ")")
		}
	}
	return b.String()
}

// longestURL is how much of an address is shown, in characters: people see the link's title.
const longestURL = 60

func shortURL(url string) string {
	if utf8.RuneCountInString(url) <= longestURL {
		return url
	}
	return string([]rune(url)[:longestURL-1]) + "…"
}

// words is a block of plain text, in which nothing is markup.
func words(text string) block {
	return block{Kind: textBlock, Lines: plainLines(text)}
}

func plainLines(text string) []line {
	var lines []line
	for part := range strings.SplitSeq(text, "\n") {
		lines = append(lines, line{Spans: []span{{Text: part}}})
	}
	return lines
}

// mention is a line that calls people by name.
func mention(names ...string) []line {
	var lines []line
	for _, name := range names {
		lines = append(lines, line{Spans: []span{{Text: "@" + strings.TrimPrefix(name, "@"), Mention: true}}})
	}
	return lines
}

// colors are the names of colours that the page knows.
var colors = []string{"blue", "wathet", "turquoise", "green", "lime", "yellow", "orange", "red", "carmine", "violet", "purple", "indigo", "grey"}

var hexColor = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// color is a colour by a name that the page knows, or as #rrggbb; empty is that of the text.
func color(name string) string {
	name = strings.Trim(name, `"' `)
	if hexColor.MatchString(name) {
		return strings.ToLower(name)
	}
	// Feishu has shades, such as red-500.
	name, _, _ = strings.Cut(name, "-")
	if slices.Contains(colors, name) {
		return name
	}
	return ""
}

// maxDepth is how deep the parts of a message may be in each other.
const maxDepth = 8
