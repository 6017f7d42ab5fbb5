package adaptor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// How often the server tells a follower that it is still there; when two are missing, it begins
// anew. The embedded server does not go away alone.
const (
	followBeat         = 5 * time.Second
	followBeatEmbedded = 10 * time.Minute
)

// follower gets all messages of a stream, and those to come, in order.
type follower struct {
	store       *jetStore
	stream      string
	headersOnly bool
	handle      func(*nats.Msg, *nats.MsgMetadata)
	// deleted tells whether this adaptor itself has deleted a message.
	deleted func(seq uint64) bool
	// end is closed when it first came to the end of the stream, which was not empty.
	end   chan struct{}
	ended bool

	mu sync.Mutex
	// last is the sequence of the last message, and at is when the server stored it.
	last uint64
	at   time.Time
}

// follow follows a stream until the context ends.
func (s *jetStore) follow(ctx context.Context, f *follower) <-chan struct{} {
	f.store, f.end = s, make(chan struct{})
	s.followers[f.stream] = f
	s.tasks.Go(func() {
		for {
			err := f.listen(s.connected(ctx))
			if ctx.Err() != nil {
				return
			}
			s.log.Debug("following a stream anew", "stream", f.stream, "error", err)
			timer := time.NewTimer(time.Second)
			select {
			case <-ctx.Done():
			case <-timer.C:
			}
			timer.Stop()
		}
	})
	return f.end
}

// connected returns a context that ends when the connection is another, or with its parent.
func (s *jetStore) connected(ctx context.Context) context.Context {
	s.connection.mu.Lock()
	defer s.connection.mu.Unlock()
	if s.connection.current == nil || s.connection.current.Err() != nil {
		s.connection.current, s.connection.end = context.WithCancel(ctx)
	}
	return s.connection.current
}

// reconnected lets the followers begin anew at once: the server may have been restarted, and
// know nothing of them.
func (s *jetStore) reconnected() {
	s.connection.mu.Lock()
	defer s.connection.mu.Unlock()
	if s.connection.end != nil {
		s.connection.end()
	}
}

// errGap says that a message did not come.
var errGap = errors.New("a message is missing")

// listen makes the server send what follows on the last message, until one is missing or the
// server is silent.
func (f *follower) listen(ctx context.Context) error {
	s, beat := f.store, followBeat
	if s.server != nil {
		beat = followBeatEmbedded
	}
	inbox, err := s.conn.SubscribeSync(s.conn.NewInbox())
	if err != nil {
		return err
	}
	defer func() { _ = inbox.Unsubscribe() }()
	creating, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	if err := f.verify(creating); err != nil {
		return err
	}
	from, _ := f.reached()
	if _, err := s.js.CreatePushConsumer(creating, f.stream, jetstream.ConsumerConfig{
		DeliverSubject: inbox.Subject, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: from + 1,
		AckPolicy: jetstream.AckNonePolicy, HeadersOnly: f.headersOnly, FlowControl: true, IdleHeartbeat: beat,
		MemoryStorage: true, Replicas: 1,
	}); err != nil {
		return err
	}
	for received := uint64(0); ; {
		msg, err := next(ctx, inbox, 2*beat)
		if err != nil {
			return err
		}
		if msg.Header.Get("Status") != "" {
			f.status(msg)
			continue
		}
		meta, err := msg.Metadata()
		if err != nil {
			return err
		}
		if received++; meta.Sequence.Consumer != received {
			return errGap
		}
		f.reach(meta.Sequence.Stream, meta.Timestamp)
		f.handle(msg, meta)
		if meta.NumPending == 0 && !f.ended {
			f.ended = true
			close(f.end)
		}
	}
}

// reach takes note of the last message.
func (f *follower) reach(seq uint64, at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last, f.at = seq, at
}

func (f *follower) reached() (seq uint64, at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last, f.at
}

// verify sees to it, before a stream is followed anew or something is deleted from it, that it
// still is the one that was followed. A server that was killed may have lost its end, or all of
// it, so that the sequences come again for other messages, which would be taken for those that
// are known. Where that cannot be told, the store is opened again, too.
func (f *follower) verify(ctx context.Context) error {
	s := f.store
	if s.server != nil {
		return nil // it goes with this process
	}
	stream, err := s.stream(f.stream)
	if err != nil {
		return err
	}
	last, at := f.reached()
	info, err := stream.Info(ctx)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return s.fail("the server does not have stream " + f.stream + " any more")
	case err != nil:
		return err
	case info.State.LastSeq < last:
		return s.fail("the server has less of stream " + f.stream + " than it had")
	case last == 0:
		return nil
	case info.State.LastSeq == last && info.State.LastTime.Equal(at):
		return nil
	}
	msg, err := stream.GetMsg(ctx, last)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		if info.State.LastSeq == last || !f.deleted(last) {
			return s.fail("stream " + f.stream + " cannot be told from another")
		}
		return nil
	case err != nil:
		return err
	case !msg.Time.Equal(at):
		return s.fail("the server has another stream " + f.stream + " than it had")
	}
	return nil
}

func next(ctx context.Context, inbox *nats.Subscription, within time.Duration) (*nats.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return inbox.NextMsgWithContext(ctx)
}

// status answers the server when it waits for the follower before it sends more. Else the message
// only says that the server is there.
func (f *follower) status(msg *nats.Msg) {
	answer := msg.Reply
	if answer == "" {
		answer = msg.Header.Get("Nats-Consumer-Stalled")
	}
	if answer != "" {
		// If it gets lost, the server asks again with its next sign of life.
		_ = f.store.conn.Publish(answer, nil)
	}
}

// fill makes the index: first from the journal, so that it is known what is settled, then from
// the streams of items. Following ends with the second context.
func (s *jetStore) fill(ctx, following context.Context) error {
	// The last record of a line is never deleted.
	journal := &follower{stream: journalStream, handle: s.recorded, deleted: func(uint64) bool { return false }}
	if err := s.awaitEnd(ctx, journalStream, s.follow(following, journal)); err != nil {
		return err
	}
	var ends [shards]<-chan struct{}
	for i := range shards {
		ends[i] = s.follow(following, &follower{
			stream: itemStream(i), headersOnly: true, handle: func(msg *nats.Msg, meta *nats.MsgMetadata) { s.arrived(i, msg, meta) },
			deleted: func(seq uint64) bool { return s.owner.holds() && s.index.swept(i) >= seq },
		})
	}
	for i := range shards {
		if err := s.awaitEnd(ctx, itemStream(i), ends[i]); err != nil {
			return err
		}
	}
	if s.server != nil {
		s.index.forgetAhead()
	}
	return nil
}

// awaitEnd waits until a stream was followed to its end, or is empty.
func (s *jetStore) awaitEnd(ctx context.Context, name string, end <-chan struct{}) error {
	for {
		info, err := s.info(ctx, name)
		switch {
		case err == nil && info.State.Msgs == 0:
			return nil
		case err != nil && (ctx.Err() != nil || !unsettled(err)):
			return fmt.Errorf("read stream %s: %w", name, err)
		}
		timer := time.NewTimer(time.Second)
		select {
		case <-end:
			timer.Stop()
			return nil
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("read stream %s: %w", name, ctx.Err())
		case <-timer.C:
		}
	}
}

// recorded takes note of a record of the journal.
func (s *jetStore) recorded(msg *nats.Msg, meta *nats.MsgMetadata) {
	receiver, err := receiverOf(msg.Subject)
	if err != nil {
		s.log.Error("a record of the queue is not understood", "error", err)
		return
	}
	record, err := decodeRecord(msg.Data)
	if err != nil {
		s.log.Error("a record of the queue is not understood, something may be sent twice", "receiver", receiver, "error", err)
	}
	s.index.apply(receiver, journalEntry{meta.Sequence.Stream, meta.Timestamp, record})
	if len(record.Settled) > 0 {
		s.sweepLater()
	}
}

// arrived takes note of an item.
func (s *jetStore) arrived(shard int, msg *nats.Msg, meta *nats.MsgMetadata) {
	id := itemID{shard, meta.Sequence.Stream}
	receiver, err := receiverOf(msg.Subject)
	var header itemHeader
	if err == nil {
		header, err = decodeHeader(msg.Header)
	}
	if err != nil {
		s.log.Error("an item of the queue is not understood and cannot be delivered", "item", id.String(), "error", err)
		return
	}
	s.index.arrive(id, receiver, header, meta.NumPending == 0)
}
