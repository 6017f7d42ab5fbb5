package adaptor

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Of several adaptors at one NATS cluster all accept, and one delivers: only so can the limits of
// the bots be kept, which lines may share. It says every ownerBeat that it is alive, by replacing
// a record; the others look every ownerPoll, and one takes over when the record was not replaced
// for ownerTTL. So their clocks need not agree.
const (
	ownerTTL  = 12 * time.Second
	ownerBeat = 4 * time.Second
	ownerPoll = 2 * time.Second
)

// owner tells whether this adaptor delivers. The one of an embedded store is nil: it always does.
type owner struct {
	// name is in this adaptor's records, and in no other's.
	name string

	mu sync.Mutex
	// until is when the right to deliver ends unless it is renewed.
	until time.Time
	// seq is the sequence of the last record known, and since is when it was first seen.
	seq   uint64
	since time.Time
}

// holds tells whether this adaptor may deliver now.
func (o *owner) holds() bool {
	if o == nil {
		return true
	}
	_, holds := o.holding()
	return holds
}

// holding is the sequence of this adaptor's record, if it may deliver now.
func (o *owner) holding() (seq uint64, holds bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.seq, time.Now().Before(o.until)
}

// contend tries to become and to stay the one that delivers, until the context ends.
func (s *jetStore) contend(ctx context.Context) {
	for {
		held := !s.index.isIdle()
		s.claim(ctx)
		holds := s.owner.holds()
		if holds != held {
			s.log.Info("which adaptor delivers has changed", "this_one", holds)
			s.index.setIdle(!holds)
			s.sweepLater()
		}
		wait := ownerPoll
		if holds {
			wait = ownerBeat
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// claim replaces this adaptor's record, or one that is too old.
func (s *jetStore) claim(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, ownerPoll)
	defer cancel()
	o, began := s.owner, time.Now()
	expected, may, err := s.claimable(ctx)
	if err == nil && may {
		msg := &nats.Msg{Subject: ownerSubject, Data: []byte(o.name), Header: nats.Header{}}
		msg.Header.Set(jetstream.ExpectedLastSubjSeqHeader, strconv.FormatUint(expected, 10))
		var ack *jetstream.PubAck
		if ack, err = s.js.PublishMsg(ctx, msg); err == nil {
			o.mu.Lock()
			// A second less than the others wait, for clocks that do not run alike.
			o.seq, o.since, o.until = ack.Sequence, began, began.Add(ownerTTL-time.Second)
			o.mu.Unlock()
			return
		}
	}
	if wrongSequence(err) {
		o.mu.Lock()
		o.until = time.Time{}
		o.mu.Unlock()
	} else if err != nil {
		s.log.Debug("cannot ask which adaptor delivers", "error", err)
	}
}

// claimable returns the sequence of the last record, and whether this adaptor may replace it.
func (s *jetStore) claimable(ctx context.Context) (seq uint64, may bool, err error) {
	if seq, ok := s.owner.holding(); ok {
		return seq, true, nil
	}
	stream, err := s.stream(ownerStream)
	if err != nil {
		return 0, false, err
	}
	msg, err := stream.GetLastMsgForSubject(ctx, ownerSubject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, true, nil
	} else if err != nil {
		return 0, false, err
	}
	o := s.owner
	o.mu.Lock()
	defer o.mu.Unlock()
	if msg.Sequence != o.seq {
		o.seq, o.since = msg.Sequence, time.Now()
	}
	// This adaptor's own record is there when the answer to its last one was lost.
	return o.seq, string(msg.Data) == o.name || time.Since(o.since) >= ownerTTL, nil
}

// resign lets another adaptor deliver at once.
func (s *jetStore) resign(ctx context.Context) {
	if s.owner == nil {
		return
	}
	seq, holds := s.owner.holding()
	if !holds {
		return
	}
	s.owner.mu.Lock()
	s.owner.until = time.Time{}
	s.owner.mu.Unlock()
	if stream, err := s.stream(ownerStream); err == nil {
		if err := stream.DeleteMsg(ctx, seq); err != nil {
			s.log.Debug("another adaptor delivers only after a while", "after", ownerTTL, "error", err)
		}
	}
}

func (x *index) isIdle() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.idle
}

// setIdle notes that another adaptor delivers, or this one.
func (x *index) setIdle(idle bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.idle = idle
	x.signal()
}
