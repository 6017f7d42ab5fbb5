package adaptor

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server/ats"
)

// The access times of the embedded server must be kept by a goroutine outside the bubbles, for
// it serves all of them.
func init() { ats.Register() }

// queueBench is a queue under test.
type queueBench struct {
	Queue
	t     *testing.T
	log   *strings.Builder
	logMu sync.Mutex
	// reopen makes a queue of what outlives the process; without it nothing does.
	reopen func()
}

func (b *queueBench) Write(text []byte) (int, error) {
	b.logMu.Lock()
	defer b.logMu.Unlock()
	return b.log.Write(text)
}

func (b *queueBench) logged() string {
	b.logMu.Lock()
	defer b.logMu.Unlock()
	return b.log.String()
}

// queueStores open a queue of each kind.
var queueStores = []struct {
	name string
	open func(*testing.T, MemoryLimits) *queueBench
}{
	{"memory", func(t *testing.T, limits MemoryLimits) *queueBench {
		return &queueBench{Queue: NewMemoryQueue(limits), t: t, log: &strings.Builder{}}
	}},
	{"jetstream", func(t *testing.T, limits MemoryLimits) *queueBench { return openBench(t, t.TempDir(), limits) }},
}

// openBench opens a durable queue in a directory.
func openBench(t *testing.T, dir string, limits MemoryLimits) *queueBench {
	t.Helper()
	b := &queueBench{t: t, log: &strings.Builder{}}
	var queue *JetStream
	open := func() {
		var err error
		queue, err = OpenJetStream(t.Context(), JetStreamOptions{
			Dir: dir, MaxItems: limits.Items, MaxBytes: limits.Bytes, MaxDeadLetters: limits.DeadLetters, DedupWindow: limits.DedupWindow,
			Logger: slog.New(slog.NewTextHandler(b, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		b.Queue = queue
	}
	shutdown := func() {
		if err := queue.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	}
	open()
	b.reopen = func() {
		shutdown()
		open()
	}
	t.Cleanup(shutdown)
	return b
}

func (b *queueBench) check(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// add puts an item whose body is its text.
func (b *queueBench) add(receiver string, texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		duplicate, err := b.Put(b.t.Context(), Item{Receiver: receiver, Body: []byte(text), Accepted: time.Now()})
		if err != nil || duplicate {
			b.t.Fatalf("put %s: duplicate %v, %v", text, duplicate, err)
		}
	}
}

// keyed puts an item with a key, and tells whether it was a duplicate.
func (b *queueBench) keyed(receiver, key string) bool {
	b.t.Helper()
	duplicate, err := b.Put(b.t.Context(), Item{Receiver: receiver, Key: key, Body: []byte(key), Accepted: time.Now()})
	b.check(err)
	return duplicate
}

// lease leases the head of a line, which must have the given text.
func (b *queueBench) lease(receiver, text string) Lease {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 2*time.Hour)
	defer cancel()
	lease, err := b.Next(ctx, receiver)
	b.check(err)
	if got := bodies(lease); got != text {
		b.t.Fatalf("leased %q, want %q", got, text)
	}
	return lease
}

// done delivers the texts, in this order, one by one.
func (b *queueBench) done(receiver string, texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		b.check(b.lease(receiver, text).Done(1, Progress{}))
	}
}

// bodies are the bodies of the leased items.
func bodies(l Lease) string {
	var all []string
	for _, item := range l.Items() {
		all = append(all, string(item.Body))
	}
	return strings.Join(all, " ")
}

// progress compares the head's progress; times are compared as such.
func (b *queueBench) progress(l Lease, want Progress) {
	b.t.Helper()
	if diff := cmp.Diff(want, l.Progress()); diff != "" {
		b.t.Errorf("progress: %s", diff)
	}
}

// empty checks that nothing waits.
func (b *queueBench) empty(receivers ...string) {
	b.t.Helper()
	for _, receiver := range receivers {
		if items, _ := b.Waiting(receiver); items != 0 {
			b.t.Errorf("%d items of %s wait", items, receiver)
		}
	}
	if lines := b.Lines(); len(lines) != 0 {
		b.t.Errorf("lines %q", lines)
	}
}

// TestQueue is what every store must do.
func TestQueue(t *testing.T) {
	tests := []struct {
		name   string
		limits MemoryLimits
		run    func(*queueBench)
	}{
		{"each receiver has its own order", MemoryLimits{}, testQueueOrder},
		{"a retry keeps its place and its time", MemoryLimits{}, testQueueRetry},
		{"a lease is extended as far as it may be", MemoryLimits{}, testQueueExtend},
		{"the first items of a lease are done", MemoryLimits{}, testQueueDoneSome},
		{"the rest of a batch stays unsure", MemoryLimits{}, testQueueUnsureRest},
		{"how far a part went is known", MemoryLimits{}, testQueueThrough},
		{"a dead letter may have been delivered", MemoryLimits{}, testQueueUnsureDead},
		{"the calls of a line are known", MemoryLimits{}, testQueueCalls},
		{"a part is delivered", MemoryLimits{}, testQueueAdvance},
		{"what was delivered before is known", MemoryLimits{}, testQueueShown},
		{"what waits is known", MemoryLimits{}, testQueueWaiting},
		{"next waits for an item", MemoryLimits{}, testQueueLate},
		{"next ends with its context", MemoryLimits{}, testQueueContext},
		{"a line has one lease", MemoryLimits{}, testQueueOneLease},
		{"a closed queue takes nothing", MemoryLimits{}, testQueueClosed},
		{"a duplicate is told", MemoryLimits{DedupWindow: time.Minute}, testQueueDuplicates},
		{"what was put last of a group is known", MemoryLimits{DedupWindow: time.Minute}, testQueueLatest},
		{"the window changes", MemoryLimits{DedupWindow: time.Minute}, testQueueWindow},
		{"so many items fit", MemoryLimits{Items: 3}, testQueueFull},
		{"so many bytes fit", MemoryLimits{Bytes: 300}, testQueueFull},
		{"dead letters are kept", MemoryLimits{}, testQueueDead},
		{"so many dead letters are kept", MemoryLimits{DeadLetters: 2}, testQueueManyDead},
		{"dead letters are replayed", MemoryLimits{}, testQueueReplay},
		{"what is in another line is no dead letter", MemoryLimits{}, testQueueMoved},
		{"a text is remembered", MemoryLimits{}, testQueueRemember},
		{"any text is a receiver and a body", MemoryLimits{}, testQueueTexts},
	}
	for _, store := range queueStores {
		t.Run(store.name, func(t *testing.T) {
			for _, test := range tests {
				t.Run(test.name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { test.run(store.open(t, test.limits)) })
				})
			}
		})
	}
}

// TestQueueConcurrent: with many at once, every item is delivered once, and those of one who puts
// in their order.
func TestQueueConcurrent(t *testing.T) {
	for _, store := range queueStores {
		t.Run(store.name, func(t *testing.T) {
			b := store.open(t, MemoryLimits{})
			var all sync.WaitGroup
			for r := range 4 {
				name := fmt.Sprint(r)
				for w := range 3 {
					all.Go(func() {
						for i := range 25 {
							item := Item{Receiver: name, Key: fmt.Sprint(w, " ", i), Body: fmt.Append(nil, w, " ", i)}
							if _, err := b.Put(t.Context(), item); err != nil {
								t.Error(err)
							}
						}
					})
				}
				all.Go(func() {
					next := [3]int{}
					for delivered := 0; delivered < 75; {
						l, err := b.Next(t.Context(), name)
						if err == nil {
							err = l.Extend(t.Context(), 3, 1000)
						}
						if err != nil {
							t.Error(err)
							return
						}
						for _, item := range l.Items() {
							var w, i int
							if _, err := fmt.Sscan(string(item.Body), &w, &i); err != nil || next[w] != i {
								t.Errorf("receiver %s: got %s, want %d of %d", name, item.Body, next[w], w)
							}
							next[w]++
						}
						delivered += len(l.Items())
						if err := l.Done(len(l.Items()), Progress{}); err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
			b.empty("0", "1", "2", "3")
		})
	}
}
