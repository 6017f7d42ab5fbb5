package adaptor

import (
	"context"
	"slices"
	"time"
)

// memoryLease is a lease of the first items of a line in memory.
type memoryLease struct {
	queue    *memoryQueue
	line     *memoryLine
	items    []Item
	progress Progress
}

func (l *memoryLease) Items() []Item      { return l.items }
func (l *memoryLease) Progress() Progress { return l.progress }

func (l *memoryLease) Extend(_ context.Context, items, bytes int) error {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	n := extent(len(l.items), len(l.line.waiting), items, bytes, func(i int) int { return len(l.line.waiting[i].Body) })
	l.items = slices.Clone(l.line.waiting[:n])
	return nil
}

// extent is how many of the waiting items a lease of the first ones may be extended to.
func extent(leased, waiting, items, bytes int, size func(int) int) int {
	n, total := 0, 0
	for ; n < waiting && (n < leased || n < items); n++ {
		total += size(n)
		if n >= leased && total > bytes {
			break
		}
	}
	return n
}

func (l *memoryLease) Begin(_ context.Context, n int, p Progress) error {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	p.Unsure = max(n, p.Unsure)
	l.line.progress = p
	return nil
}

func (l *memoryLease) Done(n int, p Progress) error {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	l.remove(n, p)
	return nil
}

func (l *memoryLease) Advance(p Progress) error { return l.Retry(0, p) }

func (l *memoryLease) Retry(after time.Duration, p Progress) error {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	l.line.progress, l.line.due = p, time.Now().Add(after)
	l.end()
	return nil
}

func (l *memoryLease) Dead(n int, p Progress, reason string, moved bool) error {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	if !moved {
		for i, item := range l.items[:n] {
			if i == 0 {
				item.Shown, item.Parts = p.Shown, p.Parts
			}
			item.Unsure = item.Unsure || i < p.Unsure
			l.queue.bury(DeadItem{Item: item, At: time.Now(), Attempts: p.Attempt, Why: reason})
		}
	}
	l.remove(n, p)
	return nil
}

// remove takes the first items out of the line and ends the lease.
func (l *memoryLease) remove(n int, p Progress) {
	for i := range n {
		l.queue.items--
		l.queue.bytes -= len(l.line.waiting[i].Body)
		l.line.waiting[i] = Item{}
	}
	l.line.waiting = l.line.waiting[n:]
	l.line.due = time.Time{}
	l.line.head(p.after(n))
	l.end()
}

func (l *memoryLease) end() {
	l.line.leased = false
	l.line.signal()
}
