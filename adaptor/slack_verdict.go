package adaptor

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// slackAdvice is what to do about the refusals that no retry can mend: those of incoming webhooks
// (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks), and of the Web API
// (https://docs.slack.dev/reference/methods/chat.postMessage and .../chat.update).
var slackAdvice = map[string]string{
	// Incoming webhooks.
	"action_prohibited":                 "an administrator forbids posting to this channel",
	"channel_is_archived":               "choose another channel for the webhook",
	"no_service":                        "the webhook was removed: make a new one",
	"no_service_id":                     "the webhook was removed: make a new one",
	"no_active_hooks":                   "the webhook is switched off: make a new one",
	"no_team":                           "the url is wrong: copy it again from the app's settings",
	"invalid_token":                     "the url is wrong: copy it again from the app's settings",
	"team_disabled":                     "the workspace is disabled",
	"posting_to_general_channel_denied": "only some people may post to this channel: choose another",
	"user_not_found":                    "somebody who is mentioned does not exist: look at the receiver's mentions",
	"invalid_payload":                   "a proxy on the way changes the body",
	"no_text":                           "the message is empty: look at the receiver's templates",
	"invalid_blocks":                    "Slack finds a mistake in the blocks: look at the receiver's templates, and report it if there are none",
	"invalid_attachments":               "Slack finds a mistake in the attachments: look at the receiver's templates, and report it if there are none",

	// Bots: who posts.
	"invalid_auth":             "the token is wrong, or this machine's address is not allowed: copy the bot's token again from the app's page OAuth & Permissions",
	"not_authed":               "a proxy on the way takes the token away",
	"token_revoked":            "the token was revoked or the app removed: install the app again and copy its new token",
	"token_expired":            "the token has expired: turn off token rotation for the app and install it again",
	"account_inactive":         "the bot or its workspace was removed: install the app again",
	"missing_scope":            "give the bot the scope chat:write (chat:write.public for channels it is not in) and install it again",
	"not_allowed_token_type":   "the token is not that of a bot: copy the Bot User OAuth Token, xoxb-…",
	"no_permission":            "invite the bot to the channel: /invite @<bot>",
	"team_access_not_granted":  "the app is not installed in the channel's workspace",
	"org_login_required":       "the workspace is being migrated: wait for its end and replay the notification",
	"ekm_access_denied":        "an administrator has suspended posting",
	"access_denied":            "an administrator forbids the bot to post",
	"accesslimited":            "this machine's network may not use the API",
	"enterprise_is_restricted": "the organization may not use this method",
	"team_not_found":           "the workspace of the channel is gone",

	// Bots: where to.
	"channel_not_found":                        "the channel is gone, or the bot or webhook cannot see it: check params.channel and invite the bot with /invite @<bot>, or make a webhook for another channel",
	"not_in_channel":                           "invite the bot to the channel: /invite @<bot>",
	"is_archived":                              "the channel is archived: choose another",
	"is_inactive":                              "the channel is archived or frozen: choose another",
	"channel_is_frozen":                        "the channel is frozen: choose another",
	"restricted_action":                        "a setting of the workspace forbids the bot to post there",
	"restricted_action_read_only_channel":      "the channel is read-only: choose another",
	"restricted_action_thread_only_channel":    "the channel takes only replies: choose another",
	"restricted_action_non_threadable_channel": "the channel takes no replies: choose another",

	// Bots: changes of the first message.
	"cant_update_message": "only the bot that has written a message may change it",
	"edit_window_closed":  "a setting of the workspace forbids to change messages that old",
	"block_mismatch":      "the message is of another kind",
}

// slackLater are the refusals that pass.
var slackLater = []string{
	"rate_limited", "ratelimited", "rollup_error", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
	"team_added_to_org", "external_channel_migrating", "update_failed", "message_limit_exceeded",
}

// slackTooLong are the refusals of what is too large.
var slackTooLong = []string{"msg_too_long", "msg_blocks_too_long", "too_many_attachments", "attachment_payload_limit_exceeded"}

// slackGone are the refusals of replies to, and changes of, a message that is no more.
var slackGone = []string{"message_not_found", "thread_not_found", "invalid_thread_ts", "cannot_reply_to_message"}

// judgeSlack reads an answer. An incoming webhook answers "ok", or a refusal with a status of
// its own; the Web API answers refusals with HTTP 200 and {"ok":false}.
func judgeSlack(r Response) Verdict {
	word := strings.TrimSpace(string(r.Body))
	var answer struct {
		OK      *bool
		Error   string
		Channel string
		TS      string
	}
	if json.Unmarshal(r.Body, &answer) == nil && answer.OK != nil {
		word = answer.Error
		if *answer.OK && r.Status < 300 {
			return Verdict{Outcome: Done, Thread: slackThread(answer.Channel, answer.TS)}
		}
	}
	reason := slackReason(r, word)
	switch {
	case slices.Contains(slackTooLong, word):
		return Verdict{Outcome: Split, Reason: reason}
	case slices.Contains(slackLater, word):
		// Of these two Slack says that some of it may have been done.
		doubt := word == "internal_error" || word == "fatal_error"
		return Verdict{Outcome: Retry, After: slackWait(r, word), Doubt: doubt, Reason: reason}
	case slices.Contains(slackGone, word):
		return Verdict{Outcome: Retry, ThreadGone: true, Reason: reason}
	}
	if verdict, bad := refused(r); bad {
		verdict.Reason = reason
		return verdict
	}
	switch {
	case word == "ok":
		return Verdict{Outcome: Done}
	case slackAdvice[word] != "", strings.HasPrefix(word, "invalid_"), strings.HasPrefix(word, "restricted_action"):
		return Verdict{Outcome: DeadLetter, Reason: reason}
	}
	return unreadable(r)
}

// slackReason quotes an answer, and says what to do about it where that is known.
func slackReason(r Response, word string) string {
	if advice := slackAdvice[word]; advice != "" {
		return describe(r) + " (" + advice + ")"
	}
	return describe(r)
}

// slackWait is how long to wait after a refusal: throttled without a word, a minute, in which
// the limits of every method are counted.
func slackWait(r Response, word string) time.Duration {
	wait := retryAfter(r.Header)
	if wait == 0 && strings.HasSuffix(word, "limited") {
		wait = time.Minute
	}
	return wait
}

// slackThread names a message by its channel and its time, which are both needed to change it.
func slackThread(channel, ts string) string {
	if channel == "" || ts == "" {
		return ""
	}
	return channel + " " + ts
}
