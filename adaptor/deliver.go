package adaptor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"time"
)

// RetryPolicy bounds the attempts to deliver one notification. Zero fields stand for the
// defaults.
type RetryPolicy struct {
	// Attempts is the most attempts; the default is 50.
	Attempts int
	// MaxAge is how old a notification may be when it is tried again; the default is 2 h. A
	// later one would tell people of troubles long past.
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

// Delivery is one attempt to deliver a notification, for who watches.
type Delivery struct {
	// At is when the attempt began, and Accepted when the notification was posted.
	At, Accepted time.Time
	// Receiver is the adaptor's receiver; MessageReceiver and GroupKey are Alertmanager's.
	Receiver, MessageReceiver, GroupKey string
	Channel                             string
	// Attempt counts from 1.
	Attempt int
	// URL and Body are the request as it was sent. The URL holds the bot's token and the
	// signature, so neither may be logged.
	URL  string
	Body []byte
	// Alerts is how many alerts the notification has, and Shown how many of them the message
	// that was sent last shows.
	Alerts, Shown int
	// Status is the HTTP status of the answer, 0 when there was none.
	Status int
	// Outcome is what follows; with Retry, After is when.
	Outcome Outcome
	After   time.Duration
	// Reason is why it failed, without secrets; empty when done.
	Reason string
}

// worker delivers the notifications of one receiver.
type worker struct {
	*Server
	receiver *Receiver
	// doubtful counts the answers in a row that nobody understands.
	doubtful int
}

// run delivers in order until the queue is closed and empty, or the context ends.
func (w *worker) run(ctx context.Context) {
	for {
		lease, err := w.next(ctx)
		if err != nil {
			return
		}
		delivery := w.attempt(ctx, lease)
		if ctx.Err() != nil && delivery.Outcome != Done {
			delivery.Outcome, delivery.After = Retry, 0
			failure := errors.New("stopped before the notification was delivered: " + delivery.Reason)
			if err := settle(lease, delivery); err != nil {
				failure = fmt.Errorf("%w; put it back: %w", failure, err)
			}
			w.report(delivery, failure)
			return
		}
		w.report(delivery, settle(lease, delivery))
	}
}

// queueRetry is how a worker waits for a queue that fails. The longest wait is shorter than the
// default drain timeout, so that a queue that recovers during a shutdown is still emptied.
var queueRetry = RetryPolicy{MinBackoff: time.Second, MaxBackoff: 5 * time.Second}

// next leases the receiver's next notification. It outlasts a queue that fails: the handler
// goes on accepting, so somebody must be there to deliver. The error is ErrClosed or, once the
// context has ended, any.
func (w *worker) next(ctx context.Context) (Lease, error) {
	for failures := 1; ; failures++ {
		lease, err := w.queue.Next(ctx, w.receiver.Name)
		if err == nil || errors.Is(err, ErrClosed) || ctx.Err() != nil {
			return lease, err
		}
		after := queueRetry.backoff(failures)
		w.log.Error("queue failed, will retry", "receiver", w.receiver.Name, "after", after.Round(time.Millisecond), "error", err)
		// Next may wait for hours for something to deliver, so that only the pause after a
		// failure counts as one: else an idle queue that recovered would never be ready again.
		w.stuck.Add(1)
		select {
		case <-ctx.Done():
		case <-time.After(after):
		}
		w.stuck.Add(-1)
	}
}

// settle tells the queue what came of an attempt.
func settle(lease Lease, d Delivery) error {
	switch d.Outcome {
	case Done:
		return lease.Done()
	case Retry:
		return lease.Retry(d.After)
	}
	return lease.Dead(d.Reason)
}

// attempt sends a notification once. Its outcome is Done, Retry or DeadLetter.
func (w *worker) attempt(ctx context.Context, lease Lease) (d Delivery) {
	item, receiver := lease.Item(), w.receiver
	d = Delivery{At: time.Now(), Accepted: item.Accepted, Receiver: receiver.Name, Channel: receiver.Channel.Name, Attempt: lease.Attempt()}
	defer func() {
		// One message that breaks an encoder must not stop the others.
		if problem := recover(); problem != nil {
			d.Outcome, d.Reason = DeadLetter, receiver.reason(fmt.Sprintf("internal error: %v", problem))
		}
	}()
	p, err := decode(item.Body)
	if err != nil {
		d.Outcome, d.Reason = DeadLetter, err.Error()
		return d
	}
	d.MessageReceiver, d.GroupKey, d.Alerts = p.Receiver, p.GroupKey, len(p.Alerts)
	verdict := w.send(ctx, newMessage(p), &d)
	d.Outcome, d.Reason = verdict.Outcome, receiver.reason(verdict.Reason)
	if d.Attempt == 1 || verdict.Attempts == 0 {
		w.doubtful = 0
	}
	if d.Outcome == Retry {
		w.limit(&d, verdict, time.Since(item.Accepted))
	}
	return d
}

// longestReason is the most characters of a reason that are kept.
const longestReason = 300

// reason makes a text that may quote the messenger fit for logs: without secrets first, for
// half a secret is one too, and then not too long.
func (r *Receiver) reason(text string) string {
	return clip(r.Target.redact(text), longestReason)
}

// limit turns a retry that would be one too many, or too late, into a dead letter.
func (w *worker) limit(d *Delivery, verdict Verdict, age time.Duration) {
	if verdict.Attempts > 0 {
		w.doubtful++
	}
	d.After = max(verdict.After, w.retry.backoff(d.Attempt))
	switch {
	case d.Attempt >= w.retry.Attempts, verdict.Attempts > 0 && w.doubtful >= verdict.Attempts:
		d.Outcome, d.Reason = DeadLetter, fmt.Sprintf("gave up after %d attempts: %s", d.Attempt, d.Reason)
	case age+d.After > w.retry.MaxAge:
		d.Outcome, d.Reason = DeadLetter, fmt.Sprintf("gave up after %s: %s", age.Round(time.Second), d.Reason)
	}
}

// smallestLimit is where halving a message that a messenger finds too large ends.
const smallestLimit = 512

// send encodes the message, posts it and returns the verdict. A message that the messenger
// finds too large, although it is within the limit we know, is tried again in half the size.
func (w *worker) send(ctx context.Context, message Message, d *Delivery) Verdict {
	channel := w.receiver.Channel
	for limit := channel.MaxBytes; ; limit /= 2 {
		request, shown, err := channel.fit(w.receiver.Target, message, time.Now(), limit)
		if err != nil {
			return Verdict{Outcome: DeadLetter, Reason: err.Error()}
		}
		d.URL, d.Body, d.Shown = request.URL, request.Body, shown
		response, err := w.post(ctx, request)
		if err != nil {
			d.Status = 0
			return Verdict{Outcome: Retry, Reason: err.Error()}
		}
		d.Status = response.Status
		verdict := channel.Verdict(response)
		if verdict.Outcome != Split {
			return verdict
		}
		if limit/2 < smallestLimit {
			return Verdict{Outcome: DeadLetter, Reason: verdict.Reason}
		}
	}
}

// Limits of one request to a messenger.
const (
	sendTimeout = 15 * time.Second
	maxAnswer   = 64 << 10
)

// newClient returns the client for requests to messengers. It follows no redirect: a webhook
// has none, and one would carry the message to who knows where.
func newClient(transport http.RoundTripper) *http.Client {
	if transport == nil {
		transport = &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout:   5 * time.Second,
			ResponseHeaderTimeout: 10 * time.Second,
			IdleConnTimeout:       90 * time.Second,
			MaxIdleConns:          100,
			ForceAttemptHTTP2:     true,
		}
	}
	return &http.Client{
		Transport:     transport,
		Timeout:       sendTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// post sends a request. Its error does not name the address, which is a secret.
func (s *Server) post(ctx context.Context, request Request) (Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, request.URL, bytes.NewReader(request.Body))
	if err != nil {
		return Response{}, errors.New("the target's url is not a url")
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("User-Agent", "rulekit-adaptor")
	answer, err := s.client.Do(r)
	if err != nil {
		if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return Response{}, fmt.Errorf("post to %s: %w", r.URL.Host, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return Response{}, fmt.Errorf("read answer of %s: %w", r.URL.Host, err)
	}
	return Response{Status: answer.StatusCode, Header: answer.Header, Body: body}, nil
}

// report tells the metrics, the observer and the log what came of an attempt.
func (s *Server) report(d Delivery, failure error) {
	s.metrics.attempt(d)
	if s.observe != nil {
		s.observe(d)
	}
	log := s.log.With("receiver", d.Receiver, "channel", d.Channel, "group_key", d.GroupKey, "attempt", d.Attempt)
	if failure != nil {
		log.Error("delivery not settled", "error", failure)
		return
	}
	level, message, details := slog.LevelInfo, "delivered", []any{"alerts", d.Alerts, "shown", d.Shown}
	switch d.Outcome {
	case Retry:
		level, message, details = slog.LevelWarn, "delivery failed, will retry", []any{"reason", d.Reason, "after", d.After.Round(time.Millisecond)}
	case DeadLetter:
		level, message, details = slog.LevelError, "notification lost", []any{"reason", d.Reason}
	}
	log.Log(context.Background(), level, message, details...)
}
