package adaptor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// markup is how a messenger writes the few things that a message needs.
type markup struct {
	// text makes any text inert: it shows as it is, and mentions nobody.
	text func(string) string
	// bold and dim wrap text that is inert already. Dim is for what matters less.
	bold, dim func(string) string
	// link makes a link of an inert title and an address that is fit for the markup.
	link func(title, address string) string
	// newline ends a line within a paragraph.
	newline string
}

// headline writes the headline, of which only the counts are no foreign text.
func (k markup) headline(m Message) string {
	if m.Title != "" {
		return k.text(oneLine(m.Headline()))
	}
	return m.Counts() + " " + k.text(m.Subject())
}

// blocks writes the alerts, one block each, or packed line by line into few blocks of at most
// longest bytes where the message is compact.
func (k markup) blocks(m Message, longest int) []string {
	var blocks []string
	if !m.Compact {
		for _, a := range m.Alerts {
			blocks = append(blocks, k.alert(m, a))
		}
		return blocks
	}
	// What all of them share is said once, so that more of them fit.
	var shared []Field
	if len(m.Alerts) > 1 {
		shared = inAll(m.Alerts, func(a Alert) []Field { return a.Where })
	}
	if len(shared) > 0 {
		blocks = append(blocks, k.where(Alert{Where: shared}))
	}
	for _, a := range m.Alerts {
		line, last := k.line(m, a, shared), len(blocks)-1
		if last >= 0 && len(blocks[last])+len(k.newline)+len(line) <= longest {
			blocks[last] += k.newline + line
		} else {
			blocks = append(blocks, line)
		}
	}
	return blocks
}

// alert writes one alert, line by line.
func (k markup) alert(m Message, a Alert) string {
	if a.Text != "" {
		return a.Text
	}
	lines := []string{k.title(m, a)}
	lines = append(lines, k.description(a)...)
	lines = append(lines, k.details(m, a)...)
	if when := m.when(a); when != "" {
		lines = append(lines, k.dim(when))
	}
	if links := k.links(m, a.Links); links != "" {
		lines = append(lines, links)
	}
	return strings.Join(lines, k.newline)
}

// details writes where an alert is and how much it is. Alone, a label has a line of its own.
func (k markup) details(m Message, a Alert) []string {
	var lines []string
	if m.Firing+m.Resolved == 1 {
		for _, f := range a.Where {
			lines = append(lines, k.where(Alert{Where: []Field{f}}))
		}
	} else if len(a.Where) > 0 {
		lines = append(lines, k.where(a))
	}
	if a.Value != "" {
		lines = append(lines, k.dim(m.words().Value+":")+" "+k.bold(k.text(a.Value)))
	}
	return lines
}

// line writes one alert in a line: its name, where the headline does not say it, what it says,
// and where it is, except for what all share. Places go without the names of their labels, and
// the mark tells the severity.
func (k markup) line(m Message, a Alert, shared []Field) string {
	line := toneMarks[a.Tone()] + " "
	if status := m.status(a); status != "" {
		line += status + ": "
	}
	switch what := strings.TrimPrefix(a.Title, a.Name+": "); {
	case a.Title == a.Name:
		line += k.bold(k.text(a.Name))
	case a.Name == m.Name:
		line += k.bold(k.text(what))
	default:
		line += k.bold(k.text(a.Name)) + " " + k.text(what)
	}
	var where []string
	for _, f := range a.Where {
		switch {
		case f.Name == "severity", slices.Contains(shared, f), containsWord(a.Title, f.Value):
		case slices.Contains(placeLabels, f.Name):
			where = append(where, f.Value)
		default:
			where = append(where, f.Name+"="+f.Value)
		}
	}
	if len(where) > 0 {
		line += " " + k.dim(k.text(strings.Join(where, ", ")))
	}
	return line
}

// containsWord tells whether a text has a word: pg-1 is not in pg-10, nor 0 in 100.
func containsWord(text, word string) bool {
	for start := 0; word != "" && start < len(text); {
		at := strings.Index(text[start:], word)
		if at < 0 {
			return false
		}
		end := start + at + len(word)
		before, _ := utf8.DecodeLastRuneInString(text[:start+at])
		after, _ := utf8.DecodeRuneInString(text[end:])
		if !partOfName(before) && !partOfName(after) {
			return true
		}
		start = end
	}
	return false
}

// partOfName tells whether names of places may have the character inside.
func partOfName(r rune) bool { return alphanumeric(r) || r == '-' || r == '_' || r == '.' }

// toneMarks tell the tones apart without colours of the messenger.
var toneMarks = [...]string{ToneResolved: "✅", ToneInfo: "🔵", ToneWarning: "🟠", ToneCritical: "🔴"}

// title writes an alert's title. Among others it has a mark of its tone, and its status where
// that is not clear from the headline.
func (k markup) title(m Message, a Alert) string {
	title := k.bold(k.text(a.Title))
	if status := m.status(a); status != "" {
		title = status + ": " + title
	}
	if m.Firing+m.Resolved > 1 {
		title = toneMarks[a.Tone()] + " " + title
	}
	return title
}

// description writes an alert's description, a text for each line.
func (k markup) description(a Alert) []string {
	var lines []string
	for line := range strings.SplitSeq(visible(a.Description), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, k.text(line))
		}
	}
	return lines
}

// where writes the labels that say where an alert is, in one line.
func (k markup) where(a Alert) string {
	var where []string
	for _, f := range a.Where {
		where = append(where, k.dim(k.text(f.Name)+":")+" "+k.text(f.Value))
	}
	return strings.Join(where, ", ")
}

// links writes links in one line. What is no web address is shown as text.
func (k markup) links(m Message, links []Link) string {
	var written []string
	for _, l := range links {
		title := m.linkTitle(l.Kind)
		if address, ok := linkable(l.URL); ok {
			written = append(written, k.link(title, address))
		} else {
			written = append(written, title+": "+k.text(oneLine(l.URL)))
		}
	}
	return strings.Join(written, " · ")
}

// escapeInLink percent-encodes what would end a link early in any of the markups.
var escapeInLink = strings.NewReplacer("(", "%28", ")", "%29", "<", "%3C", ">", "%3E", "[", "%5B", "]", "%5D",
	"|", "%7C", `"`, "%22", "'", "%27", "`", "%60", " ", "%20", "\\", "%5C", "*", "%2A")

// linkable returns an address ready to be linked, and false for what is not a web address: a
// label may bring any scheme, and those are not for clicking.
func linkable(address string) (string, bool) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return "", false
	}
	return escapeInLink.Replace(u.String()), true
}

// characterReference is what Markdown shows as another character.
var characterReference = regexp.MustCompile(`^&(#[0-9]+|#[xX][0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]*);`)

// inert makes text safe in the Markdown of DingTalk and WeCom, which document no way of
// escaping. Characters that would start markup there become their full-width forms, which look
// the same and mean nothing; the others stay, so that values can still be copied.
func inert(text string) string {
	var b strings.Builder
	// lineStart is true up to the first character of a line, number up to the end of digits there.
	lineStart, number, previous := true, false, ' '
	for rest := text; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		next, _ := utf8.DecodeRuneInString(rest[size:])
		switch {
		case r == '<' && next != ' ' && !strings.HasPrefix(rest, "<= "),
			r == '*', r == '`', r == '[', r == ']', r == '~' && next != '/',
			lineStart && (r == '>' || r == '#' || r == '=' || r == '|'),
			lineStart && (r == '-' || r == '+' || r == ':') && !alphanumeric(next),
			number && (r == '.' || r == ')') && next == ' ',
			r == '_' && (!alphanumeric(previous) || !alphanumeric(next)),
			r == '\\' && !alphanumeric(next) && next != ' ',
			r == '&' && characterReference.MatchString(rest),
			r == '@' && !wordCharacter(previous):
			b.WriteRune(r + fullWidth)
		default:
			b.WriteRune(r)
		}
		number = (lineStart || number) && r >= '0' && r <= '9'
		lineStart, previous = r == '\n' || lineStart && r == ' ', r
		rest = rest[size:]
	}
	return b.String()
}

// fullWidth leads from an ASCII character to its full-width form.
const fullWidth = '！' - '!'

// alphanumeric tells whether an underscore beside the character may be inside of a word.
func alphanumeric(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func wordCharacter(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// encodeJSON writes a body without escaping <, > and & for HTML: messengers do not need it,
// and it makes bodies grow towards their limit.
func encodeJSON(body any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		return nil, fmt.Errorf("encode message: %w", err)
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), nil
}
