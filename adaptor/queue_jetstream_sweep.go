package adaptor

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// sweepDelay is how long after an item was settled it is deleted: many are deleted at once.
	sweepDelay = time.Second
	// journalAge is the least time for which records stay in the journal after their items
	// were deleted: a power failure can bring back a deleted file of items, which must then be
	// known as settled.
	journalAge = 15 * time.Minute
	// journalRecords is how many old records of a line are kept before they are deleted.
	journalRecords = 64
)

// sweepState is what there is to delete of a line's items and records.
type sweepState struct {
	// settled is the last sequence of each shard that was settled, and swept the one up to
	// which items were deleted.
	settled, swept [shards]uint64
	// records are those in the journal, the oldest first.
	records []recordMark
}

type recordMark struct {
	seq uint64
	at  time.Time
}

func (s *sweepState) settle(id itemID) {
	s.settled[id.shard] = max(s.settled[id.shard], id.seq)
}

// recorded takes note of a record. While another adaptor deletes, a few are enough to know where
// to begin when this one does.
func (s *sweepState) recorded(mark recordMark, idle bool) {
	s.records = append(s.records, mark)
	if idle && len(s.records) > 2*journalRecords {
		s.records = slices.Delete(s.records, 0, len(s.records)-journalRecords-1)
	}
}

// pending tells whether a settled item may not be deleted yet.
func (s *sweepState) pending() bool {
	for i := range s.settled {
		if s.settled[i] > s.swept[i] {
			return true
		}
	}
	return false
}

// trim returns the sequence before which the journal need not keep a line's records, 0 for
// none. It does not reach the last record, which has the line's state.
func (s *sweepState) trim(now time.Time, age time.Duration) uint64 {
	n := 0
	for n < len(s.records)-1 && now.Sub(s.records[n].at) > age {
		n++
	}
	if n < journalRecords || s.pending() {
		return 0
	}
	seq := s.records[n].seq
	s.records = append([]recordMark(nil), s.records[n:]...)
	return seq
}

// purge is a deletion: all messages of a subject before a sequence.
type purge struct {
	stream, subject string
	before          uint64
	done            func()
}

// purges are what can be deleted of all lines now. Of a line's items in one shard those before
// the first that waits are settled, as far as the shard is known.
func (x *index) purges(age time.Duration) []purge {
	x.mu.Lock()
	defer x.mu.Unlock()
	var all []purge
	for name, l := range x.lines {
		first := [shards]uint64{}
		for _, r := range l.waiting {
			if first[r.shard] == 0 || r.seq < first[r.shard] {
				first[r.shard] = r.seq
			}
		}
		for i := range shards {
			bound := min(l.sweep.settled[i], x.shards[i].through) + 1
			if first[i] > 0 {
				bound = min(bound, first[i])
			}
			if bound <= l.sweep.swept[i]+1 {
				continue
			}
			all = append(all, purge{itemStream(i), itemSubject(i, name), bound, func() {
				x.mu.Lock()
				defer x.mu.Unlock()
				l.sweep.swept[i] = max(l.sweep.swept[i], bound-1)
			}})
		}
		if before := l.sweep.trim(time.Now(), age); before > 0 {
			all = append(all, purge{journalStream, journalSubject(name), before, func() {}})
		}
	}
	return all
}

// swept is the last sequence of a shard up to which items of some line were deleted.
func (x *index) swept(shard int) uint64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	last := uint64(0)
	for _, l := range x.lines {
		last = max(last, l.sweep.swept[shard])
	}
	return last
}

// sweep deletes what is settled, until the context ends.
func (s *jetStore) sweep(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.settled:
		}
		timer := time.NewTimer(sweepDelay)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		if s.owner.holds() {
			s.sweepOnce(ctx)
		}
	}
}

// sweepOnce deletes what is settled. What cannot be deleted now can be later, and costs nothing
// but room.
func (s *jetStore) sweepOnce(ctx context.Context) {
	all := s.index.purges(max(journalAge, 2*s.index.seen.window()))
	slices.SortStableFunc(all, func(a, b purge) int { return strings.Compare(a.stream, b.stream) })
	for i, p := range all {
		if err := s.purge(ctx, p, i == 0 || p.stream != all[i-1].stream); err != nil {
			s.log.Warn("delivered notifications are not deleted yet, they will be", "error", err)
			return
		}
		p.done()
	}
}

// purge deletes. With the first of a stream it sees to it that the stream is the one that is known.
func (s *jetStore) purge(ctx context.Context, p purge, first bool) error {
	ctx, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	if first {
		if err := s.followers[p.stream].verify(ctx); err != nil {
			return err
		}
	}
	stream, err := s.stream(p.stream)
	if err != nil {
		return err
	}
	return stream.Purge(ctx, jetstream.WithPurgeSubject(p.subject), jetstream.WithPurgeSequence(p.before))
}

// sweepLater tells the sweeper that something was settled.
func (s *jetStore) sweepLater() {
	select {
	case s.settled <- struct{}{}:
	default:
	}
}
