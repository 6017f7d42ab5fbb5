package adaptor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// jetLease is a lease of the first items of a line in JetStream.
type jetLease struct {
	store    *jetStore
	line     *line
	items    []Item
	refs     []ref
	progress Progress
	// seq is the sequence of the line's last record in the journal.
	seq uint64
}

func (s *jetStore) next(ctx context.Context, receiver string) (Lease, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		lease, pause, err := s.index.lease(receiver)
		switch {
		case err != nil:
			return nil, err
		case lease == nil:
			pause.wait(ctx)
			continue
		}
		lease.store = s
		opened, err := lease.open(ctx)
		if opened {
			return lease, nil
		}
		s.index.release(lease.line)
		if err != nil {
			return nil, err
		}
	}
}

// lease leases the head of a line, which is not read yet. Without a head that is due, the lease
// is nil, and the pause is to be made before the next try. It comes without a head when the
// journal must be read first.
func (x *index) lease(receiver string) (*jetLease, pause, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	l := x.line(receiver)
	due := time.Until(timeOf(l.record.Due))
	switch {
	case x.closed:
		return nil, pause{}, ErrClosed
	case x.gone:
		return nil, pause{}, errReopened
	case x.idle, l.held, !l.stale && len(l.waiting) == 0:
		return nil, pause{changed: l.changed}, nil
	case !l.stale && due > 0:
		return nil, pause{changed: l.changed, longest: due}, nil
	}
	l.held = true
	lease := &jetLease{line: l, seq: l.seq}
	if l.stale {
		return lease, pause{}, nil
	}
	l.leased = 1
	lease.refs = []ref{l.waiting[0]}
	lease.progress = l.record.Progress.progress()
	if head := l.waiting[0]; !l.record.about(head) {
		lease.progress = Progress{Calls: lease.progress.Calls}
	}
	return lease, pause{}, nil
}

// release ends a lease.
func (x *index) release(l *line) {
	x.mu.Lock()
	defer x.mu.Unlock()
	l.held, l.leased = false, 0
	l.signal()
}

// open reads the leased item. It tells whether the lease can be used, or its line must be looked
// at again.
func (l *jetLease) open(ctx context.Context) (opened bool, err error) {
	if len(l.refs) == 0 {
		return false, l.store.refresh(ctx, l.line)
	}
	item, err := l.store.read(ctx, l.refs[0])
	l.items = []Item{item}
	if errors.Is(err, errUnreadable) {
		l.store.log.Error("a notification is lost: the store cannot read it", "receiver", l.line.receiver, "item", l.refs[0].String(), "error", err)
		return false, l.settle(1, l.progress)
	} else if err != nil {
		return false, err
	}
	if l.progress.Shown == 0 {
		l.progress = l.progress.begin(item)
	}
	return true, nil
}

// errUnreadable says that an item is gone or damaged, for good.
var errUnreadable = errors.New("cannot be read")

// read returns an item with its body.
func (s *jetStore) read(ctx context.Context, r ref) (Item, error) {
	ctx, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	stream, err := s.stream(itemStream(r.shard))
	if err != nil {
		return Item{}, err
	}
	msg, err := stream.GetMsg(ctx, r.seq)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		err = s.missing(ctx, stream, r.itemID)
	}
	if err != nil {
		return Item{}, fmt.Errorf("read item %s: %w", r.itemID, err)
	}
	item, h, err := decodeItem(msg.Subject, msg.Header, msg.Data)
	switch {
	case err != nil:
		return Item{}, fmt.Errorf("item %s %w: %w", r.itemID, errUnreadable, err)
	case h.Order != r.order:
		return Item{}, s.fail("the server has another item in the place of " + r.String())
	}
	item.ID = r.String()
	return item, nil
}

// missing tells why an item was not found: the server also says so when it cannot read its disk,
// and one of a cluster that was just elected before it has all that its stream has. An item is
// only lost when it is not in the stream. What is damaged is cut out when an embedded store is
// opened again.
func (s *jetStore) missing(ctx context.Context, stream jetstream.Stream, id itemID) error {
	info, err := stream.Info(ctx, jetstream.WithDeletedDetails(true))
	switch {
	case err != nil:
		return err
	case s.server == nil && id.seq > info.State.LastSeq:
		return s.fail("the server has less of stream " + itemStream(id.shard) + " than it had")
	case id.seq < info.State.FirstSeq, id.seq > info.State.LastSeq, slices.Contains(info.State.Deleted, id.seq):
		return fmt.Errorf("%w: it is not there any more", errUnreadable)
	case s.server != nil:
		return s.fail("the server cannot read its disk")
	}
	return errors.New("the server cannot read its disk")
}

func (l *jetLease) Items() []Item      { return l.items }
func (l *jetLease) Progress() Progress { return l.progress }

func (l *jetLease) Extend(ctx context.Context, items, bytes int) error {
	x := l.store.index
	x.mu.Lock()
	n := extent(len(l.items), len(l.line.waiting), items, bytes, func(i int) int { return l.line.waiting[i].size })
	l.line.leased = n
	refs := append([]ref(nil), l.line.waiting[:n]...)
	x.mu.Unlock()
	for _, r := range refs[len(l.items):] {
		item, err := l.store.read(ctx, r)
		if errors.Is(err, errUnreadable) {
			// It is dealt with when it is the head.
			break
		} else if err != nil {
			return err
		}
		l.items, l.refs = append(l.items, item), append(l.refs, r)
	}
	return nil
}

func (l *jetLease) Begin(ctx context.Context, n int, p Progress) error {
	p.Unsure = max(n, p.Unsure)
	return l.write(ctx, l.recordFrom(0, p.Unsure, p))
}

func (l *jetLease) Advance(p Progress) error { return l.Retry(0, p) }

func (l *jetLease) Retry(after time.Duration, p Progress) error {
	record := l.recordFrom(0, max(1, p.Unsure), p)
	if after > 0 {
		record.Due = time.Now().Add(after).UnixNano()
	}
	return l.end(record)
}

func (l *jetLease) Done(n int, p Progress) error {
	defer l.store.index.release(l.line)
	return l.settle(n, p)
}

func (l *jetLease) Dead(n int, p Progress, reason string, moved bool) error {
	defer l.store.index.release(l.line)
	for i := 0; i < n && !moved; i++ {
		item := l.items[i]
		if i == 0 {
			item.Shown, item.Parts = p.Shown, p.Parts
		}
		item.Unsure = item.Unsure || i < p.Unsure
		if err := l.store.bury(item, l.refs[i].order, deadHeader{At: time.Now().UnixNano(), Attempts: p.Attempt, Why: reason}); err != nil {
			return err
		}
	}
	return l.settle(n, p)
}

// settle records that the first items have left the line.
func (l *jetLease) settle(n int, p Progress) error {
	rest := p.after(n)
	record := l.recordFrom(n, n+rest.Unsure, rest)
	for i := range n {
		record.Settled = append(record.Settled, settledItem{ID: l.refs[i].itemID, Key: l.items[i].Key, Order: l.refs[i].order})
	}
	err := l.record(record)
	if err == nil {
		l.store.sweepLater()
	}
	return err
}

// end ends the lease with a record.
func (l *jetLease) end(record lineRecord) error {
	defer l.store.index.release(l.line)
	return l.record(record)
}

// record writes a record that nobody waits to be cancelled.
func (l *jetLease) record(record lineRecord) error {
	ctx, cancel := context.WithTimeout(context.Background(), settleWait)
	defer cancel()
	return l.write(ctx, record)
}

// recordFrom is a record of a progress that is about items of the line, leased or not, by their
// places.
func (l *jetLease) recordFrom(from, to int, p Progress) lineRecord {
	l.store.index.mu.Lock()
	defer l.store.index.mu.Unlock()
	record, waiting := lineRecord{Progress: recordOf(p)}, l.line.waiting
	for _, r := range waiting[min(from, len(waiting)):min(to, len(waiting))] {
		if len(record.Batch) == 0 {
			record.First = r.order
		}
		record.Batch = append(record.Batch, r.itemID)
	}
	return record
}

// about tells whether the progress of a record is that of a head.
func (r lineRecord) about(head ref) bool {
	return len(r.Batch) > 0 && r.Batch[0] == head.itemID && r.First == head.order
}
