package adaptor

import (
	"encoding/json"
	"fmt"
)

// refusal is an answer of DingTalk or WeCom whose code is not 0.
type refusal struct {
	code int
	// message is in the messenger's own words; reason is what a verdict says of it.
	message, reason string
}

// judgeErrcode judges an answer of the form {"errcode": N, "errmsg": "..."}, which DingTalk and
// WeCom give with HTTP 200 also when they refuse. The codes mean what the channel says; one it
// gives no outcome for ends with its advice, or is doubtful where there is none.
func judgeErrcode(channel string, r Response, advice map[int]string, meaning func(refusal) (Verdict, bool)) Verdict {
	if verdict, bad := refused(r); bad {
		return verdict
	}
	var answer struct {
		ErrCode *int
		ErrMsg  string
	}
	if err := json.Unmarshal(r.Body, &answer); err != nil || answer.ErrCode == nil {
		return unreadable(r)
	}
	if *answer.ErrCode == 0 {
		return Verdict{Outcome: Done}
	}
	why := refusal{code: *answer.ErrCode, message: answer.ErrMsg}
	why.reason = fmt.Sprintf("%s error %d: %s", channel, why.code, oneLine(why.message))
	if verdict, known := meaning(why); known {
		return verdict
	}
	if text := advice[why.code]; text != "" {
		return Verdict{Outcome: DeadLetter, Reason: why.reason + " (" + text + ")"}
	}
	return Verdict{Outcome: Retry, Attempts: doubtfulAttempts, Reason: why.reason}
}
