package adaptor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// worker delivers the notifications of one receiver.
type worker struct {
	*Server
	receiver *Receiver
	limiter  *limiter
	// lines are the receivers whose lines record calls of the same bot, with this one.
	lines []string
	// started tells that this is not the first notification of the worker: the last call before
	// that may have been one that an earlier process did not survive.
	started bool
	// failures counts the calls in a row that failed, of this process: what was under way when
	// an earlier one was killed says nothing about the messenger.
	failures int
	// trouble is why the last call failed although the message is not to blame, empty after one
	// that did not: what has waited for long enough goes to the fallback without another try.
	trouble string
	// doubtful counts the answers in a row that nobody understands.
	doubtful int
	// alone is how many of the next items go by themselves, for a digest of them was refused.
	alone int
	// tooLarge is the ID of the head for which the messenger's limit proved to be lower than the
	// documented one, and limit is the one to try.
	tooLarge string
	limit    int
	// badMention is the ID of the head that was refused for whom it calls.
	badMention string
	// cut is the head of the line, when it has more parts to come.
	cut cut
	// templateLogged is when the log told of a template that failed.
	templateLogged time.Time
}

// run delivers in order until the queue is closed and empty, or the first context ends. The
// second bounds the call that is under way then.
func (w *worker) run(next, send context.Context) {
	failures := 0
	for {
		lease, err := w.next(next)
		if err != nil {
			return
		}
		if w.deliver(next, send, lease) == nil {
			failures = 0
			continue
		}
		// The same head comes again, at once where the store only refuses to record.
		failures++
		w.rest(next, queueRetry.backoff(failures))
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
		w.rest(ctx, after)
	}
}

// rest waits after a failure of the queue. Next may wait for hours for something to deliver, so
// that only this pause counts as a failure: else an idle queue that recovered would never be ready
// again.
func (w *worker) rest(ctx context.Context, after time.Duration) {
	w.stuck.Add(1)
	defer w.stuck.Add(-1)
	select {
	case <-ctx.Done():
	case <-time.After(after):
	}
}

// deliver makes one message of the head of the line, and of what waits behind it when that is
// too much, sends it, and settles the lease. The error tells that the lease could not be ended;
// the store leases its items again.
func (w *worker) deliver(next, send context.Context, lease Lease) error {
	a := &attempt{worker: w, lease: lease, progress: lease.Progress()}
	began := time.Now()
	if a.overdue() {
		return w.conclude(a)
	}
	waiting, cancel := context.WithTimeout(next, a.patience())
	defer cancel()
	if w.limiter.acquire(waiting) != nil {
		if next.Err() != nil {
			return w.putBack(a, 0)
		}
		a.giveUpUntried("it waited too long for the bot's limits: " + cmp.Or(w.trouble, "other messages come first"))
		return w.conclude(a)
	}
	defer w.limiter.release()
	if !w.started && a.progress.Unsure > 0 {
		// Else an adaptor that is killed again and again would wait ever longer.
		a.progress.Attempt = max(0, a.progress.Attempt-1)
	}
	w.started = true
	if w.recall() {
		if wait := w.limiter.wait(time.Now()); wait > 0 {
			return w.putBack(a, wait)
		}
	}
	w.metrics.waited(time.Since(began))
	a.send(send)
	return w.conclude(a)
}

// recall tells the limiter of the calls that another process made of the same bot, for whichever
// line, and reports whether there were any.
func (w *worker) recall() bool {
	found := false
	for _, line := range w.lines {
		found = w.limiter.restore(w.queue.Calls(line), time.Now()) || found
	}
	return found
}

// putBack ends a lease without an attempt.
func (w *worker) putBack(a *attempt, after time.Duration) error {
	err := a.lease.Retry(after, a.progress)
	if err != nil {
		w.log.Error("put back what was not delivered", "receiver", w.receiver.Name, "error", err)
	}
	return err
}

// maxAge is how old a notification may be when it is sent.
func (w *worker) maxAge() time.Duration {
	if w.receiver.MaxAge > 0 {
		return w.receiver.MaxAge
	}
	return w.retry.MaxAge
}

// conclude settles a lease after an attempt, and reports what came of it. The error is that of
// settling.
func (w *worker) conclude(a *attempt) error {
	var err error
	moved := ""
	switch a.verdict.Outcome {
	case Done:
		err = w.done(a)
	case Retry:
		if err = a.lease.Retry(a.after, a.progress); a.stopped && err == nil {
			err = errors.New("stopped before the notification was delivered: " + a.verdict.Reason)
		}
	case DeadLetter:
		moved, err = w.giveUp(a)
	}
	for i, item := range a.items {
		d := a.delivery(i, item)
		d.MovedTo = moved
		w.report(d, err)
	}
	if err == nil && a.verdict.Outcome == Done && len(a.items) > 1 {
		w.metrics.merged(w.receiver.Name, len(a.items))
	}
	return err
}

// done settles what was delivered.
func (w *worker) done(a *attempt) error {
	w.failures, w.trouble = 0, ""
	w.remember(a)
	rest := Progress{Unsure: a.progress.Unsure, Through: a.progress.Through, Calls: a.progress.Calls}
	if !a.whole {
		rest.Shown, rest.Parts = a.shown, a.message.Part
		if !rest.unsureFrom(a.shown) {
			rest.Unsure, rest.Through = 0, 0
		}
		return a.lease.Advance(rest)
	}
	w.alone = max(0, w.alone-len(a.items))
	return a.lease.Done(len(a.items), rest)
}

// remember keeps the messenger's name of a group's first message, for those that follow, until
// the group is resolved.
func (w *worker) remember(a *attempt) {
	for _, over := range a.over {
		w.setThread(over, "")
	}
	thread := a.message.Thread
	switch {
	case a.message.over() && a.whole:
		thread = ""
	case a.verdict.Thread != "" && thread == "":
		thread = a.verdict.Thread
	}
	if thread != a.message.Thread && len(a.items) == 1 {
		w.setThread(a.message, thread)
	}
}

// setThread keeps the messenger's name of a group's first message, or forgets it.
func (w *worker) setThread(m Message, thread string) {
	// The parts to come of the same message refer to it as well.
	w.cut.message.Thread = thread
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	if err := w.queue.Remember(ctx, w.threadKey(m), thread); err != nil {
		w.log.Warn("the thread of a group is not remembered", "receiver", w.receiver.Name, "error", err)
	}
}

func (w *worker) threadKey(m Message) string { return w.receiver.Name + "\x00" + m.GroupKey }

// storeTimeout bounds a call of the queue that no request waits for.
const storeTimeout = 10 * time.Second

// giveUp leaves the first item to the fallback or to the dead letters, and returns the
// fallback's name. A fallback that cannot take it is tried again, until it is too old: it could
// be that the queue is full of what waits here.
func (w *worker) giveUp(a *attempt) (moved string, err error) {
	item := a.items[0]
	if w.receiver.Fallback != "" {
		if err := w.moveToFallback(a, item); err == nil {
			moved = w.receiver.Fallback
		} else {
			a.verdict.Reason = fmt.Sprintf("the fallback %s cannot take it: %s; %s", w.receiver.Fallback, err, a.verdict.Reason)
			if item.age() <= w.maxAge() {
				a.verdict.Outcome, a.after = Retry, w.retry.MaxBackoff
				return "", a.lease.Retry(a.after, a.progress)
			}
		}
	}
	w.failures, w.alone = 0, max(0, w.alone-1)
	return moved, a.lease.Dead(1, a.progress, a.verdict.Reason, moved != "")
}

// moveToFallback puts an item into the fallback's line, with what is known of its delivery.
func (w *worker) moveToFallback(a *attempt, item Item) error {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	if !a.called {
		// If the process ends before the item is out of this line, it is in both.
		if err := a.lease.Begin(ctx, 1, a.progress); err != nil {
			return err
		}
	}
	_, err := w.queue.Put(ctx, Item{
		Receiver: w.receiver.Fallback, Key: fmt.Sprintf("fallback of %s at %d", item.ID, nanos(item.Accepted)), Body: item.Body, Accepted: item.Accepted, Replayed: time.Now(),
		FallbackFor: w.receiver.Name, Reason: a.verdict.Reason, Shown: a.shownBefore(), Parts: a.partsBefore(), Unsure: a.progress.Unsure > 0,
	})
	return err
}
