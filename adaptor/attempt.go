package adaptor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// attempt is one try to deliver the head of a line, with what is merged into it.
type attempt struct {
	*worker
	lease    Lease
	progress Progress

	// items are those in the message: the first of the lease. groups are what reports say of them,
	// as far as they were read, and head is the first, until its texts are written.
	items   []Item
	groups  []reported
	head    payload
	message Message
	// over are the groups in a digest that are over and have a thread.
	over []Message
	// shown is how many alerts of the first item messages have shown when this one is accepted,
	// and whole tells that nothing of the items remains then.
	shown   int
	whole   bool
	request Request

	began time.Time
	// called tells that the last request was made, and status is that of its answer, if one came.
	called  bool
	status  int
	verdict Verdict
	// after is when to try again.
	after time.Duration
	// stopped tells that the adaptor stopped meanwhile.
	stopped bool
}

// overdue gives up a head that waited for longer than its news are worth, and one that the fallback
// should have by now while the messenger is in trouble.
func (a *attempt) overdue() bool {
	age := a.lease.Items()[0].age()
	switch {
	case age > a.maxAge():
		a.giveUpUntried(fmt.Sprintf("it waited for %s, and may wait for %s", age.Round(time.Second), a.maxAge()))
	case a.trouble != "" && a.receiver.fallsBack(age):
		a.giveUpUntried(fmt.Sprintf("gave up after %s: %s", age.Round(time.Second), a.trouble))
	default:
		return false
	}
	return true
}

// giveUpUntried gives up the head without a call.
func (a *attempt) giveUpUntried(reason string) {
	a.began = time.Now()
	a.take(a.lease.Items()[:1], nil, Message{})
	a.verdict = Verdict{Outcome: DeadLetter, Reason: reason}
}

// fallsBack tells whether the fallback is to have what waited for so long.
func (r *Receiver) fallsBack(age time.Duration) bool {
	return r.Fallback != "" && r.FallbackAfter > 0 && age > r.FallbackAfter
}

// patience is how long the head can wait for its bot's limits before it is given up.
func (a *attempt) patience() time.Duration {
	age := a.lease.Items()[0].age()
	if r := a.receiver; r.Fallback != "" && r.FallbackAfter > age {
		return min(r.FallbackAfter, a.maxAge()) - age + 1
	}
	return a.maxAge() - age + 1
}

func (a *attempt) take(items []Item, groups []reported, m Message) {
	a.items, a.groups, a.message = items, groups, m
}

// shownBefore is how many alerts of the head were shown before, in partsBefore messages.
func (a *attempt) shownBefore() int { return max(a.progress.Shown, a.lease.Items()[0].Shown) }
func (a *attempt) partsBefore() int { return max(a.progress.Parts, a.lease.Items()[0].Parts) }

// send composes the message, records that it is about to be sent, and sends it. Its outcome is
// Done, Retry or DeadLetter.
func (a *attempt) send(ctx context.Context) {
	a.began = time.Now()
	defer func() {
		// One message that breaks an encoder must not stop the others.
		if problem := recover(); problem != nil {
			a.verdict = Verdict{Outcome: DeadLetter, Reason: fmt.Sprintf("internal error: %v", problem)}
		}
		if len(a.items) == 0 {
			a.take(a.lease.Items()[:1], nil, Message{})
		}
		a.verdict.Reason = a.receiver.reason(a.verdict.Reason)
		a.judge()
	}()
	if a.verdict = a.compose(ctx); a.verdict.Outcome != Done {
		return
	}
	if before := a.request.Before; before != nil {
		if !a.prepare(ctx, *before) {
			return
		}
	}
	a.call(ctx, a.request)
}

// prepare makes the request that goes before the message, and reports whether the message can
// follow. What is refused for good, or again and again, is not worth losing the message for.
func (a *attempt) prepare(ctx context.Context, before Request) bool {
	known := a.progress
	a.call(ctx, before)
	// Whatever became of it, it was not the message.
	a.progress.Unsure, a.progress.Through = known.Unsure, known.Through
	if a.verdict.Outcome == Retry && (!a.called || a.stopped || a.verdict.ThreadGone || a.mustWait() || a.progress.Attempt < doubtfulAttempts) {
		return false
	}
	if a.verdict.Outcome != Done {
		a.log.Warn("an earlier message was not updated", "receiver", a.receiver.Name, "reason", a.receiver.reason(a.verdict.Reason))
	}
	return a.waitTurn(ctx)
}

// mustWait tells whether the messenger asked for a pause.
func (a *attempt) mustWait() bool {
	return a.verdict.After > 0 || a.status == http.StatusTooManyRequests
}

// waitTurn waits until the limiter, which this attempt holds, allows another call.
func (a *attempt) waitTurn(ctx context.Context) bool {
	wait := a.limiter.wait(time.Now())
	if wait <= 0 {
		return true
	}
	select {
	case <-time.After(wait):
		return a.waitTurn(ctx)
	case <-ctx.Done():
		a.verdict, a.stopped = Verdict{Outcome: Retry, Reason: ctx.Err().Error()}, true
		return false
	}
}

// call makes one request and judges the answer.
func (a *attempt) call(ctx context.Context, request Request) {
	a.called, a.status = false, 0
	if err := a.begin(ctx); err != nil {
		a.verdict = Verdict{Outcome: Retry, Reason: fmt.Sprintf("the queue cannot record the attempt: %s", err)}
		return
	}
	a.called = true
	response, err := a.post(ctx, request)
	a.limiter.called(time.Now())
	if err != nil {
		a.verdict = Verdict{Outcome: Retry, Reason: err.Error()}
		if unanswered := (unansweredError{}); errors.As(err, &unanswered) {
			a.progress.Unsure = max(a.progress.Unsure, len(a.items))
		}
		a.stopped = ctx.Err() != nil
		return
	}
	a.status, a.verdict = response.Status, a.receiver.Channel.judge(request, response)
	if a.verdict.ThreadGone {
		a.setThread(a.message, "")
	}
	if a.verdict.Outcome == Retry && (a.verdict.Doubt || unseen(response.Status)) {
		a.progress.Unsure = max(a.progress.Unsure, len(a.items))
	}
}

// begin records that a call is about to be made. A queue that does not get it recorded must not
// keep the bot from others.
func (a *attempt) begin(ctx context.Context) error {
	p := a.progress
	p.Attempt++
	p.Through = a.through()
	p.Calls = nil
	if memory := a.limiter.memory(); memory > 0 {
		calls := append(slices.Clone(a.limiter.calls), time.Now())
		p.Calls = calls[max(0, len(calls)-memory):]
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if err := a.lease.Begin(ctx, len(a.items), p); err != nil {
		return err
	}
	a.progress = p
	return nil
}

// through is Progress.Through in case that nobody will know what becomes of the message.
func (a *attempt) through() int {
	switch {
	case a.whole, a.progress.Unsure > 0 && a.progress.Through == 0:
		return 0
	case a.progress.Unsure > 0:
		return max(a.progress.Through, a.shown)
	}
	return a.shown
}

// unseen tells whether an answer is that of a gateway that did not see the messenger's, so that
// the message may have been accepted.
func unseen(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusGatewayTimeout
}

// smallestLimit is where halving a message that a messenger finds too large ends.
const smallestLimit = 512

// judge turns the messenger's verdict into one about the lease.
func (a *attempt) judge() {
	if a.progress.Attempt <= 1 || a.verdict.Attempts == 0 {
		a.doubtful = 0
	}
	if a.called {
		a.trouble = ""
	}
	switch a.verdict.Outcome {
	case Split:
		a.split()
	case Retry:
		a.retryLater()
	case DeadLetter:
		a.refusedForGood()
	}
}

// refusedForGood gives up, unless something else than the notification may be to blame.
func (a *attempt) refusedForGood() {
	a.verdict.Outcome = DeadLetter
	if len(a.items) > 1 {
		a.alone = len(a.items)
		a.verdict.Outcome = Retry
		a.verdict.Reason += " (each notification of the digest is tried by itself)"
	} else if a.verdict.BadMention && len(a.message.Mentions) > 0 {
		a.badMention, a.cut = a.items[0].ID, cut{}
		a.verdict.Outcome = Retry
		a.verdict.Reason += " (it is sent again without calling anybody)"
	}
}

// split makes the next attempt smaller: the messenger found the message too large, although it
// is within the limit we know.
func (a *attempt) split() {
	limit := a.encoder().limit / 2
	if limit < smallestLimit {
		a.refusedForGood()
		return
	}
	a.tooLarge, a.limit, a.cut = a.items[0].ID, limit, cut{}
	a.verdict.Outcome = Retry
}

// retryLater sets the time of the next attempt, or gives up where that would be one too many or
// too late.
func (a *attempt) retryLater() {
	if a.stopped {
		return
	}
	if a.verdict.Attempts > 0 {
		a.doubtful++
	}
	if a.called {
		a.trouble = a.verdict.Reason
	}
	a.failures++
	a.after = max(a.verdict.After, a.retry.backoff(a.failures))
	if a.mustWait() {
		a.limiter.pause(time.Now().Add(a.after))
	}
	age := a.items[0].age()
	switch {
	case a.progress.Attempt >= a.retry.Attempts, a.verdict.Attempts > 0 && a.doubtful >= a.verdict.Attempts:
		a.giveUpAfter(fmt.Sprintf("%d attempts", a.progress.Attempt))
	case age+a.after > a.maxAge(), a.receiver.fallsBack(age + a.after):
		a.giveUpAfter(age.Round(time.Second).String())
	}
}

// giveUpAfter gives up the head of the line; what is merged with it is tried by itself.
func (a *attempt) giveUpAfter(what string) {
	a.verdict.Outcome = DeadLetter
	a.verdict.Reason = fmt.Sprintf("gave up after %s: %s", what, a.verdict.Reason)
	a.items = a.items[:1]
}
