package fakeim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

func init() {
	register(&protocol{
		name:      "feishu",
		hosts:     []string{"open.feishu.cn", "open.larksuite.com"},
		token:     func(u *url.URL) string { return strings.TrimPrefix(u.Path, feishuPath) },
		answer:    answerFeishu,
		throttled: feishuError(http.StatusOK, 11232, "frequency limited psm[lark.oapi.app_platform_runtime]appID[1500]"),
		show:      showFeishu,
	})
}

// feishuPath is where custom bots are; the token follows.
const feishuPath = "/open-apis/bot/v2/hook/"

// feishuLimit is the documented size of a custom bot's request, 20 KB.
const feishuLimit = 20 << 10

type feishuMessage struct {
	Timestamp string          `json:"timestamp"`
	Sign      string          `json:"sign"`
	MsgType   string          `json:"msg_type"`
	Content   json.RawMessage `json:"content"`
	Card      *feishuCard     `json:"card"`
}

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
}

type feishuText struct {
	Tag     string `json:"tag"`
	Content string `json:"content"`
}

type feishuElement struct {
	Tag     string      `json:"tag"`
	Content string      `json:"content"`
	Text    *feishuText `json:"text"`
	URL     string      `json:"url"`
}

func feishuError(status, code int, message string) answer {
	return jsonAnswer(status, fmt.Sprintf(`{"code":%d,"data":{},"msg":%q}`, code, message))
}

func answerFeishu(im *IM, r *http.Request, body []byte) answer {
	token, ok := strings.CutPrefix(r.URL.Path, feishuPath)
	if !ok || r.Method != http.MethodPost {
		return notFound()
	}
	secret, exists := im.bot(token)
	if !exists {
		return feishuError(http.StatusOK, 19001, "param invalid: incoming webhook access token invalid")
	}
	var m feishuMessage
	if err := json.Unmarshal(body, &m); err != nil || !isJSON(r) {
		return feishuError(http.StatusBadRequest, 9499, "Bad Request")
	}
	if len(body) > feishuLimit {
		return feishuError(http.StatusOK, 19036, "The message exceeds the size limit of 30KB")
	}
	if secret != "" && !feishuSigned(m, secret) {
		return feishuError(http.StatusOK, 19021, "sign match fail or timestamp is not within one hour from current time")
	}
	if err := checkFeishu(m); err != nil {
		return feishuError(http.StatusBadRequest, 9499, "Bad Request: "+err.Error())
	}
	return accepted(jsonAnswer(http.StatusOK, `{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}`))
}

// feishuSigned checks a signature: HMAC-SHA256 over nothing, with "time\nsecret" as the key.
func feishuSigned(m feishuMessage, secret string) bool {
	seconds, err := strconv.ParseInt(m.Timestamp, 10, 64)
	if err != nil || !inWindow(time.Unix(seconds, 0)) {
		return false
	}
	mac := hmac.New(sha256.New, []byte(m.Timestamp+"\n"+secret))
	want := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	return hmac.Equal([]byte(want), []byte(m.Sign))
}

var (
	feishuTemplates = []string{"", "default", "blue", "wathet", "turquoise", "green", "yellow", "orange", "red", "carmine", "violet", "purple", "indigo", "grey"}
	// feishuTags are the elements of a card by its schema; note and action ended with 2.0.
	feishuTags = map[string][]string{
		"":    {"div", "markdown", "hr", "img", "note", "action", "column_set", "table"},
		"2.0": {"div", "markdown", "hr", "img", "button", "column_set", "table", "collapsible_panel", "interactive_container"},
	}
)

func checkFeishu(m feishuMessage) error {
	switch m.MsgType {
	case "text", "post", "image", "share_chat":
		if len(m.Content) == 0 {
			return errors.New("no content")
		}
		return nil
	case "interactive":
	default:
		return fmt.Errorf("unknown msg_type %q", m.MsgType)
	}
	if m.Card == nil {
		return errors.New("no card")
	}
	tags, known := feishuTags[m.Card.Schema]
	elements := m.Card.Elements
	if m.Card.Schema == "2.0" {
		elements = m.Card.Body.Elements
	}
	if !known || len(elements) == 0 {
		return errors.New("no elements, or an unknown schema")
	}
	for _, e := range elements {
		if !slices.Contains(tags, e.Tag) {
			return fmt.Errorf("unknown element %q in a card of schema %q", e.Tag, m.Card.Schema)
		}
	}
	if h := m.Card.Header; h != nil && (!slices.Contains(feishuTemplates, h.Template) || h.Title.Content == "" ||
		(h.Title.Tag != "plain_text" && h.Title.Tag != "lark_md")) {
		return errors.New("a header with an unknown template, or without a title")
	}
	return nil
}

func showFeishu(body []byte) (string, error) {
	var m feishuMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return "", fmt.Errorf("not a Feishu message: %w", err)
	}
	if err := checkFeishu(m); err != nil {
		return "", fmt.Errorf("not a Feishu message: %w", err)
	}
	if m.MsgType != "interactive" {
		var content struct{ Text string }
		if err := json.Unmarshal(m.Content, &content); err != nil || content.Text == "" {
			return "(a message of type " + m.MsgType + ")", nil
		}
		return plainFeishu(content.Text), nil
	}
	var parts []string
	if m.Card.Header != nil {
		parts = append(parts, "■ "+m.Card.Header.Title.Content)
	}
	for _, e := range append(m.Card.Elements, m.Card.Body.Elements...) {
		switch {
		case e.Tag == "hr":
			parts = append(parts, rule)
		case e.Content != "":
			parts = append(parts, plainFeishu(e.Content))
		case e.Text != nil:
			parts = append(parts, plainFeishu(e.Text.Content))
		}
	}
	return strings.Join(parts, "\n"), nil
}

var feishuMention = regexp.MustCompile(`<at (?:user_id|id|ids)=["']?([^"'>\s]+)["']?>([^<]*)</at>`)

// plainFeishu writes a card's Markdown as it looks; character references come last, for what
// they stand for is never markup.
func plainFeishu(text string) string {
	return html.UnescapeString(plainMarkdown(feishuMention.ReplaceAllString(text, "@$1")))
}

// isJSON tells whether a request says that its body is JSON.
func isJSON(r *http.Request) bool {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), "application/json")
}
