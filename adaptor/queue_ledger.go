package adaptor

import "time"

// ledger knows the keys of the items of the last while, so that an item that is put twice is
// told. The caller locks.
type ledger struct {
	window time.Duration
	seen   map[ledgerKey]time.Time
	// order has the keys about in the order of their times.
	order []ledgerEntry
}

type ledgerKey struct{ receiver, key string }

type ledgerEntry struct {
	ledgerKey
	at time.Time
}

// has tells whether the key was added within the window before now.
func (l *ledger) has(receiver, key string, now time.Time) bool {
	at, ok := l.seen[ledgerKey{receiver, key}]
	return ok && now.Sub(at) < l.window
}

// add adds the key of an item that was put at a time.
func (l *ledger) add(receiver, key string, at, now time.Time) {
	l.expire(now)
	if key == "" || now.Sub(at) >= l.window {
		return
	}
	if l.seen == nil {
		l.seen = map[ledgerKey]time.Time{}
	}
	entry := ledgerEntry{ledgerKey{receiver, key}, at}
	if before, ok := l.seen[entry.ledgerKey]; !ok || before.Before(at) {
		l.seen[entry.ledgerKey] = at
		l.order = append(l.order, entry)
	}
}

// expire forgets the keys that were added before the window.
func (l *ledger) expire(now time.Time) {
	n := 0
	for ; n < len(l.order) && now.Sub(l.order[n].at) >= l.window; n++ {
		if entry := l.order[n]; l.seen[entry.ledgerKey].Equal(entry.at) {
			delete(l.seen, entry.ledgerKey)
		}
	}
	l.order = l.order[n:]
}
