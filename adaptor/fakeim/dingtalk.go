package fakeim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
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
		name:     "dingtalk",
		title:    "DingTalk",
		hosts:    []string{"oapi.dingtalk.com"},
		paths:    []string{"/robot/"},
		examples: []example{{name: "dingtalk", path: "/robot/send?access_token=demo"}},
		token:    func(u *url.URL) string { return u.Query().Get("access_token") },
		// Ten keywords, ten networks and a signature
		// (https://open.dingtalk.com/document/robots/customize-robot-security-settings).
		security:  security{signs: true, keywords: 10, networks: 10},
		answer:    answerDingTalk,
		throttled: dingTalkThrottled,
		refusals: []refusal{
			{"-1", dingTalkError(-1, "系统繁忙")},
			{"310000", dingTalkUnsigned},
			{"300005", dingTalkUnknownBot},
			{"400013", dingTalkError(400013, "群已被解散")},
			{"400101", dingTalkError(400101, "access_token不存在")},
			{"400102", dingTalkError(400102, "机器人已停用")},
			{"400106", dingTalkError(400106, "机器人不存在")},
			{"410100", dingTalkError(410100, "发送速度太快而限流")},
			{"460101", dingTalkTooLarge},
			{"90030", dingTalkError(90030, "webhook over limit")},
		},
		view:  viewDingTalk,
		style: dingTalkStyle,
	})
}

// dingTalkLimit is the size of a request that error 460101 names, in bytes.
const dingTalkLimit = 20_000

// dingTalkRates are 20 messages a minute for each bot, and ten minutes of nothing after one too
// many (https://open.dingtalk.com/document/robots/custom-robot-access).
var dingTalkRates = &limit{windows: []window{{20, time.Minute}}, mute: 10 * time.Minute}

var (
	dingTalkThrottled = jsonAnswer(http.StatusOK,
		`{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute","status":1111,"wait":5,"source":"x5","punish":"deny"}`)
	dingTalkUnknownBot = dingTalkError(300005, "token is not exist")
	dingTalkUnsigned   = dingTalkError(310000, "sign not match"+dingTalkMore)
	dingTalkNoKeyword  = dingTalkError(310000, "keywords not in content"+dingTalkMore)
	dingTalkTooLarge   = dingTalkError(460101, "message too long, exceed 20000 bytes")
)

// dingTalkMore ends the messages of error 310000, which has several meanings.
const dingTalkMore = ", more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]"

// dingTalkMessage has what the types of messages have
// (https://open.dingtalk.com/document/robots/custom-robot-access).
type dingTalkMessage struct {
	MsgType string `json:"msgtype"`
	Text    struct {
		Content string `json:"content"`
	} `json:"text"`
	Markdown   dingTalkText `json:"markdown"`
	ActionCard struct {
		dingTalkText
		SingleTitle string           `json:"singleTitle"`
		SingleURL   string           `json:"singleURL"`
		Buttons     []dingTalkButton `json:"btns"`
		Orientation string           `json:"btnOrientation"`
	} `json:"actionCard"`
	Link     dingTalkLink `json:"link"`
	FeedCard struct {
		Links []dingTalkLink `json:"links"`
	} `json:"feedCard"`
	At struct {
		AtMobiles []string `json:"atMobiles"`
		AtUserIDs []string `json:"atUserIds"`
		IsAtAll   bool     `json:"isAtAll"`
	} `json:"at"`
}

type dingTalkText struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}

type dingTalkButton struct {
	Title     string `json:"title"`
	ActionURL string `json:"actionURL"`
}

type dingTalkLink struct {
	dingTalkText
	// MessageURL is where a click goes; a feed card writes it with a capital URL, a link with
	// a small one, which is the same to encoding/json.
	MessageURL string `json:"messageUrl"`
	PicURL     string `json:"picUrl"`
}

func dingTalkError(code int, message string) answer {
	return jsonAnswer(http.StatusOK, fmt.Sprintf(`{"errcode":%d,"errmsg":%q}`, code, message))
}

func answerDingTalk(im *IM, r *http.Request, body []byte) answer {
	if r.URL.Path != "/robot/send" || r.Method != http.MethodPost {
		return notFound()
	}
	query := r.URL.Query()
	token := im.protocol.token(r.URL)
	bot, exists := im.bot(token)
	switch {
	case !exists:
		return dingTalkUnknownBot
	case !isJSON(r):
		return dingTalkError(43004, "无效的HTTP HEADER Content-Type")
	case len(body) > dingTalkLimit:
		return dingTalkTooLarge
	case bot.Secret != "" && !dingTalkSigned(query.Get("timestamp"), query.Get("sign"), bot.Secret):
		return dingTalkUnsigned
	case !bot.takesFrom(r):
		return dingTalkError(310000, "ip "+sender(r)+" not in whitelist"+dingTalkMore)
	}
	var m dingTalkMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return dingTalkError(40035, "缺少参数 json")
	}
	if !slices.Contains([]string{"", "text", "markdown", "actionCard", "link", "feedCard"}, m.MsgType) {
		return dingTalkError(400105, "不支持的消息类型")
	}
	if missing := m.missing(); missing != "" {
		return dingTalkError(40035, "缺少参数 "+missing)
	}
	if !bot.takes(m.view()) {
		return dingTalkNoKeyword
	}
	// What was refused was not sent to the group, which is what the rate is about.
	if im.take(dingTalkRates, token) > 0 {
		return dingTalkThrottled
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

// missing names what a message lacks, or is empty.
func (m dingTalkMessage) missing() string {
	absent := func(what string, values ...string) string {
		if slices.Contains(values, "") {
			return what
		}
		return ""
	}
	switch card := m.ActionCard; m.MsgType {
	case "text":
		return absent("text.content", m.Text.Content)
	case "markdown":
		return absent("markdown.title or markdown.text", m.Markdown.Title, m.Markdown.Text)
	case "link":
		return absent("link.title, link.text or link.messageUrl", m.Link.Title, m.Link.Text, m.Link.MessageURL)
	case "actionCard":
		if card.Title == "" || card.Text == "" {
			return "actionCard.title or actionCard.text"
		}
		if len(card.Buttons) == 0 {
			return absent("actionCard.singleTitle and actionCard.singleURL, or actionCard.btns", card.SingleTitle, card.SingleURL)
		}
		for _, b := range card.Buttons {
			if b.Title == "" || b.ActionURL == "" {
				return "actionCard.btns.title or actionCard.btns.actionURL"
			}
		}
		return ""
	case "feedCard":
		if len(m.FeedCard.Links) == 0 {
			return "feedCard.links"
		}
		for _, link := range m.FeedCard.Links {
			if link.Title == "" || link.MessageURL == "" {
				return "feedCard.links.title or feedCard.links.messageURL"
			}
		}
		return ""
	}
	return "msgtype"
}

func viewDingTalk(body []byte) (*view, error) {
	var m dingTalkMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, fmt.Errorf("not a DingTalk message: %w", err)
	}
	if missing := m.missing(); missing != "" {
		return nil, fmt.Errorf("not a DingTalk message: no %s", missing)
	}
	return m.view(), nil
}

func (m dingTalkMessage) view() *view {
	v := &view{}
	switch m.MsgType {
	case "text":
		v.Title = m.Text.Content
		v.Blocks = []block{words(strings.TrimSpace(m.Text.Content))}
	case "markdown":
		v.Title = m.Markdown.Title
		v.Blocks = []block{{Kind: textBlock, Lines: markdown(m.Markdown.Text, m.dialect())}}
	case "actionCard":
		v.Title = m.ActionCard.Title
		v.Blocks = []block{{Kind: textBlock, Lines: markdown(m.ActionCard.Text, m.dialect())}}
		row := block{Kind: buttonBlock}
		if m.ActionCard.SingleTitle != "" {
			row.Buttons = []button{{Label: m.ActionCard.SingleTitle, URL: m.ActionCard.SingleURL}}
		} else {
			for _, b := range m.ActionCard.Buttons {
				row.Buttons = append(row.Buttons, button{Label: b.Title, URL: b.ActionURL})
			}
		}
		v.Blocks = append(v.Blocks, row)
	case "link":
		v.Title = m.Link.Title
		v.Blocks = []block{m.Link.block(), words(m.Link.Text)}
	case "feedCard":
		for _, link := range m.FeedCard.Links {
			v.Blocks = append(v.Blocks, link.block())
		}
	}
	var names []string
	if m.MsgType == "text" {
		names = m.names()
	}
	if m.At.IsAtAll {
		names = append(names, "all")
	}
	if len(names) > 0 {
		v.Blocks = append(v.Blocks, block{Kind: textBlock, Lines: mention(names...)})
	}
	return v
}

func (m dingTalkMessage) names() []string { return slices.Concat(m.At.AtMobiles, m.At.AtUserIDs) }

func (l dingTalkLink) block() block {
	return block{Kind: textBlock, Lines: []line{{Spans: []span{{Text: l.Title, URL: l.MessageURL}}}}}
}

// dialect is the Markdown of DingTalk: an @ and a name call a person only if the message also
// lists the name in "at".
func (m dingTalkMessage) dialect() dialect {
	names := m.names()
	return dialect{
		join: true,
		tag:  regexp.MustCompile(`^@([0-9A-Za-z_\-]+)`),
		mean: func(groups []string) []span {
			if !slices.Contains(names, groups[1]) {
				return nil
			}
			return []span{{Text: groups[0], Mention: true}}
		},
	}
}

const dingTalkStyle = `
.im-dingtalk .card { border-radius: 10px; }
.im-dingtalk .button { border: 0; border-top: 1px solid #eceded; border-radius: 0; color: #1677ff; flex: 1; text-align: center; padding: 10px; }
.im-dingtalk .buttons { gap: 0; margin: 12px -14px -12px; }
.im-dingtalk .avatar { background: #1677ff; }
`
