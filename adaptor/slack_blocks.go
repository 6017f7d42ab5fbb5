package adaptor

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of Block Kit, in characters and pieces
// (https://docs.slack.dev/reference/block-kit/blocks and .../block-elements).
const (
	slackHeaderText  = 150
	slackSectionText = 3000
	slackFields      = 10
	slackFieldText   = 2000
	slackElements    = 10
	slackButtonText  = 75
)

// slackAddress is the most characters of an address: a button may have 3000, and so may the text
// of a context, in which a title is beside it.
const slackAddress = 2900

// slackEscapes escapes the three characters that Slack asks to be escaped in all texts
// (https://docs.slack.dev/messaging/formatting-message-text), which makes links and mentions
// such as <!channel> inert. Emphasis has no escape and does no harm.
var slackEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

var slackMarkup = markup{
	text:    slackEscapes.Replace,
	bold:    func(s string) string { return "*" + s + "*" },
	dim:     func(s string) string { return s },
	link:    func(title, address string) string { return "<" + slackEscapes.Replace(address) + "|" + title + ">" },
	newline: "\n",
}

// slackAttachment has blocks beside a bar of a colour.
type slackAttachment struct {
	Color  string       `json:"color"`
	Blocks []slackBlock `json:"blocks"`
}

// slackBlock is a header, a section with a text and fields, a context with small texts, or a row
// of buttons.
type slackBlock struct {
	Type     string         `json:"type"`
	Text     *slackText     `json:"text,omitempty"`
	Fields   []slackText    `json:"fields,omitempty"`
	Elements []slackElement `json:"elements,omitempty"`
}

type slackText struct {
	Type string `json:"type"`
	Text string `json:"text"`
	// Verbatim keeps Slack from turning names in the text into mentions.
	Verbatim bool `json:"verbatim,omitempty"`
}

// slackElement is a text of a context, whose Text is a string, or a button, whose Text is a
// slackText.
type slackElement struct {
	Type     string `json:"type"`
	Text     any    `json:"text"`
	Verbatim bool   `json:"verbatim,omitempty"`
	URL      string `json:"url,omitempty"`
}

// newSlackBody writes a message: the headline and the people who are called on top, and below it
// each alert beside a bar of its colour.
func newSlackBody(m Message, form string) slackBody {
	m = withoutLongLinks(m)
	headline := slackHeadline(m)
	body := slackBody{
		Text: headline, Parse: "none",
		Blocks: []slackBlock{{Type: "header", Text: &slackText{Type: "plain_text", Text: headline}}},
	}
	if called := slackMentions(m.Mentions); called != "" {
		body.Blocks = append(body.Blocks, slackSections(called, nil, m)...)
	}
	links := m.Links
	if m.Part != m.Parts {
		links = nil
	}
	switch {
	case m.Compact:
		body.attach(m.Tone(), slackSummaries(m))
	case len(m.Alerts) == 1:
		a := m.Alerts[0]
		if a.Text == "" {
			a.Links, links = slices.Concat(a.Links, links), nil
		}
		body.attach(a.Tone(), slackAlert(m, a, form))
	default:
		for _, a := range m.Alerts {
			body.attach(a.Tone(), slackAlert(m, a, form))
		}
	}
	var notes []string
	for _, note := range m.Notes() {
		notes = append(notes, slackMarkup.text(note))
	}
	last := slackContext(slackLinkTexts(m, links))
	last = append(last, slackContext(splitMrkdwn(strings.Join(notes, "\n"), slackSectionText))...)
	if len(last) > 0 {
		body.attach(m.Tone(), last)
	}
	return body
}

// attach adds blocks beside a bar of a tone's colour.
func (b *slackBody) attach(tone Tone, blocks []slackBlock) {
	color := [...]string{ToneResolved: "#2eb67d", ToneInfo: "#36c5f0", ToneWarning: "#ecb22e", ToneCritical: "#e01e5a"}
	b.Attachments = append(b.Attachments, slackAttachment{color[tone], blocks})
}

// withoutLongLinks returns the message without the links whose addresses Slack does not take, and
// says so in it.
func withoutLongLinks(m Message) Message {
	tooLong := func(l Link) bool {
		address, _ := linkable(l.URL)
		return slackLength(slackEscapes.Replace(address)) > slackAddress || slackLength(slackEscapes.Replace(l.URL)) > slackAddress
	}
	if slices.ContainsFunc(m.Alerts, func(a Alert) bool { return slices.ContainsFunc(a.Links, tooLong) }) {
		m.Alerts, m.Shortened = slices.Clone(m.Alerts), true
		for i, a := range m.Alerts {
			m.Alerts[i].Links = slices.DeleteFunc(slices.Clone(a.Links), tooLong)
		}
	}
	if slices.ContainsFunc(m.Links, tooLong) {
		m.Links = slices.DeleteFunc(slices.Clone(m.Links), tooLong)
		m.Shortened = true
	}
	return m
}

// slackHeadline is the message's headline with a mark of its tone, for a header has no colour,
// cut before the part's number where it is too long.
func slackHeadline(m Message) string {
	mark, part := toneMarks[m.Tone()]+" ", m.partMark()
	text := clip(strings.TrimSuffix(oneLine(m.Headline()), part), slackHeaderText)
	fitting := slackEscapes.Replace(text)
	for most := utf8.RuneCountInString(text); slackLength(mark+fitting+part) > slackHeaderText; most-- {
		fitting = slackEscapes.Replace(clip(text, most))
	}
	return mark + fitting + part
}

// slackAlert writes an alert: what it says, where it is, and in small since when and the links.
func slackAlert(m Message, a Alert, form string) []slackBlock {
	if a.Text != "" {
		return slackSections(a.Text, nil, m)
	}
	title := slackMarkup.text(a.Title)
	if title != "" {
		title = slackMarkup.bold(title)
	}
	if status := m.status(a); status != "" {
		title = status + ": " + title
	}
	lines := append([]string{title}, slackMarkup.description(a)...)
	fields, rest := slackDetails(m, a)
	blocks := slackSections(strings.Join(append(lines, rest...), "\n"), fields, m)
	small := slackLinkTexts(m, a.Links)
	var buttons []slackElement
	if form == slackButtons {
		small, buttons = slackLinkButtons(m, a.Links)
	}
	if when := m.when(a); when != "" {
		small = append([]string{when}, small...)
	}
	blocks = append(blocks, slackContext(small)...)
	if len(buttons) > 0 {
		blocks = append(blocks, slackBlock{Type: "actions", Elements: buttons})
	}
	return blocks
}

// slackDetails writes the labels and the value of an alert as fields, and as lines what does not
// fit into such.
func slackDetails(m Message, a Alert) (fields []slackText, lines []string) {
	details := slices.Clone(a.Where)
	if a.Value != "" {
		// The value first, for the tenth label is not worth as much.
		details = append([]Field{{m.words().Value, a.Value}}, details...)
	}
	for _, f := range details {
		text := slackMarkup.bold(slackMarkup.text(f.Name)+":") + " " + slackMarkup.text(f.Value)
		if len(fields) < slackFields && slackLength(text) <= slackFieldText {
			fields = append(fields, mrkdwnText(text))
		} else {
			lines = append(lines, text)
		}
	}
	return fields, lines
}

// slackSummaries writes what all alerts share, and then a line for each.
func slackSummaries(m Message) []slackBlock {
	shared, alerts := m.factor()
	var lines []string
	if shared.Title != "" && shared.Title != m.Name {
		lines = append(lines, slackMarkup.bold(slackMarkup.text(shared.Title)))
	}
	lines = append(lines, slackMarkup.description(shared)...)
	if where := slackMarkup.plainWhere(m, shared.Where); where != "" {
		lines = append(lines, where)
	}
	if shared.Value != "" {
		lines = append(lines, m.words().Value+": "+slackMarkup.text(shared.Value))
	}
	if when := m.when(shared); when != "" {
		lines = append(lines, when)
	}
	for _, a := range alerts {
		lines = append(lines, slackMarkup.summary(m, a))
	}
	blocks := slackSections(strings.Join(lines, "\n"), nil, m)
	return append(blocks, slackContext(slackLinkTexts(m, shared.Links))...)
}

// slackLinkTexts writes links as texts of a context: all in one where they are short enough.
func slackLinkTexts(m Message, links []Link) []string {
	if len(links) == 0 {
		return nil
	}
	together := slackMarkup.links(m, links)
	if slackLength(together) <= slackSectionText {
		return []string{together}
	}
	var texts []string
	for _, l := range links {
		texts = append(texts, slackMarkup.links(m, []Link{l}))
	}
	return texts
}

// slackLinkButtons makes a button of each link, and a text of what is none.
func slackLinkButtons(m Message, links []Link) (texts []string, buttons []slackElement) {
	for _, l := range links {
		address, ok := linkable(l.URL)
		if !ok {
			texts = append(texts, slackLinkTexts(m, []Link{l})...)
			continue
		}
		title := clip(slackMarkup.text(m.linkTitle(l.Kind)), slackButtonText)
		buttons = append(buttons, slackElement{Type: "button", Text: slackText{Type: "plain_text", Text: title}, URL: address})
	}
	return texts, buttons
}

// slackContext writes texts in small letters.
func slackContext(texts []string) []slackBlock {
	var elements []slackElement
	for _, text := range texts[:min(len(texts), slackElements)] {
		elements = append(elements, slackElement{Type: "mrkdwn", Text: text, Verbatim: true})
	}
	if len(elements) == 0 {
		return nil
	}
	return []slackBlock{{Type: "context", Elements: elements}}
}

// slackSections writes a text of any length in as many sections as it takes, the last of which
// has the fields. A section must have something: without a text it is the word for no name.
func slackSections(text string, fields []slackText, m Message) []slackBlock {
	texts := splitMrkdwn(text, slackSectionText)
	if len(texts) == 0 {
		texts = []string{slackMarkup.text(m.words().NoName)}
	}
	var blocks []slackBlock
	for _, part := range texts {
		blocks = append(blocks, slackSection(part, nil))
	}
	blocks[len(blocks)-1].Fields = fields
	return blocks
}

func slackSection(text string, fields []slackText) slackBlock {
	written := mrkdwnText(text)
	return slackBlock{Type: "section", Text: &written, Fields: fields}
}

func mrkdwnText(text string) slackText {
	return slackText{Type: "mrkdwn", Text: text, Verbatim: true}
}
