package fakeim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

func init() {
	register(&protocol{
		name:  "slack",
		title: "Slack",
		hosts: []string{"hooks.slack.com", "slack.com"},
		paths: []string{slackPath, slackAPI},
		examples: []example{
			{name: "slack", path: slackPath + "T00000000/B00000000/demo"},
			{name: "slack-bot", path: slackAPI + "chat.postMessage", params: "token: xoxb-demo, channel: C0123456789"},
		},
		token:     func(u *url.URL) string { return strings.TrimPrefix(u.Path, slackPath) },
		answer:    answerSlack,
		throttled: later(slackThrottled, time.Second),
		// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
		refusals: []refusal{
			{"rollup_error", textAnswer(http.StatusInternalServerError, "rollup_error")},
			{"invalid_payload", textAnswer(http.StatusBadRequest, "invalid_payload")},
			{"user_not_found", textAnswer(http.StatusBadRequest, "user_not_found")},
			{"action_prohibited", textAnswer(http.StatusForbidden, "action_prohibited")},
			{"channel_not_found", textAnswer(http.StatusNotFound, "channel_not_found")},
			{"no_service", textAnswer(http.StatusNotFound, "no_service")},
			{"channel_is_archived", textAnswer(http.StatusGone, "channel_is_archived")},
			{"ok:false", jsonAnswer(http.StatusOK, `{"ok":false,"error":"internal_error"}`)},
		},
		view:  viewSlack,
		style: slackStyle,
	})
}

// slackPath is where incoming webhooks are, with team, bot and token behind it; slackAPI is
// where the Web API is, with the method behind it.
const (
	slackPath = "/services/"
	slackAPI  = "/api/"
)

// slackRates are a message a second for each channel, where "short bursts" may be faster
// (https://docs.slack.dev/apis/web-api/rate-limits). How short nobody documents: here it is ten
// messages at once, that is 10 + n in any n seconds.
var slackRates = &limit{burst: 10, every: time.Second}

var slackThrottled = jsonAnswer(http.StatusTooManyRequests, `{"retry_after":1,"ok":false,"error":"rate_limited"}`)

// slackMessage is what a webhook and chat.postMessage have in common, and more of the latter.
type slackMessage struct {
	Channel     string            `json:"channel"`
	Username    string            `json:"username"`
	Text        string            `json:"text"`
	Blocks      []slackBlock      `json:"blocks"`
	Attachments []slackAttachment `json:"attachments"`
	// TS is the message to be changed, ThreadTS the one to be replied to.
	TS       string `json:"ts"`
	ThreadTS string `json:"thread_ts"`
	// ReplyBroadcast shows a reply in the channel too.
	ReplyBroadcast bool `json:"reply_broadcast"`
}

type slackAttachment struct {
	Color     string       `json:"color"`
	Pretext   string       `json:"pretext"`
	Title     string       `json:"title"`
	TitleLink string       `json:"title_link"`
	Text      string       `json:"text"`
	Fallback  string       `json:"fallback"`
	Footer    string       `json:"footer"`
	Blocks    []slackBlock `json:"blocks"`
	Fields    []struct {
		Title string `json:"title"`
		Value string `json:"value"`
	} `json:"fields"`
	Actions []struct {
		Text  string `json:"text"`
		URL   string `json:"url"`
		Style string `json:"style"`
	} `json:"actions"`
}

type slackText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type slackBlock struct {
	Type    string `json:"type"`
	BlockID string `json:"block_id"`
	// Text is a string in a markdown block, and an object elsewhere.
	Text      json.RawMessage `json:"text"`
	Fields    []slackText     `json:"fields"`
	Accessory *slackElement   `json:"accessory"`
	ImageURL  string          `json:"image_url"`
	AltText   string          `json:"alt_text"`
	// Elements are texts in a context block, and buttons in an actions block.
	Elements []slackElement `json:"elements"`
}

type slackElement struct {
	Type string `json:"type"`
	// Text is a string in a text, and an object in a button.
	Text     json.RawMessage `json:"text"`
	URL      string          `json:"url"`
	Value    string          `json:"value"`
	ActionID string          `json:"action_id"`
	Style    string          `json:"style"`
	ImageURL string          `json:"image_url"`
	AltText  string          `json:"alt_text"`
	// Elements are those of a rich text.
	Elements []slackElement `json:"elements"`
}

func answerSlack(im *IM, r *http.Request, body []byte) answer {
	if strings.HasPrefix(r.URL.Path, slackAPI) {
		return answerSlackAPI(im, r, body)
	}
	token, ok := strings.CutPrefix(r.URL.Path, slackPath)
	if !ok {
		return notFound()
	}
	if r.Method != http.MethodPost {
		return textAnswer(http.StatusBadRequest, "invalid_payload")
	}
	if _, exists := im.bot(token); !exists || strings.Count(token, "/") != 2 {
		return textAnswer(http.StatusNotFound, "no_service")
	}
	var m slackMessage
	if err := json.Unmarshal(slackPayload(body), &m); err != nil {
		return textAnswer(http.StatusBadRequest, "invalid_payload")
	}
	if problem := m.check(); problem != "" {
		return textAnswer(http.StatusBadRequest, problem)
	}
	if wait := im.take(slackRates, token); wait > 0 {
		return later(slackThrottled, wait)
	}
	return accepted(textAnswer(http.StatusOK, "ok"))
}

// slackPayload is the JSON of a request: its body, or the field payload of a form.
func slackPayload(body []byte) []byte {
	if !strings.HasPrefix(string(body), "payload=") {
		return body
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return body
	}
	return []byte(values.Get("payload"))
}

const slackStyle = `
.im-slack .card { border: 0; background: none; padding: 0; box-shadow: none; max-width: 680px; }
.im-slack .head { background: none; color: inherit; padding: 0; font-size: 18px; font-weight: 800; margin: 0; }
.im-slack .avatar { background: #4a154b; border-radius: 6px; }
.im-slack .button { border-radius: 4px; font-weight: 700; }
.im-slack .button.primary { background: #007a5a; border-color: #007a5a; }
.im-slack .button.danger { color: #e01e5a; border-color: #e01e5a; }
.im-slack .mention { background: #fff3d0; color: #1264a3; }
.im-slack .code { color: #c01343; border: 1px solid #ddd; }
`
