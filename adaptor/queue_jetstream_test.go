package adaptor

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// jetStream is the queue of a bench as what it is.
func (b *queueBench) jetStream() *JetStream { return b.Queue.(*JetStream) }

// durable runs a test in a bubble with a durable queue, and again with each reopening replaced
// by a crash: the next queue is opened on a copy of the directory, made while the first one runs.
func durable(t *testing.T, test func(*queueBench)) {
	t.Run("stop", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(openBench(t, t.TempDir(), MemoryLimits{})) })
	})
	t.Run("crash", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			dir := t.TempDir()
			b := openBench(t, dir, MemoryLimits{})
			b.reopen = func() {
				image := t.TempDir()
				if err := os.CopyFS(image, os.DirFS(dir)); err != nil {
					t.Fatal(err)
				}
				dir = image
				next := openBench(t, dir, MemoryLimits{})
				b.Queue = next.Queue
			}
			test(b)
		})
	})
}

// TestJetStreamReopen: what was accepted is there for the next process, in its order, and what
// was settled is not.
func TestJetStreamReopen(t *testing.T) {
	durable(t, func(b *queueBench) {
		for i := range 30 {
			b.add("a", fmt.Sprint("a", i))
			b.add("b", fmt.Sprint("b", i))
		}
		b.done("a", "a0", "a1")
		b.check(b.lease("b", "b0").Dead(1, Progress{}, "no use", false))
		b.reopen()
		for i := 2; i < 30; i++ {
			b.done("a", fmt.Sprint("a", i))
		}
		b.reopen()
		for i := 1; i < 30; i++ {
			b.done("b", fmt.Sprint("b", i))
		}
		b.reopen()
		b.empty("a", "b")
		if _, all := b.deadList("", 10); len(all) != 1 || !strings.HasPrefix(all[0], "b0 to b") {
			b.t.Errorf("dead letters %q", all)
		}
	})
}

// TestJetStreamUnsure: what was begun to be sent and not ended comes again, and says so, until
// it is known what came of it.
func TestJetStreamUnsure(t *testing.T) {
	durable(t, func(b *queueBench) {
		b.add("a", "1", "2", "3", "4")
		calls := []time.Time{time.Now()}
		l := b.lease("a", "1")
		b.check(l.Extend(b.t.Context(), 3, 100))
		b.check(l.Begin(b.t.Context(), 3, Progress{Attempt: 2, Calls: calls}))
		b.reopen()
		want := Progress{Attempt: 2, Unsure: 3, Calls: calls}
		for range 2 {
			l = b.lease("a", "1")
			b.progress(l, want)
			b.check(l.Retry(time.Minute, l.Progress()))
			b.reopen()
		}
		// What is sent of it alone leaves the rest as it was.
		l = b.lease("a", "1")
		b.progress(l, want)
		b.check(l.Begin(b.t.Context(), 1, l.Progress()))
		b.reopen()
		l = b.lease("a", "1")
		b.progress(l, want)
		b.check(l.Extend(b.t.Context(), 3, 100))
		b.check(l.Begin(b.t.Context(), 2, Progress{Attempt: 3, Calls: calls}))
		b.check(l.Done(2, Progress{Calls: calls}))
		b.reopen()
		l = b.lease("a", "3")
		b.progress(l, Progress{Calls: calls})
		b.check(l.Done(1, Progress{}))
		b.done("a", "4")
		b.empty("a")
	})
}

// TestJetStreamProgress: the time of the next try, the parts that were delivered, and the calls
// that the limits look back on outlive the process.
func TestJetStreamProgress(t *testing.T) {
	durable(t, func(b *queueBench) {
		b.add("a", "1", "2")
		calls := []time.Time{time.Now().Add(-time.Second), time.Now()}
		p := Progress{Attempt: 4, Shown: 6, Parts: 2, Calls: calls}
		began := time.Now()
		b.check(b.lease("a", "1").Retry(time.Hour, p))
		b.reopen()
		l := b.lease("a", "1")
		if waited := time.Since(began); waited != time.Hour {
			b.t.Errorf("due after %s", waited)
		}
		b.progress(l, p)
		b.check(l.Advance(Progress{Shown: 9, Parts: 3, Calls: calls}))
		b.reopen()
		l = b.lease("a", "1")
		b.progress(l, Progress{Shown: 9, Parts: 3, Calls: calls})
		b.check(l.Done(1, Progress{Calls: calls}))
		b.done("a", "2")
		b.check(b.Remember(b.t.Context(), "key", "text"))
		b.reopen()
		b.add("a", "3")
		b.progress(b.lease("a", "3"), Progress{})
		if text, err := b.Recall(b.t.Context(), "key"); text != "text" || err != nil {
			b.t.Errorf("recalled %q, %v", text, err)
		}
	})
}

// TestJetStreamDuplicatesReopen: a notification that is posted again after a crash is a
// duplicate, whether it was delivered by then or not.
func TestJetStreamDuplicatesReopen(t *testing.T) {
	durable(t, func(b *queueBench) {
		b.keyed("a", "k1")
		b.keyed("a", "k2")
		b.done("a", "k1")
		time.Sleep(30 * time.Second)
		b.reopen()
		for _, key := range []string{"k1", "k2"} {
			if !b.keyed("a", key) {
				b.t.Errorf("%s is no duplicate", key)
			}
		}
		b.done("a", "k2")
		time.Sleep(DefaultDedupWindow - time.Minute)
		b.reopen()
		for _, key := range []string{"k1", "k2"} {
			if !b.keyed("a", key) {
				b.t.Errorf("%s is no duplicate", key)
			}
		}
		time.Sleep(time.Minute)
		b.reopen()
		for _, key := range []string{"k1", "k2"} {
			if b.keyed("a", key) {
				b.t.Errorf("%s is a duplicate after the window", key)
			}
		}
	})
}

// TestJetStreamReplayCrash: a process that ends between the two halves of a replay leaves both
// a dead letter and an item; the next one removes the dead letter.
func TestJetStreamReplayCrash(t *testing.T) {
	durable(t, func(b *queueBench) {
		b.add("a", "1", "2")
		b.check(b.lease("a", "1").Dead(1, Progress{}, "no use", false))
		b.check(b.lease("a", "2").Dead(1, Progress{}, "no use", false))
		ids, _ := b.deadList("", 10)
		s := b.jetStream().current()
		dead, err := s.firstDead(b.t.Context(), 1)
		b.check(err)
		_, err = s.store(b.t.Context(), Item{Receiver: "a", Body: []byte("1")}, itemHeader{DeadLetter: &deadLetter{1, nanos(dead.At)}}, "replay")
		b.check(err)
		b.reopen()
		if after, _ := b.deadList("", 10); cmp.Diff(ids[1:], after) != "" {
			b.t.Errorf("dead letters %q", after)
		}
		b.done("a", "1")
		b.empty("a")
	})
}

// TestJetStreamOldDead: dead letters are kept for a time, and their end is told.
func TestJetStreamOldDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := joinBench(t, JetStreamOptions{Dir: t.TempDir(), MaxDeadAge: time.Hour})
		b.add("a", "1", "2", "3")
		b.check(b.lease("a", "1").Dead(1, Progress{}, "no use", false))
		time.Sleep(40 * time.Minute)
		b.check(b.lease("a", "2").Dead(1, Progress{}, "no use", false))
		time.Sleep(40 * time.Minute)
		b.check(b.lease("a", "3").Dead(1, Progress{}, "no use", false))
		if ids, _ := b.deadList("", 10); cmp.Diff([]string{"2", "3"}, ids) != "" {
			t.Errorf("dead letters %q", ids)
		}
		if want := "level=ERROR msg=\"the oldest dead letter was forgotten, for there are too many or it is too old\" id=1 receiver=a "; strings.Count(b.logged(), want) != 1 {
			t.Errorf("log:\n%s", b.logged())
		}
	})
}

// TestJetStreamSweep: what is settled is deleted, and old records with it.
func TestJetStreamSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openBench(t, t.TempDir(), MemoryLimits{})
		stored := func(name string) uint64 {
			t.Helper()
			info, err := b.jetStream().current().streams[name].Info(t.Context())
			b.check(err)
			return info.State.Msgs
		}
		items := func() (all uint64) {
			for i := range shards {
				all += stored(itemStream(i))
			}
			return all
		}
		for i := range 100 {
			b.add("a", fmt.Sprint(i))
		}
		for i := range 99 {
			b.done("a", fmt.Sprint(i))
		}
		time.Sleep(2 * sweepDelay)
		if got := items(); got != 1 {
			t.Errorf("%d items stored, want the one that waits", got)
		}
		if got := stored(journalStream); got != 99 {
			t.Errorf("%d records, want those of the last while", got)
		}
		time.Sleep(journalAge + time.Minute)
		b.done("a", "99")
		time.Sleep(2 * sweepDelay)
		b.add("a", "100")
		b.done("a", "100")
		time.Sleep(2 * sweepDelay)
		if got := items(); got != 0 {
			t.Errorf("%d items stored", got)
		}
		if got := stored(journalStream); got > 2 {
			t.Errorf("%d records, want the last ones", got)
		}
		b.reopen()
		b.empty("a")
	})
}

// TestJetStreamSweepOrder: an item that is settled before an older one of its shard is not
// deleted in its place, and the older one neither.
func TestJetStreamSweepOrder(t *testing.T) {
	durable(t, func(b *queueBench) {
		s := b.jetStream().current()
		for i := range 3 {
			_, err := s.send(b.t.Context(), 0, Item{Receiver: "a", Body: fmt.Append(nil, i)}, itemHeader{}, "")
			b.check(err)
		}
		synctest.Wait()
		l := s.index.lines["a"]
		slices.Reverse(l.waiting)
		b.done("a", "2")
		time.Sleep(2 * sweepDelay)
		b.reopen()
		b.done("a", "0", "1")
		b.empty("a")
	})
}

// TestJetStreamLargest: bodies as large as are accepted, that compress or do not.
func TestJetStreamLargest(t *testing.T) {
	b := openBench(t, t.TempDir(), MemoryLimits{})
	random := make([]byte, MaxBody)
	_, _ = rand.Read(random)
	for _, body := range [][]byte{random, bytes.Repeat([]byte("x"), MaxBody)} {
		_, err := b.Put(t.Context(), Item{Receiver: "a", Body: body})
		b.check(err)
		l, err := b.Next(t.Context(), "a")
		b.check(err)
		if !bytes.Equal(l.Items()[0].Body, body) {
			t.Error("the body is another")
		}
		b.check(l.Dead(1, Progress{}, "no use", false))
	}
	ids, _ := b.deadList("", 1)
	b.check(b.Replay(t.Context(), ids[0]))
}

// TestJetStreamDir: a data directory is its owner's, and one process's.
func TestJetStreamDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	openBench(t, dir, MemoryLimits{})
	_, err := OpenJetStream(t.Context(), JetStreamOptions{Dir: dir})
	want := "the data directory is in use: " + dir + " by process " + strconv.Itoa(os.Getpid())
	if !errors.Is(err, ErrInUse) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	for path, want := range map[string]fs.FileMode{dir: 0o700, storeDir(dir): 0o700, filepath.Join(dir, "lock"): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
	}
}

// TestJetStreamOptions: what cannot be is told.
func TestJetStreamOptions(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		options JetStreamOptions
		want    string
	}{
		{JetStreamOptions{}, "want a data directory or the address of a NATS server, and not both"},
		{JetStreamOptions{Dir: "x", URL: "y"}, "want a data directory or the address of a NATS server, and not both"},
		{JetStreamOptions{Dir: file}, "not a directory"},
		{JetStreamOptions{URL: "nats://user:hush@127.0.0.1:1"}, "connect to NATS at nats://127.0.0.1:1: "},
		{JetStreamOptions{URL: "nats://127.0.0.1:1", User: "u", CredentialsFile: file}, "give one of a credentials file"},
		{JetStreamOptions{URL: "nats://127.0.0.1:1", CertFile: file}, "needs its key"},
		{JetStreamOptions{URL: "nats://127.0.0.1:1", NKeyFile: file}, "nkey file " + file},
		{JetStreamOptions{URL: "nats://127.0.0.1:1", Replicas: 9}, "9 replicas, want 1 to 5"},
	}
	for _, test := range tests {
		_, err := OpenJetStream(t.Context(), test.options)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%+v: got %v, want %s", test.options, err, test.want)
		}
	}
}

// TestJetStreamDeadLettersOnly: what looks after dead letters delivers nothing.
func TestJetStreamDeadLettersOnly(t *testing.T) {
	dir := t.TempDir()
	b := openBench(t, dir, MemoryLimits{})
	b.add("a", "1", "2")
	b.check(b.lease("a", "1").Dead(1, Progress{}, "no use", false))
	b.check(b.jetStream().Shutdown(context.Background()))
	queue, err := OpenJetStream(t.Context(), JetStreamOptions{Dir: dir, DeadLettersOnly: true})
	b.check(err)
	if items, _ := queue.Waiting("a"); items != 0 {
		t.Errorf("%d items wait", items)
	}
	b.check(queue.Replay(t.Context(), "1"))
	b.check(queue.Shutdown(context.Background()))
	next := openBench(t, dir, MemoryLimits{})
	next.done("a", "2", "1")
	next.empty("a")
}
