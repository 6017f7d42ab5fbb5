package adaptor

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// bury adds a dead letter and, where there are too many, forgets the oldest.
func (q *memoryQueue) bury(dead DeadItem) {
	q.lastDead++
	dead.ID = strconv.FormatUint(q.lastDead, 10)
	q.dead = append(q.dead, dead)
	q.deadBytes += len(dead.Item.Body)
	for len(q.dead) > 1 && (len(q.dead) > q.limits.DeadLetters || q.deadBytes > q.limits.Bytes) {
		q.forget(0)
	}
}

// forget removes a dead letter by its place.
func (q *memoryQueue) forget(i int) {
	q.deadBytes -= len(q.dead[i].Item.Body)
	q.dead = slices.Delete(q.dead, i, i+1)
}

func (q *memoryQueue) DeadLetters(_ context.Context, after string, limit int) ([]DeadItem, error) {
	seq, err := deadSequence(after)
	if err != nil && after != "" {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	var page []DeadItem
	for _, dead := range q.dead {
		if n, _ := deadSequence(dead.ID); n > seq && len(page) < limit {
			page = append(page, dead)
		}
	}
	return page, nil
}

func (q *memoryQueue) CountDeadLetters(context.Context) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.dead), nil
}

// deadSequence is the number in the ID of a dead letter.
func deadSequence(id string) (uint64, error) {
	seq, err := strconv.ParseUint(id, 10, 64)
	if err != nil || seq == 0 {
		return 0, fmt.Errorf("%w as %q: want the number that the list shows", ErrNoDeadLetter, id)
	}
	return seq, nil
}

func (q *memoryQueue) Replay(_ context.Context, id string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := q.deadIndex(id)
	switch {
	case i < 0:
		return ErrNoDeadLetter
	case q.closed:
		return ErrClosed
	case q.items >= q.limits.Items, q.bytes+len(q.dead[i].Item.Body) > q.limits.Bytes:
		return ErrFull
	}
	item := q.dead[i].Item
	item.Replayed = time.Now()
	q.append(item)
	q.forget(i)
	return nil
}

func (q *memoryQueue) Drop(_ context.Context, id string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := q.deadIndex(id)
	if i < 0 {
		return ErrNoDeadLetter
	}
	q.forget(i)
	return nil
}

func (q *memoryQueue) deadIndex(id string) int {
	return slices.IndexFunc(q.dead, func(d DeadItem) bool { return d.ID == id })
}

// Bounds of what a queue remembers.
const (
	memoryAge   = 7 * 24 * time.Hour
	maxMemories = 20_000
	maxMemory   = 4 << 10
)

// memory is a text that a queue was told to remember.
type memory struct {
	text string
	at   time.Time
}

func (q *memoryQueue) Remember(_ context.Context, key, text string) error {
	if len(text) > maxMemory {
		return fmt.Errorf("remember %s: %d bytes, want at most %d", key, len(text), maxMemory)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, known := q.memories[key]; !known && len(q.memories) >= maxMemories {
		q.forgetMemories()
	}
	q.memories[key] = memory{text, time.Now()}
	return nil
}

// forgetMemories makes room: it forgets what is too old, and if nothing is, the oldest.
func (q *memoryQueue) forgetMemories() {
	oldest, at := "", time.Now()
	for key, m := range q.memories {
		if time.Since(m.at) > memoryAge {
			delete(q.memories, key)
		} else if m.at.Before(at) {
			oldest, at = key, m.at
		}
	}
	if len(q.memories) >= maxMemories {
		delete(q.memories, oldest)
	}
}

func (q *memoryQueue) Recall(_ context.Context, key string) (string, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	m, ok := q.memories[key]
	if !ok || time.Since(m.at) > memoryAge {
		return "", nil
	}
	return m.text, nil
}
