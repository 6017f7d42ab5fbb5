package adaptor

import (
	"context"
	"fmt"
	"hash/fnv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func (s *jetStore) put(ctx context.Context, item Item) (duplicate bool, err error) {
	if len(item.Receiver) == 0 || len(item.Receiver) > longestReceiver {
		return false, fmt.Errorf("receiver %.20q: want a name of 1 to %d bytes", item.Receiver, longestReceiver)
	}
	leave, duplicate, err := s.admit(item)
	if duplicate || err != nil {
		return duplicate, err
	}
	defer leave()
	id := ""
	if item.Key != "" {
		id = token(item.Receiver) + "." + item.Key
	}
	return s.store(ctx, item, itemHeader{}, id)
}

// shardOf is the stream for an item: one for all of a group, so that what is said of a group stays
// in order even while a server of a cluster is replaced and some streams are late; one for a
// message ID, which only its stream knows again; or any.
func (s *jetStore) shardOf(item Item, messageID string) int {
	hash := fnv.New32a()
	switch {
	case item.Key != "":
		_, _ = hash.Write([]byte(item.Receiver + "\n" + ledgerKey{item.Receiver, item.Key}.group().key))
	case messageID != "":
		_, _ = hash.Write([]byte(messageID))
	default:
		return int(s.turn.Add(1) % shards)
	}
	return int(hash.Sum32() % shards)
}

// admit takes an item that is to be put into account, until leave is called, and tells whether
// it may be put.
func (s *jetStore) admit(item Item) (leave func(), duplicate bool, err error) {
	x := s.index
	x.mu.Lock()
	defer x.mu.Unlock()
	size := len(item.Body)
	bytes := x.bytes + x.comingBytes
	switch {
	case x.closed:
		return nil, false, ErrClosed
	case x.gone, s.failed.Load():
		return nil, false, errReopened
	case x.seen.has(item.Receiver, item.Key, time.Now()):
		return nil, true, nil
	case x.items+x.coming >= s.options.MaxItems, bytes >= s.options.MaxBytes, bytes+size > s.options.MaxBytes:
		return nil, false, ErrFull
	}
	if err := s.room(); err != nil {
		return nil, false, err
	}
	x.coming++
	x.comingBytes += size
	return func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.coming--
		x.comingBytes -= size
	}, false, nil
}

// room tells whether the disk of an embedded store has room for more. A disk that is quite full
// would end the server's writing for good, so it is not let come to that.
func (s *jetStore) room() error {
	if s.server == nil {
		return nil
	}
	free, err := freeBytes(s.options.Dir)
	if err != nil {
		return fmt.Errorf("disk of %s: %w", s.options.Dir, err)
	}
	if free < minFree {
		return fmt.Errorf("%w: the disk of %s has only %d MiB left, and %d are kept free", ErrFull, s.options.Dir, free>>20, minFree>>20)
	}
	return nil
}

// minFree is how many bytes of the disk are not used for new items: what is delivered must be
// recorded even then.
const minFree = 32 << 20

// store writes an item and waits until it is on disk and in the index. The server refuses a
// message ID that it knows, which makes the item a duplicate.
func (s *jetStore) store(ctx context.Context, item Item, h itemHeader, messageID string) (duplicate bool, err error) {
	shard := s.shardOf(item, messageID)
	known := s.index.through(shard)
	ack, err := s.send(ctx, shard, item, h, messageID)
	if err != nil {
		return false, err
	}
	id := itemID{shard, ack.Sequence}
	if !ack.Duplicate && ack.Sequence <= known {
		return false, s.fail("the server has less than it had")
	}
	if !s.options.DeadLettersOnly {
		s.index.await(ctx, id)
	}
	return ack.Duplicate, nil
}

// send gives an item its order and sends it. The items of one shard are sent one after the
// other, so that they are stored in their order, but nobody waits for the disk meanwhile.
func (s *jetStore) send(ctx context.Context, shard int, item Item, h itemHeader, messageID string) (*jetstream.PubAck, error) {
	var options []jetstream.PublishOpt
	if messageID != "" {
		options = append(options, jetstream.WithMsgID(messageID))
	}
	future, err := func() (jetstream.PubAckFuture, error) {
		s.ordering[shard].Lock()
		defer s.ordering[shard].Unlock()
		h.Order = s.index.nextOrder()
		msg, err := encodeItem(item, h)
		if err != nil {
			return nil, err
		}
		msg.Subject = itemSubject(shard, item.Receiver)
		if largest := s.conn.MaxPayload(); int64(msg.Size()) > largest {
			return nil, fmt.Errorf("the notification has %d bytes, the NATS server takes %d: raise its max_payload", msg.Size(), largest)
		}
		return s.js.PublishMsgAsync(msg, options...)
	}()
	if err != nil {
		return nil, s.storeError(err)
	}
	select {
	case ack := <-future.Ok():
		return ack, nil
	case err := <-future.Err():
		return nil, s.storeError(err)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// through is the last sequence of a shard that is in the index.
func (x *index) through(shard int) uint64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.shards[shard].through
}

// await waits until an item came or, for it is stored whether or not, for a second.
func (x *index) await(ctx context.Context, id itemID) {
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	for {
		x.mu.Lock()
		shard := x.shards[id.shard]
		x.mu.Unlock()
		if shard.through >= id.seq {
			return
		}
		select {
		case <-shard.changed:
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// nextOrder gives an item its order. The caller sees to it that items of one shard are stored in
// the order in which they got theirs.
func (x *index) nextOrder() int64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.lastOrder = max(x.lastOrder+1, time.Now().UnixNano())
	return x.lastOrder
}

// readiness is the result of the last check, which is good for a second.
type readiness struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

// ready looks for failed writes, and writes something to the disk unless that was just tried.
func (s *jetStore) ready(ctx context.Context) error {
	leave, _, err := s.admit(Item{})
	if err != nil {
		return err
	}
	leave()
	s.check.mu.Lock()
	defer s.check.mu.Unlock()
	if !s.check.at.IsZero() && time.Since(s.check.at) < time.Second {
		return s.check.err
	}
	if health := s.health(); health != "" {
		return s.fail(health)
	}
	_, err = s.publish(ctx, &nats.Msg{Subject: checkSubject})
	if ctx.Err() == nil {
		s.check.at, s.check.err = time.Now(), err
	}
	return err
}
