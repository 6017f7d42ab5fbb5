package adaptor

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Codes that a custom bot answers
// (https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot and
// https://open.feishu.cn/document/server-docs/api-call-guide/frequency-control); 11246 and 19036
// are known from bots' answers.
const (
	feishuBadRequest  = 9499
	feishuThrottled   = 11232
	feishuBadCard     = 11246
	feishuTooLarge    = 19036
	feishuRateLimited = 99991400
)

// feishuAdvice is what to do about the refusals that no retry can mend.
var feishuAdvice = map[int]string{
	feishuBadRequest: "a gateway on the way changes the body, or the bot does not know cards",
	feishuBadCard:    "Feishu cannot build this card: see whether the receiver's templates use markup that it does not know",
	19001:            "the bot was removed or the url is wrong: copy it again from the bot's settings",
	19002:            "a gateway on the way changes the body, or the bot is too old for cards: make a new one",
	19021:            "the secret is wrong or missing, or this machine's clock is more than an hour off",
	19022:            "add this machine's address to the bot's IP allow list",
	19024:            "add a keyword that every message has to the bot's keywords, or use a signature instead",
}

// judgeFeishu reads the answer's code: Feishu reports most refusals with HTTP 200. Old bots
// answer StatusCode, newer ones code, which counts where both are present.
func judgeFeishu(r Response) Verdict {
	var answer struct {
		Code          *int
		Msg           string
		StatusCode    *int
		StatusMessage string
	}
	if err := json.Unmarshal(r.Body, &answer); err != nil || (answer.Code == nil && answer.StatusCode == nil) {
		if verdict, bad := refused(r); bad {
			return verdict
		}
		return unreadable(r)
	}
	code, message := answer.Code, answer.Msg
	if code == nil {
		code, message = answer.StatusCode, answer.StatusMessage
	}
	if *code == 0 {
		if verdict, bad := refused(r); bad {
			return verdict
		}
		return Verdict{Outcome: Done}
	}
	return judgeFeishuCode(r, *code, message)
}

// judgeFeishuCode judges a refusal.
func judgeFeishuCode(r Response, code int, message string) Verdict {
	reason := fmt.Sprintf("feishu error %d: %s", code, oneLine(message))
	words := strings.ToLower(message)
	switch {
	case code == feishuThrottled, code == feishuRateLimited, r.Status == http.StatusTooManyRequests,
		// One code for two things: only its words tell throttling from a bad request.
		code == feishuBadRequest && strings.Contains(words, "too many"):
		return Verdict{Outcome: Retry, After: max(feishuReset(r.Header), time.Second), Reason: reason}
	case code == feishuTooLarge, code == feishuBadCard && feishuCardTooLarge(words):
		return Verdict{Outcome: Split, Reason: reason}
	case code == feishuBadCard && feishuBadMention(words):
		return Verdict{Outcome: DeadLetter, BadMention: true, Reason: reason + " (the receiver's mentions name somebody who is not in the group, or everybody where the group's owner does not allow it: give open_ids or user_ids of members)"}
	}
	if advice := feishuAdvice[code]; advice != "" {
		return Verdict{Outcome: DeadLetter, Reason: reason + " (" + advice + ")"}
	}
	if verdict, bad := refused(r); bad && verdict.Outcome != DeadLetter {
		verdict.Reason = reason
		return verdict
	}
	return Verdict{Outcome: Retry, Attempts: doubtfulAttempts, Reason: reason}
}

// feishuReset is how long Feishu asks to wait, in whichever header it says so.
func feishuReset(h http.Header) time.Duration {
	reset := http.Header{"Retry-After": {h.Get("X-Ogw-Ratelimit-Reset")}}
	return max(retryAfter(h), retryAfter(reset))
}

// feishuCardTooLarge tells by the words of error 11246 whether a smaller card may be accepted.
func feishuCardTooLarge(words string) bool {
	return strings.Contains(words, "exceed") || strings.Contains(words, "over limit") || strings.Contains(words, "size limit")
}

// feishuBadMention tells by the words of error 11246 whether the card is refused for whom it
// calls.
func feishuBadMention(words string) bool {
	return strings.Contains(words, "user resource") || strings.Contains(words, "at/person") || strings.Contains(words, "at all")
}
