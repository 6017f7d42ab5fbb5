package adaptor

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"
)

// shards is how many streams the items are spread over, so that several are written to disk at
// a time.
const shards = 8

// index knows of every item in the streams where it is, in the order of the lines. Bodies stay
// in the streams. It is made from the journal and the headers of the items, which the server
// sends at the start and whenever there is a new one.
type index struct {
	mu     sync.Mutex
	lines  map[string]*line
	shards [shards]shardState
	seen   *ledger
	// items and bytes are what waits in all lines; the bytes are those of the bodies.
	items int
	bytes int
	// coming counts what is being put.
	coming, comingBytes int
	// lastOrder is the latest order given to an item.
	lastOrder int64
	closed    bool
	// gone tells that the store is closed, and perhaps opened again.
	gone bool
	// idle tells that another adaptor delivers.
	idle bool
	// replayed are the dead letters that were found in the lines, until replays was called.
	replayed []deadLetter
	filled   bool
}

// shardState is how far a stream of items is known.
type shardState struct {
	// through is the last sequence that came.
	through uint64
	// changed is closed when through changes.
	changed chan struct{}
	// ahead are items, and their orders, that the journal settles but that did not come yet.
	ahead map[uint64]int64
}

// line is the line of one receiver.
type line struct {
	receiver string
	waiting  []ref
	// record is the last of its records in the journal, and seq its sequence there.
	record lineRecord
	seq    uint64
	// stale tells that the journal may have a record that is not known here.
	stale bool
	// held tells that there is a lease, and leased is how many of the first items it has.
	held   bool
	leased int
	// changed is closed when something changed that Next may be waiting for.
	changed chan struct{}
	sweep   sweepState
}

// ref is where an item is.
type ref struct {
	itemID
	order, accepted int64
	size            int
}

func newIndex(window time.Duration) *index {
	x := &index{lines: map[string]*line{}, seen: newLedger(window)}
	for i := range x.shards {
		x.shards[i] = shardState{changed: make(chan struct{}), ahead: map[uint64]int64{}}
	}
	return x
}

// line returns a receiver's line; the caller holds the lock.
func (x *index) line(receiver string) *line {
	l := x.lines[receiver]
	if l == nil {
		l = &line{receiver: receiver, changed: make(chan struct{})}
		x.lines[receiver] = l
	}
	return l
}

func (l *line) signal() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// signal wakes everybody who waits for a line; the caller holds the lock.
func (x *index) signal() {
	for _, l := range x.lines {
		l.signal()
	}
}

// arrive takes note of an item that the server sent the header of. The last one that there was
// tells so.
func (x *index) arrive(id itemID, receiver string, h itemHeader, last bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if id.seq <= x.shards[id.shard].through {
		return
	}
	x.passed(id)
	now := time.Now()
	x.lastOrder = max(x.lastOrder, h.Order)
	x.seen.add(receiver, h.Key, timeOf(h.Order), now)
	l := x.line(receiver)
	if x.settledAhead(id, h.Order, last) {
		l.sweep.settle(id)
		return
	}
	if h.DeadLetter != nil && !x.filled {
		x.replayed = append(x.replayed, *h.DeadLetter)
	}
	l.insert(ref{itemID: id, order: h.Order, accepted: h.Accepted, size: h.Size})
	x.items++
	x.bytes += h.Size
	l.signal()
}

// passed takes note that the stream is known through an item; the caller holds the lock.
func (x *index) passed(id itemID) {
	shard := &x.shards[id.shard]
	shard.through = id.seq
	close(shard.changed)
	shard.changed = make(chan struct{})
}

// settledAhead tells whether the journal settled an item before it came: this one, and not one
// that had its ID in a stream that lost its end. With the last item of a stream, those before it
// that did not come were deleted.
func (x *index) settledAhead(id itemID, order int64, last bool) bool {
	ahead := x.shards[id.shard].ahead
	settled, ok := ahead[id.seq]
	delete(ahead, id.seq)
	if last {
		maps.DeleteFunc(ahead, func(seq uint64, _ int64) bool { return seq < id.seq })
	}
	return ok && settled == order
}

// forgetAhead forgets what the journal settles and the streams do not have, once they were read:
// where a damaged stream lost its end, the same sequences come again for other items.
func (x *index) forgetAhead() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for i := range x.shards {
		clear(x.shards[i].ahead)
	}
}

// replays are the dead letters that were in the lines at the start.
func (x *index) replays() []deadLetter {
	x.mu.Lock()
	defer x.mu.Unlock()
	found := x.replayed
	x.replayed, x.filled = nil, true
	return found
}

// insert puts an item at its place: behind what is leased or was, and by its order.
func (l *line) insert(r ref) {
	place := l.places()
	at, _ := slices.BinarySearchFunc(l.waiting[l.leased:], r, func(a, b ref) int { return compareRefs(a, b, place) })
	l.waiting = slices.Insert(l.waiting, l.leased+at, r)
}

// places are those of the items of the batch in it; all others come after them.
func (l *line) places() map[itemID]int {
	if len(l.record.Batch) == 0 {
		return nil
	}
	place := make(map[itemID]int, len(l.record.Batch))
	for i, id := range l.record.Batch {
		place[id] = i - len(l.record.Batch)
	}
	return place
}

func compareRefs(a, b ref, place map[itemID]int) int {
	return cmp.Or(cmp.Compare(place[a.itemID], place[b.itemID]), cmp.Compare(a.order, b.order),
		cmp.Compare(a.shard, b.shard), cmp.Compare(a.seq, b.seq))
}

// journalEntry is a record with its place in the journal.
type journalEntry struct {
	seq uint64
	at  time.Time
	lineRecord
}

// apply takes note of a record of the journal. One that is known already changes nothing.
func (x *index) apply(receiver string, e journalEntry) {
	x.mu.Lock()
	defer x.mu.Unlock()
	l := x.line(receiver)
	if e.seq <= l.seq {
		return
	}
	l.seq, l.record = e.seq, e.lineRecord
	l.sweep.recorded(recordMark{e.seq, e.at}, x.idle)
	for _, s := range e.Settled {
		x.settle(l, s)
	}
	if !l.held && len(e.Batch) > 0 {
		place := l.places()
		slices.SortStableFunc(l.waiting, func(a, b ref) int { return compareRefs(a, b, place) })
	}
	l.signal()
}

// settle takes an item out of its line; the caller holds the lock.
func (x *index) settle(l *line, s settledItem) {
	x.seen.add(l.receiver, s.Key, timeOf(s.Order), time.Now())
	x.lastOrder = max(x.lastOrder, s.Order)
	at := slices.IndexFunc(l.waiting, func(r ref) bool { return r.itemID == s.ID && r.order == s.Order })
	if at < 0 {
		if shard := &x.shards[s.ID.shard]; s.ID.seq > shard.through {
			shard.ahead[s.ID.seq] = s.Order
		}
		return
	}
	x.items--
	x.bytes -= l.waiting[at].size
	if at == 0 {
		l.waiting = l.waiting[1:]
	} else {
		l.waiting = slices.Delete(l.waiting, at, at+1)
	}
	l.leased = max(0, l.leased-1)
	l.sweep.settle(s.ID)
}

// names are the receivers for which something waits.
func (x *index) names() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	var names []string
	for name, l := range x.lines {
		if len(l.waiting) > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// close makes put and next return ErrClosed, and with gone next errReopened.
func (x *index) close(gone bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.gone = x.gone || gone
	x.closed = x.closed || !gone
	x.signal()
}

func (x *index) waiting(receiver string) (int, time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	l := x.lines[receiver]
	if l == nil || len(l.waiting) == 0 {
		return 0, time.Time{}
	}
	oldest := l.waiting[0].accepted
	for _, r := range l.waiting {
		oldest = min(oldest, r.accepted)
	}
	return len(l.waiting), timeOf(oldest)
}

// calls are those of a line's last record.
func (x *index) calls(receiver string) []time.Time {
	x.mu.Lock()
	defer x.mu.Unlock()
	l := x.lines[receiver]
	if l == nil {
		return nil
	}
	return l.record.Progress.progress().Calls
}
