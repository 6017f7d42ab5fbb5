package fakeim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"time"
	"unicode/utf8"
)

func init() {
	register(&protocol{
		name:      "wecom",
		title:     "WeCom",
		hosts:     []string{"qyapi.weixin.qq.com"},
		paths:     []string{"/cgi-bin/"},
		examples:  []example{{name: "wecom", path: "/cgi-bin/webhook/send?key=demo"}},
		token:     func(u *url.URL) string { return u.Query().Get("key") },
		answer:    answerWeCom,
		throttled: weComThrottled,
		refusals: []refusal{
			{"-1", weComError(-1, "system busy")},
			{"93000", weComUnknownBot},
			{"45033", weComError(45033, "api concurrent out of limit")},
			{"45002", weComError(45002, "content size out of limit")},
			{"40058", weComError(40058, "invalid Request Parameter")},
		},
		view:  viewWeCom,
		style: weComStyle,
	})
}

// Limits of texts, in bytes (https://developer.work.weixin.qq.com/document/path/99110).
const (
	weComTextLimit     = 2048
	weComMarkdownLimit = 4096
)

// weComRates are 20 messages a minute for each key, where calls that fail count too (same
// source).
var weComRates = &limit{windows: []window{{20, time.Minute}}, refused: true}

var (
	weComThrottled  = weComError(45009, "api freq out of limit")
	weComUnknownBot = weComError(93000, "invalid webhook url")
)

type weComText struct {
	Content             string   `json:"content"`
	MentionedList       []string `json:"mentioned_list"`
	MentionedMobileList []string `json:"mentioned_mobile_list"`
}

type weComMessage struct {
	MsgType    string    `json:"msgtype"`
	Text       weComText `json:"text"`
	Markdown   weComText `json:"markdown"`
	MarkdownV2 weComText `json:"markdown_v2"`
	News       struct {
		Articles []weComArticle `json:"articles"`
	} `json:"news"`
	TemplateCard *weComCard `json:"template_card"`
}

type weComArticle struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	URL         string `json:"url"`
}

// weComError words an error as WeCom does.
func weComError(code int, message string) answer {
	words := fmt.Sprintf("%s, hint: [1700000000123456789012345], from ip: 127.0.0.1, more info at https://open.work.weixin.qq.com/devtool/query?e=%d", message, code)
	return jsonAnswer(http.StatusOK, fmt.Sprintf(`{"errcode":%d,"errmsg":%q}`, code, words))
}

func answerWeCom(im *IM, r *http.Request, body []byte) answer {
	if r.URL.Path != "/cgi-bin/webhook/send" {
		return notFound()
	}
	if r.Method != http.MethodPost {
		return weComError(43002, "require POST method")
	}
	token := im.protocol.token(r.URL)
	if _, exists := im.bot(token); !exists {
		return weComUnknownBot
	}
	if im.take(weComRates, token) > 0 {
		return weComThrottled
	}
	// Texts must be UTF-8 (same source). The words of the error also blame \u and a number in
	// JSON, but that is how many libraries write Chinese, and it arrives.
	if !utf8.Valid(body) {
		return weComError(40033, "invalid charset. please check your request, if include \\uxxxx will create fail!")
	}
	var m weComMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return weComError(47001, "data format error")
	}
	if code, problem := m.check(); code != 0 {
		return weComError(code, problem)
	}
	return accepted(jsonAnswer(http.StatusOK, `{"errcode":0,"errmsg":"ok"}`))
}

// check returns the code and the words for what is wrong with a message, or 0.
func (m weComMessage) check() (code int, problem string) {
	content, limit := "", 0
	switch m.MsgType {
	case "text":
		content, limit = m.Text.Content, weComTextLimit
	case "markdown":
		content, limit = m.Markdown.Content, weComMarkdownLimit
	case "markdown_v2":
		content, limit = m.MarkdownV2.Content, weComMarkdownLimit
	case "news":
		return m.checkNews()
	case "template_card":
		if m.TemplateCard == nil {
			return 40058, "template_card missing. invalid Request Parameter"
		}
		if problem := m.TemplateCard.check(); problem != "" {
			return 40058, "template_card." + problem + ". invalid Request Parameter"
		}
		return 0, ""
	case "image", "file", "voice":
		return 0, ""
	default:
		return 40008, "invalid message type"
	}
	switch {
	case content == "":
		return 44004, "empty content"
	case len(content) > limit:
		return 40058, fmt.Sprintf("%s.content exceed max length %d. invalid Request Parameter", m.MsgType, limit)
	}
	return 0, ""
}

// weComArticles is how many articles a message of news may have.
const weComArticles = 8

func (m weComMessage) checkNews() (code int, problem string) {
	if n := len(m.News.Articles); n == 0 || n > weComArticles {
		return 40058, fmt.Sprintf("news.articles size must be between 1 and %d. invalid Request Parameter", weComArticles)
	}
	for _, article := range m.News.Articles {
		if article.Title == "" {
			return 41016, "missing title"
		}
		if article.URL == "" {
			return 40058, "news.articles.url missing. invalid Request Parameter"
		}
	}
	return 0, ""
}

func viewWeCom(body []byte) (*view, error) {
	var m weComMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, fmt.Errorf("not a WeCom message: %w", err)
	}
	// A message that is only too long can be shown.
	if code, problem := m.check(); code != 0 && !m.tooLong() {
		return nil, fmt.Errorf("not a WeCom message: type %q: %s", m.MsgType, problem)
	}
	switch m.MsgType {
	case "text":
		text := words(m.Text.Content)
		text.Lines = append(text.Lines, mention(append(m.Text.MentionedList, m.Text.MentionedMobileList...)...)...)
		return &view{Title: m.Text.Content, Blocks: []block{text}}, nil
	case "markdown":
		return &view{Blocks: []block{{Kind: textBlock, Lines: markdown(m.Markdown.Content, weComDialect)}}}, nil
	case "markdown_v2":
		return &view{Blocks: []block{{Kind: textBlock, Lines: markdown(m.MarkdownV2.Content, weComDialect2)}}}, nil
	case "news":
		v := &view{Title: m.News.Articles[0].Title}
		for _, article := range m.News.Articles {
			text := block{Kind: textBlock, Lines: []line{{Spans: []span{{Text: article.Title, URL: article.URL, Bold: true}}}}}
			if article.Description != "" {
				text.Lines = append(text.Lines, plainLines(article.Description)...)
			}
			v.Blocks = append(v.Blocks, text)
		}
		return v, nil
	case "template_card":
		return m.TemplateCard.view(), nil
	}
	return &view{Blocks: []block{words("(a message of type " + m.MsgType + ")")}}, nil
}

func (m weComMessage) tooLong() bool {
	return max(len(m.Text.Content)-weComTextLimit, len(m.Markdown.Content)-weComMarkdownLimit, len(m.MarkdownV2.Content)-weComMarkdownLimit) > 0
}

// weComDialect is the Markdown that has colours and mentions, weComDialect2 the newer one, that
// has tables and emphasis instead.
var (
	weComDialect = dialect{
		color: map[string]string{"info": "green", "comment": "grey", "warning": "orange"},
		tag:   regexp.MustCompile(`^<@([^<>\s]+)>`),
		mean:  func(groups []string) []span { return []span{{Text: "@" + groups[1], Mention: true}} },
	}
	weComDialect2 = dialect{color: map[string]string{}, tables: true, emphasis: true}
)

const weComStyle = `
.im-wecom .card { border-radius: 6px; }
.im-wecom .avatar { background: #2f7dcd; }
.im-wecom .c-green { color: #09a84e; }
.im-wecom .c-orange { color: #ff8800; }
.im-wecom .big { font-size: 22px; font-weight: 600; }
`
