package adaptor

import (
	"cmp"
	"fmt"
	"strings"
)

// dingTalkBody is a message of a custom bot
// (https://open.dingtalk.com/document/orgapp/custom-bot-send-message-type).
type dingTalkBody struct {
	MsgType    string        `json:"msgtype"`
	Markdown   *dingTalkText `json:"markdown,omitempty"`
	ActionCard *dingTalkCard `json:"actionCard,omitempty"`
	At         *dingTalkAt   `json:"at,omitempty"`
}

type dingTalkText struct {
	// Title shows in the list of conversations and in notifications, not in the message.
	Title string `json:"title"`
	Text  string `json:"text"`
}

// dingTalkCard is a text with one button or several.
type dingTalkCard struct {
	dingTalkText
	// Orientation is 0 for buttons below each other, 1 for buttons side by side.
	Orientation string           `json:"btnOrientation,omitempty"`
	Buttons     []dingTalkButton `json:"btns,omitempty"`
	SingleTitle string           `json:"singleTitle,omitempty"`
	SingleURL   string           `json:"singleURL,omitempty"`
}

type dingTalkButton struct {
	Title     string `json:"title"`
	ActionURL string `json:"actionURL"`
}

// dingTalkAt is who is called. The text must name them too, by the same number or identifier
// after an @. The vendor's page of message types gives it for text and markdown; bots with
// action cards use it with the same effect
// (https://github.com/jenkinsci/dingtalk-plugin/issues/218).
type dingTalkAt struct {
	Mobiles []string `json:"atMobiles,omitempty"`
	UserIDs []string `json:"atUserIds,omitempty"`
	All     bool     `json:"isAtAll,omitempty"`
}

// dingTalkButtons takes the links that become buttons out of a message: those of a single alert,
// and those of the group. The links of several alerts stay with them.
func dingTalkButtons(m Message) ([]dingTalkButton, Message) {
	var buttons []dingTalkButton
	take := func(links []Link) []Link {
		var rest []Link
		for _, l := range links {
			if address, ok := linkable(l.URL); ok {
				buttons = append(buttons, dingTalkButton{m.linkTitle(l.Kind), address})
			} else {
				rest = append(rest, l)
			}
		}
		return rest
	}
	if len(m.Alerts) == 1 && m.Alerts[0].Text == "" {
		alert := m.Alerts[0]
		alert.Links = take(alert.Links)
		m.Alerts = []Alert{alert}
	}
	m.Links = take(m.Links)
	return buttons, m
}

func newDingTalkCard(text dingTalkText, buttons []dingTalkButton) *dingTalkCard {
	card := &dingTalkCard{dingTalkText: text}
	switch len(buttons) {
	case 1:
		card.SingleTitle, card.SingleURL = buttons[0].Title, buttons[0].ActionURL
	case 2:
		card.Orientation, card.Buttons = "1", buttons
	default:
		card.Orientation, card.Buttons = "0", buttons
	}
	return card
}

// dingTalkContent writes the whole text of a message.
func dingTalkContent(m Message, called string) string {
	k := dingTalkMarkup
	color := [...]string{ToneResolved: "#2e9e44", ToneInfo: "#1f6feb", ToneWarning: "#e07b00", ToneCritical: "#d93026"}
	head := fmt.Sprintf(`### <font color="%s">%s</font>`, color[m.Tone()], k.headline(m))
	if called != "" {
		head += "\n\n" + called
	}
	parts := append([]string{head}, k.blocks(m, dingTalkBytes)...)
	var last []string
	if links := k.links(m, m.Links); links != "" {
		last = append(last, links)
	}
	for _, note := range m.Notes() {
		last = append(last, k.dim(k.text(note)))
	}
	if len(last) > 0 {
		parts = append(parts, strings.Join(last, k.newline))
	}
	return strings.Join(parts, "\n\n---\n\n")
}

// dingTalkMentions returns who is called, and the text that must go with it.
func dingTalkMentions(mentions []Mention) (*dingTalkAt, string) {
	if len(mentions) == 0 {
		return nil, ""
	}
	at := &dingTalkAt{}
	var called []string
	for _, who := range mentions {
		switch {
		case who.All:
			at.All = true
			continue
		case who.User != "":
			at.UserIDs = append(at.UserIDs, who.User)
		default:
			at.Mobiles = append(at.Mobiles, who.Mobile)
		}
		called = append(called, "@"+cmp.Or(who.User, who.Mobile))
	}
	return at, strings.Join(called, " ")
}
