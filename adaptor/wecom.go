package adaptor

import (
	"fmt"
	"strings"
	"time"
)

func init() {
	register(&Channel{
		Name:  "wecom",
		Types: []string{"wechat-webhook", "wechat", "wecom-webhook", "wecom"},
		Hosts: []string{"qyapi.weixin.qq.com"},
		// markdown.content may have 4096 bytes
		// (https://developer.work.weixin.qq.com/document/path/91770).
		MaxBytes: 4096,
		Encode:   encodeWeCom,
		Verdict:  judgeWeCom,
	})
}

// weComBody is a group bot's Markdown message, the form that has colours.
type weComBody struct {
	MsgType  string        `json:"msgtype"`
	Markdown weComMarkdown `json:"markdown"`
}

type weComMarkdown struct {
	Content string `json:"content"`
}

var weComMarkup = markup{
	text:    inert,
	bold:    func(s string) string { return "**" + s + "**" },
	dim:     func(s string) string { return `<font color="comment">` + s + "</font>" },
	link:    func(title, address string) string { return "[" + title + "](" + address + ")" },
	newline: "\n",
}

func encodeWeCom(target Target, m Message, _ time.Time) (Request, error) {
	// WeCom has three colours: info is green, warning is orange, comment is grey.
	color := [...]string{ToneResolved: "info", ToneInfo: "comment", ToneWarning: "warning", ToneCritical: "warning"}
	parts := []string{fmt.Sprintf(`### <font color="%s">%s %s</font>`, color[m.Tone()], m.Counts(), inert(m.Subject()))}
	for _, a := range m.Alerts {
		quoted := strings.ReplaceAll(weComMarkup.alert(a, m.Firing > 0), "\n", "\n> ")
		parts = append(parts, "> "+quoted)
	}
	if notes := m.Notes(); len(notes) > 0 {
		parts = append(parts, weComMarkup.dim(strings.Join(notes, "\n")))
	}
	content := strings.Join(parts, "\n\n")
	body, err := encodeJSON(weComBody{"markdown", weComMarkdown{content}})
	return Request{URL: string(target.URL), Body: body, Size: len(content)}, err
}

// weComAdvice is what to do about the refusals that no retry can mend.
var weComAdvice = map[int]string{
	93000: "the bot was removed or the key is wrong: copy the url again from the bot's settings",
	40008: "a proxy on the way changes the body",
	44004: "a proxy on the way empties the body",
	40033: "the message holds characters that WeCom does not take",
}

// judgeWeCom reads the answer's errcode: WeCom reports refusals with HTTP 200.
func judgeWeCom(r Response) Verdict {
	return judgeErrcode("wecom", r, weComAdvice, func(why refusal) (Verdict, bool) {
		switch why.code {
		case 45009:
			// 20 messages a minute, and refused ones count: earlier retries only prolong it.
			return Verdict{Outcome: Retry, After: time.Minute, Reason: why.reason}, true
		case 45033:
			return Verdict{Outcome: Retry, Reason: why.reason}, true
		case 40058, 45002:
			return Verdict{Outcome: Split, Reason: why.reason}, true
		}
		return Verdict{}, false
	})
}
