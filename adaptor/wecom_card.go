package adaptor

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// weComNoticeCard is a template card of the kind text_notice.
type weComNoticeCard struct {
	CardType string `json:"card_type"`
	// Source is the small line on top.
	Source weComSource `json:"source"`
	// MainTitle is the headline, with a smaller line below.
	MainTitle weComTitle `json:"main_title"`
	// EmphasisContent is in large letters.
	EmphasisContent *weComTitle `json:"emphasis_content,omitempty"`
	SubTitleText    string      `json:"sub_title_text,omitempty"`
	// HorizontalContentList has at most six lines of a name and a value.
	HorizontalContentList []weComPair `json:"horizontal_content_list,omitempty"`
	// JumpList has at most three links.
	JumpList []weComJump `json:"jump_list,omitempty"`
	// CardAction is what a click on the card opens. It must be there.
	CardAction weComAction `json:"card_action"`
}

type weComSource struct {
	Desc      string `json:"desc"`
	DescColor int    `json:"desc_color"`
}

type weComTitle struct {
	Title string `json:"title"`
	Desc  string `json:"desc,omitempty"`
}

type weComPair struct {
	KeyName string `json:"keyname"`
	Value   string `json:"value"`
}

type weComJump struct {
	Type  int    `json:"type"`
	Title string `json:"title"`
	URL   string `json:"url"`
}

type weComAction struct {
	Type int    `json:"type"`
	URL  string `json:"url"`
}

// Bounds of a card. WeCom gives the lengths of texts as advice, in Chinese characters, of which
// a Latin letter takes half: it shows no more than that of a text.
const (
	weComSourceWidth   = 13
	weComTitleWidth    = 26
	weComTitleDesc     = 30
	weComEmphasisWidth = 10
	weComEmphasisDesc  = 15
	weComSubTitleWidth = 112
	weComKeyWidth      = 5
	weComValueWidth    = 26
	weComJumpWidth     = 13
	weComPairs         = 6
	weComJumps         = 3
)

// The kinds of clicks and links: 1 opens an address.
const weComOpenURL = 1

// newWeComCard makes a card of a message, and tells whether that shows the whole message: a
// card is for one alert with short texts and with an address to open.
func newWeComCard(m Message) (card weComNoticeCard, fits bool) {
	if len(m.Alerts) != 1 || m.Compact || m.Parts > 1 || m.Title != "" || m.Alerts[0].Text != "" {
		return weComNoticeCard{}, false
	}
	a := m.Alerts[0]
	action, jumps, ok := weComCardLinks(m, slices.Concat(a.Links, m.Links))
	if !ok {
		return weComNoticeCard{}, false
	}
	// The source's line is grey, black, red or green.
	color := [...]int{ToneResolved: 3, ToneInfo: 0, ToneWarning: 2, ToneCritical: 2}
	card = weComNoticeCard{
		CardType:   "text_notice",
		Source:     weComSource{Desc: m.Counts(), DescColor: color[m.Tone()]},
		MainTitle:  weComTitle{Title: m.Subject(), Desc: m.when(a)},
		JumpList:   jumps,
		CardAction: weComAction{Type: weComOpenURL, URL: action},
	}
	var texts []string
	if status := m.status(a); status != "" {
		texts = append(texts, status)
	}
	if a.Title != m.Name {
		texts = append(texts, a.Title)
	}
	if a.Description != "" {
		texts = append(texts, visible(strings.TrimSpace(a.Description)))
	}
	if a.Value != "" && width(a.Value) <= weComEmphasisWidth {
		card.EmphasisContent = &weComTitle{Title: a.Value, Desc: m.words().Value}
	} else if a.Value != "" {
		texts = append(texts, m.words().Value+": "+a.Value)
	}
	for _, f := range a.Where {
		if len(card.HorizontalContentList) < weComPairs && width(f.Name) <= weComKeyWidth && width(f.Value) <= weComValueWidth {
			card.HorizontalContentList = append(card.HorizontalContentList, weComPair{f.Name, f.Value})
		} else {
			texts = append(texts, f.Name+": "+f.Value)
		}
	}
	card.SubTitleText = strings.Join(append(texts, m.Notes()...), "\n")
	return card, card.fits()
}

// weComLongestURL is the most bytes of an address in a card: browsers take no longer ones for sure.
const weComLongestURL = 2048

// weComCardLinks chooses what a click on the card opens, and the links below it. It reports
// false where nothing can be opened, or something is no link.
func weComCardLinks(m Message, links []Link) (action string, jumps []weComJump, ok bool) {
	addresses := map[LinkKind]string{}
	for _, l := range links {
		address, ok := linkable(l.URL)
		if !ok || len(address) > weComLongestURL {
			return "", nil, false
		}
		addresses[l.Kind] = address
	}
	// A careless click must not silence anything.
	for _, kind := range []LinkKind{LinkGraph, LinkDashboard, LinkRunbook, LinkAlertmanager} {
		action = cmp.Or(action, addresses[kind])
	}
	for _, kind := range []LinkKind{LinkRunbook, LinkSilence, LinkSilenceAll, LinkDashboard, LinkGraph, LinkAlertmanager} {
		if address := addresses[kind]; address != "" && len(jumps) < weComJumps {
			jumps = append(jumps, weComJump{weComOpenURL, m.linkTitle(kind), address})
		}
	}
	return action, jumps, action != ""
}

// fits tells whether all texts are as short as a card shows them.
func (c weComNoticeCard) fits() bool {
	fit := width(c.Source.Desc) <= weComSourceWidth &&
		width(c.MainTitle.Title) <= weComTitleWidth && width(c.MainTitle.Desc) <= weComTitleDesc &&
		width(c.SubTitleText) <= weComSubTitleWidth
	if c.EmphasisContent != nil {
		fit = fit && width(c.EmphasisContent.Title) <= weComEmphasisWidth && width(c.EmphasisContent.Desc) <= weComEmphasisDesc
	}
	for _, j := range c.JumpList {
		fit = fit && width(j.Title) <= weComJumpWidth
	}
	return fit
}

// width is how many Chinese characters a text is as wide as, rounded up.
func width(text string) int {
	halves := 0
	for _, r := range text {
		halves++
		if unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana) || r >= 0x2e80 {
			halves++
		}
	}
	return (halves + 1) / 2
}
