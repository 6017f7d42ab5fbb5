package adaptor

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The facts about WeCom's bots are from the page on its group bots, now called message push
// (https://developer.work.weixin.qq.com/document/path/99110, formerly path/91770).

func init() {
	register(&Channel{
		Name:  "wecom",
		Types: []string{"wechat-webhook", "wechat", "wecom-webhook", "wecom"},
		Hosts: []string{"qyapi.weixin.qq.com"},
		Forms: []string{weComMarkdown, weComMarkdownV2, weComCard, weComText},
		// A bot may send 20 messages a minute. Refused calls count too.
		Rates:    []Rate{{Messages: 20, Per: time.Minute}},
		MaxBytes: weComMarkdownBytes,
		Check:    checkWeComTarget,
		Markup:   weComMarkup,
		Encode:   encodeWeCom,
		Verdict:  judgeWeCom,
	})
}

// The forms, which are WeCom's message types.
const (
	// weComMarkdown has colours and can call people by their user IDs.
	weComMarkdown = "markdown"
	// weComMarkdownV2 has tables, but neither colours nor calls.
	weComMarkdownV2 = "markdown_v2"
	// weComCard is a card for one alert that can be clicked.
	weComCard = "template_card"
	// weComText has no markup. It is the only one that WeChat shows, and that can call people by
	// their mobile numbers, or everybody.
	weComText = "text"
)

// The most a content may have, in bytes of UTF-8.
const (
	weComMarkdownBytes = 4096
	weComTextBytes     = 2048
)

// weComNames is the most bytes that the people who are called may take of Markdown. Those of a
// text are beside its content.
const weComNames = 1000

// checkWeComTarget finds addresses of WeCom's own that are not those of a bot. Gateways may have
// any path.
func checkWeComTarget(target Target) error {
	const path = "/cgi-bin/webhook/send"
	u, err := url.Parse(string(target.URL))
	if err == nil && channelOfHost(u.Hostname()) != nil && (u.Path != path || u.Query().Get("key") == "") {
		return errors.New("the url is not that of a bot: want https://" + u.Hostname() + path + "?key=<key>; copy it from the bot's settings in the group")
	}
	return nil
}

type weComBody struct {
	MsgType      string           `json:"msgtype"`
	Markdown     *weComContent    `json:"markdown,omitempty"`
	MarkdownV2   *weComContent    `json:"markdown_v2,omitempty"`
	TemplateCard *weComNoticeCard `json:"template_card,omitempty"`
	Text         *weComContent    `json:"text,omitempty"`
}

type weComContent struct {
	Content string `json:"content"`
	// The mentions are for texts only.
	MentionedList       []string `json:"mentioned_list,omitempty"`
	MentionedMobileList []string `json:"mentioned_mobile_list,omitempty"`
}

// encodeWeCom writes a message in the form that is asked for, as far as that can: a card must
// have room for the message, and whoever is to be called must be called.
func encodeWeCom(target Target, m Message, _ time.Time) (Request, error) {
	form := weComFormFor(target.Form, m.Mentions)
	body, size := weComBody{MsgType: form}, 0
	if form == weComCard {
		if card, fits := newWeComCard(m); fits {
			body.TemplateCard = &card
		} else {
			body.MsgType = weComMarkdown
		}
	}
	switch body.MsgType {
	case weComMarkdown:
		content := weComColoured.write(m)
		body.Markdown, size = &weComContent{Content: content}, len(content)
	case weComMarkdownV2:
		content := weComTables.write(m)
		body.MarkdownV2, size = &weComContent{Content: content}, len(content)
	case weComText:
		if target.Form != weComText {
			m.Alerts = withoutTexts(m.Alerts)
		}
		content := weComPlain.write(m)
		body.Text = &weComContent{Content: content}
		body.Text.MentionedList, body.Text.MentionedMobileList = weComMentions(m.Mentions)
		// A text may have half of what a channel's limit is in Markdown.
		size = len(content) * weComMarkdownBytes / weComTextBytes
	}
	encoded, err := encodeJSON(body)
	return Request{URL: string(target.URL), Body: encoded, Size: size}, err
}

// weComFormFor is the form for a message that calls the given people, when the given one cannot.
func weComFormFor(form string, people []Mention) string {
	names := 0
	for _, p := range people {
		if p.All || p.User == "" && p.Mobile != "" {
			return weComText
		}
		names += len("<@> ") + len(p.User)
	}
	switch {
	case names > weComNames:
		return weComText
	case form == "", names > 0 && form != weComText:
		return weComMarkdown
	}
	return form
}

// withoutTexts returns the alerts without the texts of templates, which are in another markup.
func withoutTexts(alerts []Alert) []Alert {
	alerts = slices.Clone(alerts)
	for i := range alerts {
		alerts[i].Text = ""
	}
	return alerts
}

// weComMentions are the lists of a text's mentions: by user ID, or everybody, and by mobile.
func weComMentions(people []Mention) (users, mobiles []string) {
	for _, p := range people {
		switch {
		case p.All:
			users = append(users, "@all")
		case p.User != "":
			users = append(users, p.User)
		case p.Mobile != "":
			mobiles = append(mobiles, p.Mobile)
		}
	}
	return users, mobiles
}

// weComAdvice is what to do about the refusals that no retry can mend
// (https://developer.work.weixin.qq.com/document/path/90455).
var weComAdvice = map[int]string{
	93000: "the bot was removed or the key is wrong: copy the url again from the bot's settings",
	93004: "the bot was stopped: start it again in the group's settings",
	93008: "the bot is not in the group any more: add it again",
	40008: "a proxy on the way changes the body",
	43002: "a proxy on the way changes the method of the request",
	44002: "a proxy on the way empties the body",
	44004: "the message is empty: look at the receiver's templates",
	47001: "a proxy on the way changes the body",
	40033: "the message holds characters that WeCom does not take",
}

// judgeWeCom reads the answer's errcode: WeCom reports refusals with HTTP 200.
func judgeWeCom(r Response) Verdict {
	return judgeErrcode("wecom", r, weComAdvice, func(why refusal) (Verdict, bool) {
		switch why.code {
		case 45009:
			// Over 20 messages a minute, and refused ones count: earlier retries only prolong it.
			return Verdict{Outcome: Retry, After: time.Minute, Reason: why.reason}, true
		case 45033, 6000, -1:
			// Too many calls at once, a conflict, or a busy server.
			return Verdict{Outcome: Retry, Reason: why.reason}, true
		case 45002:
			return Verdict{Outcome: Split, Reason: why.reason}, true
		case 40058:
			// Something is wrong with a parameter: the words tell whether that is its length.
			if strings.Contains(why.message, "exceed") {
				return Verdict{Outcome: Split, Reason: why.reason}, true
			}
			return Verdict{Outcome: DeadLetter, Reason: why.reason + " (WeCom finds a mistake in the message: try form: markdown, and report it)"}, true
		}
		return Verdict{}, false
	})
}
