package adaptor

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Channel is one instant messenger: what it accepts, how a message looks in it, and what its
// answers mean. Each channel registers itself in its own file.
type Channel struct {
	// Name is the channel's name in logs and reports, and the name of its file.
	Name string
	// Types are the values of a receiver's type that choose this channel.
	Types []string
	// Hosts are the hosts that the messenger serves its bots on. Others are accepted too, for
	// the sake of gateways, but never another channel's.
	Hosts []string
	// Address is where messages go of a receiver without params.url; empty makes that an error.
	Address string
	// Forms are the native forms that a message can have, such as markdown; the first is taken
	// where the receiver does not choose.
	Forms []string
	// Params are the parameters of a receiver that the channel knows besides url and secret;
	// secret ones among them can be given as <name>_file too.
	Params []Param
	// Rates are what the messenger documents that a bot may send; empty is as much as it likes.
	Rates []Rate
	// MaxBytes is the most that Request.Size may be, in bytes.
	MaxBytes int
	// MaxAlerts is the most alerts one message can hold; 0 is no limit but the size.
	MaxAlerts int
	// Threads tells that verdicts can name a message (Verdict.Thread) for later ones of its group
	// to refer to. Of other channels nothing is looked up.
	Threads bool
	// Check says what is wrong with a target that has all that is needed by itself, without
	// quoting anything secret; nil where nothing can be.
	Check func(Target) error
	// Mention says why somebody cannot be called in the channel's messages; nil where anybody can.
	Mention func(Mention) error
	// Markup is how texts are written in a form of the channel.
	Markup func(form string) markup
	// Encode writes a message in the target's form, signed for the instant now.
	Encode func(target Target, message Message, now time.Time) (Request, error)
	// Verdict says what an answer means for the message that was sent.
	Verdict func(Response) Verdict
}

// Param is a parameter of a channel's receivers.
type Param struct {
	Name   string
	Secret bool
	// Required makes a receiver without it an error.
	Required bool
	// What says what it is, for errors and documentation.
	What string
}

// judge says what an answer to a request means.
func (c *Channel) judge(request Request, response Response) Verdict {
	if request.Judge != nil {
		return request.Judge(response)
	}
	return c.Verdict(response)
}

// Rate is how many messages a bot may send in any period of the given length.
type Rate struct {
	Messages int
	Per      time.Duration
}

// Target is the bot that a receiver's messages go to.
type Target struct {
	// URL is the bot's webhook address. It holds the bot's token, so it is a secret.
	URL Secret
	// Secret is the signing key, empty where the bot does not ask for signatures.
	Secret Secret
	// Form is one of Channel.Forms; empty is the first.
	Form string
	// Params are the values of Channel.Params. They print as secrets, for some are.
	Params map[string]Secret
}

// Host is the host of the target's address, without a port. It is no secret.
func (t Target) Host() string {
	u, err := url.Parse(string(t.URL))
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// Request is a message ready to be posted.
type Request struct {
	// URL is the target's address, with the signature where that belongs into the query.
	URL string
	// Body is JSON in UTF-8.
	Body []byte
	// Size is what counts against Channel.MaxBytes: the whole body, or only its text.
	Size int
	// Header is sent with it, beside Content-Type; it may hold secrets of the target.
	Header http.Header
	// Before is a request to make first, which must do no harm when it is made twice, such as
	// an update of an earlier message. It counts as a call; when it is refused for good, or fails
	// doubtfulAttempts times, that is logged and the message is sent all the same.
	Before *Request
	// Judge says what the answer to this request means; nil leaves it to Channel.Verdict.
	Judge func(Response) Verdict
}

// Response is a messenger's answer.
type Response struct {
	Status int
	Header http.Header
	// Body is the first 64 KiB of the body.
	Body []byte
}

// Outcome is what is to be done about a message after an attempt to send it.
type Outcome int

// The outcomes.
const (
	// Done means that the messenger accepted the message.
	Done Outcome = iota
	// Retry means that the same message may be accepted later.
	Retry
	// Split means that the message is too large and may be accepted in smaller parts.
	Split
	// DeadLetter means that no attempt can succeed until somebody changes something.
	DeadLetter
)

func (o Outcome) String() string {
	return [...]string{"done", "retry", "split", "dead letter"}[o]
}

// Verdict is what a messenger's answer means.
type Verdict struct {
	Outcome Outcome
	// Reason is the messenger's own words, and what to do about it where that is known. Empty
	// when done.
	Reason string
	// After is the least time to wait before a retry; 0 leaves it to the backoff.
	After time.Duration
	// Thread is the messenger's name of the message, when later messages of the group can refer
	// to it; the worker remembers it and gives it to them as Message.Thread.
	Thread string
	// Doubt tells that the message may have been accepted although the answer is no yes.
	Doubt bool
	// ThreadGone tells that the message that Message.Thread names is no more: the worker forgets
	// it, and the retry starts anew.
	ThreadGone bool
	// BadMention tells that the message was refused for whom it calls. It is worth more than that,
	// so that the worker sends it again without calling anybody.
	BadMention bool
	// Attempts bounds the retries of an error that may well be permanent, so that it does not
	// hold up the messages behind it: it is how many such answers in a row are enough. 0 leaves
	// it to the general bound.
	Attempts int
}

// doubtfulAttempts is how often a message is tried whose refusal nobody has documented: often
// enough to outlast a passing fault, and not so often that it blocks its receiver for long.
const doubtfulAttempts = 5

var channels []*Channel

func register(c *Channel) { channels = append(channels, c) }

// Channels returns every channel, sorted by name.
func Channels() []*Channel {
	all := slices.Clone(channels)
	slices.SortFunc(all, func(a, b *Channel) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// channelOfType returns the channel that a receiver's type names.
func channelOfType(name string) *Channel {
	for _, c := range channels {
		if slices.Contains(c.Types, name) {
			return c
		}
	}
	return nil
}

// channelOfHost returns the channel whose messenger serves the host.
func channelOfHost(host string) *Channel {
	for _, c := range channels {
		if slices.Contains(c.Hosts, strings.ToLower(host)) {
			return c
		}
	}
	return nil
}

// refused judges an answer by its status code alone. It reports false for a status that says
// nothing against the message: then the body decides.
func refused(r Response) (Verdict, bool) {
	switch {
	case r.Status == http.StatusTooManyRequests:
		return Verdict{Outcome: Retry, After: retryAfter(r.Header), Reason: describe(r)}, true
	case r.Status == http.StatusRequestEntityTooLarge:
		return Verdict{Outcome: Split, Reason: describe(r)}, true
	case r.Status >= 500, r.Status == http.StatusRequestTimeout:
		return Verdict{Outcome: Retry, After: retryAfter(r.Header), Reason: describe(r)}, true
	case r.Status >= 300:
		return Verdict{Outcome: DeadLetter, Reason: describe(r)}, true
	}
	return Verdict{}, false
}

// unreadable is the verdict on an answer that does not say whether the message was accepted:
// without a clear yes the message counts as refused.
func unreadable(r Response) Verdict {
	return Verdict{Outcome: Retry, Attempts: doubtfulAttempts, Doubt: true, Reason: "answer not understood: " + describe(r)}
}

// describe quotes an answer in one line. It is cut only after secrets are gone from it.
func describe(r Response) string {
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(r.Body), "�")), " ")
	if text == "" {
		text = "empty body"
	}
	return fmt.Sprintf("HTTP %d: %s", r.Status, text)
}

// maxRetryAfter bounds what a messenger may ask for.
const maxRetryAfter = time.Hour

// retryAfter reads the Retry-After header (RFC 9110, section 10.2.3): seconds or a date.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	wait := time.Duration(0)
	if seconds, err := strconv.ParseUint(value, 10, 16); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		wait = time.Until(at)
	}
	return min(max(wait, 0), maxRetryAfter)
}
