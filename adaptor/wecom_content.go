package adaptor

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// weComWriter writes the content of one form. Space is short in all of them, so that what the
// alerts share is said once, and links go before alerts do.
type weComWriter struct {
	markup
	// limit is the most bytes of the content.
	limit int
	// headline begins the content.
	headline func(Message) string
	// linkBreak is between links.
	linkBreak string
	// quote begins the lines of a description, and item those of the other details.
	quote, item string
	// bullet begins the line of an alert, and compact writes such lines.
	bullet  string
	compact func(w weComWriter, m Message, alerts []Alert) string
}

var (
	weComColoured = weComWriter{
		markup: markup{
			text:    inert,
			bold:    func(s string) string { return "**" + s + "**" },
			dim:     func(s string) string { return `<font color="comment">` + s + "</font>" },
			link:    func(title, address string) string { return "[" + title + "](" + address + ")" },
			newline: "\n",
		},
		limit: weComMarkdownBytes,
		headline: func(m Message) string {
			// WeCom has three colours: info is green, warning is orange, comment is grey.
			color := [...]string{ToneResolved: "info", ToneInfo: "comment", ToneWarning: "warning", ToneCritical: "warning"}
			return fmt.Sprintf(`### <font color="%s">%s</font>`, color[m.Tone()], weComHeadline(m, inert))
		},
		linkBreak: " · ", quote: "> ", item: "> ", compact: weComWriter.lines,
	}
	weComTables = weComWriter{
		markup: markup{
			text:    inertInTable,
			bold:    weComColoured.bold,
			dim:     func(s string) string { return s },
			link:    weComColoured.link,
			newline: "\n",
		},
		limit:     weComMarkdownBytes,
		headline:  func(m Message) string { return "### " + toneMarks[m.Tone()] + " " + weComHeadline(m, inertInTable) },
		linkBreak: " · ", quote: "> ", item: "- ", bullet: "- ", compact: weComWriter.table,
	}
	weComPlain = weComWriter{
		markup: markup{
			text:    inertInText,
			bold:    func(s string) string { return s },
			dim:     func(s string) string { return s },
			link:    func(title, address string) string { return title + ": " + address },
			newline: "\n",
		},
		limit:    weComTextBytes,
		headline: func(m Message) string { return toneMarks[m.Tone()] + " " + weComHeadline(m, inertInText) },
		// Addresses that show need lines of their own.
		linkBreak: "\n", compact: weComWriter.lines,
	}
)

// inertInText makes text inert in a text, where nothing but a mention means something.
func inertInText(text string) string { return strings.ReplaceAll(text, "<@", "＜@") }

// weComMarkup is the markup of a form's texts. A card has none: what a template writes is sent
// in Markdown.
func weComMarkup(form string) markup {
	switch form {
	case weComMarkdownV2:
		return weComTables.markup
	case weComText:
		return weComPlain.markup
	}
	return weComColoured.markup
}

// weComHeadline is the message's headline. The brackets around the counts are ours and stay.
func weComHeadline(m Message, text func(string) string) string {
	if m.Title != "" {
		return text(oneLine(m.Headline()))
	}
	return m.Counts() + " " + text(m.Subject())
}

// write writes a message's content. Where it is too long, links go: of several alerts their own,
// the longest kind first, and then those of the whole message.
func (w weComWriter) write(m Message) string {
	shared, alerts := m.factor()
	for {
		content := w.content(m, shared, alerts)
		if len(content) <= w.limit {
			return content
		}
		if fewer := withoutLongestKind(alerts); len(alerts) > 1 && fewer != nil {
			alerts = fewer
			continue
		}
		longest := &m.Links
		if longestLink(shared.Links) > longestLink(m.Links) {
			longest = &shared.Links
		}
		if len(*longest) == 0 {
			return content
		}
		most := longestLink(*longest)
		*longest = slices.DeleteFunc(slices.Clone(*longest), func(l Link) bool { return len(l.URL) == most })
		m.Shortened = true
	}
}

// longestLink is the length of the longest address.
func longestLink(links []Link) int {
	longest := 0
	for _, l := range links {
		longest = max(longest, len(l.URL))
	}
	return longest
}

func (w weComWriter) content(m Message, shared Alert, alerts []Alert) string {
	links := slices.Clone(shared.Links)
	if m.Part == m.Parts {
		links = append(links, m.Links...)
	}
	if len(alerts) == 1 && !m.Compact {
		// One line of links is enough.
		alerts = []Alert{alerts[0]}
		alerts[0].Links, links = slices.Concat(alerts[0].Links, links), nil
	}
	head := []string{w.headline(m)}
	if called := w.called(m.Mentions); called != "" {
		head = append(head, called)
	}
	if shared.Title != "" && shared.Title != m.Name {
		head = append(head, w.bold(w.text(shared.Title)))
	}
	head = append(head, w.details(m, shared)...)
	parts := []string{strings.Join(head, "\n")}
	if m.Compact {
		parts = append(parts, w.compact(w, m, alerts))
	} else {
		mixed := slices.ContainsFunc(alerts, func(a Alert) bool { return a.Tone() != alerts[0].Tone() })
		for _, a := range alerts {
			parts = append(parts, w.alert(m, a, mixed))
		}
	}
	if written := w.linkLine(m, links); written != "" {
		parts = append(parts, written)
	}
	if notes := m.Notes(); len(notes) > 0 {
		for i, note := range notes {
			notes[i] = w.dim(w.text(note))
		}
		parts = append(parts, strings.Join(notes, "\n"))
	}
	return strings.Join(parts, "\n\n")
}

// alert writes one alert: its title, or where it is when all alerts have one title, and below
// that the rest. Among alerts of mixed tones it has a mark of its own.
func (w weComWriter) alert(m Message, a Alert, mixed bool) string {
	if a.Text != "" {
		return a.Text
	}
	first := ""
	if mixed {
		first = toneMarks[a.Tone()] + " "
	}
	if status := m.status(a); status != "" {
		first += status + ": "
	}
	title := w.text(a.Title)
	if title == "" {
		title, a.Where = w.plainWhere(m, a.Where), nil
	}
	if title != "" {
		first += w.bold(title)
	}
	lines := append([]string{first}, w.details(m, a)...)
	if links := w.linkLine(m, a.Links); links != "" {
		lines = append(lines, w.item+links)
	}
	return strings.Join(lines, "\n")
}

// details writes what an alert says besides its title and links, line by line.
func (w weComWriter) details(m Message, a Alert) []string {
	var lines []string
	for _, line := range w.description(a) {
		lines = append(lines, w.quote+line)
	}
	if where := w.plainWhere(m, a.Where); where != "" {
		lines = append(lines, w.item+where)
	}
	if a.Value != "" {
		lines = append(lines, w.item+m.words().Value+": "+w.text(a.Value))
	}
	if when := m.when(a); when != "" {
		lines = append(lines, w.item+when)
	}
	return lines
}

func (w weComWriter) linkLine(m Message, links []Link) string {
	var written []string
	for _, l := range links {
		written = append(written, w.links(m, []Link{l}))
	}
	return strings.Join(written, w.linkBreak)
}

// lines writes a line an alert.
func (w weComWriter) lines(m Message, alerts []Alert) string {
	var lines []string
	for _, a := range alerts {
		lines = append(lines, w.bullet+w.summary(m, a))
	}
	return strings.Join(lines, "\n")
}

// weComUserID is the form of user IDs
// (https://developer.work.weixin.qq.com/document/path/90195).
var weComUserID = regexp.MustCompile(`^[\w.@-]{1,64}$`)

// called mentions people where the form's text can: lists beside it do for the others.
func (w weComWriter) called(people []Mention) string {
	if w.limit != weComMarkdownBytes {
		return ""
	}
	var called []string
	for _, p := range people {
		switch {
		case weComUserID.MatchString(p.User):
			called = append(called, "<@"+p.User+">")
		case p.User != "":
			called = append(called, w.text("@"+clip(oneLine(p.User), 64)))
		}
	}
	return strings.Join(called, " ")
}

// withoutLongestKind returns the alerts without the kind of links of which one is the longest, or
// nil where no alert has a link.
func withoutLongestKind(alerts []Alert) []Alert {
	longest := Link{Kind: -1}
	for _, a := range alerts {
		for _, l := range a.Links {
			if len(l.URL) > len(longest.URL) {
				longest = l
			}
		}
	}
	if longest.Kind < 0 {
		return nil
	}
	alerts = slices.Clone(alerts)
	for i := range alerts {
		alerts[i].Links = slices.DeleteFunc(slices.Clone(alerts[i].Links), func(l Link) bool { return l.Kind == longest.Kind })
	}
	return alerts
}
