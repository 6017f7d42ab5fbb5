package adaptor

import (
	"net/url"
	"regexp"
	"strings"
)

// encodeSlackBot writes a message of a bot. What comes after the first message of a group is a
// reply in its thread. While something fires, the reply shows in the channel too, for a thread
// is read only by those who follow it, and an alert is for everybody. When all is resolved, the
// first message is changed to say so, green and with its alerts, and the reply is short: nobody
// has to act. It still names every alert, for the first message may be gone.
func encodeSlackBot(target Target, m Message, body slackBody) (Request, error) {
	body.Channel = string(target.Params[slackChannel])
	address := string(target.URL)
	channel, first, threaded := strings.Cut(m.Thread, " ")
	var before *Request
	// The group's first message is in another channel if the receiver was given one since.
	if threaded && (channel == body.Channel || !slackChannelID.MatchString(body.Channel)) {
		body.Channel, body.ThreadTS = channel, first
		body.ReplyBroadcast = m.Firing > 0
		if m.over() && m.Part <= 1 {
			update := body
			update.ThreadTS, update.TS = "", first
			request, err := slackRequest(slackUpdateURL(address), target, update)
			if err != nil {
				return Request{}, err
			}
			before = &request
		}
		if m.Firing == 0 {
			m.Compact = true
			short := newSlackBody(m, target.Form)
			body.Text, body.Blocks, body.Attachments = short.Text, short.Blocks, short.Attachments
		}
	}
	request, err := slackRequest(address, target, body)
	if before != nil {
		request.Before, request.Size = before, max(request.Size, before.Size)
	}
	return request, err
}

// slackChannelID is the form of the IDs of channels.
var slackChannelID = regexp.MustCompile(`^[CDG][A-Z0-9]{2,}$`)

func slackRequest(address string, target Target, body slackBody) (Request, error) {
	encoded, err := encodeJSON(body)
	return Request{URL: address, Body: encoded, Size: len(encoded), Header: slackHeader(target.Params[slackToken])}, err
}

// slackUpdateURL is the address of chat.update beside that of chat.postMessage.
func slackUpdateURL(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	before, _ := slackMethod(u.Path)
	u.Path = before + slackUpdate
	return u.String()
}
