package fakeim

import "fmt"

// weComCard is a template card
// (https://developer.work.weixin.qq.com/document/path/99110). The lengths of its texts are only
// recommended, so that longer ones are taken.
type weComCard struct {
	CardType string `json:"card_type"`
	Source   struct {
		Desc string `json:"desc"`
		// DescColor is grey, black, red or green, from 0.
		DescColor int `json:"desc_color"`
	} `json:"source"`
	MainTitle       weComTitle `json:"main_title"`
	EmphasisContent weComTitle `json:"emphasis_content"`
	QuoteArea       struct {
		Type      int    `json:"type"`
		URL       string `json:"url"`
		AppID     string `json:"appid"`
		Title     string `json:"title"`
		QuoteText string `json:"quote_text"`
	} `json:"quote_area"`
	SubTitleText          string          `json:"sub_title_text"`
	VerticalContentList   []weComTitle    `json:"vertical_content_list"`
	HorizontalContentList []weComRow      `json:"horizontal_content_list"`
	JumpList              []weComJump     `json:"jump_list"`
	CardAction            *weComAction    `json:"card_action"`
	CardImage             *weComCardImage `json:"card_image"`
	ImageTextArea         *struct{}       `json:"image_text_area"`
}

type weComTitle struct {
	Title string `json:"title"`
	Desc  string `json:"desc"`
}

// weComRow is a name and a value; its type is 0 for text, 1 for a link, 2 for a file and 3 for a
// member.
type weComRow struct {
	Type    int    `json:"type"`
	KeyName string `json:"keyname"`
	Value   string `json:"value"`
	URL     string `json:"url"`
	MediaID string `json:"media_id"`
	UserID  string `json:"userid"`
}

// weComJump is a link; its type is 0 for none, 1 for a page and 2 for a mini program.
type weComJump struct {
	Type  int    `json:"type"`
	Title string `json:"title"`
	URL   string `json:"url"`
	AppID string `json:"appid"`
}

// weComAction is what a click on a card does; its type is 1 for a page and 2 for a mini program.
type weComAction struct {
	Type  int    `json:"type"`
	URL   string `json:"url"`
	AppID string `json:"appid"`
}

type weComCardImage struct {
	URL string `json:"url"`
}

// How long the lists of a card may be.
const (
	weComRows     = 6
	weComJumps    = 3
	weComVertical = 4
)

// check returns what is wrong with a card, or "".
func (c *weComCard) check() string {
	switch c.CardType {
	case "text_notice":
		if c.MainTitle.Title == "" && c.SubTitleText == "" {
			return "main_title.title and sub_title_text both missing"
		}
	case "news_notice":
		if c.MainTitle.Title == "" {
			return "main_title.title missing"
		}
		if c.CardImage == nil && c.ImageTextArea == nil {
			return "card_image and image_text_area both missing"
		}
	default:
		return fmt.Sprintf("card_type '%s' invalid", c.CardType)
	}
	action := c.CardAction
	switch {
	case action == nil:
		return "card_action missing"
	case action.Type != 1 && action.Type != 2:
		return "card_action.type must be 1 or 2"
	case action.Type == 1 && action.URL == "":
		return "card_action.url missing"
	case action.Type == 2 && action.AppID == "":
		return "card_action.appid missing"
	case len(c.HorizontalContentList) > weComRows:
		return fmt.Sprintf("horizontal_content_list size exceed %d", weComRows)
	case len(c.JumpList) > weComJumps:
		return fmt.Sprintf("jump_list size exceed %d", weComJumps)
	case len(c.VerticalContentList) > weComVertical:
		return fmt.Sprintf("vertical_content_list size exceed %d", weComVertical)
	}
	return c.checkLists()
}

func (c *weComCard) checkLists() string {
	for _, row := range c.HorizontalContentList {
		switch {
		case row.KeyName == "":
			return "horizontal_content_list.keyname missing"
		case row.Type == 1 && row.URL == "":
			return "horizontal_content_list.url missing"
		case row.Type == 2 && row.MediaID == "":
			return "horizontal_content_list.media_id missing"
		case row.Type == 3 && row.UserID == "":
			return "horizontal_content_list.userid missing"
		}
	}
	for _, jump := range c.JumpList {
		switch {
		case jump.Title == "":
			return "jump_list.title missing"
		case jump.Type == 1 && jump.URL == "":
			return "jump_list.url missing"
		case jump.Type == 2 && jump.AppID == "":
			return "jump_list.appid missing"
		}
	}
	for _, part := range c.VerticalContentList {
		if part.Title == "" {
			return "vertical_content_list.title missing"
		}
	}
	switch quote := c.QuoteArea; {
	case quote.Type == 1 && quote.URL == "":
		return "quote_area.url missing"
	case quote.Type == 2 && quote.AppID == "":
		return "quote_area.appid missing"
	}
	return ""
}

func (c *weComCard) view() *view {
	v := &view{Title: c.MainTitle.Title}
	add := func(k kind, lines ...line) {
		if len(lines) > 0 {
			v.Blocks = append(v.Blocks, block{Kind: k, Lines: lines})
		}
	}
	if c.Source.Desc != "" {
		colors := map[int]string{0: "grey", 2: "red", 3: "green"}
		add(noteBlock, line{Spans: []span{{Text: c.Source.Desc, Color: colors[c.Source.DescColor]}}})
	}
	add(textBlock, c.MainTitle.lines(1)...)
	add(textBlock, c.EmphasisContent.lines(1)...)
	if quote := c.QuoteArea; quote.Title+quote.QuoteText != "" {
		var lines []line
		for _, l := range plainLines(joinText(quote.Title, quote.QuoteText)) {
			lines = append(lines, line{Shape: quoteLine, Spans: l.Spans})
		}
		add(textBlock, lines...)
	}
	if c.SubTitleText != "" {
		add(textBlock, plainLines(c.SubTitleText)...)
	}
	for _, part := range c.VerticalContentList {
		add(textBlock, part.lines(0)...)
	}
	for _, row := range c.HorizontalContentList {
		value := span{Text: row.Value}
		switch row.Type {
		case 1:
			value.URL = row.URL
		case 3:
			value.Mention = true
		}
		add(textBlock, line{Spans: []span{{Text: row.KeyName + " ", Color: "grey"}, value}})
	}
	jumps := block{Kind: buttonBlock}
	for _, jump := range c.JumpList {
		jumps.Buttons = append(jumps.Buttons, button{Label: jump.Title, URL: jump.URL})
	}
	if len(jumps.Buttons) > 0 {
		v.Blocks = append(v.Blocks, jumps)
	}
	if c.CardAction != nil && c.CardAction.URL != "" {
		add(noteBlock, line{Spans: []span{{Text: "a click on the card opens ", Color: "grey"}, {Text: shortURL(c.CardAction.URL), URL: c.CardAction.URL}}})
	}
	return v
}

// lines writes a title, as a heading of a level or bold, and what is below it.
func (t weComTitle) lines(level int) []line {
	var lines []line
	if t.Title != "" && level > 0 {
		lines = append(lines, line{Shape: headingLine, Level: level + 1, Spans: []span{{Text: t.Title}}})
	} else if t.Title != "" {
		lines = append(lines, line{Spans: []span{{Text: t.Title, Bold: true}}})
	}
	if t.Desc != "" {
		for _, l := range plainLines(t.Desc) {
			l.Spans[0].Color = "grey"
			lines = append(lines, l)
		}
	}
	return lines
}

// joinText joins two texts by a new line, if there are two.
func joinText(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n" + b
}
