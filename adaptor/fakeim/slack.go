package fakeim

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

func init() {
	throttled := jsonAnswer(http.StatusTooManyRequests, `{"retry_after":1,"ok":false,"error":"rate_limited"}`)
	throttled.header["Retry-After"] = "1"
	register(&protocol{
		name:      "slack",
		hosts:     []string{"hooks.slack.com", "slack.com"},
		answer:    answerSlack,
		throttled: throttled,
		show:      showSlack,
	})
}

// Limits of Slack's messages and of Block Kit
// (https://docs.slack.dev/reference/block-kit/blocks), in pieces and characters.
const (
	slackBlocks      = 50
	slackAttachments = 100
	slackHeader      = 150
	slackSection     = 3000
	slackFields      = 10
	slackField       = 2000
)

type slackMessage struct {
	Channel     string            `json:"channel"`
	Username    string            `json:"username"`
	Text        string            `json:"text"`
	Blocks      []slackBlock      `json:"blocks"`
	Attachments []slackAttachment `json:"attachments"`
}

type slackAttachment struct {
	Color     string       `json:"color"`
	Pretext   string       `json:"pretext"`
	Title     string       `json:"title"`
	TitleLink string       `json:"title_link"`
	Text      string       `json:"text"`
	Fallback  string       `json:"fallback"`
	Footer    string       `json:"footer"`
	Blocks    []slackBlock `json:"blocks"`
	Fields    []struct {
		Title string `json:"title"`
		Value string `json:"value"`
	} `json:"fields"`
	Actions []slackAction `json:"actions"`
}

type slackAction struct {
	Text string `json:"text"`
	URL  string `json:"url"`
}

type slackText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type slackBlock struct {
	Type   string          `json:"type"`
	Text   json.RawMessage `json:"text"`
	Fields []slackText     `json:"fields"`
	// Elements are texts in a context block, and buttons in an actions block.
	Elements []struct {
		Type string          `json:"type"`
		Text json.RawMessage `json:"text"`
		URL  string          `json:"url"`
	} `json:"elements"`
}

func answerSlack(im *IM, r *http.Request, body []byte) answer {
	if strings.HasPrefix(r.URL.Path, "/api/chat.") {
		return answerSlackAPI(im, r, body)
	}
	token, ok := strings.CutPrefix(r.URL.Path, "/services/")
	if !ok {
		return notFound()
	}
	if r.Method != http.MethodPost {
		return textAnswer(http.StatusBadRequest, "invalid_payload")
	}
	if _, exists := im.bot(token); !exists || strings.Count(token, "/") != 2 {
		return textAnswer(http.StatusNotFound, "no_service")
	}
	var m slackMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return textAnswer(http.StatusBadRequest, "invalid_payload")
	}
	if problem := checkSlack(m); problem != "" {
		return textAnswer(http.StatusBadRequest, problem)
	}
	return accepted(textAnswer(http.StatusOK, "ok"))
}

// answerSlackAPI answers chat.postMessage and chat.update, which report refusals with HTTP 200.
func answerSlackAPI(im *IM, r *http.Request, body []byte) answer {
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	problem := ""
	var m slackMessage
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	_, exists := im.bot(token)
	switch {
	case method != "chat.postMessage" && method != "chat.update":
		problem = "unknown_method"
	case !bearer:
		problem = "not_authed"
	case !exists:
		problem = "invalid_auth"
	case json.Unmarshal(body, &m) != nil:
		problem = "invalid_json"
	case m.Channel == "":
		problem = "channel_not_found"
	default:
		problem = checkSlack(m)
	}
	if problem != "" {
		return jsonAnswer(http.StatusOK, fmt.Sprintf(`{"ok":false,"error":%q}`, problem))
	}
	now := time.Now()
	return accepted(jsonAnswer(http.StatusOK, fmt.Sprintf(`{"ok":true,"channel":%q,"ts":"%d.%06d"}`,
		m.Channel, now.Unix(), now.Nanosecond()/1000)))
}

// checkSlack returns Slack's word for what is wrong with a message, or "".
func checkSlack(m slackMessage) string {
	if m.Text == "" && len(m.Blocks) == 0 && len(m.Attachments) == 0 {
		return "no_text"
	}
	if len(m.Attachments) > slackAttachments {
		return "too_many_attachments"
	}
	if checkSlackBlocks(m.Blocks) != nil {
		return "invalid_blocks"
	}
	for _, a := range m.Attachments {
		if checkSlackBlocks(a.Blocks) != nil {
			return "invalid_blocks"
		}
	}
	return ""
}

func checkSlackBlocks(blocks []slackBlock) error {
	if len(blocks) > slackBlocks {
		return errors.New("too many blocks")
	}
	for _, b := range blocks {
		var text slackText
		if len(b.Text) > 0 && json.Unmarshal(b.Text, &text) != nil {
			return errors.New("text is not an object")
		}
		length := utf8.RuneCountInString(text.Text)
		switch b.Type {
		case "header":
			if text.Type != "plain_text" || length == 0 || length > slackHeader {
				return errors.New("bad header")
			}
		case "section":
			if (length == 0 && len(b.Fields) == 0) || length > slackSection || len(b.Fields) > slackFields {
				return errors.New("bad section")
			}
			for _, f := range b.Fields {
				if utf8.RuneCountInString(f.Text) > slackField {
					return errors.New("field too long")
				}
			}
		case "divider", "context", "actions", "image", "rich_text", "markdown", "table":
		default:
			return fmt.Errorf("unknown block %q", b.Type)
		}
	}
	return nil
}

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
	if a.Text != "" {
		lines = append(lines, plainMrkdwn(a.Text))
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
