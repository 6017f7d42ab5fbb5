package adaptor

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func testQueueDuplicates(b *queueBench) {
	put := func(receiver, key string, duplicate bool) {
		b.t.Helper()
		if got := b.keyed(receiver, key); got != duplicate {
			b.t.Errorf("%s to %s: duplicate %v, want %v", key, receiver, got, duplicate)
		}
	}
	put("a", "k1", false)
	put("a", "k1", true)
	put("b", "k1", false)
	put("a", "k2", false)
	put("a", "", false)
	put("a", "", false)
	time.Sleep(30 * time.Second)
	b.done("a", "k1")
	put("a", "k1", true)
	time.Sleep(30*time.Second - time.Microsecond)
	put("a", "k1", true)
	put("a", "k2", true)
	time.Sleep(2 * time.Microsecond)
	put("a", "k1", false)
	put("a", "k1", true)
	put("a", "k2", false)
	b.done("a", "k2", "", "", "k1", "k2")
	b.done("b", "k1")
	b.empty("a", "b")
}

// testQueueLatest: the latest key of a group is known within the window, delivered or not.
func testQueueLatest(b *queueBench) {
	latest := func(receiver, group, want string) {
		b.t.Helper()
		key, at := b.Latest(receiver, group)
		if key != want || (key == "") != at.IsZero() || time.Since(at) < 0 && key != "" {
			b.t.Errorf("%s of %s: %q at %s, want %q", group, receiver, key, at, want)
		}
	}
	latest("a", "g", "")
	b.keyed("a", "g.1")
	time.Sleep(time.Second)
	b.keyed("a", "g.2.x")
	b.keyed("b", "g.3")
	b.keyed("a", "other")
	b.keyed("a", "")
	time.Sleep(time.Second)
	b.keyed("a", "g.1")
	latest("a", "g", "g.2.x")
	latest("b", "g", "g.3")
	latest("a", "other", "other")
	latest("a", "", "")
	b.done("a", "g.1", "g.2.x", "other", "")
	b.done("b", "g.3")
	latest("a", "g", "g.2.x")
	time.Sleep(time.Minute - time.Second)
	b.keyed("a", "new")
	latest("a", "g", "")
	latest("a", "new", "new")
	b.done("a", "new")
	b.empty("a", "b")
}

// testQueueWindow: a longer window holds for what is still known, a shorter one at once.
func testQueueWindow(b *queueBench) {
	key := 0
	put := func(window, after time.Duration, duplicate bool) {
		b.t.Helper()
		key++
		name := fmt.Sprint("k", key)
		b.keyed("a", name)
		b.SetWindow(window)
		time.Sleep(after)
		if got := b.keyed("a", name); got != duplicate {
			b.t.Errorf("%s later in a window of %s: duplicate %v", after, window, got)
		}
	}
	put(5*time.Minute, 4*time.Minute, true)
	put(40*time.Second, 45*time.Second, false)
	put(40*time.Second, 35*time.Second, true)
	b.done("a", "k1", "k2", "k2", "k3")
}

// TestLedgerClockAhead: the window of what another adaptor, whose clock is ahead, has put is
// counted from when it came.
func TestLedgerClockAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(time.Minute)
		ahead := time.Now().Add(10 * time.Minute)
		l.add("a", "g.1", ahead, time.Now())
		l.add("a", "g.2", ahead.Add(1), time.Now())
		time.Sleep(30 * time.Second)
		// That it is settled tells of it again.
		l.add("a", "g.1", ahead, time.Now())
		if key, at := l.last("a", "g", time.Now()); key != "g.2" || at.After(time.Now()) {
			t.Errorf("the last is %q at %s", key, at)
		}
		time.Sleep(31 * time.Second)
		if key, _ := l.last("a", "g", time.Now()); key != "" || l.has("a", "g.1", time.Now()) {
			t.Errorf("known after the window, the last is %q", key)
		}
		l.add("a", "", time.Now(), time.Now())
		if len(l.seen)+len(l.order)+len(l.latest) != 0 {
			t.Errorf("remembered: %v %v %v", l.seen, l.order, l.latest)
		}
	})
}

// TestShardOf: what is said of a group is in one stream, and groups are spread over all.
func TestShardOf(t *testing.T) {
	s := &jetStore{}
	used := map[int]int{}
	for i := range 1000 {
		group := fmt.Sprint("g", i)
		shard := s.shardOf(Item{Receiver: "a", Key: group + ".1"}, "1")
		if other := s.shardOf(Item{Receiver: "a", Key: group + ".2.x"}, "2"); other != shard {
			t.Errorf("group %s is in shards %d and %d", group, shard, other)
		}
		used[shard]++
		if id := fmt.Sprint("dead letter ", i); s.shardOf(Item{Receiver: "a"}, id) != s.shardOf(Item{Receiver: "b"}, id) {
			t.Errorf("%s is in two shards", id)
		}
	}
	for i := range shards {
		if used[i] < 1000/shards/2 {
			t.Errorf("shard %d has %d of 1000 groups", i, used[i])
		}
	}
}
