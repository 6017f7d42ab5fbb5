package adaptor

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

func init() {
	register(&Channel{
		Name:  "feishu",
		Types: []string{"feishu-webhook", "feishu", "lark-webhook", "lark"},
		Hosts: []string{"open.feishu.cn", "open.larksuite.com"},
		Forms: []string{"card"},
		// The rates and the size are those of a custom bot
		// (https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot); the size is
		// given as 20 KB of the whole request.
		Rates:    []Rate{{5, time.Second}, {100, time.Minute}},
		MaxBytes: 20_000,
		// A card has at most 200 elements, texts included
		// (https://open.feishu.cn/document/feishu-cards/card-json-v2-structure). An alert among
		// others takes two, so 50 are safe, and more than anybody reads.
		MaxAlerts: 50,
		Check:     checkFeishuTarget,
		Mention:   checkFeishuMention,
		Markup:    func(string) markup { return feishuMarkup },
		Encode:    encodeFeishu,
		Verdict:   judgeFeishu,
	})
}

// checkFeishuTarget finds addresses of Feishu's own that are not those of a custom bot. Gateways
// may have any path.
func checkFeishuTarget(target Target) error {
	const path = "/open-apis/bot/v2/hook/"
	u, err := url.Parse(string(target.URL))
	if err != nil || channelOfHost(u.Hostname()) == nil {
		return nil
	}
	if token, found := strings.CutPrefix(u.Path, path); !found || token == "" {
		return errors.New("the url is not that of a custom bot: want https://" + u.Hostname() + path + "<token>; make a custom bot in the group's settings and copy its webhook address")
	}
	return nil
}

type feishuBody struct {
	Timestamp string     `json:"timestamp,omitempty"`
	Sign      string     `json:"sign,omitempty"`
	MsgType   string     `json:"msg_type"`
	Card      feishuCard `json:"card"`
}

var feishuMarkup = markup{
	text:    escapeFeishu,
	bold:    func(s string) string { return "**" + s + "**" },
	dim:     func(s string) string { return "<font color='grey'>" + s + "</font>" },
	link:    func(title, address string) string { return "[" + title + "](" + address + ")" },
	newline: "\n",
}

func encodeFeishu(target Target, m Message, now time.Time) (Request, error) {
	body := feishuBody{MsgType: "interactive", Card: newFeishuCard(m)}
	if target.Secret != "" {
		body.Timestamp = strconv.FormatInt(now.Unix(), 10)
		body.Sign = signFeishu(target.Secret, body.Timestamp)
	}
	encoded, err := encodeJSON(body)
	return Request{URL: string(target.URL), Body: encoded, Size: len(encoded)}, err
}

// signFeishu signs for a bot with signature verification: the key is the time in seconds, a
// newline and the secret; the message is empty
// (https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot).
func signFeishu(secret Secret, timestamp string) string {
	mac := hmac.New(sha256.New, []byte(timestamp+"\n"+string(secret)))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// checkFeishuMention refuses numbers: a custom bot can call users by open_id or user_id, and
// everybody where the group's owner allows it
// (https://open.feishu.cn/document/feishu-cards/card-json-v2-components/content-components/rich-text).
func checkFeishuMention(who Mention) error {
	if who.Mobile != "" {
		return fmt.Errorf("a custom bot of Feishu cannot call a number such as %s: give the open_id or user_id under users", who.Mobile)
	}
	return nil
}

// feishuMentions writes who is called. Who cannot be is shown.
func feishuMentions(mentions []Mention) string {
	var called []string
	for _, who := range mentions {
		switch id := cmp.Or(who.User, who.Mobile); {
		case who.All:
			called = append(called, "<at id=all></at>")
		case who.User != "" && !strings.ContainsFunc(id, unfitForMention):
			called = append(called, "<at id="+id+"></at>")
		default:
			called = append(called, escapeFeishu("@"+oneLine(id)))
		}
	}
	return strings.Join(called, " ")
}
