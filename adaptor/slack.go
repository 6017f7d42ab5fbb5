package adaptor

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

func init() {
	register(&Channel{
		Name:    "slack",
		Threads: true,
		Types:   []string{"slack-webhook", "slack", "slack-bot"},
		Hosts:   []string{"hooks.slack.com", "hooks.slack-gov.com", "slack.com", "slack-gov.com"},
		Address: slackPostMessage,
		Forms:   []string{slackLinks, slackButtons},
		Params: []Param{
			{Name: slackToken, Secret: true, What: "the token of a bot with the scope chat:write, xoxb-…"},
			{Name: slackChannel, What: "the ID of the channel that the bot posts to, C…"},
		},
		// A message a second for each webhook, and for each channel of a bot
		// (https://docs.slack.dev/apis/web-api/rate-limits). Short bursts may be faster, but
		// nobody says how short.
		Rates:    []Rate{{Messages: 1, Per: time.Second}},
		MaxBytes: slackBytes,
		// A message has at most 50 blocks, and an alert takes up to three.
		MaxAlerts: 15,
		Check:     checkSlackTarget,
		Mention:   checkSlackMention,
		Markup:    func(string) markup { return slackMarkup },
		Encode:    encodeSlack,
		Verdict:   judgeSlack,
	})
}

// The forms.
const (
	// slackLinks has links within the text.
	slackLinks = "blocks"
	// slackButtons has buttons in their place. Slack asks every app with buttons to answer
	// clicks, even on those that only open an address, and shows a warning beside the button
	// where nothing answers (https://docs.slack.dev/reference/block-kit/block-elements/button-element,
	// https://github.com/slackapi/node-slack-sdk/issues/869): so they are not the default.
	slackButtons = "buttons"
)

// The parameters of a bot.
const (
	slackToken   = "token"
	slackChannel = "channel"
)

// slackBytes is the most bytes of a request. Slack documents 40 000 characters for a text, but
// refuses blocks of together more than about 13 000 as msg_blocks_too_long
// (https://github.com/slackapi/bolt-js/issues/2509).
const slackBytes = 12_000

// Methods of the Web API.
const (
	slackPostMessage = "https://slack.com/api/chat.postMessage"
	slackUpdate      = "chat.update"
)

// checkSlackTarget tells a bot, which has a token and a channel, from an incoming webhook, which
// has an address of its own.
func checkSlackTarget(target Target) error {
	token, channel := target.Params[slackToken], target.Params[slackChannel]
	u, err := url.Parse(string(target.URL))
	if err != nil {
		return nil // the address is checked elsewhere
	}
	_, method := slackMethod(u.Path)
	hook := strings.HasPrefix(u.Hostname(), "hooks.")
	switch {
	case token == "" && channel == "" && string(target.URL) == slackPostMessage:
		return errors.New("no params.url, the address of an incoming webhook, and no params.token and params.channel, those of a bot: give either")
	case token == "" && channel != "":
		return errors.New("params.channel is for a bot: it needs params.token too, or leave the channel out, for an incoming webhook has one of its own")
	case token != "" && channel == "":
		return errors.New("params.token is that of a bot: params.channel must say which channel it posts to, by its ID (C…)")
	case token == "" && channelOfHost(u.Hostname()) != nil && !hook:
		return errors.New("the url is one of Slack's Web API: it needs params.token and params.channel")
	case token != "" && hook:
		return errors.New("the url is that of an incoming webhook, and params.token that of a bot: leave one of them out")
	case token != "" && method != "chat.postMessage":
		return errors.New("params.url of a bot must end in chat.postMessage, or be left out")
	case strings.ContainsFunc(string(token), func(c rune) bool { return c <= ' ' || c > '~' }):
		return errors.New("params.token has characters that no token has (it is not shown)")
	case strings.HasPrefix(string(channel), "#"):
		return errors.New("params.channel is a name: give the channel's ID (C…), which outlives renaming and is at the end of its details")
	}
	return nil
}

// slackMethod parts a path of the Web API into what is before the method, and the method.
func slackMethod(path string) (before, method string) {
	i := strings.LastIndex(path, "/") + 1
	return path[:i], path[i:]
}

// slackBody is a message of an incoming webhook and of the Web API, which needs a channel.
type slackBody struct {
	Channel string `json:"channel,omitempty"`
	// TS is the message to be changed, ThreadTS the one to be replied to.
	TS       string `json:"ts,omitempty"`
	ThreadTS string `json:"thread_ts,omitempty"`
	// ReplyBroadcast shows a reply in the channel too.
	ReplyBroadcast bool `json:"reply_broadcast,omitempty"`
	// Text is for notifications and screen readers, for there are blocks.
	Text        string            `json:"text"`
	Blocks      []slackBlock      `json:"blocks"`
	Attachments []slackAttachment `json:"attachments"`
	// Parse "none" keeps Slack from finding names in the text; chat.update would by default.
	Parse string `json:"parse"`
	// Runbooks and graphs are not shown below the message.
	UnfurlLinks bool `json:"unfurl_links"`
	UnfurlMedia bool `json:"unfurl_media"`
}

func encodeSlack(target Target, m Message, _ time.Time) (Request, error) {
	body := newSlackBody(m, target.Form)
	if target.Params[slackToken] == "" {
		encoded, err := encodeJSON(body)
		return Request{URL: string(target.URL), Body: encoded, Size: len(encoded)}, err
	}
	return encodeSlackBot(target, m, body)
}

// slackHeader authorizes a bot.
func slackHeader(token Secret) http.Header {
	return http.Header{"Authorization": {"Bearer " + string(token)}}
}
