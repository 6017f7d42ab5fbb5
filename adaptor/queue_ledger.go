package adaptor

import (
	"strings"
	"sync"
	"time"
)

// ledger knows the keys of the items of the last while, so that an item that is put twice is
// told.
type ledger struct {
	mu   sync.Mutex
	kept time.Duration
	seen map[ledgerKey]ledgerEntry
	// order has the keys about in the order of their times.
	order []ledgerEntry
	// latest has the key of each group, in the place of the key, that was put last.
	latest map[ledgerKey]ledgerEntry
}

type ledgerKey struct{ receiver, key string }

// ledgerEntry is a key with the time of its item, by which of several the last is told, and the
// time from which the window is counted: the former may be of a clock that is ahead.
type ledgerEntry struct {
	ledgerKey
	at, counted time.Time
}

// group is that of a key, which is before its first dot.
func (k ledgerKey) group() ledgerKey {
	group, _, _ := strings.Cut(k.key, ".")
	return ledgerKey{k.receiver, group}
}

func newLedger(window time.Duration) *ledger {
	return &ledger{kept: window, seen: map[ledgerKey]ledgerEntry{}, latest: map[ledgerKey]ledgerEntry{}}
}

// setWindow changes for how long keys are known.
func (l *ledger) setWindow(window time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = window
}

// window is how long keys are known.
func (l *ledger) window() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept
}

// has tells whether the key was added within the window before now.
func (l *ledger) has(receiver, key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	entry, ok := l.seen[ledgerKey{receiver, key}]
	return ok && now.Sub(entry.counted) < l.kept
}

// last is the key of a group that was put last, within the window before now, and when.
func (l *ledger) last(receiver, group string, now time.Time) (key string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if entry := l.latest[ledgerKey{receiver, group}]; now.Sub(entry.counted) < l.kept {
		return entry.key, entry.counted
	}
	return "", time.Time{}
}

// add adds the key of an item that was put at a time.
func (l *ledger) add(receiver, key string, at, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expire(now)
	if key == "" || now.Sub(at) >= l.kept {
		return
	}
	entry := ledgerEntry{ledgerKey{receiver, key}, at, at}
	if at.After(now) {
		entry.counted = now
	}
	if before, ok := l.seen[entry.ledgerKey]; !ok || before.at.Before(at) {
		l.seen[entry.ledgerKey] = entry
		l.order = append(l.order, entry)
	}
	if group := entry.group(); l.latest[group].at.Before(at) {
		l.latest[group] = entry
	}
}

// expire forgets the keys that were added before the window; the caller holds the lock.
func (l *ledger) expire(now time.Time) {
	n := 0
	for ; n < len(l.order) && now.Sub(l.order[n].counted) >= l.kept; n++ {
		entry := l.order[n]
		if l.seen[entry.ledgerKey] == entry {
			delete(l.seen, entry.ledgerKey)
		}
		if group := entry.group(); l.latest[group] == entry {
			delete(l.latest, group)
		}
	}
	l.order = l.order[n:]
}
