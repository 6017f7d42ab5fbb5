package adaptor

import (
	"time"

	"github.com/google/go-cmp/cmp"
)

// testQueueThrough: how far a part went that may have arrived is known until it is settled.
func testQueueThrough(b *queueBench) {
	b.add("a", "1", "2")
	p := Progress{Attempt: 1, Unsure: 1, Through: 7}
	b.check(b.lease("a", "1").Retry(0, p))
	l := b.lease("a", "1")
	b.progress(l, p)
	p = Progress{Shown: 5, Parts: 1, Unsure: 1, Through: 7}
	b.check(l.Advance(p))
	l = b.lease("a", "1")
	b.progress(l, p)
	b.check(l.Done(1, p))
	b.progress(b.lease("a", "2"), Progress{})
}

// testQueueUnsureDead: a dead letter that may have been delivered is one that may have been when it
// is replayed, until some of it is delivered.
func testQueueUnsureDead(b *queueBench) {
	b.add("a", "1", "2")
	l := b.lease("a", "1")
	b.check(l.Extend(b.t.Context(), 2, 100))
	b.check(l.Dead(2, Progress{Unsure: 1, Through: 4, Attempt: 3}, "no use", false))
	letters, err := b.DeadLetters(b.t.Context(), "", 10)
	b.check(err)
	if len(letters) != 2 || !letters[0].Item.Unsure || letters[1].Item.Unsure {
		b.t.Fatalf("dead letters %+v", letters)
	}
	for _, d := range letters {
		b.check(b.Replay(b.t.Context(), d.ID))
	}
	if b.reopen != nil {
		b.reopen()
	}
	l = b.lease("a", "1")
	b.progress(l, Progress{Unsure: 1})
	b.check(l.Retry(0, Progress{Attempt: 1, Unsure: 1}))
	l = b.lease("a", "1")
	b.progress(l, Progress{Attempt: 1, Unsure: 1})
	b.check(l.Advance(Progress{Shown: 2, Parts: 1}))
	l = b.lease("a", "1")
	b.progress(l, Progress{Shown: 2, Parts: 1})
	b.check(l.Done(1, Progress{}))
	b.progress(b.lease("a", "2"), Progress{})
}

// testQueueCalls: the calls of a line are known without a lease, also when nothing waits.
func testQueueCalls(b *queueBench) {
	check := func(want ...time.Time) {
		b.t.Helper()
		if diff := cmp.Diff(want, b.Calls("a")); diff != "" {
			b.t.Errorf("calls: %s", diff)
		}
	}
	check()
	b.add("a", "1")
	first, second := time.Now(), time.Now().Add(time.Second)
	l := b.lease("a", "1")
	b.check(l.Begin(b.t.Context(), 1, Progress{Attempt: 1, Calls: []time.Time{first}}))
	check(first)
	b.check(l.Done(1, Progress{Calls: []time.Time{first, second}}))
	if b.reopen != nil {
		b.reopen()
	}
	check(first, second)
	b.add("a", "2")
	check(first, second)
	if calls := b.Calls("b"); len(calls) != 0 || len(b.Lines()) != 1 {
		b.t.Errorf("calls of no line: %v, lines %q", calls, b.Lines())
	}
}
