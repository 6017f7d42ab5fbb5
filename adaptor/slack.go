package adaptor

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

func init() {
	register(&Channel{
		Name:  "slack",
		Types: []string{"slack-webhook", "slack"},
		Hosts: []string{"hooks.slack.com", "hooks.slack-gov.com"},
		// Slack documents 40 000 characters of text and limits on blocks
		// (https://docs.slack.dev/reference/block-kit/blocks); a message that long is unreadable,
		// so the bound is the readers'.
		MaxBytes: 30_000,
		// A message has at most 50 blocks: one an alert, and one for the notes.
		MaxAlerts: 49,
		Encode:    encodeSlack,
		Verdict:   judgeSlack,
	})
}

// slackSection is the most characters a section's text may have.
const slackSection = 3000

// slackEscapes escapes the three characters that Slack's mrkdwn asks to be escaped
// (https://docs.slack.dev/messaging/formatting-message-text), which makes links and mentions
// such as <!channel> inert. Emphasis has no escape and does no harm.
var slackEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

var slackMarkup = markup{
	text:    slackEscapes.Replace,
	bold:    func(s string) string { return "*" + s + "*" },
	dim:     func(s string) string { return s },
	link:    func(title, address string) string { return "<" + slackEscapes.Replace(address) + "|" + title + ">" },
	newline: "\n",
}

func encodeSlack(target Target, m Message, _ time.Time) (Request, error) {
	color := [...]string{ToneResolved: "#2eb67d", ToneInfo: "#36c5f0", ToneWarning: "#ecb22e", ToneCritical: "#e01e5a"}
	var blocks []slack.Block
	for _, a := range m.Alerts {
		blocks = append(blocks, slackText(slackAlert(a, m.Firing > 0)))
	}
	if notes := m.Notes(); len(notes) > 0 {
		blocks = append(blocks, slackText(slackMarkup.text(strings.Join(notes, "\n"))))
	}
	title := slackMarkup.text(m.Headline())
	body, err := encodeJSON(slack.WebhookMessage{
		Text:        "*" + title + "*",
		Attachments: []slack.Attachment{{Color: color[m.Tone()], Fallback: m.Headline(), Blocks: slack.Blocks{BlockSet: blocks}}},
	})
	return Request{URL: string(target.URL), Body: body, Size: len(body)}, err
}

// slackAlert writes one alert, shortened until its section holds it.
func slackAlert(a Alert, mixed bool) string {
	text := slackMarkup.alert(a, mixed)
	for longest := 1000; len([]rune(text)) > slackSection && longest > 0; longest /= 2 {
		short := Message{Alerts: []Alert{a}}.part(1, longest)
		text = slackMarkup.alert(short.Alerts[0], mixed) + "\n(shortened)"
	}
	return text
}

func slackText(text string) slack.Block {
	// Verbatim keeps Slack from turning names in the text into mentions.
	return slack.NewSectionBlock(&slack.TextBlockObject{Type: slack.MarkdownType, Text: text, Verbatim: true}, nil, nil)
}

// slackAdvice is what to do about the refusals of incoming webhooks
// (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).
var slackAdvice = map[string]string{
	"action_prohibited":   "an administrator forbids posting to this channel",
	"channel_is_archived": "choose another channel for the webhook",
	"channel_not_found":   "the channel is gone: make a webhook for another",
	"no_service":          "the webhook was removed: make a new one",
	"no_service_id":       "the webhook was removed: make a new one",
	"no_team":             "the url is wrong: copy it again from the app's settings",
	"invalid_token":       "the url is wrong: copy it again from the app's settings",
	"team_disabled":       "the workspace is disabled",
}

// judgeSlack reads status and text: an incoming webhook answers "ok", or a refusal with a
// status of its own. A gateway that speaks the Web API answers {"ok":false} with HTTP 200.
func judgeSlack(r Response) Verdict {
	text := strings.TrimSpace(string(r.Body))
	var answer struct {
		OK    *bool
		Error string
	}
	if json.Unmarshal(r.Body, &answer) == nil && answer.OK != nil {
		text = answer.Error
		if *answer.OK {
			text = "ok"
		}
	}
	switch text {
	case "msg_too_long", "msg_blocks_too_long", "too_many_attachments":
		return Verdict{Outcome: Split, Reason: describe(r)}
	case "rate_limited", "ratelimited", "rollup_error":
		return Verdict{Outcome: Retry, After: retryAfter(r.Header), Reason: describe(r)}
	}
	verdict, bad := refused(r)
	switch {
	case bad && slackAdvice[text] != "":
		verdict.Reason += " (" + slackAdvice[text] + ")"
		return verdict
	case bad:
		return verdict
	case text == "ok":
		return Verdict{Outcome: Done}
	case slackAdvice[text] != "", strings.HasPrefix(text, "invalid_"), text == "no_text":
		return Verdict{Outcome: DeadLetter, Reason: describe(r)}
	}
	return unreadable(r)
}
