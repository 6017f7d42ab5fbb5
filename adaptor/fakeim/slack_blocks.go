package fakeim

import (
	"encoding/json"
	"slices"
	"unicode/utf8"
)

// Limits of Slack's messages and of Block Kit, in pieces and characters
// (https://docs.slack.dev/reference/block-kit/blocks and .../block-elements).
const (
	slackAttachments = 100
	slackBlocks      = 50
	slackBlockID     = 255
	slackHeader      = 150
	slackSection     = 3000
	slackFields      = 10
	slackField       = 2000
	slackContext     = 10
	slackActions     = 25
	slackButton      = 75
	slackURL         = 3000
	slackValue       = 2000
	slackAltText     = 2000
	slackMarkdown    = 12_000
)

// slackTypes are the blocks that a message may have.
var slackTypes = []string{"actions", "alert", "card", "carousel", "container", "context", "context_actions", "data_table",
	"data_visualization", "divider", "file", "header", "image", "input", "markdown", "plan", "rich_text", "section", "table",
	"task_card", "video"}

// check returns Slack's word for what is wrong with a message, or "". A text of over 40 000
// characters is not: Slack cuts it.
func (m slackMessage) check() string {
	if m.Text == "" && len(m.Blocks) == 0 && len(m.Attachments) == 0 {
		return "no_text"
	}
	if len(m.Attachments) > slackAttachments {
		return "too_many_attachments"
	}
	blocks := len(m.Blocks)
	if blocks > slackBlocks || slices.ContainsFunc(m.Blocks, slackBlock.bad) || markdownSize(m.Blocks) > slackMarkdown {
		return "invalid_blocks"
	}
	for _, a := range m.Attachments {
		// A message has 50 blocks, wherever they are.
		blocks += len(a.Blocks)
		if blocks > slackBlocks || slices.ContainsFunc(a.Blocks, slackBlock.bad) {
			return "invalid_attachments"
		}
	}
	return ""
}

// bad tells whether a block breaks a rule.
func (b slackBlock) bad() bool {
	if longer(b.BlockID, slackBlockID) || !slices.Contains(slackTypes, b.Type) {
		return true
	}
	var text slackText
	object := len(b.Text) == 0 || json.Unmarshal(b.Text, &text) == nil
	switch b.Type {
	case "header":
		return !object || text.Type != "plain_text" || text.Text == "" || longer(text.Text, slackHeader)
	case "section":
		if !object || (text.Text == "" && len(b.Fields) == 0) || (len(b.Text) > 0 && text.bad(slackSection)) || len(b.Fields) > slackFields {
			return true
		}
		return slices.ContainsFunc(b.Fields, func(f slackText) bool { return f.bad(slackField) }) ||
			(b.Accessory != nil && b.Accessory.bad())
	case "context":
		return len(b.Elements) == 0 || len(b.Elements) > slackContext || slices.ContainsFunc(b.Elements, slackElement.badContext)
	case "actions":
		return len(b.Elements) == 0 || len(b.Elements) > slackActions || slices.ContainsFunc(b.Elements, slackElement.bad)
	case "image":
		return b.AltText == "" || longer(b.AltText, slackAltText) || longer(b.ImageURL, slackURL)
	case "markdown":
		var source string
		return json.Unmarshal(b.Text, &source) != nil || source == ""
	}
	return false
}

func (t slackText) bad(limit int) bool {
	return (t.Type != "plain_text" && t.Type != "mrkdwn") || t.Text == "" || longer(t.Text, limit)
}

// bad tells whether an interactive element breaks a rule; those of buttons are known.
func (e slackElement) bad() bool {
	if e.Type == "" || longer(e.ActionID, slackBlockID) {
		return true
	}
	if e.Type != "button" {
		return false
	}
	var text slackText
	return json.Unmarshal(e.Text, &text) != nil || text.Type != "plain_text" || text.Text == "" || longer(text.Text, slackButton) ||
		longer(e.URL, slackURL) || longer(e.Value, slackValue) || !slices.Contains([]string{"", "primary", "danger"}, e.Style)
}

func (e slackElement) badContext() bool {
	switch e.Type {
	case "mrkdwn", "plain_text":
		var text string
		return json.Unmarshal(e.Text, &text) != nil || text == "" || longer(text, slackSection)
	case "image":
		return e.AltText == "" || longer(e.AltText, slackAltText) || longer(e.ImageURL, slackURL)
	}
	return true
}

func longer(text string, limit int) bool { return utf8.RuneCountInString(text) > limit }

// markdownSize is how many characters all markdown blocks have together.
func markdownSize(blocks []slackBlock) int {
	size := 0
	for _, b := range blocks {
		var source string
		if b.Type == "markdown" && json.Unmarshal(b.Text, &source) == nil {
			size += utf8.RuneCountInString(source)
		}
	}
	return size
}

// slackBlockText is how much text all blocks of a message may have together in the Web API,
// where each block counts as slackBlockCost characters besides. Slack does not document it, but
// its people have confirmed it, and others have measured it
// (https://github.com/slackapi/bolt-js/issues/2509). Nobody has seen it in attachments or with
// webhooks.
const (
	slackBlockText = 13_297
	slackBlockCost = 125
)

// slackBlockSize is what counts against slackBlockText.
func slackBlockSize(blocks []slackBlock) int {
	size := 0
	for _, b := range blocks {
		if b.Type != "markdown" {
			size += slackBlockCost
		}
		size += textSize(b.Text)
		for _, f := range b.Fields {
			size += utf8.RuneCountInString(f.Text)
		}
		for _, e := range b.Elements {
			size += textSize(e.Text)
		}
	}
	return size
}

// textSize is how many characters a text has, be it a string or an object.
func textSize(source json.RawMessage) int {
	var text string
	if json.Unmarshal(source, &text) == nil {
		return utf8.RuneCountInString(text)
	}
	var object slackText
	_ = json.Unmarshal(source, &object)
	return utf8.RuneCountInString(object.Text)
}
