package adaptor

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// The forms of DingTalk's messages.
const (
	dingTalkMarkdown   = "markdown"
	dingTalkActionCard = "actionCard"
)

// dingTalkBytes is the most bytes of a whole request: error 460101 says "message too long, exceed
// 20000 bytes".
const dingTalkBytes = 20_000

func init() {
	register(&Channel{
		Name:  "dingtalk",
		Types: []string{"dingtalk-webhook", "dingtalk"},
		Hosts: []string{"oapi.dingtalk.com"},
		Forms: []string{dingTalkMarkdown, dingTalkActionCard},
		// Who sends more than that is muted for ten minutes
		// (https://open.dingtalk.com/document/orgapp/custom-robot-access).
		Rates:    []Rate{{20, time.Minute}},
		MaxBytes: dingTalkBytes,
		Check:    checkDingTalkTarget,
		Markup:   func(string) markup { return dingTalkMarkup },
		Encode:   encodeDingTalk,
		Verdict:  judgeDingTalk,
	})
}

// checkDingTalkTarget finds addresses of DingTalk's own that are not those of a custom bot.
// Gateways may have any.
func checkDingTalkTarget(target Target) error {
	u, err := url.Parse(string(target.URL))
	if err != nil || channelOfHost(u.Hostname()) == nil {
		return nil
	}
	if u.Path != "/robot/send" || u.Query().Get("access_token") == "" {
		return errors.New("the url is not that of a custom bot: want https://" + u.Hostname() + "/robot/send?access_token=<token>; make a custom bot in the group's settings and copy its webhook address")
	}
	return nil
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
	at, called := dingTalkMentions(m.Mentions)
	message := dingTalkBody{MsgType: dingTalkMarkdown, At: at}
	// A card must have a button; a message without any link cannot be one.
	if buttons, rest := dingTalkButtons(m); target.Form == dingTalkActionCard && len(buttons) > 0 {
		message.MsgType = dingTalkActionCard
		message.ActionCard = newDingTalkCard(dingTalkText{m.Headline(), dingTalkContent(rest, called)}, buttons)
	} else {
		message.Markdown = &dingTalkText{m.Headline(), dingTalkContent(m, called)}
	}
	body, err := encodeJSON(message)
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
