package fakeim

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
)

// feishuCard is a card of JSON 1.0, with elements at the top, or 2.0, with elements in a body.
type feishuCard struct {
	Schema   string          `json:"schema"`
	Header   *feishuHeader   `json:"header"`
	Elements []feishuElement `json:"elements"`
	Body     struct {
		Elements []feishuElement `json:"elements"`
	} `json:"body"`
}

type feishuHeader struct {
	Template string     `json:"template"`
	Title    feishuText `json:"title"`
	Subtitle feishuText `json:"subtitle"`
	TextTags []struct {
		Text  feishuText `json:"text"`
		Color string     `json:"color"`
	} `json:"text_tag_list"`
}

type feishuText struct {
	Tag     string `json:"tag"`
	Content string `json:"content"`
	Size    string `json:"text_size"`
	Color   string `json:"text_color"`
}

type feishuElement struct {
	Tag      string      `json:"tag"`
	Content  string      `json:"content"`
	Text     *feishuText `json:"text"`
	TextSize string      `json:"text_size"`
	Fields   []struct {
		Text feishuText `json:"text"`
	} `json:"fields"`
	// Elements are what is in a container; in a note they are texts.
	Elements []feishuElement `json:"elements"`
	Actions  []feishuElement `json:"actions"`
	// Columns are those of a column set, with elements, or of a table, with names.
	Columns []struct {
		Elements    []feishuElement `json:"elements"`
		Width       string          `json:"width"`
		Name        string          `json:"name"`
		DisplayName string          `json:"display_name"`
	} `json:"columns"`
	Rows   []map[string]any `json:"rows"`
	Header *struct {
		Title feishuText `json:"title"`
	} `json:"header"`
	// Type is primary, danger and the like, of a button.
	Type      string `json:"type"`
	URL       string `json:"url"`
	Behaviors []struct {
		Type       string `json:"type"`
		DefaultURL string `json:"default_url"`
		PCURL      string `json:"pc_url"`
	} `json:"behaviors"`
	Alt *feishuText `json:"alt"`
}

func viewFeishu(body []byte) (*view, error) {
	var m feishuMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, fmt.Errorf("not a Feishu message: %w", err)
	}
	if refusal, refused := checkFeishu(m); refused {
		return nil, errors.New("not a Feishu message: " + refusal.body)
	}
	switch m.MsgType {
	case "text":
		var content struct{ Text string }
		if err := json.Unmarshal(m.Content, &content); err != nil || content.Text == "" {
			break
		}
		return &view{Title: content.Text, Blocks: []block{feishuMarkdown(content.Text)}}, nil
	case "post":
		if v := viewFeishuPost(m.Content); v != nil {
			return v, nil
		}
	case "interactive":
		var card feishuCard
		if err := json.Unmarshal(m.Card, &card); err != nil {
			return nil, fmt.Errorf("not a Feishu message: %w", err)
		}
		return card.view(), nil
	}
	return &view{Blocks: []block{words("(a message of type " + m.MsgType + ")")}}, nil
}

func (c feishuCard) view() *view {
	v := &view{}
	if c.Header != nil {
		v.Title = c.Header.Title.Content
		head := block{Kind: headBlock, Color: color(c.Header.Template), Lines: plainLines(v.Title)}
		var second []span
		for _, tag := range c.Header.TextTags {
			second = append(second, span{Text: tag.Text.Content, Color: cmp.Or(color(tag.Color), "grey")}, span{Text: " "})
		}
		if c.Header.Subtitle.Content != "" {
			second = append(second, span{Text: c.Header.Subtitle.Content})
		}
		if len(second) > 0 {
			head.Lines = append(head.Lines, line{Spans: second})
		}
		v.Blocks = append(v.Blocks, head)
	}
	v.Blocks = append(v.Blocks, feishuBlocks(slices.Concat(c.Elements, c.Body.Elements), maxDepth)...)
	return v
}

func feishuBlocks(elements []feishuElement, depth int) []block {
	if depth == 0 {
		return []block{words("(too deep)")}
	}
	var blocks []block
	for _, e := range elements {
		if b, shown := e.block(depth); shown {
			blocks = append(blocks, b)
		}
	}
	return blocks
}

func (e feishuElement) block(depth int) (b block, shown bool) {
	switch e.Tag {
	case "hr":
		return block{Kind: ruleBlock}, true
	case "button":
		return block{Kind: buttonBlock, Buttons: []button{e.button()}}, true
	case "action":
		row := block{Kind: buttonBlock}
		for _, action := range e.Actions {
			row.Buttons = append(row.Buttons, action.button())
		}
		return row, len(row.Buttons) > 0
	case "note":
		note := block{Kind: noteBlock}
		for _, part := range e.Elements {
			note.Lines = append(note.Lines, markdown(part.Content, feishuDialect)...)
		}
		return note, true
	case "column_set":
		set := block{Kind: columnBlock}
		for _, c := range e.Columns {
			set.Columns = append(set.Columns, column{Blocks: feishuBlocks(c.Elements, depth-1), Narrow: c.Width == "auto"})
		}
		return set, true
	case "table":
		return e.table(), true
	case "collapsible_panel":
		panel := block{Kind: panelBlock, Blocks: feishuBlocks(e.Elements, depth-1)}
		if e.Header != nil {
			panel.Lines = markdown(e.Header.Title.Content, feishuDialect)
		}
		return panel, true
	case "img", "img_combination":
		image := block{Kind: imageBlock, Lines: plainLines("(an image)")}
		if e.Alt != nil && e.Alt.Content != "" {
			image.Lines = plainLines("(an image: " + e.Alt.Content + ")")
		}
		return image, true
	}
	if len(e.Elements) > 0 {
		return block{Kind: columnBlock, Columns: []column{{Blocks: feishuBlocks(e.Elements, depth-1)}}}, true
	}
	return e.prose()
}

// prose is an element of text, with fields perhaps.
func (e feishuElement) prose() (b block, shown bool) {
	if len(e.Fields) > 0 {
		fields := block{Kind: fieldBlock}
		if e.Text != nil {
			fields.Fields = append(fields.Fields, e.Text.lines())
		}
		for _, field := range e.Fields {
			fields.Fields = append(fields.Fields, field.Text.lines())
		}
		return fields, true
	}
	text, size := block{Kind: textBlock}, e.TextSize
	switch {
	case e.Content != "":
		text = feishuMarkdown(e.Content)
	case e.Text != nil:
		text.Lines, size = e.Text.lines(), e.Text.Size
	default:
		return block{}, false
	}
	if size == "notation" || size == "small" || size == "x-small" {
		text.Kind = noteBlock
	}
	return text, true
}

func (t feishuText) lines() []line {
	if t.Tag != "plain_text" {
		return markdown(t.Content, feishuDialect)
	}
	lines := plainLines(t.Content)
	for i := range lines {
		lines[i].Spans[0].Color = color(t.Color)
	}
	return lines
}

func (e feishuElement) button() button {
	b := button{URL: e.URL, Style: e.Type}
	if e.Text != nil {
		b.Label = e.Text.Content
	}
	b.Style, _, _ = strings.Cut(b.Style, "_")
	for _, behavior := range e.Behaviors {
		if behavior.Type == "open_url" {
			b.URL = cmp.Or(behavior.DefaultURL, behavior.PCURL)
		}
	}
	return b
}

func (e feishuElement) table() block {
	table := block{Kind: textBlock}
	head := line{Shape: rowLine}
	for _, column := range e.Columns {
		head.Cells = append(head.Cells, []span{{Text: cmp.Or(column.DisplayName, column.Name), Bold: true}})
	}
	table.Lines = append(table.Lines, head)
	for _, values := range e.Rows {
		row := line{Shape: rowLine}
		for _, column := range e.Columns {
			cell := ""
			if value, has := values[column.Name]; has {
				cell = fmt.Sprint(value)
			}
			p := inline{dialect: feishuDialect}
			row.Cells = append(row.Cells, p.spans(cell, span{}))
		}
		table.Lines = append(table.Lines, row)
	}
	return table
}

func feishuMarkdown(text string) block {
	return block{Kind: textBlock, Lines: markdown(text, feishuDialect)}
}

// feishuDialect is the Markdown of cards and texts
// (https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/content-components/rich-text).
var feishuDialect = dialect{
	tables:   true,
	emphasis: true,
	unescape: html.UnescapeString,
	tag: regexp.MustCompile(`^<at (?:user_id|id|ids|email)=["']?([^"'<>\s]+)["']?>[^<]*</at>` +
		`|^<text_tag color=["']?([^"'<>]*)["']?>([^<]*)</text_tag>`),
	mean: func(groups []string) []span {
		if groups[1] != "" {
			return []span{{Text: "@" + groups[1], Mention: true}}
		}
		return []span{{Text: html.UnescapeString(groups[3]), Bold: true, Color: color(groups[2])}}
	},
}
