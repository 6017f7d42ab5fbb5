package adaptor

import (
	"context"
	"fmt"
	"sort"
	"time"
)

// lateAfter is how long after its acceptance a notification is said to be late.
const lateAfter = 5 * time.Minute

// compose chooses what goes into the message and encodes it. The verdict is Done when it can be
// sent; else it tells what to do about the head of the line.
func (a *attempt) compose(ctx context.Context) Verdict {
	head := a.lease.Items()[0]
	if a.cut.item != head.ID {
		p, m, err := a.read(ctx, head)
		if err != nil {
			return Verdict{Outcome: DeadLetter, Reason: err.Error()}
		}
		a.take([]Item{head}, []reported{reportedOf(p)}, m)
		a.head = p
		if a.merges() {
			if err := a.digest(ctx); err != nil {
				return Verdict{Outcome: Retry, Reason: fmt.Sprintf("the queue cannot be read: %s", err)}
			}
		}
	}
	if len(a.items) <= 1 {
		if err := a.single(); err != nil {
			return Verdict{Outcome: DeadLetter, Reason: err.Error()}
		}
	}
	return Verdict{Outcome: Done}
}

// merges tells whether what waits behind the head is to go into the same message: when sending
// each by itself would take too long, or when the message that may have arrived was a digest.
func (a *attempt) merges() bool {
	switch {
	case a.alone > 0, a.shownBefore() > 0:
		return false
	case a.progress.Unsure > 0:
		return a.progress.Unsure > 1
	}
	waiting, _ := a.queue.Waiting(a.receiver.Name)
	return a.limiter.backlog(waiting, time.Now()) > digestAfter
}

// read makes the message of an item, as the receiver wants it.
func (a *attempt) read(ctx context.Context, item Item) (payload, Message, error) {
	p, err := decode(item.Body)
	if err != nil {
		return payload{}, Message{}, err
	}
	m := newMessage(p, a.receiver.Style)
	if a.badMention != item.ID {
		m.Mentions = mentions(a.receiver.Mentions, p)
	}
	m.FallbackFor, m.Reason, m.Accepted, m.Unsure = item.FallbackFor, item.Reason, item.late(), item.Unsure
	if a.receiver.Channel.Threads {
		if m.Thread, err = a.queue.Recall(ctx, a.threadKey(m)); err != nil {
			a.log.Warn("the thread of a group is not known", "receiver", a.receiver.Name, "error", err)
		}
	}
	return p, m, nil
}

// late is when the item was accepted, if that is worth telling.
func (i Item) late() time.Time {
	if time.Since(i.Accepted) > lateAfter {
		return i.Accepted
	}
	return time.Time{}
}

// templateLogEvery is how often the log tells that templates of a receiver fail.
const templateLogEvery = time.Minute

// writeTexts lets the receiver's templates write the message of a single notification: a digest
// shows none of their texts.
func (a *attempt) writeTexts() {
	err := a.receiver.write(&a.message, a.head)
	a.head = payload{}
	if err == nil {
		return
	}
	a.metrics.templateError(a.receiver.Name)
	if now := time.Now(); now.Sub(a.templateLogged) >= templateLogEvery {
		a.worker.templateLogged = now
		a.log.Warn("a template failed, the built-in text is sent", "receiver", a.receiver.Name, "error", err)
	}
}

// encoder writes for the receiver, within the limit that the messenger showed to have.
func (a *attempt) encoder() encoder {
	head := a.lease.Items()[0]
	e := newEncoder(a.receiver.Channel, a.receiver.Target, time.Now())
	if a.tooLarge == head.ID {
		e.limit = a.limit
	}
	// What comes from elsewhere with some of it shown has called nobody here yet.
	e.first = head.Shown
	return e
}

// cut is a notification of several parts, cut once: the largest are costly to read and to cut.
type cut struct {
	// item is the notification's ID.
	item    string
	group   reported
	message Message
	// ends are the numbers of alerts up to the end of each part, and before is how many parts
	// came before the first of them.
	ends   []int
	before int
}

// single encodes the head's next part.
func (a *attempt) single() error {
	e, from := a.encoder(), a.shownBefore()
	if a.cut.item != a.lease.Items()[0].ID {
		a.writeTexts()
		if from >= len(a.message.Alerts) {
			from = 0
		}
		m, ends, err := e.plan(a.message, from)
		if err != nil {
			return err
		}
		a.cut = cut{a.items[0].ID, a.groups[0], m, ends, a.partsBefore()}
	} else {
		a.take(a.lease.Items()[:1], []reported{a.cut.group}, a.cut.message)
	}
	next := sort.Search(len(a.cut.ends)-1, func(i int) bool { return a.cut.ends[i] > from })
	part, parts := a.cut.before+next+1, a.cut.before+len(a.cut.ends)
	if parts == 1 {
		part, parts = 0, 0
	}
	a.shown, a.whole = a.cut.ends[next], next == len(a.cut.ends)-1
	a.message = e.part(a.cut.message, from, a.shown, part, parts)
	a.message.Unsure, a.message.Accepted = a.progress.unsureFrom(from), a.items[0].late()
	if a.whole {
		a.worker.cut = cut{}
	}
	var err error
	a.request, err = e.encode(a.message)
	return err
}

// digest merges as many of the waiting items as fit into one message; where that is only the
// head, it stays alone.
func (a *attempt) digest(ctx context.Context) error {
	d := merging{attempt: a, encoder: a.encoder(), messages: []Message{a.message}, groups: a.groups}
	most := digestItems
	if a.progress.Unsure > 0 {
		most = min(most, a.progress.Unsure)
	}
	fitting := 1
	for fitting < most {
		tried := min(2*fitting, most)
		if err := a.lease.Extend(ctx, tried, digestBytes); err != nil {
			return err
		}
		if tried = min(len(a.lease.Items()), tried); tried <= fitting {
			break
		}
		if !d.fits(ctx, tried) {
			fitting += sort.Search(tried-fitting-1, func(n int) bool { return !d.fits(ctx, fitting+n+1) })
			break
		}
		fitting = tried
	}
	if fitting == 1 {
		return nil
	}
	d.fits(ctx, fitting)
	a.take(a.lease.Items()[:fitting], d.groups[:fitting], d.message)
	a.request, a.shown, a.whole = d.request, 0, true
	for _, m := range d.messages[:fitting] {
		if m.Thread != "" && m.over() {
			a.over = append(a.over, m)
		}
	}
	return nil
}

// merging is the making of a digest.
type merging struct {
	*attempt
	encoder encoder
	// messages and groups are those of the items that were read.
	messages []Message
	groups   []reported
	// message and request are the last that fitted.
	message Message
	request Request
}

// fits makes a message of the first n items of the lease, and tells whether it is one that can be
// sent.
func (d *merging) fits(ctx context.Context, n int) (fits bool) {
	defer func() {
		// What breaks the encoder must not take those before it along: it is found when it is alone.
		if recover() != nil {
			fits = false
		}
	}()
	for len(d.messages) < n {
		p, m, err := d.read(ctx, d.lease.Items()[len(d.messages)])
		if err != nil {
			return false
		}
		d.messages, d.groups = append(d.messages, m), append(d.groups, reportedOf(p))
	}
	e, merged := d.encoder, merge(d.messages[:n])
	probe := merged
	// The same items must fit when they have to be sent again, with the notes that it takes.
	probe.Unsure, probe.Accepted = true, e.now
	if request, err := e.channel.Encode(e.target, probe, e.now); err != nil || request.Size > e.limit {
		return false
	}
	merged.Unsure = merged.Unsure || d.progress.Unsure > 0
	request, err := e.channel.Encode(e.target, merged, e.now)
	if err != nil || request.Size > e.limit {
		return false
	}
	d.message, d.request = merged, request
	return true
}
