package fakeim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

func init() {
	register(&protocol{
		name:     "feishu",
		title:    "Feishu",
		hosts:    []string{"open.feishu.cn", "open.larksuite.com"},
		paths:    []string{"/open-apis/"},
		examples: []example{{name: "feishu", path: feishuPath + "demo"}},
		token:    func(u *url.URL) string { return strings.TrimPrefix(u.Path, feishuPath) },
		// Ten keywords, ten addresses or networks, and a signature
		// (https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot).
		security:  security{signs: true, keywords: 10, networks: 10},
		answer:    answerFeishu,
		throttled: feishuThrottled,
		refusals: []refusal{
			{"9499", feishuError(http.StatusBadRequest, 9499, "Bad Request: too many request")},
			{"19001", feishuUnknownBot},
			{"19021", feishuUnsigned},
			{"19022", feishuForeign},
			{"19024", feishuNoKeyword},
			{"19036", feishuTooLarge},
			{"11246", feishuError(http.StatusOK, 11246, "ErrCode: 200621; ErrMsg: parse card json err, please check whether the card json is correct; ")},
		},
		view:  viewFeishu,
		style: feishuStyle,
	})
}

// feishuPath is where custom bots are; the token follows.
const feishuPath = "/open-apis/bot/v2/hook/"

// feishuLimit is the documented size of a custom bot's request, 20 KB.
const feishuLimit = 20 << 10

// feishuRates are 5 messages a second and 100 a minute for each bot
// (https://open.feishu.cn/document/ukTMukTMukTM/uUzN04SN3QjL1cDN).
var feishuRates = &limit{windows: []window{{5, time.Second}, {100, time.Minute}}}

var (
	feishuThrottled  = feishuError(http.StatusOK, 11232, "frequency limited psm[lark.oapi.app_platform_runtime]appID[1500]")
	feishuUnknownBot = feishuError(http.StatusOK, 19001, "param invalid: incoming webhook access token invalid")
	feishuUnsigned   = feishuError(http.StatusOK, 19021, "sign match fail or timestamp is not within one hour from current time")
	feishuForeign    = feishuError(http.StatusOK, 19022, "Ip Not Allowed")
	feishuNoKeyword  = feishuError(http.StatusOK, 19024, "Key Words Not Found")
	feishuTooLarge   = feishuError(http.StatusOK, 19036, "The message exceeds the size limit of 30KB")
)

type feishuMessage struct {
	Timestamp string          `json:"timestamp"`
	Sign      string          `json:"sign"`
	MsgType   string          `json:"msg_type"`
	Content   json.RawMessage `json:"content"`
	Card      json.RawMessage `json:"card"`
}

func feishuError(status, code int, message string) answer {
	return jsonAnswer(status, fmt.Sprintf(`{"code":%d,"data":{},"msg":%q}`, code, message))
}

func answerFeishu(im *IM, r *http.Request, body []byte) answer {
	token, ok := strings.CutPrefix(r.URL.Path, feishuPath)
	if !ok || r.Method != http.MethodPost {
		return notFound()
	}
	bot, exists := im.bot(token)
	if !exists {
		return feishuUnknownBot
	}
	if im.take(feishuRates, token) > 0 {
		return feishuThrottled
	}
	var m feishuMessage
	if err := json.Unmarshal(body, &m); err != nil || !isJSON(r) {
		return feishuError(http.StatusBadRequest, 9499, "Bad Request")
	}
	switch {
	case len(body) > feishuLimit:
		return feishuTooLarge
	case bot.Secret != "" && !feishuSigned(m, bot.Secret):
		return feishuUnsigned
	case !bot.takesFrom(r):
		return feishuForeign
	}
	if refusal, refused := checkFeishu(m); refused {
		return refusal
	}
	if v, err := viewFeishu(body); err == nil && !bot.takes(v) {
		return feishuNoKeyword
	}
	return accepted(jsonAnswer(http.StatusOK, `{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}`))
}

// feishuSigned checks a signature: HMAC-SHA256 over nothing, with "time\nsecret" as the key.
func feishuSigned(m feishuMessage, secret string) bool {
	seconds, err := strconv.ParseInt(m.Timestamp, 10, 64)
	if err != nil || !inWindow(time.Unix(seconds, 0)) {
		return false
	}
	mac := hmac.New(sha256.New, []byte(m.Timestamp+"\n"+secret))
	want := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	return hmac.Equal([]byte(want), []byte(m.Sign))
}

// checkFeishu returns the answer to a message that cannot be shown.
func checkFeishu(m feishuMessage) (refusal answer, refused bool) {
	switch m.MsgType {
	case "":
		return feishuError(http.StatusOK, 19002, "params error, msg_type need"), true
	case "text", "post", "image", "share_chat":
		if len(m.Content) == 0 || string(m.Content) == "null" {
			return feishuError(http.StatusBadRequest, 9499, "Bad Request: no content"), true
		}
		return answer{}, false
	case "interactive":
	default:
		return feishuError(http.StatusOK, 19002, "params error, unknown msg_type "+m.MsgType), true
	}
	if len(m.Card) == 0 || string(m.Card) == "null" {
		return feishuError(http.StatusOK, 19002, "params error, unknown card value"), true
	}
	var problem *cardError
	if err := checkFeishuCard(m.Card); errors.As(err, &problem) {
		// A refused card is an error of its own inside this one, with HTTP 200.
		return feishuError(http.StatusOK, 11246, fmt.Sprintf("ErrCode: %d; ErrMsg: %s; ", problem.code, problem.message)), true
	}
	return answer{}, false
}

const feishuStyle = `
.im-feishu .card { border-color: #dee0e3; border-radius: 8px; }
.im-feishu .head { padding: 10px 14px; font-weight: 600; }
.im-feishu .button { border-radius: 6px; }
.im-feishu .avatar { background: #3370ff; }
`
