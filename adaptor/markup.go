package adaptor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
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

// timeLayout shows a time with its zone, so that nobody has to guess.
const timeLayout = "2006-01-02 15:04:05 MST"

// alert writes one alert, line by line; mixed says that the message has both firing and
// resolved alerts, so that each must say which it is.
func (m markup) alert(a Alert, mixed bool) string {
	title := m.bold(m.text(a.Title))
	if mixed && a.Resolved {
		title = "Resolved: " + title
	}
	lines := []string{title}
	if a.Description != "" {
		for line := range strings.SplitSeq(visible(a.Description), "\n") {
			if line = strings.TrimSpace(line); line != "" {
				lines = append(lines, m.text(line))
			}
		}
	}
	var where []string
	for _, f := range a.Where {
		where = append(where, m.dim(m.text(f.Name)+":")+" "+m.text(f.Value))
	}
	if len(where) > 0 {
		lines = append(lines, strings.Join(where, ", "))
	}
	if a.Value != "" {
		lines = append(lines, m.dim("value:")+" "+m.text(a.Value))
	}
	if when := a.when(); when != "" {
		lines = append(lines, m.dim(when))
	}
	var links []string
	for _, l := range a.Links {
		if address, ok := linkable(l.URL); ok {
			links = append(links, m.link(l.Title, address))
		} else {
			links = append(links, l.Title+": "+m.text(oneLine(l.URL)))
		}
	}
	if len(links) > 0 {
		lines = append(lines, strings.Join(links, " · "))
	}
	return strings.Join(lines, m.newline)
}

// when says since when the alert fires, or from when to when it did.
func (a Alert) when() string {
	switch {
	case a.StartsAt.IsZero():
		return ""
	case a.Resolved && a.EndsAt.After(a.StartsAt):
		return fmt.Sprintf("%s to %s (%s)", a.StartsAt.UTC().Format(timeLayout), a.EndsAt.UTC().Format(timeLayout),
			a.EndsAt.Sub(a.StartsAt).Round(time.Second))
	}
	return "since " + a.StartsAt.UTC().Format(timeLayout)
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

// inert makes text safe in the Markdown of DingTalk and WeCom, which document no way of
// escaping. Characters that would start markup there become their full-width forms, which look
// the same and mean nothing; the others stay, so that values can still be copied.
func inert(text string) string {
	var b strings.Builder
	runes := []rune(text)
	lineStart, previous := true, ' '
	for i, r := range runes {
		next := rune(-1)
		if i+1 < len(runes) {
			next = runes[i+1]
		}
		switch {
		case r == '<' && next != ' ' && next != '=' && (next < '0' || next > '9'),
			r == '*', r == '`', r == '[', r == ']', r == '~' && next == '~',
			lineStart && (r == '>' || r == '#' || r == '='),
			lineStart && (r == '-' || r == '+') && (next == ' ' || next == r),
			r == '@' && !wordCharacter(previous):
			b.WriteRune(r + fullWidth)
		default:
			b.WriteRune(r)
		}
		lineStart, previous = lineStart && r == ' ', r
	}
	return b.String()
}

// fullWidth leads from an ASCII character to its full-width form.
const fullWidth = '！' - '!'

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
