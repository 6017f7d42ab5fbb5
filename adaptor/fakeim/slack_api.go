package fakeim

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// slackUpdateRates are those of chat.update, of tier 3: 50 calls a minute for each token, and
// "sporadic bursts" (https://docs.slack.dev/apis/web-api/rate-limits), here of ten.
var slackUpdateRates = &limit{burst: 10, every: time.Minute / 50}

// slackUpdateText is the most characters that chat.update takes as text
// (https://docs.slack.dev/reference/methods/chat.update, error msg_too_long).
const slackUpdateText = 4000

// slackID matches the ID of a channel, or of a direct message.
var slackID = regexp.MustCompile(`^[CDGU][A-Z0-9]+$`)

// posted are the messages that a bot can change and reply to, by channel and ts.
type posted struct {
	at    map[string]time.Time
	order []string
	last  int64
}

// maxPosted is how many messages are remembered.
const maxPosted = 10_000

// add makes a ts that no other message has, and remembers the message.
func (p *posted) add(channel string, now time.Time) (ts string) {
	p.last = max(p.last+1, now.UnixMicro())
	ts = fmt.Sprintf("%d.%06d", p.last/1_000_000, p.last%1_000_000)
	if p.at == nil {
		p.at = map[string]time.Time{}
	}
	key := channel + " " + ts
	p.at[key] = now
	p.order = append(p.order, key)
	if len(p.order) > maxPosted {
		delete(p.at, p.order[0])
		p.order = p.order[1:]
	}
	return ts
}

// answerSlackAPI answers chat.postMessage and chat.update
// (https://docs.slack.dev/reference/methods), which report refusals with HTTP 200.
func answerSlackAPI(im *IM, r *http.Request, body []byte) answer {
	no := func(problem string) answer {
		return jsonAnswer(http.StatusOK, fmt.Sprintf(`{"ok":false,"error":%q}`, problem))
	}
	method := strings.TrimPrefix(r.URL.Path, slackAPI)
	if method != "chat.postMessage" && method != "chat.update" {
		return no("unknown_method")
	}
	m, token, problem := readSlackAPI(r, body)
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		token = bearer
	}
	_, exists := im.bot(token)
	switch {
	case token == "":
		return no("not_authed")
	case !exists:
		return no("invalid_auth")
	case problem != "":
		return no(problem)
	case m.Channel == "":
		return no("channel_not_found")
	}
	if problem := m.check(); problem != "" {
		return no(problem)
	}
	if slackBlockSize(m.Blocks) > slackBlockText {
		return no("msg_blocks_too_long")
	}
	if method == "chat.update" {
		return im.updateSlack(m, token)
	}
	return im.postSlack(m)
}

// readSlackAPI reads JSON or a form, as the Web API takes both, and returns the token of the
// latter.
func readSlackAPI(r *http.Request, body []byte) (m slackMessage, token, problem string) {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	switch {
	case r.Method != http.MethodPost:
		return m, "", "invalid_post_type"
	case isJSON(r):
		if !json.Valid(body) {
			return m, "", "invalid_json"
		}
		if json.Unmarshal(body, &m) != nil {
			return m, "", "invalid_arguments"
		}
		return m, "", ""
	case strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded"):
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return m, "", "invalid_form_data"
		}
		m = slackMessage{Channel: values.Get("channel"), Username: values.Get("username"), Text: values.Get("text"), TS: values.Get("ts"), ThreadTS: values.Get("thread_ts")}
		if text := values.Get("blocks"); text != "" && json.Unmarshal([]byte(text), &m.Blocks) != nil {
			problem = "invalid_blocks_format"
		}
		if text := values.Get("attachments"); text != "" && json.Unmarshal([]byte(text), &m.Attachments) != nil {
			problem = "invalid_attachments"
		}
		return m, values.Get("token"), problem
	}
	return m, "", "invalid_post_type"
}

func slackAPIThrottled(wait time.Duration) answer {
	return later(jsonAnswer(http.StatusTooManyRequests, `{"ok":false,"error":"ratelimited"}`), wait)
}

// postSlack takes a message. A channel that is given by its name is answered by its ID.
func (im *IM) postSlack(m slackMessage) answer {
	channel := m.Channel
	if !slackID.MatchString(channel) {
		hash := fnv.New32a()
		_, _ = hash.Write([]byte(strings.TrimPrefix(channel, "#")))
		channel = fmt.Sprintf("C%08X", hash.Sum32())
	}
	if wait := im.take(slackRates, channel); wait > 0 {
		return slackAPIThrottled(wait)
	}
	note := ""
	im.mu.Lock()
	defer im.mu.Unlock()
	if m.ThreadTS != "" {
		note = "a reply in a thread"
		if parent, known := im.posted.at[channel+" "+m.ThreadTS]; known {
			note += " of the message of " + parent.Format(time.TimeOnly)
		}
		if m.ReplyBroadcast {
			note += ", shown in the channel too"
		}
	}
	ts := im.posted.add(channel, time.Now())
	reply := accepted(jsonAnswer(http.StatusOK, fmt.Sprintf(`{"ok":true,"channel":%q,"ts":%q}`, channel, ts)))
	reply.note = note
	return reply
}

// updateSlack changes a message, which it knows by its channel's ID and its ts only.
func (im *IM) updateSlack(m slackMessage, token string) answer {
	problem := ""
	im.mu.Lock()
	original, known := im.posted.at[m.Channel+" "+m.TS]
	im.mu.Unlock()
	switch {
	case !slackID.MatchString(m.Channel):
		problem = "channel_not_found"
	case !known:
		problem = "message_not_found"
	case utf8.RuneCountInString(m.Text) > slackUpdateText:
		problem = "msg_too_long"
	}
	if problem != "" {
		return jsonAnswer(http.StatusOK, fmt.Sprintf(`{"ok":false,"error":%q}`, problem))
	}
	if wait := im.take(slackUpdateRates, token); wait > 0 {
		return slackAPIThrottled(wait)
	}
	text, _ := json.Marshal(m.Text)
	reply := accepted(jsonAnswer(http.StatusOK, fmt.Sprintf(`{"ok":true,"channel":%q,"ts":%q,"text":%s}`, m.Channel, m.TS, text)))
	reply.note = "the new text of the message of " + original.Format(time.TimeOnly)
	return reply
}
