package fakeim

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// slackTextLimit is how many characters of a text Slack shows
// (https://api.slack.com/changelog/2018-04-truncating-really-long-messages).
const slackTextLimit = 40_000

// viewSlack shows messages of any sender: blocks, or attachments in the older form that
// Alertmanager's own notifier uses.
func viewSlack(body []byte) (*view, error) {
	var m slackMessage
	if err := json.Unmarshal(slackPayload(body), &m); err != nil {
		return nil, fmt.Errorf("not a Slack message: %w", err)
	}
	if problem := m.check(); problem != "" {
		return nil, fmt.Errorf("not a Slack message: %s", problem)
	}
	v := &view{Title: m.Text}
	if m.Text != "" && len(m.Blocks) == 0 {
		text := m.Text
		if utf8.RuneCountInString(text) > slackTextLimit {
			text = string([]rune(text)[:slackTextLimit]) + "…"
		}
		v.Blocks = append(v.Blocks, slackWords(text))
	}
	v.Blocks = append(v.Blocks, slackBlockViews(m.Blocks)...)
	for _, a := range m.Attachments {
		if a.Pretext != "" {
			v.Blocks = append(v.Blocks, slackWords(a.Pretext))
		}
		v.Blocks = append(v.Blocks, block{Kind: barBlock, Color: slackColor(a.Color), Blocks: a.blocks()})
	}
	return v, nil
}

// slackColor is the colour of an attachment's bar
// (https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments).
func slackColor(name string) string {
	switch name {
	case "good":
		return "#2eb886"
	case "warning":
		return "#daa038"
	case "danger":
		return "#a30200"
	}
	return color(name)
}

func (a slackAttachment) blocks() []block {
	if len(a.Blocks) > 0 {
		return slackBlockViews(a.Blocks)
	}
	var blocks []block
	if a.Title != "" {
		title := slackWords(a.Title)
		for i := range title.Lines {
			for j := range title.Lines[i].Spans {
				title.Lines[i].Spans[j].Bold = true
				title.Lines[i].Spans[j].URL = a.TitleLink
			}
		}
		blocks = append(blocks, title)
	}
	// Slack does not show the empty lines at the end of a text.
	if text := strings.TrimRight(a.Text, " \n"); text != "" {
		blocks = append(blocks, slackWords(text))
	}
	fields := block{Kind: fieldBlock}
	for _, f := range a.Fields {
		field := mrkdwn(f.Value)
		field[0].Spans = append([]span{{Text: slackEmoji(f.Title) + ": ", Bold: true}}, field[0].Spans...)
		fields.Fields = append(fields.Fields, field)
	}
	if len(fields.Fields) > 0 {
		blocks = append(blocks, fields)
	}
	row := block{Kind: buttonBlock}
	for _, action := range a.Actions {
		row.Buttons = append(row.Buttons, button{Label: slackEntities.Replace(action.Text), URL: action.URL, Style: action.Style})
	}
	if len(row.Buttons) > 0 {
		blocks = append(blocks, row)
	}
	if a.Footer != "" {
		footer := slackWords(a.Footer)
		footer.Kind = noteBlock
		blocks = append(blocks, footer)
	}
	if len(blocks) == 0 && a.Fallback != "" {
		blocks = append(blocks, slackWords(a.Fallback))
	}
	return blocks
}

func slackBlockViews(list []slackBlock) []block {
	var blocks []block
	for i, b := range list {
		if i > 0 && b.Type == "section" {
			blocks = append(blocks, block{Kind: gapBlock})
		}
		blocks = append(blocks, b.blocks()...)
	}
	return blocks
}

func (b slackBlock) blocks() []block {
	var blocks []block
	switch b.Type {
	case "divider":
		return []block{{Kind: ruleBlock}}
	case "image":
		return []block{{Kind: imageBlock, Lines: plainLines("(an image: " + b.AltText + ")")}}
	case "markdown":
		var source string
		_ = json.Unmarshal(b.Text, &source)
		return []block{{Kind: textBlock, Lines: markdown(source, dialect{tables: true, emphasis: true})}}
	case "rich_text":
		return []block{{Kind: textBlock, Lines: richText(b.Elements)}}
	case "header":
		var text slackText
		_ = json.Unmarshal(b.Text, &text)
		return []block{{Kind: textBlock, Lines: []line{{Shape: headingLine, Level: 1, Spans: []span{{Text: slackEmoji(text.Text), Bold: true}}}}}}
	}
	var text slackText
	if json.Unmarshal(b.Text, &text) == nil && text.Text != "" {
		blocks = append(blocks, text.block())
	}
	fields := block{Kind: fieldBlock}
	for _, f := range b.Fields {
		fields.Fields = append(fields.Fields, f.block().Lines)
	}
	if len(fields.Fields) > 0 {
		blocks = append(blocks, fields)
	}
	elements := b.Elements
	if b.Accessory != nil {
		elements = append(elements, *b.Accessory)
	}
	return append(blocks, slackElements(elements)...)
}

// slackElements shows the elements of a context block, texts in a row, or those of an actions
// block, buttons in a row.
func slackElements(elements []slackElement) []block {
	note, row := block{Kind: noteBlock}, block{Kind: buttonBlock}
	for _, e := range elements {
		var label string
		var object slackText
		switch {
		case e.Type == "image":
			label = "(an image: " + e.AltText + ")"
		case json.Unmarshal(e.Text, &object) == nil:
			row.Buttons = append(row.Buttons, button{Label: slackEmoji(object.Text), URL: e.URL, Style: e.Style})
			continue
		default:
			_ = json.Unmarshal(e.Text, &label)
		}
		lines := slackWords(label).Lines
		if len(note.Lines) == 0 {
			note.Lines = lines
			continue
		}
		last := &note.Lines[len(note.Lines)-1]
		last.Spans = append(append(last.Spans, span{Text: " "}), lines[0].Spans...)
		note.Lines = append(note.Lines, lines[1:]...)
	}
	var blocks []block
	if len(note.Lines) > 0 {
		blocks = append(blocks, note)
	}
	if len(row.Buttons) > 0 {
		blocks = append(blocks, row)
	}
	return blocks
}

// richText reads the texts of a rich text, without its looks.
func richText(elements []slackElement) []line {
	var lines []line
	for _, e := range elements {
		var l line
		for _, part := range e.Elements {
			var text string
			_ = json.Unmarshal(part.Text, &text)
			if text == "" {
				text = part.URL
			}
			l.Spans = append(l.Spans, span{Text: text, URL: part.URL})
		}
		lines = append(lines, l)
	}
	return lines
}

func (t slackText) block() block {
	if t.Type == "plain_text" {
		return words(slackEmoji(t.Text))
	}
	return slackWords(t.Text)
}

// slackWords is a block of Slack's markup.
func slackWords(text string) block { return block{Kind: textBlock, Lines: mrkdwn(text)} }

// slackNames are the names of the emoji that alerts are most often adorned with.
var slackNames = strings.NewReplacer(":fire:", "🔥", ":rotating_light:", "🚨", ":warning:", "⚠️", ":white_check_mark:", "✅",
	":bell:", "🔔", ":no_bell:", "🔕", ":red_circle:", "🔴", ":large_orange_circle:", "🟠", ":large_yellow_circle:", "🟡",
	":large_green_circle:", "🟢", ":large_blue_circle:", "🔵", ":information_source:", "ℹ️", ":chart_with_upwards_trend:", "📈",
	":book:", "📖", ":mute:", "🔇")

func slackEmoji(text string) string { return slackNames.Replace(slackEntities.Replace(text)) }

var (
	slackReference = regexp.MustCompile(`^<([^<>|\n]+)(?:\|([^<>\n]*))?>`)
	slackBold      = regexp.MustCompile(`^\*([^*\n]+)\*`)
	slackItalic    = regexp.MustCompile(`^_([^_\s](?:[^_\n]*[^_\s])?)_(?:[\s.,:;!?)]|$)`)
	slackStrike    = regexp.MustCompile(`^~([^~\s](?:[^~\n]*[^~\s])?)~(?:[\s.,:;!?)]|$)`)
	slackCode      = regexp.MustCompile("^`([^`\n]+)`")
	slackEntities  = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
)
