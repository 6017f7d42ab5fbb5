package adaptor

import (
	"context"
	"math/rand/v2"
	"time"
)

// RetryPolicy bounds the attempts to deliver one notification. Zero fields stand for the
// defaults.
type RetryPolicy struct {
	// Attempts is the most attempts; the default is 50.
	Attempts int
	// MaxAge is how old a notification may be when it is sent; the default is 2 h. A later one
	// would tell people of troubles long past.
	MaxAge time.Duration
	// MinBackoff is the wait after the first failure, which doubles up to MaxBackoff; the
	// defaults are 1 s and 5 min.
	MinBackoff, MaxBackoff time.Duration
}

func (p RetryPolicy) withDefaults() RetryPolicy {
	if p.Attempts == 0 {
		p.Attempts = 50
	}
	if p.MaxAge == 0 {
		p.MaxAge = 2 * time.Hour
	}
	if p.MinBackoff == 0 {
		p.MinBackoff = time.Second
	}
	if p.MaxBackoff == 0 {
		p.MaxBackoff = 5 * time.Minute
	}
	return p
}

// backoff is the wait before the attempt after the given one: it doubles, and up to a quarter
// is added at random, so that receivers that failed together do not come back together.
func (p RetryPolicy) backoff(attempt int) time.Duration {
	wait := p.MaxBackoff
	if shift := attempt - 1; shift < 30 && p.MinBackoff<<shift < p.MaxBackoff {
		wait = p.MinBackoff << shift
	}
	return wait + rand.N(wait/4+1)
}

// Delivery is one attempt to deliver a notification, for who watches. A digest is an attempt for
// each notification in it, with the same request.
type Delivery struct {
	// At is when the attempt began, and Accepted when the notification was posted.
	At, Accepted time.Time
	// Receiver is the adaptor's receiver; MessageReceiver and GroupKey are Alertmanager's.
	Receiver, MessageReceiver, GroupKey string
	Channel                             string
	// Attempt counts from 1.
	Attempt int
	// Part is which of Parts messages this is, when the notification did not fit into one.
	Part, Parts int
	// Groups is how many notifications are in the message.
	Groups int
	// Unsure tells that the message said that it may have been delivered before.
	Unsure bool
	// URL and Body are the request as it was sent. The URL holds the bot's token and the
	// signature, so neither may be logged.
	URL  string
	Body []byte
	// Alerts is how many alerts the notification has, and Shown how many of them messages that
	// were accepted have shown by now.
	Alerts, Shown int
	// Status is the HTTP status of the answer, 0 when there was none.
	Status int
	// Outcome is what follows; with Retry, After is when. Done of a part is of that part only.
	Outcome Outcome
	After   time.Duration
	// MovedTo is the fallback receiver that has the notification now; then the outcome is
	// DeadLetter.
	MovedTo string
	// Reason is why it failed, without secrets; empty when done.
	Reason string
}

// reported is what a report says of a notification.
type reported struct {
	receiver, key string
	alerts        int
}

func reportedOf(p payload) reported { return reported{p.Receiver, p.GroupKey, len(p.Alerts)} }

// delivery is the report on one item of the attempt.
func (a *attempt) delivery(i int, item Item) Delivery {
	d := Delivery{
		At: a.began, Accepted: item.Accepted, Receiver: a.receiver.Name, Channel: a.receiver.Channel.Name,
		Attempt: max(1, a.progress.Attempt), Part: a.message.Part, Parts: a.message.Parts, Groups: len(a.items), Unsure: a.message.Unsure,
		URL: a.request.URL, Body: a.request.Body, Status: a.status,
		Outcome: a.verdict.Outcome, After: a.after, Reason: a.verdict.Reason,
	}
	if i < len(a.groups) {
		d.MessageReceiver, d.GroupKey, d.Alerts = a.groups[i].receiver, a.groups[i].key, a.groups[i].alerts
	}
	switch {
	case a.verdict.Outcome == Done && a.whole:
		d.Shown = d.Alerts
	case a.verdict.Outcome == Done:
		d.Shown = a.shown
	default:
		d.Shown = a.shownBefore()
	}
	return d
}

// longestReason is the most characters of a reason that are kept.
const longestReason = 300

// reason makes a text that may quote the messenger fit for logs: without secrets first, for
// half a secret is one too, and then not too long.
func (r *Receiver) reason(text string) string {
	return clip(r.redact(text), longestReason)
}

// longestGroupKey is the most characters of a group's key that are logged.
const longestGroupKey = 300

// report tells the metrics, the observer and the log what came of an attempt.
func (s *Server) report(d Delivery, failure error) {
	s.metrics.attempt(d)
	if s.observe != nil {
		s.observe(d)
	}
	log := s.log.With("receiver", d.Receiver, "channel", d.Channel, "group_key", clip(d.GroupKey, longestGroupKey), "attempt", d.Attempt)
	if failure != nil {
		log.Error("delivery not settled, it may come twice", "error", failure)
		return
	}
	details := []any{"alerts", d.Alerts, "shown", d.Shown}
	if d.Parts > 1 {
		details = append(details, "part", d.Part, "parts", d.Parts)
	}
	if d.Groups > 1 {
		details = append(details, "groups", d.Groups)
	}
	ctx := context.Background()
	switch {
	case d.Outcome == Done:
		log.InfoContext(ctx, "delivered", details...)
	case d.Outcome == Retry:
		log.WarnContext(ctx, "delivery failed, will retry", "reason", d.Reason, "after", d.After.Round(time.Millisecond))
	case d.MovedTo != "":
		log.ErrorContext(ctx, "given up, left to the fallback", "fallback", d.MovedTo, "reason", d.Reason)
	default:
		log.ErrorContext(ctx, "given up, now a dead letter", "reason", d.Reason)
	}
}
