package adaptor

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Item is a notification that was accepted and waits to be delivered.
type Item struct {
	// Receiver is the adaptor's receiver that it was posted to.
	Receiver string
	// Body is the webhook body, known to decode.
	Body []byte
	// Accepted is when it was posted.
	Accepted time.Time
}

// Queue keeps accepted notifications until they are delivered. Each receiver has a line of its
// own, served in order and one at a time.
type Queue interface {
	// Put stores an item and returns once it is as safe as the queue makes it. The error is
	// ErrFull or ErrClosed, or tells why the store failed.
	Put(ctx context.Context, item Item) error
	// Next waits until the first item of a receiver's line is due and leases it. It returns
	// ErrClosed once the queue is closed and nothing waits in the line that would be lost, and
	// the context's error when that ends first.
	Next(ctx context.Context, receiver string) (Lease, error)
	// Close makes Put return ErrClosed.
	Close()
	// Len is the number of items not settled yet.
	Len() int
	// Waiting is the number of items of a receiver's line not settled yet, and when the oldest
	// of them was accepted. It is asked at every scrape of the metrics and does not wait.
	Waiting(receiver string) (items int, oldest time.Time)
}

// Lease is the right to deliver an item. It ends with one call of Done, Retry or Dead.
type Lease interface {
	Item() Item
	// Attempt is how many times the item was leased, from 1.
	Attempt() int
	// Done forgets the item: it was delivered.
	Done() error
	// Retry puts the item back at the head of its line, due after the given time.
	Retry(after time.Duration) error
	// Dead takes the item out of the line: it cannot be delivered.
	Dead(reason string) error
}

var (
	// ErrFull is returned by Put when the queue holds as much as it may.
	ErrFull = errors.New("the queue is full")
	// ErrClosed is returned by Put and Next of a closed queue.
	ErrClosed = errors.New("the queue is closed")
)

// MemoryLimits bound a queue in memory. Zero fields stand for the defaults.
type MemoryLimits struct {
	// Items is the most items; the default is 10 000.
	Items int
	// Bytes is the most bytes of all bodies; the default is 64 MiB.
	Bytes int
}

// NewMemoryQueue returns a queue that lives in memory: it is lost with the process.
func NewMemoryQueue(limits MemoryLimits) Queue {
	if limits.Items == 0 {
		limits.Items = 10_000
	}
	if limits.Bytes == 0 {
		limits.Bytes = 64 << 20
	}
	return &memoryQueue{limits: limits, lines: map[string]*memoryLine{}}
}

type memoryQueue struct {
	limits MemoryLimits

	mu     sync.Mutex
	lines  map[string]*memoryLine
	items  int
	bytes  int
	closed bool
}

type memoryLine struct {
	waiting []*memoryItem
	// wake holds a token when something changed that Next may be waiting for.
	wake chan struct{}
}

type memoryItem struct {
	item    Item
	attempt int
	due     time.Time
}

func (q *memoryQueue) Put(_ context.Context, item Item) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return ErrClosed
	case q.items >= q.limits.Items, q.bytes+len(item.Body) > q.limits.Bytes:
		return ErrFull
	}
	line := q.line(item.Receiver)
	line.waiting = append(line.waiting, &memoryItem{item: item})
	q.items++
	q.bytes += len(item.Body)
	line.signal()
	return nil
}

func (q *memoryQueue) Next(ctx context.Context, receiver string) (Lease, error) {
	for {
		head, wait, err := q.head(receiver)
		if err != nil || (head != nil && wait <= 0) {
			return q.lease(head, err)
		}
		if err := q.pause(ctx, receiver, head != nil, wait); err != nil {
			return nil, err
		}
	}
}

// head returns the first item of a line and how long it is until that is due.
func (q *memoryQueue) head(receiver string) (*memoryItem, time.Duration, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	line := q.line(receiver)
	switch {
	case len(line.waiting) > 0:
		return line.waiting[0], time.Until(line.waiting[0].due), nil
	case q.closed:
		return nil, 0, ErrClosed
	}
	return nil, 0, nil
}

func (q *memoryQueue) lease(head *memoryItem, err error) (Lease, error) {
	if err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	head.attempt++
	return &memoryLease{queue: q, entry: head, attempt: head.attempt}, nil
}

// pause waits for a change of the line or, when it is known, for the time its head is due.
func (q *memoryQueue) pause(ctx context.Context, receiver string, timed bool, wait time.Duration) error {
	q.mu.Lock()
	wake := q.line(receiver).wake
	q.mu.Unlock()
	var due <-chan time.Time
	if timed {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-wake:
	case <-due:
	}
	return nil
}

func (q *memoryQueue) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for _, line := range q.lines {
		line.signal()
	}
}

func (q *memoryQueue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.items
}

func (q *memoryQueue) Waiting(receiver string) (int, time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	line := q.lines[receiver]
	if line == nil || len(line.waiting) == 0 {
		return 0, time.Time{}
	}
	return len(line.waiting), line.waiting[0].item.Accepted
}

// line returns a receiver's line; the caller holds the lock.
func (q *memoryQueue) line(receiver string) *memoryLine {
	line := q.lines[receiver]
	if line == nil {
		line = &memoryLine{wake: make(chan struct{}, 1)}
		q.lines[receiver] = line
	}
	return line
}

func (l *memoryLine) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

type memoryLease struct {
	queue   *memoryQueue
	entry   *memoryItem
	attempt int
}

func (l *memoryLease) Item() Item   { return l.entry.item }
func (l *memoryLease) Attempt() int { return l.attempt }

func (l *memoryLease) Done() error { return l.remove() }

func (l *memoryLease) Dead(string) error { return l.remove() }

func (l *memoryLease) Retry(after time.Duration) error {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	l.entry.due = time.Now().Add(after)
	return nil
}

func (l *memoryLease) remove() error {
	q := l.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	line := q.line(l.entry.item.Receiver)
	if len(line.waiting) > 0 && line.waiting[0] == l.entry {
		line.waiting[0] = nil
		line.waiting = line.waiting[1:]
		q.items--
		q.bytes -= len(l.entry.item.Body)
	}
	return nil
}
