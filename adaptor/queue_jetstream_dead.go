package adaptor

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// maxDeadBytes is how much room the dead letters may take; the oldest make room for new ones.
const maxDeadBytes = 256 << 20

// bury puts an item among the dead letters, once if it is done again after an error. Its order
// tells it from one that had its ID before, in a store that was begun anew.
func (s *jetStore) bury(item Item, order int64, h deadHeader) error {
	ctx, cancel := context.WithTimeout(context.Background(), settleWait)
	defer cancel()
	msg, err := encodeItem(item, itemHeader{})
	if err == nil {
		err = setHeader(msg.Header, headerDead, h)
	}
	if err != nil {
		return err
	}
	msg.Subject = deadSubject(item.Receiver)
	if _, err := s.publish(ctx, msg, jetstream.WithMsgID(fmt.Sprintf("%s.%d", item.ID, order))); err != nil {
		return fmt.Errorf("keep the dead letter: %w", err)
	}
	s.evict(ctx)
	return nil
}

// evict forgets the oldest dead letters where there are too many, and those that are too old.
// It says so, for this is the end of them.
func (s *jetStore) evict(ctx context.Context) {
	if err := s.evictAll(ctx); err != nil {
		s.log.Warn("old dead letters are not forgotten yet", "error", err)
	}
}

func (s *jetStore) evictAll(ctx context.Context) error {
	for {
		info, err := s.info(ctx, deadStream)
		if err != nil {
			return err
		}
		state := info.State
		if state.Msgs <= uint64(s.options.MaxDeadLetters) && state.Bytes <= maxDeadBytes && (state.Msgs == 0 || time.Since(state.FirstTime) < s.options.MaxDeadAge) {
			return nil
		}
		oldest, err := s.firstDead(ctx, state.FirstSeq)
		if err == nil {
			err = s.drop(ctx, oldest.ID)
		}
		if err != nil {
			return err
		}
		s.log.Error("the oldest dead letter was forgotten, for there are too many or it is too old",
			"id", oldest.ID, "receiver", oldest.Item.Receiver, "at", oldest.At, "reason", oldest.Why)
	}
}

func (s *jetStore) deadLetters(ctx context.Context, after string, limit int) ([]DeadItem, error) {
	seq := uint64(0)
	if after != "" {
		var err error
		if seq, err = deadSequence(after); err != nil {
			return nil, err
		}
	}
	var page []DeadItem
	for len(page) < limit {
		d, err := s.firstDead(ctx, seq+1)
		if errors.Is(err, ErrNoDeadLetter) {
			break
		} else if err != nil {
			return nil, err
		}
		page = append(page, d)
		if seq, err = deadSequence(d.ID); err != nil {
			return nil, err
		}
	}
	return page, nil
}

func (s *jetStore) countDeadLetters(ctx context.Context) (int, error) {
	info, err := s.info(ctx, deadStream)
	if err != nil {
		return 0, fmt.Errorf("count the dead letters: %w", err)
	}
	return int(info.State.Msgs), nil
}

// firstDead returns the first dead letter from a sequence on. One that cannot be read has no
// receiver, and says so as the reason.
func (s *jetStore) firstDead(ctx context.Context, seq uint64) (DeadItem, error) {
	ctx, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	stream, err := s.stream(deadStream)
	if err != nil {
		return DeadItem{}, err
	}
	msg, err := stream.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(deadSubjects))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return DeadItem{}, ErrNoDeadLetter
	} else if err != nil {
		return DeadItem{}, fmt.Errorf("read the dead letters: %w", err)
	}
	d, err := decodeDead(msg.Sequence, msg.Subject, msg.Header, msg.Data)
	if err != nil {
		d = DeadItem{ID: strconv.FormatUint(msg.Sequence, 10), At: msg.Time, Why: err.Error()}
	}
	return d, nil
}

// replay puts the dead letter into its line first, so that it is never nowhere. If the process
// ends before it is removed, the next one finds both and removes it (see finishReplays); and of
// two replays at once the server takes one.
func (s *jetStore) replay(ctx context.Context, id string) error {
	seq, err := deadSequence(id)
	if err != nil {
		return err
	}
	dead, err := s.firstDead(ctx, seq)
	switch {
	case err != nil:
		return err
	case dead.ID != id:
		return ErrNoDeadLetter
	case dead.Item.Receiver == "":
		return fmt.Errorf("replay: %s", dead.Why)
	}
	item := dead.Item
	item.Key, item.Replayed = "", time.Now()
	leave, _, err := s.admit(item)
	if err != nil {
		return err
	}
	defer leave()
	letter := deadLetter{seq, nanos(dead.At)}
	if _, err := s.store(ctx, item, itemHeader{DeadLetter: &letter}, fmt.Sprintf("dead letter %d at %d", letter.Number, letter.At)); err != nil {
		return err
	}
	return s.drop(ctx, id)
}

func (s *jetStore) drop(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	seq, err := deadSequence(id)
	if err != nil {
		return err
	}
	stream, err := s.stream(deadStream)
	if err == nil {
		// The error of a deletion does not tell whether there is nothing to delete.
		_, err = stream.GetMsg(ctx, seq)
	}
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return ErrNoDeadLetter
	} else if err == nil {
		err = stream.DeleteMsg(ctx, seq)
	}
	if err != nil {
		return fmt.Errorf("remove dead letter %s: %w", id, err)
	}
	return nil
}

// finishReplays removes the dead letters that wait in a line already.
func (s *jetStore) finishReplays(ctx context.Context) error {
	for _, letter := range s.index.replays() {
		dead, err := s.firstDead(ctx, letter.Number)
		if err == nil && dead.ID == strconv.FormatUint(letter.Number, 10) && nanos(dead.At) == letter.At {
			err = s.drop(ctx, dead.ID)
		}
		if err != nil && !errors.Is(err, ErrNoDeadLetter) {
			return err
		}
	}
	return nil
}

// memorySubject is where the text of a key is. Keys may be any text of any length.
func memorySubject(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "rulekit.memory." + token(string(sum[:]))
}

func (s *jetStore) remember(ctx context.Context, key, text string) error {
	if len(text) > maxMemory {
		return fmt.Errorf("remember %.50q: %d bytes, want at most %d", key, len(text), maxMemory)
	}
	_, err := s.publish(ctx, &nats.Msg{Subject: memorySubject(key), Data: []byte(text)})
	return err
}

func (s *jetStore) recall(ctx context.Context, key string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	stream, err := s.stream(memoryStream)
	if err != nil {
		return "", err
	}
	msg, err := stream.GetLastMsgForSubject(ctx, memorySubject(key))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return "", nil
	} else if err != nil {
		return "", fmt.Errorf("recall: %w", err)
	}
	return string(msg.Data), nil
}
