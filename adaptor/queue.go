package adaptor

import (
	"context"
	"errors"
	"time"
)

// Item is a notification that was accepted and waits to be delivered.
type Item struct {
	// ID is unique in its queue, and says nothing else; Put gives it.
	ID string
	// Receiver is the adaptor's receiver that it was posted to.
	Receiver string
	// Key tells the same notification posted twice: within the queue's window the second is a
	// duplicate, whether or not the first was delivered by then. An empty key is no duplicate
	// of anything. What is before its first dot, if it has one, is the group that Latest knows.
	Key string
	// Body is the webhook body, known to decode.
	Body []byte
	// Accepted is when it was posted, and Replayed when it was put back from the dead letters or
	// left to this receiver as a fallback, if it was: its age counts from then.
	Accepted, Replayed time.Time
	// FallbackFor is the receiver that could not deliver it, when this one is its fallback, and
	// Reason is why.
	FallbackFor, Reason string
	// Shown is how many of its alerts, in the order of newMessage, were delivered in how many
	// messages (Parts) before it came into this line.
	Shown, Parts int
	// Unsure tells that more of it may have been delivered then.
	Unsure bool
}

// age is how long the item has been waiting to be delivered.
func (i Item) age() time.Duration {
	if i.Replayed.After(i.Accepted) {
		return time.Since(i.Replayed)
	}
	return time.Since(i.Accepted)
}

// Progress is what is known of the attempts to deliver the head of a line. It outlives the
// process where the queue does.
type Progress struct {
	// Attempt counts the calls of the messenger since the last one that it accepted.
	Attempt int
	// Shown is how many alerts of the first item were delivered, in how many messages (Parts).
	Shown, Parts int
	// Unsure is how many of the first items were in a message whose fate nobody knows: the
	// connection broke before the answer came, or the process ended. They may come twice.
	// Through is how many alerts of the first item that message went up to; 0 is all of them.
	Unsure, Through int
	// Calls are the times of the latest calls of the messenger, the oldest first: as many as its
	// limits look back on.
	Calls []time.Time
}

// after is the progress of what is behind the first n items.
func (p Progress) after(n int) Progress {
	return Progress{Unsure: max(0, p.Unsure-n), Calls: p.Calls}
}

// unsureFrom tells whether the alerts of the first item from the given one on, or some of them,
// were in a message whose fate nobody knows.
func (p Progress) unsureFrom(alert int) bool {
	return p.Unsure > 0 && (p.Through == 0 || alert < p.Through)
}

// begin is the progress of a line whose head is an item of which nothing was delivered yet since
// it came into the line.
func (p Progress) begin(head Item) Progress {
	p.Shown, p.Parts = head.Shown, head.Parts
	if head.Unsure && p.Unsure == 0 {
		p.Unsure, p.Through = 1, 0
	}
	return p
}

// Queue keeps accepted notifications until they are delivered. Each receiver has a line of its
// own, served in order and by one lease at a time.
type Queue interface {
	// Put stores an item and returns once it is as safe as the queue makes it, or tells that it
	// is a duplicate of one that is. The error is ErrFull or ErrClosed, or tells why the store
	// failed; then the item may still have been stored, as when an answer got lost.
	Put(ctx context.Context, item Item) (duplicate bool, err error)
	// SetWindow changes the window. What was forgotten stays so.
	SetWindow(window time.Duration)
	// Latest is the key, within the window, of the item of a receiver and group that was put
	// last, and when, by this process or another; "" if there is none.
	Latest(receiver, group string) (key string, at time.Time)
	// Next waits until the head of a receiver's line is due and leases its first item. It returns
	// ErrClosed once the queue is closed and nothing waits in the line that would be lost with
	// the process, and the context's error when that ends first.
	Next(ctx context.Context, receiver string) (Lease, error)
	// Close makes Put return ErrClosed. What is leased can still be settled.
	Close()
	// Ready tells whether Put can be expected to work: an error says why not. It does not
	// answer from memory what only the store knows.
	Ready(ctx context.Context) error
	// Len is the number of items not settled yet that would be lost with the process.
	Len() int
	// Lines are the receivers for which something waits.
	Lines() []string
	// Waiting is the number of items of a receiver's line not settled yet, and when the oldest
	// of them was accepted. It is asked at every scrape of the metrics and does not wait.
	Waiting(receiver string) (items int, oldest time.Time)
	// Calls are the times of the latest calls of the messenger that are recorded for a
	// receiver's line, the oldest first.
	Calls(receiver string) []time.Time

	// DeadLetters returns up to limit items that could not be delivered, the oldest first,
	// beginning after the one with the given ID ("" is the start).
	DeadLetters(ctx context.Context, after string, limit int) ([]DeadItem, error)
	// CountDeadLetters is how many dead letters there are.
	CountDeadLetters(ctx context.Context) (int, error)
	// Replay puts a dead letter at the end of its line, with what was delivered of it, and
	// removes it from the dead letters. ErrNoDeadLetter if there is none of that ID.
	Replay(ctx context.Context, id string) error
	// Drop forgets a dead letter. ErrNoDeadLetter if there is none of that ID.
	Drop(ctx context.Context, id string) error

	// Remember keeps a short text under a key for at least a week, in place of the one before;
	// Recall returns it, or "" where there is none.
	Remember(ctx context.Context, key, text string) error
	Recall(ctx context.Context, key string) (string, error)
}

// Lease is the right to deliver the first items of a line. It ends with one call of Done,
// Advance, Retry or Dead, which has happened for good when it returns without an error; after an
// error the line's head is leased again as if the process had been restarted.
type Lease interface {
	// Items are the leased items, in order: the head of the line and what Extend added.
	Items() []Item
	// Extend adds the items that follow, as far as they wait already, up to a number of items
	// and of bytes of all bodies together. What was leased stays leased.
	Extend(ctx context.Context, items, bytes int) error
	// Progress is that of the head of the line.
	Progress() Progress
	// Begin records, before the messenger is called, that the first n items are about to be
	// sent, and the progress, whose Attempt and Calls count the call. If the lease never ends,
	// the next one has this progress with Unsure = n, where it is not more.
	Begin(ctx context.Context, n int, p Progress) error
	// Done settles the first n items, which were delivered. The next head's progress is what p
	// says of those behind them: Calls, and Unsure where that is more than n.
	Done(n int, p Progress) error
	// Advance records that a part of the first item was delivered; the line is due at once.
	Advance(p Progress) error
	// Retry puts the items back at the head of their line, due after the given time.
	Retry(after time.Duration, p Progress) error
	// Dead takes the first n items out of the line and, except where moved says that another
	// line has them, puts them among the dead letters.
	Dead(n int, p Progress, reason string, moved bool) error
}

// DeadItem is an item that was given up.
type DeadItem struct {
	// ID is unique among the dead letters; they are in its order.
	ID   string
	Item Item
	// At is when it was given up, after how many attempts, and Why.
	At       time.Time
	Attempts int
	Why      string
}

var (
	// ErrFull is returned by Put when the queue holds as much as it may.
	ErrFull = errors.New("the queue is full")
	// ErrClosed is returned by Put and Next of a closed queue.
	ErrClosed = errors.New("the queue is closed")
	// ErrNoDeadLetter is returned for an ID that no dead letter has.
	ErrNoDeadLetter = errors.New("there is no such dead letter")
)
