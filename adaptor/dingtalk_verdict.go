package adaptor

import (
	"encoding/json"
	"strings"
	"time"
)

// Codes that a custom bot answers; those of the vendor's page are
// https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages, section on error
// codes, the others are known from bots' answers.
const (
	dingTalkBusy        = -1
	dingTalkTooLong     = 460101
	dingTalkTooLongOld  = 101002
	dingTalkTooFast     = 130101
	dingTalkRateLimited = 410100
	dingTalkInsecure    = 310000
)

// dingTalkTokenAdvice is for the several codes of one mistake.
const dingTalkTokenAdvice = "the access token is wrong: copy the url again from the bot's settings"

// dingTalkAdvice is what to do about the refusals that no retry can mend.
var dingTalkAdvice = map[int]string{
	88:     "the url has no access token: copy it again from the bot's settings",
	300001: dingTalkTokenAdvice + ", or the bot is not a custom bot and takes only messages of its own kind",
	300005: dingTalkTokenAdvice,
	400101: dingTalkTokenAdvice,
	400013: "the bot's group is gone: make a bot in another group",
	400102: "the bot is stopped: start it again in the group's settings",
	400105: "the bot does not take this kind of message: set the receiver's form to markdown",
	400106: "the bot was removed: make a new one",
	430101: "DingTalk holds a link of the message for unsafe: see where the runbook, dashboard and generator addresses lead",
	430102: "DingTalk does not allow a word of the message: see the alert's labels and annotations",
	430103: "DingTalk does not allow an image of the message: see the receiver's templates",
	430104: "DingTalk does not allow what the message says: see the alert's labels and annotations",
	43004:  "a gateway on the way changes the content type",
	40035:  "a gateway on the way changes the body",
	90030:  "the bot's daily quota is used up",
}

// judgeDingTalk reads the answer's errcode: DingTalk reports refusals with HTTP 200.
func judgeDingTalk(r Response) Verdict {
	return judgeErrcode("dingtalk", r, dingTalkAdvice, func(why refusal) (Verdict, bool) {
		switch {
		case why.code == dingTalkTooFast, why.code == dingTalkRateLimited, strings.Contains(why.message, "too fast"):
			return Verdict{Outcome: Retry, After: dingTalkMuted(r), Reason: why.reason}, true
		case why.code == dingTalkTooLong, why.code == dingTalkTooLongOld, strings.Contains(why.message, "大小不合法"):
			return Verdict{Outcome: Split, Reason: why.reason}, true
		case why.code == dingTalkBusy:
			return Verdict{Outcome: Retry, Reason: why.reason}, true
		case why.code == dingTalkInsecure:
			return Verdict{Outcome: DeadLetter, Reason: why.reason + " (" + dingTalkSecurityAdvice(why.message) + ")"}, true
		}
		return Verdict{}, false
	})
}

// dingTalkMuted is how long to leave a bot alone that sent too fast. It is muted for up to ten
// minutes; the answer's wait, in seconds, is the least. A call a minute finds out when it is
// over without adding to the load.
func dingTalkMuted(r Response) time.Duration {
	var answer struct{ Wait uint16 }
	_ = json.Unmarshal(r.Body, &answer)
	return min(max(time.Duration(answer.Wait)*time.Second, time.Minute), maxRetryAfter)
}

// dingTalkSecurityAdvice tells the meanings of error 310000 apart by their words, which are
// English or Chinese.
func dingTalkSecurityAdvice(message string) string {
	switch {
	case strings.Contains(message, "keyword"), strings.Contains(message, "关键词"):
		return "add a keyword that every message has to the bot's keywords, or use a signature instead"
	case strings.Contains(message, "whitelist"), strings.Contains(message, "白名单"):
		return "add this machine's address to the bot's IP allow list"
	case strings.Contains(message, "timestamp"), strings.Contains(message, "过期"):
		return "this machine's clock is more than an hour off"
	}
	return "the secret is wrong or missing, or this machine's clock is more than an hour off"
}
