package adaptor

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// keys gives notifications the keys by which the queue knows them when they are posted twice:
// because an answer got lost, or by two Alertmanagers of a cluster that could not see each other.
//
// A key has a part for the group and one for what is said of it. The same may be said twice for
// good reason, though: an alert that fired, was resolved when Prometheus was away for a while, and
// fires again. So the third part stands for the key before it, and with that for all that was
// said of the group until then: only what is said twice in a row has the same key twice. The
// queue knows the keys that this process has not made.
type keys struct {
	queue Queue

	mu     sync.Mutex
	groups map[keyGroup]latestKey
	pruned time.Time
}

type keyGroup struct{ receiver, group string }

// latestKey is the key of what was said last of a group, and when, and the key before it.
type latestKey struct {
	key, before string
	at          time.Time
}

func newKeys(queue Queue) *keys {
	return &keys{queue: queue, groups: map[keyGroup]latestKey{}}
}

// of returns the key of a notification that is posted now.
func (k *keys) of(receiver string, p payload, window time.Duration) string {
	group := keyGroup{receiver, fingerprintOf(p.GroupKey).short(16)}
	said := group.group + "." + p.fingerprint(receiver).short(16)
	now := time.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.prune(now, window)
	last := k.latest(group)
	switch {
	case last.key == "":
		last = latestKey{key: said, at: now}
	case !last.says(said) || now.Sub(last.at) >= window:
		last = latestKey{key: said + "." + fingerprintOf(last.key).short(8), before: last.key, at: now}
	}
	k.groups[group] = last
	return last.key
}

// says tells whether a key is that of something.
func (l latestKey) says(said string) bool { return l.key == said || strings.HasPrefix(l.key, said+".") }

// latest is what was said last of a group, by this process or, before it began or beside it, by
// another.
func (k *keys) latest(group keyGroup) latestKey {
	own := k.groups[group]
	key, at := k.queue.Latest(group.receiver, group.group)
	// What is being put is not in the queue yet, which then has the one before.
	if key == "" || key == own.key || key == own.before || at.Before(own.at) {
		return own
	}
	return latestKey{key: key, at: at}
}

// prune forgets, once a window, the groups of which nothing was said for as long: the queue, whose
// window begins when it has stored a notification, has forgotten their keys.
func (k *keys) prune(now time.Time, window time.Duration) {
	if now.Sub(k.pruned) < window {
		return
	}
	k.pruned = now
	for group, last := range k.groups {
		if now.Sub(last.at) >= window+storeTimeout {
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

// fingerprint stands for a text.
type fingerprint [sha256.Size]byte

// fingerprintOf stands for a list of texts; no two lists have the same.
func fingerprintOf(texts ...string) fingerprint {
	hash := sha256.New()
	_ = json.NewEncoder(hash).Encode(texts) // a hash takes everything
	return fingerprint(hash.Sum(nil))
}

// short writes the first bytes of a fingerprint, without a dot.
func (f fingerprint) short(bytes int) string { return base64.RawURLEncoding.EncodeToString(f[:bytes]) }
