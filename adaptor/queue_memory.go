package adaptor

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"
)

// DefaultDedupWindow is how long a queue knows a notification again: longer than it takes
// Alertmanager to post one again whose answer got lost, and shorter than any sensible
// repeat_interval, for a repeat may look the same and must be delivered.
const DefaultDedupWindow = 2 * time.Minute

// MemoryLimits bound a queue in memory. Zero fields stand for the defaults.
type MemoryLimits struct {
	// Items is the most items that wait; the default is 10 000.
	Items int
	// Bytes is the most bytes of all bodies that wait; the default is 64 MiB. The dead letters
	// may take as much again.
	Bytes int
	// DeadLetters is the most dead letters, of which the oldest make room for new ones; the
	// default is 1 000.
	DeadLetters int
	// DedupWindow is how long a key makes another item a duplicate; the default is
	// DefaultDedupWindow.
	DedupWindow time.Duration
}

// NewMemoryQueue returns a queue that lives in memory: it is lost with the process.
func NewMemoryQueue(limits MemoryLimits) Queue {
	if limits.Items == 0 {
		limits.Items = 10_000
	}
	if limits.Bytes == 0 {
		limits.Bytes = 64 << 20
	}
	if limits.DeadLetters == 0 {
		limits.DeadLetters = 1000
	}
	if limits.DedupWindow == 0 {
		limits.DedupWindow = DefaultDedupWindow
	}
	return &memoryQueue{
		limits:   limits,
		lines:    map[string]*memoryLine{},
		seen:     newLedger(limits.DedupWindow),
		memories: map[string]memory{},
	}
}

type memoryQueue struct {
	limits MemoryLimits

	mu    sync.Mutex
	lines map[string]*memoryLine
	seen  *ledger
	// items and bytes are what waits in all lines.
	items, bytes int
	lastID       uint64
	closed       bool
	dead         []DeadItem
	lastDead     uint64
	deadBytes    int
	memories     map[string]memory
}

// memoryLine is the line of one receiver. Its progress is that of its head.
type memoryLine struct {
	waiting  []Item
	progress Progress
	due      time.Time
	leased   bool
	// changed is closed when something changed that Next may be waiting for.
	changed chan struct{}
}

func (q *memoryQueue) Put(_ context.Context, item Item) (bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return false, ErrClosed
	case q.seen.has(item.Receiver, item.Key, time.Now()):
		return true, nil
	case q.items >= q.limits.Items, q.bytes+len(item.Body) > q.limits.Bytes:
		return false, ErrFull
	}
	q.seen.add(item.Receiver, item.Key, time.Now(), time.Now())
	q.append(item)
	return false, nil
}

func (q *memoryQueue) SetWindow(window time.Duration) {
	q.seen.setWindow(window)
}

func (q *memoryQueue) Latest(receiver, group string) (key string, at time.Time) {
	return q.seen.last(receiver, group, time.Now())
}

// append puts an item at the end of its line; the caller holds the lock.
func (q *memoryQueue) append(item Item) {
	q.lastID++
	item.ID = strconv.FormatUint(q.lastID, 10)
	line := q.line(item.Receiver)
	line.waiting = append(line.waiting, item)
	if len(line.waiting) == 1 {
		line.head(Progress{Calls: line.progress.Calls})
	}
	q.items++
	q.bytes += len(item.Body)
	line.signal()
}

func (q *memoryQueue) Next(ctx context.Context, receiver string) (Lease, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		lease, pause, err := q.lease(receiver)
		if lease != nil || err != nil {
			return lease, err
		}
		pause.wait(ctx)
	}
}

// lease leases the head of a line. Without a head that is due, the lease is nil, and the pause
// is to be made before the next try.
func (q *memoryQueue) lease(receiver string) (Lease, pause, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	line := q.line(receiver)
	due := time.Until(line.due)
	switch {
	case len(line.waiting) == 0 && q.closed:
		return nil, pause{}, ErrClosed
	case len(line.waiting) == 0, line.leased:
		return nil, pause{changed: line.changed}, nil
	case due > 0:
		return nil, pause{changed: line.changed, longest: due}, nil
	}
	line.leased = true
	return &memoryLease{queue: q, line: line, items: slices.Clone(line.waiting[:1]), progress: line.progress}, pause{}, nil
}

// pause is what to wait for: a change of a line or, where it is not 0, the end of a time.
type pause struct {
	changed <-chan struct{}
	longest time.Duration
}

func (p pause) wait(ctx context.Context) {
	var due <-chan time.Time
	if p.longest > 0 {
		timer := time.NewTimer(p.longest)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
	case <-p.changed:
	case <-due:
	}
}

func (q *memoryQueue) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for _, line := range q.lines {
		line.signal()
	}
}

func (q *memoryQueue) Ready(context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return ErrClosed
	case q.items >= q.limits.Items, q.bytes >= q.limits.Bytes:
		return ErrFull
	}
	return nil
}

func (q *memoryQueue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.items
}

func (q *memoryQueue) Lines() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	var names []string
	for name, line := range q.lines {
		if len(line.waiting) > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (q *memoryQueue) Waiting(receiver string) (int, time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	line := q.lines[receiver]
	if line == nil || len(line.waiting) == 0 {
		return 0, time.Time{}
	}
	oldest := line.waiting[0].Accepted
	for _, item := range line.waiting {
		if item.Accepted.Before(oldest) {
			oldest = item.Accepted
		}
	}
	return len(line.waiting), oldest
}

func (q *memoryQueue) Calls(receiver string) []time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.line(receiver).progress.Calls
}

// line returns a receiver's line; the caller holds the lock.
func (q *memoryQueue) line(receiver string) *memoryLine {
	line := q.lines[receiver]
	if line == nil {
		line = &memoryLine{changed: make(chan struct{})}
		q.lines[receiver] = line
	}
	return line
}

// head begins the progress of a new head.
func (l *memoryLine) head(p Progress) {
	l.progress = p
	if len(l.waiting) > 0 {
		l.progress = l.progress.begin(l.waiting[0])
	}
}

func (l *memoryLine) signal() {
	close(l.changed)
	l.changed = make(chan struct{})
}
