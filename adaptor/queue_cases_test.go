package adaptor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
)

func testQueueOrder(b *queueBench) {
	var want []string
	for i := range 40 {
		want = append(want, fmt.Sprint("a", i))
		b.add("a", want[i])
		b.add("b", fmt.Sprint("b", i))
	}
	b.done("a", want[0])
	b.check(b.lease("a", want[1]).Dead(1, Progress{}, "no use", false))
	b.done("a", want[2:]...)
	for i := range 40 {
		b.done("b", fmt.Sprint("b", i))
	}
	b.empty("a", "b")
}

func testQueueRetry(b *queueBench) {
	b.add("a", "a1", "a2")
	calls := []time.Time{time.Now().Add(-time.Second), time.Now()}
	want := Progress{Attempt: 3, Calls: calls}
	b.check(b.lease("a", "a1").Retry(time.Minute, want))
	began := time.Now()
	l := b.lease("a", "a1")
	if waited := time.Since(began); waited != time.Minute {
		b.t.Errorf("due after %s", waited)
	}
	b.progress(l, want)
	b.check(l.Done(1, want))
	l = b.lease("a", "a2")
	b.progress(l, Progress{Calls: calls})
	b.check(l.Done(1, Progress{}))
	b.empty("a")
}

func testQueueExtend(b *queueBench) {
	b.add("a", "1111", "2222", "3333", "4444", "5555")
	l := b.lease("a", "1111")
	for _, test := range []struct {
		items, bytes int
		want         string
	}{
		{1, 100, "1111"},
		{3, 7, "1111"},
		{2, 8, "1111 2222"},
		{3, 100, "1111 2222 3333"},
		{1, 1, "1111 2222 3333"},
		{100, 100, "1111 2222 3333 4444 5555"},
	} {
		b.check(l.Extend(b.t.Context(), test.items, test.bytes))
		if got := bodies(l); got != test.want {
			b.t.Errorf("extend to %d items and %d bytes: got %q, want %q", test.items, test.bytes, got, test.want)
		}
	}
	b.add("a", "6666")
	if got := bodies(l); got != "1111 2222 3333 4444 5555" {
		b.t.Errorf("after another was put: %q", got)
	}
	b.check(l.Retry(0, Progress{}))
	b.done("a", "1111", "2222", "3333", "4444", "5555", "6666")
}

func testQueueDoneSome(b *queueBench) {
	b.add("a", "1", "2", "3", "4", "5")
	l := b.lease("a", "1")
	b.check(l.Extend(b.t.Context(), 4, 100))
	call := time.Now()
	p := Progress{Attempt: 1, Calls: []time.Time{call}}
	b.check(l.Begin(b.t.Context(), 2, p))
	b.check(l.Done(2, p))
	if items, _ := b.Waiting("a"); items != 3 {
		b.t.Errorf("%d items wait", items)
	}
	l = b.lease("a", "3")
	b.progress(l, Progress{Calls: []time.Time{call}})
	b.check(l.Extend(b.t.Context(), 2, 100))
	b.check(l.Dead(1, p, "no use", false))
	b.done("a", "4", "5")
	b.empty("a")
}

// testQueueUnsureRest: of a batch that may have arrived some are settled; the others still may have.
func testQueueUnsureRest(b *queueBench) {
	b.add("a", "1", "2", "3", "4")
	p := Progress{Attempt: 2, Unsure: 3, Calls: []time.Time{time.Now()}}
	b.check(b.lease("a", "1").Retry(0, p))
	l := b.lease("a", "1")
	items := l.Items()
	b.check(l.Done(1, p))
	if got := string(items[0].Body); got != "1" || items[0].Accepted.IsZero() {
		b.t.Errorf("after it was settled the item is %q", got)
	}
	if b.reopen != nil {
		b.reopen()
	}
	l = b.lease("a", "2")
	b.progress(l, Progress{Unsure: 2, Calls: p.Calls})
	b.check(l.Extend(b.t.Context(), 2, 100))
	b.check(l.Dead(2, l.Progress(), "no use", false))
	b.progress(b.lease("a", "4"), Progress{Calls: p.Calls})
}

func testQueueAdvance(b *queueBench) {
	b.add("a", "1", "2")
	l := b.lease("a", "1")
	want := Progress{Shown: 5, Parts: 1, Calls: []time.Time{time.Now()}}
	b.check(l.Begin(b.t.Context(), 1, Progress{Attempt: 1}))
	b.check(l.Advance(want))
	began := time.Now()
	l = b.lease("a", "1")
	if time.Since(began) > 0 {
		b.t.Error("not due at once")
	}
	b.progress(l, want)
	b.check(l.Done(1, Progress{}))
	b.progress(b.lease("a", "2"), Progress{})
}

func testQueueShown(b *queueBench) {
	item := Item{Receiver: "a", Body: []byte("1"), Accepted: time.Now(), FallbackFor: "b", Reason: "no\nuse", Shown: 3, Parts: 2}
	_, err := b.Put(b.t.Context(), item)
	b.check(err)
	l := b.lease("a", "1")
	b.progress(l, Progress{Shown: 3, Parts: 2})
	got := l.Items()[0]
	if got.ID == "" {
		b.t.Error("no ID")
	}
	got.ID = ""
	if diff := cmp.Diff(item, got); diff != "" {
		b.t.Error(diff)
	}
}

func testQueueWaiting(b *queueBench) {
	waiting := func(want int, since time.Duration) {
		b.t.Helper()
		items, oldest := b.Waiting("a")
		if items != want || (items > 0 && time.Since(oldest) != since) {
			b.t.Errorf("%d items wait, the oldest since %s; want %d, since %s", items, time.Since(oldest), want, since)
		}
	}
	waiting(0, 0)
	b.add("a", "1")
	time.Sleep(time.Minute)
	b.add("a", "2")
	b.add("b", "3")
	waiting(2, time.Minute)
	if diff := cmp.Diff([]string{"a", "b"}, b.Lines()); diff != "" {
		b.t.Error(diff)
	}
	l := b.lease("a", "1")
	waiting(2, time.Minute)
	b.check(l.Retry(time.Hour, Progress{}))
	time.Sleep(time.Hour)
	waiting(2, 61*time.Minute)
	b.done("a", "1")
	waiting(1, time.Hour)
	b.check(b.lease("a", "2").Dead(1, Progress{}, "no use", false))
	waiting(0, 0)
}

func testQueueLate(b *queueBench) {
	time.AfterFunc(time.Hour, func() { b.add("a", "late") })
	b.done("a", "late")
}

func testQueueContext(b *queueBench) {
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	if _, err := b.Next(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
		b.t.Errorf("got %v", err)
	}
	b.add("a", "1")
	if _, err := b.Next(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
		b.t.Errorf("with an item: got %v", err)
	}
	b.done("a", "1")
}

func testQueueOneLease(b *queueBench) {
	b.add("a", "1", "2")
	l := b.lease("a", "1")
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	if _, err := b.Next(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
		b.t.Errorf("a second lease: got %v", err)
	}
	time.AfterFunc(time.Minute, func() { b.check(l.Done(1, Progress{})) })
	b.done("a", "2")
}

func testQueueClosed(b *queueBench) {
	time.AfterFunc(time.Minute, b.Close)
	if _, err := b.Next(b.t.Context(), "a"); !errors.Is(err, ErrClosed) {
		b.t.Errorf("next: got %v", err)
	}
	if _, err := b.Put(b.t.Context(), Item{Receiver: "a"}); !errors.Is(err, ErrClosed) {
		b.t.Errorf("put: got %v", err)
	}
	if err := b.Ready(b.t.Context()); !errors.Is(err, ErrClosed) {
		b.t.Errorf("ready: got %v", err)
	}
}

// testQueueFull: what is over a bound is refused, and room comes back.
func testQueueFull(b *queueBench) {
	item := Item{Receiver: "a", Body: make([]byte, 100)}
	for i := range 4 {
		_, err := b.Put(b.t.Context(), item)
		if want := i == 3; errors.Is(err, ErrFull) != want {
			b.t.Errorf("item %d: got %v", i, err)
		}
	}
	if err := b.Ready(b.t.Context()); !errors.Is(err, ErrFull) {
		b.t.Errorf("ready: got %v", err)
	}
	lease, err := b.Next(b.t.Context(), "a")
	b.check(err)
	b.check(lease.Done(1, Progress{}))
	if _, err := b.Put(b.t.Context(), item); err != nil {
		b.t.Errorf("no room after one was delivered: %v", err)
	}
	lease, err = b.Next(b.t.Context(), "a")
	b.check(err)
	b.check(lease.Dead(1, Progress{}, "no use", true))
	if err := b.Ready(b.t.Context()); err != nil {
		b.t.Errorf("ready: got %v", err)
	}
}

// deadList describes the dead letters that come after an ID.
func (b *queueBench) deadList(after string, limit int) (ids, all []string) {
	b.t.Helper()
	whole, err := b.DeadLetters(b.t.Context(), "", 1000)
	b.check(err)
	if n, err := b.CountDeadLetters(b.t.Context()); n != len(whole) || err != nil {
		b.t.Errorf("%d dead letters are counted, %d listed: %v", n, len(whole), err)
	}
	letters, err := b.DeadLetters(b.t.Context(), after, limit)
	b.check(err)
	for _, d := range letters {
		ids = append(ids, d.ID)
		all = append(all, fmt.Sprintf("%s to %s at %s after %d: %s, %d shown in %d", d.Item.Body, d.Item.Receiver,
			d.At.UTC().Format(time.TimeOnly), d.Attempts, d.Why, d.Item.Shown, d.Item.Parts))
	}
	return ids, all
}

func testQueueDead(b *queueBench) {
	b.add("a", "1", "2", "3", "4")
	l := b.lease("a", "1")
	b.check(l.Extend(b.t.Context(), 3, 100))
	time.Sleep(time.Minute)
	b.check(l.Dead(2, Progress{Attempt: 7, Shown: 4, Parts: 2}, "no\nuse", false))
	time.Sleep(time.Minute)
	b.check(b.lease("a", "3").Dead(1, Progress{Attempt: 1}, "nor this", false))
	ids, all := b.deadList("", 100)
	want := []string{
		"1 to a at 00:01:00 after 7: no\nuse, 4 shown in 2",
		"2 to a at 00:01:00 after 7: no\nuse, 0 shown in 0",
		"3 to a at 00:02:00 after 1: nor this, 0 shown in 0",
	}
	if diff := cmp.Diff(want, all); diff != "" {
		b.t.Error(diff)
	}
	first, _ := b.deadList("", 2)
	rest, _ := b.deadList(ids[1], 2)
	none, _ := b.deadList(ids[2], 2)
	if diff := cmp.Diff(ids, append(first, append(rest, none...)...)); diff != "" {
		b.t.Errorf("in pages: %s", diff)
	}
	b.check(b.Drop(b.t.Context(), ids[1]))
	for _, id := range []string{ids[1], "0", "99", "no number"} {
		if err := b.Drop(b.t.Context(), id); !errors.Is(err, ErrNoDeadLetter) {
			b.t.Errorf("drop %s: got %v", id, err)
		}
		if err := b.Replay(b.t.Context(), id); !errors.Is(err, ErrNoDeadLetter) {
			b.t.Errorf("replay %s: got %v", id, err)
		}
	}
	if _, err := b.DeadLetters(b.t.Context(), "no number", 1); !errors.Is(err, ErrNoDeadLetter) {
		b.t.Errorf("list after no number: got %v", err)
	}
	if _, all := b.deadList("", 100); cmp.Diff([]string{want[0], want[2]}, all) != "" {
		b.t.Errorf("after one was dropped: %q", all)
	}
}

// testQueueManyDead: the oldest dead letters make room for new ones.
func testQueueManyDead(b *queueBench) {
	b.add("a", "1", "2", "3", "4")
	for i := 1; i <= 4; i++ {
		b.check(b.lease("a", fmt.Sprint(i)).Dead(1, Progress{}, "no use", false))
	}
	if ids, _ := b.deadList("", 10); cmp.Diff([]string{"3", "4"}, ids) != "" {
		b.t.Errorf("dead letters %q", ids)
	}
}

func testQueueReplay(b *queueBench) {
	if b.keyed("a", "k1") || b.keyed("a", "k2") {
		b.t.Error("a duplicate")
	}
	accepted := time.Now()
	b.check(b.lease("a", "k1").Dead(1, Progress{Shown: 4, Parts: 2, Attempt: 3}, "no use", false))
	time.Sleep(time.Second)
	ids, _ := b.deadList("", 1)
	b.check(b.Replay(b.t.Context(), ids[0]))
	if ids, _ := b.deadList("", 1); len(ids) != 0 {
		b.t.Errorf("dead letters %q", ids)
	}
	b.done("a", "k2")
	l := b.lease("a", "k1")
	b.progress(l, Progress{Shown: 4, Parts: 2})
	if got := l.Items()[0]; !got.Accepted.Equal(accepted) || !got.Replayed.Equal(accepted.Add(time.Second)) || got.age() != 0 {
		b.t.Errorf("accepted %s, replayed %s", got.Accepted, got.Replayed)
	}
	b.check(l.Dead(1, Progress{}, "still no use", false))
	again, _ := b.deadList("", 1)
	if len(again) != 1 || again[0] == ids[0] {
		b.t.Errorf("dead letters %q, before %q", again, ids)
	}
	b.empty("a")
}

func testQueueMoved(b *queueBench) {
	b.add("a", "1")
	b.check(b.lease("a", "1").Dead(1, Progress{}, "no use", true))
	if ids, _ := b.deadList("", 1); len(ids) != 0 {
		b.t.Errorf("dead letters %q", ids)
	}
	b.empty("a")
}

func testQueueRemember(b *queueBench) {
	recall := func(key, want string) {
		b.t.Helper()
		got, err := b.Recall(b.t.Context(), key)
		b.check(err)
		if got != want {
			b.t.Errorf("recall %q: got %q, want %q", key, got, want)
		}
	}
	recall("key", "")
	b.check(b.Remember(b.t.Context(), "key", "text"))
	b.check(b.Remember(b.t.Context(), "a key\x00with ü > * .", "another\n"))
	recall("key", "text")
	b.check(b.Remember(b.t.Context(), "key", "new"))
	recall("key", "new")
	recall("a key\x00with ü > * .", "another\n")
	time.Sleep(7*24*time.Hour - time.Second)
	recall("key", "new")
	time.Sleep(2 * time.Second)
	recall("key", "")
	if err := b.Remember(b.t.Context(), "key", strings.Repeat("x", 1<<20)); err == nil {
		b.t.Error("a text of 1 MiB is remembered")
	}
}

func testQueueTexts(b *queueBench) {
	for _, receiver := range []string{"a b", "x.y>*", "接收器", "\n", strings.Repeat("r", 500), "CAPS", "caps"} {
		body := strings.Repeat(receiver, 5000)
		b.add(receiver, body)
		if items, _ := b.Waiting(receiver); items != 1 {
			b.t.Errorf("%.20q: %d items wait", receiver, items)
		}
		l := b.lease(receiver, body)
		if got := l.Items()[0].Receiver; got != receiver {
			b.t.Errorf("receiver %q, want %q", got, receiver)
		}
		b.check(l.Done(1, Progress{}))
	}
}
