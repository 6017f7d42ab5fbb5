package fakeim

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// showSlack shows webhook messages of any sender: blocks, or attachments in the older form
// that Alertmanager's own notifier uses. The coloured bar of an attachment is a line of ┃.
func showSlack(body []byte) (string, error) {
	var m slackMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return "", fmt.Errorf("not a Slack message: %w", err)
	}
	if problem := checkSlack(m); problem != "" {
		return "", fmt.Errorf("not a Slack message: %s", problem)
	}
	var lines []string
	if m.Text != "" && len(m.Blocks) == 0 {
		lines = append(lines, plainMrkdwn(m.Text))
	}
	lines = append(lines, slackBlockLines(m.Blocks)...)
	for _, a := range m.Attachments {
		if a.Pretext != "" {
			lines = append(lines, plainMrkdwn(a.Pretext))
		}
		for _, text := range slackAttachmentLines(a) {
			for line := range strings.SplitSeq(text, "\n") {
				lines = append(lines, strings.TrimRight("┃ "+line, " "))
			}
		}
	}
	return strings.Join(lines, "\n"), nil
}

func slackAttachmentLines(a slackAttachment) []string {
	if len(a.Blocks) > 0 {
		return slackBlockLines(a.Blocks)
	}
	var lines []string
	if a.Title != "" {
		title := plainMrkdwn(a.Title)
		if a.TitleLink != "" {
			title += " (" + shortURL(a.TitleLink) + ")"
		}
		lines = append(lines, title)
	}
	// Slack does not show the empty lines at the end of a text.
	if text := strings.TrimRight(plainMrkdwn(a.Text), " \n"); text != "" {
		lines = append(lines, text)
	}
	for _, f := range a.Fields {
		lines = append(lines, plainMrkdwn(f.Title)+": "+plainMrkdwn(f.Value))
	}
	var buttons []string
	for _, action := range a.Actions {
		buttons = append(buttons, "["+plainMrkdwn(action.Text)+"]")
	}
	if len(buttons) > 0 {
		lines = append(lines, strings.Join(buttons, " "))
	}
	if a.Footer != "" {
		lines = append(lines, plainMrkdwn(a.Footer))
	}
	if len(lines) == 0 && a.Fallback != "" {
		lines = append(lines, plainMrkdwn(a.Fallback))
	}
	return lines
}

func slackBlockLines(blocks []slackBlock) []string {
	var lines []string
	for i, b := range blocks {
		if i > 0 && b.Type == "section" {
			lines = append(lines, "")
		}
		var text slackText
		if len(b.Text) > 0 && json.Unmarshal(b.Text, &text) == nil && text.Text != "" {
			lines = append(lines, plainMrkdwn(text.Text))
		}
		for _, f := range b.Fields {
			lines = append(lines, plainMrkdwn(f.Text))
		}
		var row []string
		for _, e := range b.Elements {
			var label string
			var button slackText
			if json.Unmarshal(e.Text, &button) == nil {
				label = "[" + plainMrkdwn(button.Text) + "]"
			} else if json.Unmarshal(e.Text, &label) == nil {
				label = plainMrkdwn(label)
			}
			row = append(row, label)
		}
		if len(row) > 0 {
			lines = append(lines, strings.Join(row, " "))
		}
		if b.Type == "divider" {
			lines = append(lines, rule)
		}
	}
	return lines
}

var (
	slackReference = regexp.MustCompile(`<([^<>|\n]+)(?:\|([^<>\n]*))?>`)
	slackBold      = regexp.MustCompile(`(^|[\s(])\*([^*\n]+)\*`)
	slackEntities  = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
)

// plainMrkdwn writes Slack's markup as it looks
// (https://docs.slack.dev/messaging/formatting-message-text).
func plainMrkdwn(text string) string {
	text = slackReference.ReplaceAllStringFunc(text, func(reference string) string {
		parts := slackReference.FindStringSubmatch(reference)
		target, label := parts[1], parts[2]
		switch {
		case strings.HasPrefix(target, "!"), strings.HasPrefix(target, "@"):
			return "@" + target[1:]
		case strings.HasPrefix(target, "#"):
			return target
		case label == "":
			return shortURL(target)
		}
		return label + " (" + shortURL(target) + ")"
	})
	text = slackBold.ReplaceAllString(text, "$1$2")
	return slackEntities.Replace(text)
}
