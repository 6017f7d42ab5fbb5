package adaptor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// errNotOwner says that the line is another's now, or that an earlier write of this lease, of
// which nobody knew, was done after all.
var errNotOwner = errors.New("the line has changed: another adaptor delivers it now")

// write writes a record into the journal. It is tried again while the context lasts, and written
// once: the server knows its ID. No record is written that does not follow on the lease's last
// one, or on the last one before it, so that of two adaptors with a lease only one goes on.
func (l *jetLease) write(ctx context.Context, record lineRecord) error {
	s := l.store
	if !s.owner.holds() {
		return errNotOwner
	}
	data, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("encode a record of the journal: %w", err)
	}
	msg := &nats.Msg{Subject: journalSubject(l.line.receiver), Data: data, Header: nats.Header{}}
	msg.Header.Set(nats.MsgIdHdr, nuid.Next())
	msg.Header.Set(jetstream.ExpectedLastSubjSeqHeader, strconv.FormatUint(l.seq, 10))
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		trying, cancel := context.WithTimeout(ctx, storeWait/2)
		ack, err := s.publish(trying, msg)
		cancel()
		if err == nil {
			l.seq = ack.Sequence
			s.index.apply(l.line.receiver, journalEntry{ack.Sequence, time.Now(), record})
			s.index.settleDoubt(l.line, nil)
			return nil
		}
		s.index.doubt(l.line)
		if wrongSequence(err) {
			return errNotOwner
		} else if errors.Is(err, errReopened) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("record what was done: %w", err)
		case <-time.After(wait):
		}
	}
}

func wrongSequence(err error) bool {
	return code(err) == jetstream.JSErrCodeStreamWrongLastSequence || code(err) == jetstream.JSErrCodeStreamWrongLastSequenceConstant
}

// seq is the sequence of a line's last record.
func (x *index) seq(l *line) uint64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	return l.seq
}

// doubt notes that the journal may have a record of a line that is not known here.
func (x *index) doubt(l *line) {
	x.mu.Lock()
	defer x.mu.Unlock()
	l.stale = true
}

// settleDoubt notes that all of a line's records are known, the last of which has the given
// sequence unless that is known too.
func (x *index) settleDoubt(l *line, last *uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	l.stale = false
	if last != nil {
		l.seq = *last
	}
}

// refresh reads what the journal has of a line beyond what is known here.
func (s *jetStore) refresh(ctx context.Context, l *line) error {
	stream, err := s.stream(journalStream)
	if err != nil {
		return err
	}
	subject := journalSubject(l.receiver)
	for {
		msg, err := stream.GetMsg(ctx, s.index.seq(l)+1, jetstream.WithGetMsgSubject(subject))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			break
		} else if err != nil {
			return fmt.Errorf("read the journal: %w", err)
		}
		record, err := decodeRecord(msg.Data)
		if err != nil {
			s.log.Error("a record of the queue is not understood, something may be sent twice", "receiver", l.receiver, "error", err)
		}
		s.index.apply(l.receiver, journalEntry{msg.Sequence, msg.Time, record})
	}
	// What is known here may be more than the journal has, if it lost something.
	last := uint64(0)
	if msg, err := stream.GetLastMsgForSubject(ctx, subject); err == nil {
		last = msg.Sequence
	} else if !errors.Is(err, jetstream.ErrMsgNotFound) {
		return fmt.Errorf("read the journal: %w", err)
	}
	s.index.settleDoubt(l, &last)
	return nil
}
