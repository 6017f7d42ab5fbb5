package fakeim

import (
	"regexp"
	"strings"
)

// dialect is the Markdown of a messenger: links, bold text, colours, headings, quotes, items,
// rules and code all have, the rest is here.
type dialect struct {
	// color maps the names of colours to those of the page; nil takes them as they are.
	color map[string]string
	// tag matches what is special to the messenger at the beginning of a text, and mean makes
	// spans of its groups, or nil if it is just text.
	tag  *regexp.Regexp
	mean func(groups []string) []span
	// join joins lines as standard Markdown does.
	join bool
	// tables are lines in which cells stand between |.
	tables bool
	// emphasis is *italic* and ~~struck~~ text.
	emphasis bool
	// unescape is applied last, for what it makes is never markup.
	unescape func(string) string
}

// Each stops at the character that it begins with, so that a text of nothing but beginnings is
// read in linear time.
var (
	linkMark     = regexp.MustCompile(`^!?\[([^\[\]\n]*)\]\(([^)\[\s]*)\)`)
	fontOpen     = regexp.MustCompile(`^<font(?:\s+color=["']?([^"'<>\s]*)["']?)?[^<>]*>`)
	fontClose    = regexp.MustCompile(`^</font[^<>]*>`)
	boldMark     = regexp.MustCompile(`^\*\*([^*\n]+)\*\*`)
	italicMark   = regexp.MustCompile(`^\*([^*\s][^*\n]*)\*`)
	strikeMark   = regexp.MustCompile(`^~~([^~\n]+)~~`)
	codeMark     = regexp.MustCompile("^`([^`\n]+)`")
	headingMark  = regexp.MustCompile(`^[ ]{0,3}(#{1,6}) +`)
	quoteMark    = regexp.MustCompile(`^[ ]{0,3}> ?`)
	itemMark     = regexp.MustCompile(`^[ ]{0,3}[-*] +`)
	ruleMark     = regexp.MustCompile(`^ {0,3}-{3,} *$`)
	fenceMark    = regexp.MustCompile("^ {0,3}```")
	divisionMark = regexp.MustCompile(`^[|:\- ]+$`)
)

// markdown reads text into lines.
func markdown(text string, d dialect) []line {
	if d.join {
		text = joinLines(text)
	}
	p := inline{dialect: d}
	var lines []line
	code := false
	for text := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		text = strings.TrimRight(text, " \t")
		switch {
		case fenceMark.MatchString(text):
			code = !code
		case code:
			lines = append(lines, line{Shape: codeLine, Spans: []span{{Text: p.plain(text)}}})
		case d.tables && strings.HasPrefix(text, "|"):
			if row := p.row(text); row != nil {
				lines = append(lines, line{Shape: rowLine, Cells: row})
			}
		default:
			lines = append(lines, p.line(text))
		}
	}
	return lines
}

func (p *inline) line(text string) line {
	if ruleMark.MatchString(text) {
		return line{Shape: ruleLine}
	}
	if mark := headingMark.FindStringSubmatch(text); mark != nil {
		return line{Shape: headingLine, Level: len(mark[1]), Spans: p.spans(text[len(mark[0]):], span{})}
	}
	for _, form := range []struct {
		mark  *regexp.Regexp
		shape shape
	}{{quoteMark, quoteLine}, {itemMark, itemLine}} {
		if mark := form.mark.FindString(text); mark != "" {
			return line{Shape: form.shape, Spans: p.spans(text[len(mark):], span{})}
		}
	}
	return line{Spans: p.spans(text, span{})}
}

// row splits a line of a table into its cells; the line below a table's head has none.
func (p *inline) row(text string) [][]span {
	if divisionMark.MatchString(text) {
		return nil
	}
	var cells [][]span
	for cell := range strings.SplitSeq(strings.TrimSuffix(strings.TrimPrefix(text, "|"), "|"), "|") {
		cells = append(cells, p.spans(strings.TrimSpace(cell), span{}))
	}
	return cells
}

// inline reads the markup within lines. A colour lasts until it is closed, also over lines.
type inline struct {
	dialect dialect
	colors  []string
}

// plain is a text as it is shown.
func (p *inline) plain(text string) string {
	if p.dialect.unescape != nil {
		return p.dialect.unescape(text)
	}
	return text
}

// spans reads text that looks as the given style, where its own markup says nothing else.
func (p *inline) spans(text string, style span) []span {
	var spans []span
	start := 0
	flush := func(end int) {
		if start < end {
			s := style
			s.Text = p.plain(text[start:end])
			if s.Color == "" && len(p.colors) > 0 {
				s.Color = p.colors[len(p.colors)-1]
			}
			spans = append(spans, s)
		}
	}
	for at := 0; at < len(text); {
		// All markup begins with one of these.
		if !strings.ContainsRune("<[!*~`@", rune(text[at])) {
			at++
			continue
		}
		made, length := p.markup(text[at:], style, func() { flush(at) })
		if length == 0 {
			at++
			continue
		}
		spans = append(spans, made...)
		at += length
		start = at
	}
	flush(len(text))
	return spans
}

// markup reads the markup that a text begins with, and returns its spans and its length, or 0.
// It calls before once it knows that there is some.
func (p *inline) markup(text string, style span, before func()) (spans []span, length int) {
	if mark := codeMark.FindStringSubmatch(text); mark != nil {
		before()
		style.Code, style.Text, style.mark = true, p.plain(mark[1]), "`"
		return []span{style}, len(mark[0])
	}
	if mark := linkMark.FindStringSubmatch(text); mark != nil {
		before()
		style.URL = p.plain(mark[2])
		if spans := p.spans(mark[1], style); len(spans) > 0 {
			return spans, len(mark[0])
		}
		return []span{style}, len(mark[0])
	}
	if mark := fontOpen.FindStringSubmatch(text); mark != nil {
		before()
		name := mark[1]
		if p.dialect.color != nil {
			name = p.dialect.color[name]
		}
		p.colors = append(p.colors, color(name))
		return nil, len(mark[0])
	}
	if mark := fontClose.FindString(text); mark != "" {
		before()
		p.colors = p.colors[:max(0, len(p.colors)-1)]
		return nil, len(mark)
	}
	if p.dialect.tag != nil {
		if mark := p.dialect.tag.FindStringSubmatch(text); mark != nil {
			if spans := p.dialect.mean(mark); spans != nil {
				before()
				return spans, len(mark[0])
			}
		}
	}
	return p.emphasis(text, style, before)
}

func (p *inline) emphasis(text string, style span, before func()) (spans []span, length int) {
	if mark := boldMark.FindStringSubmatch(text); mark != nil {
		before()
		style.Bold = true
		return p.spans(mark[1], style), len(mark[0])
	}
	if !p.dialect.emphasis {
		return nil, 0
	}
	if mark := strikeMark.FindStringSubmatch(text); mark != nil {
		before()
		style.Strike, style.mark = true, "~~"
		return p.spans(mark[1], style), len(mark[0])
	}
	if mark := italicMark.FindStringSubmatch(text); mark != nil && !strings.HasPrefix(text, "**") {
		before()
		style.Italic, style.mark = true, "*"
		return p.spans(mark[1], style), len(mark[0])
	}
	return nil, 0
}

// joinLines joins lines as Markdown does: a newline shows only after two spaces, or beside a
// blank line, a heading, a quote, a list or a rule.
func joinLines(text string) string {
	lines := strings.Split(text, "\n")
	var b strings.Builder
	for i, line := range lines {
		b.WriteString(line)
		if i+1 == len(lines) {
			break
		}
		if strings.HasSuffix(line, "  ") || endsParagraph(line) || endsParagraph(lines[i+1]) {
			b.WriteByte('\n')
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func endsParagraph(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, ">") ||
		strings.HasPrefix(line, "- ") || ruleMark.MatchString(line)
}
