package fakeim

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

//go:embed assets
var assets embed.FS

// pages are the page and its parts. The package escapes what is put into them.
var pages = template.Must(template.ParseFS(assets, "assets/page.html"))

// entry is what the page shows of a request.
type entry struct {
	Received
	ID uint64
	// View is the message, nil if the body is none, for the Problem.
	View    *view
	Problem string
	// HTML is the entry as it is on the page.
	HTML template.HTML
}

// maxSpans is how many pieces of a message the page shows, maxRaw how many bytes of a body.
const (
	maxSpans = 4000
	maxRaw   = 32 << 10
)

// newEntry writes a request for the page.
func newEntry(id uint64, r Received) *entry {
	e := &entry{Received: r, ID: id}
	v, err := protocols[r.Channel].view([]byte(r.Body))
	if err != nil {
		e.Problem = strings.TrimPrefix(err.Error(), "not a message: ")
	} else {
		left := maxSpans
		e.View = &view{Title: v.Title, Blocks: clip(v.Blocks, &left)}
		if left <= 0 {
			e.View.Blocks = append(e.View.Blocks, block{Kind: noteBlock, Lines: plainLines("… and more that this page does not show")})
		}
	}
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, "entry", e); err != nil {
		// The view of it cannot be written, which no message should be able to bring about.
		b.Reset()
		e.View, e.Problem = nil, err.Error()
		if err := pages.ExecuteTemplate(&b, "entry", e); err != nil {
			b.Reset()
		}
	}
	e.View = nil
	e.HTML = template.HTML(b.String())
	return e
}

// clip leaves out what is after the given number of pieces.
func clip(blocks []block, left *int) []block {
	var kept []block
	lines := func(all []line) []line {
		var kept []line
		for _, l := range all {
			if *left <= 0 {
				break
			}
			*left -= 1 + len(l.Spans) + 2*len(l.Cells)
			kept = append(kept, l)
		}
		return kept
	}
	for _, b := range blocks {
		if *left <= 0 {
			break
		}
		*left -= 1 + len(b.Buttons)
		b.Lines = lines(b.Lines)
		for i := range b.Fields {
			b.Fields[i] = lines(b.Fields[i])
		}
		for i := range b.Columns {
			b.Columns[i].Blocks = clip(b.Columns[i].Blocks, left)
		}
		b.Blocks = clip(b.Blocks, left)
		kept = append(kept, b)
	}
	return kept
}

// Title is the messenger's name for people, Letter its first letter.
func (e *entry) Title() string  { return protocols[e.Channel].title }
func (e *entry) Letter() string { return e.Title()[:1] }

// Clock is the time of a request as the page shows it, Stamp the whole of it.
func (e *entry) Clock() string { return e.At.Format(time.TimeOnly) }
func (e *entry) Stamp() string { return e.At.Format(time.RFC3339) }

// Verdict says that a message was refused, or that there was no answer, and Reason why.
func (e *entry) Verdict() string {
	switch {
	case e.Injected && e.Status == 0:
		return "connection closed, on command"
	case e.Injected:
		return fmt.Sprintf("HTTP %d, on command", e.Status)
	}
	return fmt.Sprintf("refused with HTTP %d", e.Status)
}

func (e *entry) Reason() string { return strings.TrimSpace(cut(e.Answer, 1000)) }

// Raw is the body as it was sent, JSON with its parts on lines of their own.
func (e *entry) Raw() string {
	body := strings.ToValidUTF8(e.Body, "�")
	var indented bytes.Buffer
	if len(body) < 8*maxRaw && json.Valid([]byte(body)) && depth([]byte(body)) <= maxIndent && json.Indent(&indented, []byte(body), "", "  ") == nil {
		body = indented.String()
	}
	return cut(body, maxRaw)
}

// cut shortens a text to a number of bytes, at the border of a character.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most] + "…"
}

// group is lines of one shape that belong together.
type group struct {
	Kind  string
	Lines []line
}

// Groups are a block's lines, in groups.
func (b block) Groups() []group { return groups(b.Lines) }

// FieldGroups are the lines of each of a block's fields, in groups.
func (b block) FieldGroups() [][]group {
	var all [][]group
	for _, field := range b.Fields {
		all = append(all, groups(field))
	}
	return all
}

func groups(lines []line) []group {
	var all []group
	fresh := true
	for _, l := range lines {
		// An empty line ends what is before it.
		if l.Shape == plainLine && spanText(l.Spans) == "" {
			fresh = true
			continue
		}
		if last := len(all) - 1; !fresh && all[last].Kind == string(l.Shape) && l.Shape != headingLine && l.Shape != ruleLine {
			all[last].Lines = append(all[last].Lines, l)
		} else {
			all = append(all, group{string(l.Shape), []line{l}})
		}
		fresh = false
	}
	return all
}

// Fill is the colour of a bar, as #rrggbb.
func (b block) Fill() string {
	if strings.HasPrefix(b.Color, "#") {
		return b.Color
	}
	return "#dddddd"
}

// Link is where a click goes, or empty: nothing but pages of the web can be opened from here.
func (s span) Link() string   { return webLink(s.URL) }
func (b button) Link() string { return webLink(b.URL) }

func webLink(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return ""
	}
	return u.String()
}

// Class is a button's look.
func (b button) Class() string {
	if b.Style == "primary" || b.Style == "danger" {
		return b.Style
	}
	return ""
}

// Hex is a span's colour if it is #rrggbb; those with a name are classes.
func (s span) Hex() string {
	if strings.HasPrefix(s.Color, "#") {
		return s.Color
	}
	return ""
}

// Class is a span's look.
func (s span) Class() string {
	var names []string
	for _, look := range []struct {
		has  bool
		name string
	}{{s.Bold, "bold"}, {s.Italic, "italic"}, {s.Strike, "strike"}, {s.Code, "code"}, {s.Mention, "mention"}, {s.Color != "" && s.Hex() == "", "c-" + s.Color}} {
		if look.has {
			names = append(names, look.name)
		}
	}
	return strings.Join(names, " ")
}
