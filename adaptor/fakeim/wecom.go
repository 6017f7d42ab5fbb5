package fakeim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

func init() {
	register(&protocol{
		name:      "wecom",
		hosts:     []string{"qyapi.weixin.qq.com"},
		token:     func(u *url.URL) string { return u.Query().Get("key") },
		answer:    answerWeCom,
		throttled: weComError(45009, "api freq out of limit"),
		show:      showWeCom,
	})
}

// Limits of texts, in bytes.
const (
	weComTextLimit     = 2048
	weComMarkdownLimit = 4096
)

type weComText struct {
	Content             string   `json:"content"`
	MentionedList       []string `json:"mentioned_list"`
	MentionedMobileList []string `json:"mentioned_mobile_list"`
}

type weComMessage struct {
	MsgType    string    `json:"msgtype"`
	Text       weComText `json:"text"`
	Markdown   weComText `json:"markdown"`
	MarkdownV2 weComText `json:"markdown_v2"`
}

// weComError words an error as WeCom does.
func weComError(code int, message string) answer {
	return jsonAnswer(http.StatusOK, fmt.Sprintf(
		`{"errcode":%d,"errmsg":"%s, hint: [1700000000123456789012345], from ip: 127.0.0.1, more info at https://open.work.weixin.qq.com/devtool/query?e=%d"}`,
		code, message, code))
}

func answerWeCom(im *IM, r *http.Request, body []byte) answer {
	if r.URL.Path != "/cgi-bin/webhook/send" {
		return notFound()
	}
	if r.Method != http.MethodPost {
		return weComError(43002, "require POST method")
	}
	if _, exists := im.bot(im.protocol.token(r.URL)); !exists {
		return weComError(93000, "invalid webhook url")
	}
	var m weComMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return weComError(47001, "data format error")
	}
	content, field, limit := m.content()
	switch {
	case field == "":
		return weComError(40008, "invalid message type")
	case content == "" && limit > 0:
		return weComError(44004, "empty content")
	case len(content) > limit && limit > 0:
		return weComError(40058, fmt.Sprintf("%s.content exceed max length %d. invalid Request Parameter", field, limit))
	}
	return accepted(jsonAnswer(http.StatusOK, `{"errcode":0,"errmsg":"ok"}`))
}

// content returns a message's text, the field it is in and how many bytes it may have; the
// limit is 0 for types without a text, and the field is empty for unknown types.
func (m weComMessage) content() (text, field string, limit int) {
	switch m.MsgType {
	case "text":
		return m.Text.Content, m.MsgType, weComTextLimit
	case "markdown":
		return m.Markdown.Content, m.MsgType, weComMarkdownLimit
	case "markdown_v2":
		return m.MarkdownV2.Content, m.MsgType, weComMarkdownLimit
	case "image", "news", "file", "voice", "template_card":
		return "", m.MsgType, 0
	}
	return "", "", 0
}

var weComMention = regexp.MustCompile(`<@([^>\s]+)>`)

func showWeCom(body []byte) (string, error) {
	var m weComMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return "", fmt.Errorf("not a WeCom message: %w", err)
	}
	text, field, limit := m.content()
	switch {
	case field == "" || (text == "" && limit > 0):
		return "", fmt.Errorf("not a WeCom message: type %q without content", m.MsgType)
	case limit == 0:
		return "(a message of type " + m.MsgType + ")", nil
	case field == "text":
		for _, name := range append(m.Text.MentionedList, m.Text.MentionedMobileList...) {
			text += "\n@" + strings.TrimPrefix(name, "@")
		}
		return text, nil
	}
	return plainMarkdown(weComMention.ReplaceAllString(text, "@$1")), nil
}
