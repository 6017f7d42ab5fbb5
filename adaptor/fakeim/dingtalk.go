package fakeim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

func init() {
	register(&protocol{
		name:   "dingtalk",
		hosts:  []string{"oapi.dingtalk.com"},
		token:  func(u *url.URL) string { return u.Query().Get("access_token") },
		answer: answerDingTalk,
		throttled: jsonAnswer(http.StatusOK,
			`{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute","status":1111,"wait":5,"punish":"deny"}`),
		show: showDingTalk,
	})
}

// dingTalkLimit is the size of a request that error 460101 names, in bytes.
const dingTalkLimit = 20_000

type dingTalkMessage struct {
	MsgType string `json:"msgtype"`
	Text    struct {
		Content string `json:"content"`
	} `json:"text"`
	Markdown struct {
		Title string `json:"title"`
		Text  string `json:"text"`
	} `json:"markdown"`
	ActionCard struct {
		Title string `json:"title"`
		Text  string `json:"text"`
	} `json:"actionCard"`
	At struct {
		AtMobiles []string `json:"atMobiles"`
		AtUserIDs []string `json:"atUserIds"`
		IsAtAll   bool     `json:"isAtAll"`
	} `json:"at"`
}

func dingTalkError(code int, message string) answer {
	return jsonAnswer(http.StatusOK, fmt.Sprintf(`{"errcode":%d,"errmsg":%q}`, code, message))
}

func answerDingTalk(im *IM, r *http.Request, body []byte) answer {
	if r.URL.Path != "/robot/send" || r.Method != http.MethodPost {
		return notFound()
	}
	query := r.URL.Query()
	secret, exists := im.bot(im.protocol.token(r.URL))
	if !exists {
		return dingTalkError(300005, "token is not exist")
	}
	if !isJSON(r) {
		return dingTalkError(43004, "无效的HTTP HEADER Content-Type")
	}
	if len(body) > dingTalkLimit {
		return dingTalkError(460101, "message too long, exceed 20000 bytes")
	}
	if secret != "" && !dingTalkSigned(query.Get("timestamp"), query.Get("sign"), secret) {
		return dingTalkError(310000, "sign not match, more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]")
	}
	var m dingTalkMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return dingTalkError(40035, "缺少参数 json")
	}
	if err := checkDingTalk(m); err != nil {
		return dingTalkError(40035, "缺少参数 "+err.Error())
	}
	return accepted(jsonAnswer(http.StatusOK, `{"errcode":0,"errmsg":"ok"}`))
}

// dingTalkSigned checks a signature: HMAC-SHA256 over "milliseconds\nsecret" with the secret as
// the key.
func dingTalkSigned(timestamp, sign, secret string) bool {
	milliseconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || !inWindow(time.UnixMilli(milliseconds)) {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "\n" + secret))
	want := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	return hmac.Equal([]byte(want), []byte(sign))
}

func checkDingTalk(m dingTalkMessage) error {
	missing := ""
	switch m.MsgType {
	case "text":
		if m.Text.Content == "" {
			missing = "text.content"
		}
	case "markdown":
		if m.Markdown.Title == "" || m.Markdown.Text == "" {
			missing = "markdown.title or markdown.text"
		}
	case "actionCard":
		if m.ActionCard.Title == "" || m.ActionCard.Text == "" {
			missing = "actionCard.title or actionCard.text"
		}
	case "link", "feedCard":
	default:
		missing = "msgtype"
	}
	if missing != "" {
		return errors.New(missing)
	}
	return nil
}

func showDingTalk(body []byte) (string, error) {
	var m dingTalkMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return "", fmt.Errorf("not a DingTalk message: %w", err)
	}
	if err := checkDingTalk(m); err != nil {
		return "", fmt.Errorf("not a DingTalk message: no %w", err)
	}
	var text string
	switch m.MsgType {
	case "text":
		text = m.Text.Content
	case "markdown":
		text = plainMarkdown(joinLines(m.Markdown.Text))
	case "actionCard":
		text = plainMarkdown(joinLines(m.ActionCard.Text))
	default:
		text = "(a message of type " + m.MsgType + ")"
	}
	mentions := append(m.At.AtMobiles, m.At.AtUserIDs...)
	if m.At.IsAtAll {
		mentions = append(mentions, "all")
	}
	for _, name := range mentions {
		text += "\n@" + name
	}
	return strings.TrimSpace(text), nil
}
