package adaptor

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"
)

// keys gives notifications the keys by which the queue knows them when they are posted twice:
// because an answer got lost, or by two Alertmanagers of a cluster that could not see each other.
//
// The key is made of what the notification says. The same may be said twice for good reason,
// though: an alert that fired, was resolved when Prometheus was away for a while, and fires again.
// So a notification that was followed by a different one of its group gets another key.
type keys struct {
	// process tells the keys of this process from those of the one before.
	process int64

	mu     sync.Mutex
	groups map[fingerprint]*recentGroup
	pruned time.Time
}

// fingerprint stands for a text.
type fingerprint [sha256.Size]byte

// recentGroup is what was said about a group lately.
type recentGroup struct {
	at   time.Time
	last fingerprint
	key  string
	// seen has what was said within the window, and when, the latest last.
	seen []sighting
	// turns counts how often something was said again after something else.
	turns int
}

type sighting struct {
	said fingerprint
	at   time.Time
}

// mostSeen bounds what is remembered of one group; what is said beyond that gets keys of its own.
const mostSeen = 64

func newKeys() *keys {
	return &keys{process: time.Now().UnixNano(), groups: map[fingerprint]*recentGroup{}}
}

// of returns the key of a notification that is posted now.
func (k *keys) of(receiver string, p payload, window time.Duration) string {
	group, said := fingerprintOf(receiver, p.GroupKey), p.fingerprint(receiver)
	now := time.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.prune(now, window)
	recent := k.groups[group]
	if recent == nil {
		recent = &recentGroup{}
		k.groups[group] = recent
	}
	recent.at = now
	if said == recent.last {
		return recent.key
	}
	recent.last, recent.key = said, hex.EncodeToString(said[:])
	// The queue's window begins a moment later, when it has stored the notification.
	if recent.saw(said, now.Add(-window-storeTimeout)) {
		recent.turns++
		recent.key += fmt.Sprintf("-%x-%d", k.process, recent.turns)
	}
	recent.seen = append(recent.seen, sighting{said, now})
	return recent.key
}

// saw tells whether something was said since the given time, or may have been.
func (g *recentGroup) saw(said fingerprint, since time.Time) bool {
	g.seen = slices.DeleteFunc(g.seen, func(s sighting) bool { return s.at.Before(since) })
	if len(g.seen) >= mostSeen {
		g.seen = slices.Delete(g.seen, 0, 1)
		return true
	}
	return slices.ContainsFunc(g.seen, func(s sighting) bool { return s.said == said })
}

// prune forgets, once a window, the groups of which nothing was heard for as long: the queue
// has forgotten their keys.
func (k *keys) prune(now time.Time, window time.Duration) {
	if now.Sub(k.pruned) < window {
		return
	}
	k.pruned = now
	for group, recent := range k.groups {
		if now.Sub(recent.at) >= window {
			delete(k.groups, group)
		}
	}
}

// fingerprint stands for what a notification tells a receiver: the same alerts in the same
// states, whatever their order, and why it was sent, which newer Alertmanagers say.
func (p payload) fingerprint(receiver string) fingerprint {
	alerts := make([]string, len(p.Alerts))
	for i, a := range p.Alerts {
		alerts[i] = alertID(a) + " " + a.Status
		if a.Status == "resolved" {
			alerts[i] += " " + a.EndsAt.UTC().Format(time.RFC3339Nano)
		}
	}
	slices.Sort(alerts)
	return fingerprintOf(receiver, p.GroupKey, p.NotificationReason, fmt.Sprint(p.TruncatedAlerts), fmt.Sprintf("%q", alerts))
}

// fingerprintOf stands for a list of texts; no two lists have the same.
func fingerprintOf(texts ...string) fingerprint {
	hash := sha256.New()
	_ = json.NewEncoder(hash).Encode(texts) // a hash takes everything
	return fingerprint(hash.Sum(nil))
}
