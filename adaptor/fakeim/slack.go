package fakeim

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
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
		token:     func(u *url.URL) string { return strings.TrimPrefix(u.Path, slackPath) },
		answer:    answerSlack,
		throttled: throttled,
		show:      showSlack,
	})
}

// slackPath is where incoming webhooks are; team, bot and token follow.
const slackPath = "/services/"

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
	token, ok := strings.CutPrefix(r.URL.Path, slackPath)
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
