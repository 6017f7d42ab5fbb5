package adaptor

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

func init() {
	register(&Channel{
		Name:  "dingtalk",
		Types: []string{"dingtalk-webhook", "dingtalk"},
		Hosts: []string{"oapi.dingtalk.com"},
		// Error 460101 says "message too long, exceed 20000 bytes".
		MaxBytes: 20_000,
		Encode:   encodeDingTalk,
		Verdict:  judgeDingTalk,
	})
}

// dingTalkBody is a custom bot's Markdown message
// (https://open.dingtalk.com/document/orgapp/custom-robot-access).
type dingTalkBody struct {
	MsgType  string           `json:"msgtype"`
	Markdown dingTalkMarkdown `json:"markdown"`
}

type dingTalkMarkdown struct {
	// Title shows in the list of conversations and in notifications, not in the message.
	Title string `json:"title"`
	Text  string `json:"text"`
}

var dingTalkMarkup = markup{
	text: inert,
	bold: func(s string) string { return "**" + s + "**" },
	dim:  func(s string) string { return `<font color="#8c8c8c">` + s + "</font>" },
	link: func(title, address string) string { return "[" + title + "](" + address + ")" },
	// Two spaces before a newline make it show.
	newline: "  \n",
}

func encodeDingTalk(target Target, m Message, now time.Time) (Request, error) {
	color := [...]string{ToneResolved: "#2e9e44", ToneInfo: "#1f6feb", ToneWarning: "#e07b00", ToneCritical: "#d93026"}
	parts := []string{fmt.Sprintf(`### <font color="%s">%s %s</font>`, color[m.Tone()], m.Counts(), inert(m.Subject()))}
	for _, a := range m.Alerts {
		parts = append(parts, dingTalkMarkup.alert(a, m.Firing > 0))
	}
	if notes := m.Notes(); len(notes) > 0 {
		parts = append(parts, dingTalkMarkup.dim(strings.Join(notes, dingTalkMarkup.newline)))
	}
	body, err := encodeJSON(dingTalkBody{"markdown", dingTalkMarkdown{m.Headline(), strings.Join(parts, "\n\n---\n\n")}})
	if err != nil {
		return Request{}, err
	}
	address, err := signedDingTalkURL(target, now)
	return Request{URL: address, Body: body, Size: len(body)}, err
}

func signedDingTalkURL(target Target, now time.Time) (string, error) {
	if target.Secret == "" {
		return string(target.URL), nil
	}
	u, err := url.Parse(string(target.URL))
	if err != nil {
		return "", fmt.Errorf("the target's url is not a url")
	}
	timestamp := strconv.FormatInt(now.UnixMilli(), 10)
	query := u.Query()
	query.Set("timestamp", timestamp)
	query.Set("sign", signDingTalk(target.Secret, timestamp))
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// signDingTalk signs for a bot with signature verification: the key is the secret; the message
// is the time in milliseconds, a newline and the secret
// (https://open.dingtalk.com/document/orgapp/customize-robot-security-settings).
func signDingTalk(secret Secret, timestamp string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "\n" + string(secret)))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// dingTalkAdvice is what to do about the refusals that no retry can mend.
var dingTalkAdvice = map[int]string{
	300005: "the access token is wrong: copy the url again from the bot's settings",
	300001: "the access token is wrong: copy the url again from the bot's settings",
	400101: "the access token is wrong: copy the url again from the bot's settings",
	400013: "the bot's group is gone: make a bot in another group",
	400102: "the bot is stopped: start it again in the group's settings",
	400106: "the bot was removed: make a new one",
	43004:  "a proxy on the way changes the content type",
	40035:  "a proxy on the way changes the body",
	90030:  "the bot's daily quota is used up",
}

// judgeDingTalk reads the answer's errcode: DingTalk reports refusals with HTTP 200.
func judgeDingTalk(r Response) Verdict {
	return judgeErrcode("dingtalk", r, dingTalkAdvice, func(why refusal) (Verdict, bool) {
		switch {
		case why.code == 130101, why.code == 410100:
			// More than 20 messages in a minute: the bot is muted, for up to ten minutes.
			return Verdict{Outcome: Retry, After: time.Minute, Reason: why.reason}, true
		case why.code == 460101, why.code == 101002, strings.Contains(why.message, "大小不合法"):
			return Verdict{Outcome: Split, Reason: why.reason}, true
		case why.code == -1:
			return Verdict{Outcome: Retry, Reason: why.reason}, true
		case why.code == 310000:
			return Verdict{Outcome: DeadLetter, Reason: why.reason + " (" + dingTalkSecurityAdvice(why.message) + ")"}, true
		}
		return Verdict{}, false
	})
}

// dingTalkSecurityAdvice tells the three meanings of error 310000 apart by their words.
func dingTalkSecurityAdvice(message string) string {
	switch {
	case strings.Contains(message, "keyword"):
		return "add a keyword of the message, for instance FIRING or RESOLVED, to the bot's keywords"
	case strings.Contains(message, "whitelist"):
		return "add this machine's address to the bot's IP allow list"
	}
	return "the secret is wrong or missing, or this machine's clock is more than an hour off"
}
