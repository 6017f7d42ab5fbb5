package adaptor

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"strconv"
	"strings"
	"time"
)

func init() {
	register(&Channel{
		Name:  "feishu",
		Types: []string{"feishu-webhook", "feishu", "lark-webhook", "lark"},
		Hosts: []string{"open.feishu.cn", "open.larksuite.com"},
		// The documented limit of a custom bot is 20 KB
		// (https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot).
		MaxBytes: 20_000,
		Encode:   encodeFeishu,
		Verdict:  judgeFeishu,
	})
}

type feishuBody struct {
	Timestamp string     `json:"timestamp,omitempty"`
	Sign      string     `json:"sign,omitempty"`
	MsgType   string     `json:"msg_type"`
	Card      feishuCard `json:"card"`
}

// feishuCard is a card in JSON 2.0 form
// (https://open.feishu.cn/document/feishu-cards/card-json-v2-structure).
type feishuCard struct {
	Schema string         `json:"schema"`
	Config map[string]any `json:"config"`
	Header feishuHeader   `json:"header"`
	Body   feishuElements `json:"body"`
}

type feishuHeader struct {
	Template string     `json:"template"`
	Title    feishuText `json:"title"`
}

type feishuText struct {
	Tag     string `json:"tag"`
	Content string `json:"content,omitempty"`
}

type feishuElements struct {
	Direction string       `json:"direction"`
	Elements  []feishuText `json:"elements"`
}

var feishuMarkup = markup{
	text:    escapeFeishu,
	bold:    func(s string) string { return "**" + s + "**" },
	dim:     func(s string) string { return "<font color='grey'>" + s + "</font>" },
	link:    func(title, address string) string { return "[" + title + "](" + address + ")" },
	newline: "\n",
}

func encodeFeishu(target Target, m Message, now time.Time) (Request, error) {
	template := [...]string{ToneResolved: "green", ToneInfo: "blue", ToneWarning: "orange", ToneCritical: "red"}
	var elements []feishuText
	for i, a := range m.Alerts {
		if i > 0 {
			elements = append(elements, feishuText{Tag: "hr"})
		}
		elements = append(elements, feishuText{Tag: "markdown", Content: feishuMarkup.alert(a, m.Firing > 0)})
	}
	if notes := m.Notes(); len(notes) > 0 {
		elements = append(elements, feishuText{Tag: "markdown", Content: feishuMarkup.dim(strings.Join(notes, "\n"))})
	}
	body := feishuBody{MsgType: "interactive", Card: feishuCard{
		Schema: "2.0",
		Config: map[string]any{"update_multi": true},
		Header: feishuHeader{template[m.Tone()], feishuText{"plain_text", m.Headline()}},
		Body:   feishuElements{"vertical", elements},
	}}
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

// feishuEntities are the character references that Feishu documents for its Markdown.
var feishuEntities = strings.NewReplacer("<", "&#60;", ">", "&#62;", "*", "&#42;", "`", "&#96;",
	"[", "&#91;", "]", "&#93;", "~", "&#126;", "\\", "&#92;")

// escapeFeishu makes text inert in a card's Markdown. An & is only escaped where it would be
// read as the start of a character reference.
func escapeFeishu(text string) string {
	if strings.Contains(text, "&") && html.UnescapeString(text) != text {
		text = strings.ReplaceAll(text, "&", "&#38;")
	}
	text = feishuEntities.Replace(text)
	switch {
	case strings.HasPrefix(text, "#"):
		return "&#35;" + text[1:]
	case strings.HasPrefix(text, "- "), text == "---":
		return "&#45;" + text[1:]
	}
	return text
}

// feishuAdvice is what to do about the refusals that no retry can mend.
var feishuAdvice = map[int]string{
	19001: "the bot was removed or the url is wrong: copy it again from the bot's settings",
	19021: "the secret is wrong or this machine's clock is more than an hour off",
	19022: "add this machine's address to the bot's IP allow list",
	19024: "add a keyword of the message, for instance FIRING or RESOLVED, to the bot's keywords",
}

// judgeFeishu reads the answer's code: Feishu reports most refusals with HTTP 200. Old bots
// answer StatusCode, newer ones code, which counts where both are present.
func judgeFeishu(r Response) Verdict {
	var answer struct {
		Code          *int
		Msg           string
		StatusCode    *int
		StatusMessage string
	}
	if err := json.Unmarshal(r.Body, &answer); err != nil || (answer.Code == nil && answer.StatusCode == nil) {
		if verdict, bad := refused(r); bad {
			return verdict
		}
		return unreadable(r)
	}
	code, message := answer.Code, answer.Msg
	if code == nil {
		code, message = answer.StatusCode, answer.StatusMessage
	}
	reason := fmt.Sprintf("feishu error %d: %s", *code, oneLine(message))
	switch *code {
	case 0:
		if verdict, bad := refused(r); bad {
			return verdict
		}
		return Verdict{Outcome: Done}
	case 11232:
		return Verdict{Outcome: Retry, After: max(retryAfter(r.Header), time.Second), Reason: reason}
	case 19036:
		return Verdict{Outcome: Split, Reason: reason}
	case 9499:
		// One code for two things: only its words tell throttling from a bad request.
		if strings.Contains(strings.ToLower(message), "too many") {
			return Verdict{Outcome: Retry, Reason: reason}
		}
		return Verdict{Outcome: DeadLetter, Reason: reason}
	}
	if advice := feishuAdvice[*code]; advice != "" {
		return Verdict{Outcome: DeadLetter, Reason: reason + " (" + advice + ")"}
	}
	return Verdict{Outcome: Retry, Attempts: doubtfulAttempts, Reason: reason}
}
