package adaptor

import (
	"cmp"
	"strconv"
	"strings"
)

// feishuCard is a card in JSON 2.0 form, in which a property that a component does not know is
// an error (https://open.feishu.cn/document/feishu-cards/card-json-v2-structure). Clients older
// than 7.20 show the header alone, so it says what and where.
type feishuCard struct {
	Schema string       `json:"schema"`
	Config feishuConfig `json:"config"`
	Header feishuHeader `json:"header"`
	Body   feishuBlock  `json:"body"`
}

type feishuConfig struct {
	// Summary is what the list of conversations shows of the message.
	Summary feishuBlock `json:"summary"`
}

type feishuHeader struct {
	Template string        `json:"template"`
	Title    feishuBlock   `json:"title"`
	Subtitle *feishuBlock  `json:"subtitle,omitempty"`
	Tags     []feishuBlock `json:"text_tag_list,omitempty"`
}

// feishuBlock is any component of a card, or a part of one. It has the properties of those that
// are used, and each sets only its own.
type feishuBlock struct {
	Tag       string           `json:"tag,omitempty"`
	Content   string           `json:"content,omitempty"`
	TextSize  string           `json:"text_size,omitempty"`
	TextColor string           `json:"text_color,omitempty"`
	Text      *feishuBlock     `json:"text,omitempty"`
	Color     string           `json:"color,omitempty"`
	Type      string           `json:"type,omitempty"`
	Behaviors []feishuBehavior `json:"behaviors,omitempty"`
	FlexMode  string           `json:"flex_mode,omitempty"`
	Width     string           `json:"width,omitempty"`
	Columns   []feishuBlock    `json:"columns,omitempty"`
	Elements  []feishuBlock    `json:"elements,omitempty"`
}

type feishuBehavior struct {
	Type       string `json:"type"`
	DefaultURL string `json:"default_url"`
}

// feishuColors are the colours of headers and tags by tone.
var feishuColors = [...]string{ToneResolved: "green", ToneInfo: "blue", ToneWarning: "orange", ToneCritical: "red"}

// feishuBlockBytes is how long the lines of a compact card that go into one component may be.
const feishuBlockBytes = 4000

func newFeishuCard(m Message) feishuCard {
	var blocks []feishuBlock
	if mentions := feishuMentions(m.Mentions); mentions != "" {
		blocks = append(blocks, feishuMarkdown(mentions))
	}
	if len(m.Alerts) == 1 && !m.Compact {
		blocks = append(blocks, feishuAlert(m, m.Alerts[0])...)
	} else {
		for i, text := range feishuMarkup.blocks(m, feishuBlockBytes) {
			if i > 0 && !m.Compact {
				blocks = append(blocks, feishuBlock{Tag: "hr"})
			}
			blocks = append(blocks, feishuMarkdown(text))
		}
		if links := feishuMarkup.links(m, m.Links); links != "" {
			blocks = append(blocks, feishuBlock{Tag: "hr"}, feishuMarkdown(links))
		}
	}
	if notes := m.Notes(); len(notes) > 0 {
		blocks = append(blocks, feishuNote(strings.Join(notes, "\n")))
	}
	return feishuCard{
		Schema: "2.0",
		Config: feishuConfig{Summary: feishuBlock{Content: m.Headline()}},
		Header: newFeishuHeader(m),
		Body:   feishuBlock{Elements: blocks},
	}
}

// newFeishuHeader says what it is about, where, how bad it is, and of how many alerts.
func newFeishuHeader(m Message) feishuHeader {
	header := feishuHeader{
		Template: feishuColors[m.Tone()],
		Title:    feishuPlain(cmp.Or(m.Title, m.Name, m.words().NoName) + m.partMark()),
	}
	var where []string
	for _, f := range m.Where() {
		where = append(where, f.Value)
	}
	if len(where) > 0 {
		subtitle := feishuPlain(strings.Join(where, " · "))
		header.Subtitle = &subtitle
	}
	words, color := m.words(), feishuColors[m.Tone()]
	if m.Firing > 0 {
		header.Tags = append(header.Tags, feishuTag(words.Firing+" "+strconv.Itoa(m.Firing), color))
	}
	if m.Resolved > 0 {
		header.Tags = append(header.Tags, feishuTag(words.Resolved+" "+strconv.Itoa(m.Resolved), feishuColors[ToneResolved]))
	}
	if m.Severity != "" {
		header.Tags = append(header.Tags, feishuTag(m.Severity, color))
	}
	return header
}

// feishuAlert lays out an alert that has the card for itself: a label a line, and buttons.
func feishuAlert(m Message, a Alert) []feishuBlock {
	if a.Text != "" {
		return append([]feishuBlock{feishuMarkdown(a.Text)}, feishuButtons(m, m.Links)...)
	}
	k := feishuMarkup
	lines := append([]string{k.title(m, a)}, k.description(a)...)
	blocks := []feishuBlock{feishuMarkdown(strings.Join(lines, k.newline))}
	if details := k.details(m, a); len(details) > 0 {
		blocks = append(blocks, feishuMarkdown(strings.Join(details, k.newline)))
	}
	if when := m.when(a); when != "" {
		blocks = append(blocks, feishuNote(when))
	}
	return append(blocks, feishuButtons(m, append(a.Links[:len(a.Links):len(a.Links)], m.Links...))...)
}

// feishuButtons makes a row of buttons, which wraps, and a line of what is no web address.
func feishuButtons(m Message, links []Link) []feishuBlock {
	row := feishuBlock{Tag: "column_set", FlexMode: "flow"}
	var others []Link
	for _, l := range links {
		address, ok := linkable(l.URL)
		if !ok {
			others = append(others, l)
			continue
		}
		text := feishuPlain(m.linkTitle(l.Kind))
		button := feishuBlock{Tag: "button", Type: "default", Text: &text, Behaviors: []feishuBehavior{{"open_url", address}}}
		if len(row.Columns) == 0 {
			button.Type = "primary"
		}
		row.Columns = append(row.Columns, feishuBlock{Tag: "column", Width: "auto", Elements: []feishuBlock{button}})
	}
	var blocks []feishuBlock
	if len(others) > 0 {
		blocks = append(blocks, feishuMarkdown(feishuMarkup.links(m, others)))
	}
	if len(row.Columns) > 0 {
		blocks = append(blocks, row)
	}
	return blocks
}

func feishuMarkdown(content string) feishuBlock {
	return feishuBlock{Tag: "markdown", Content: content}
}

// feishuPlain is a text without any markup.
func feishuPlain(content string) feishuBlock { return feishuBlock{Tag: "plain_text", Content: content} }

// feishuNote is a small grey text without any markup, as the vendor replaces the note of older
// cards (https://open.feishu.cn/document/feishu-cards/card-json-v2-breaking-changes-release-notes).
func feishuNote(content string) feishuBlock {
	text := feishuBlock{Tag: "plain_text", Content: content, TextSize: "notation", TextColor: "grey"}
	return feishuBlock{Tag: "div", Text: &text}
}

// feishuTag is a label beside the title.
func feishuTag(content, color string) feishuBlock {
	text := feishuPlain(content)
	return feishuBlock{Tag: "text_tag", Text: &text, Color: color}
}
