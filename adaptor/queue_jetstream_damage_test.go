package adaptor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// damagedQueue makes a directory with items "0" to "29" in the line a, "0" delivered, damages
// its files, and opens it again.
func damagedQueue(t *testing.T, damage func(dir string)) *queueBench {
	t.Helper()
	dir := t.TempDir()
	b := openBench(t, dir, MemoryLimits{})
	for i := range 30 {
		b.add("a", fmt.Sprint(i))
	}
	b.done("a", "0")
	b.check(b.jetStream().Shutdown(context.Background()))
	damage(dir)
	return openBench(t, dir, MemoryLimits{})
}

// blocks are the block files of a stream.
func blocks(t *testing.T, dir, stream string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(storeDir(dir), "jetstream", "*", "streams", stream, "msgs", "*.blk"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of %s: %v", stream, err)
	}
	return files
}

// change changes the content of a file.
func change(t *testing.T, path string, how func([]byte) []byte) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, how(content), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// rest delivers what waits in the line a, which must come in its order, and returns it.
func (b *queueBench) rest() (all []string) {
	b.t.Helper()
	last := -1
	for {
		if items, _ := b.Waiting("a"); items == 0 {
			return all
		}
		l, err := b.Next(b.t.Context(), "a")
		b.check(err)
		text := bodies(l)
		var n int
		if _, err := fmt.Sscan(text, &n); err != nil || n <= last {
			b.t.Errorf("%s after %d", text, last)
		}
		last = n
		all = append(all, text)
		b.check(l.Done(1, Progress{}))
	}
}

// TestJetStreamTornTail: the end of a file that a power failure cut off costs what it held, and
// nothing else.
func TestJetStreamTornTail(t *testing.T) {
	b := damagedQueue(t, func(dir string) {
		change(t, blocks(t, dir, itemStream(2))[0], func(c []byte) []byte { return c[:len(c)-5] })
	})
	if got := b.rest(); len(got) != 28 {
		t.Errorf("%d items are left: %q", len(got), got)
	}
	if log := b.logged(); strings.Count(log, "level=WARN msg=\"the last record of a queue file was not whole") != 1 || !strings.Contains(log, "stream=rulekit-in-2") {
		t.Errorf("log:\n%s", log)
	}
	// The sequence that was cut off is given again, and must not be taken for an old one.
	for i := 100; i < 100+2*shards; i++ {
		b.add("a", fmt.Sprint(i))
	}
	if got := b.rest(); len(got) != 2*shards {
		t.Errorf("%d new items came: %q", len(got), got)
	}
}

// TestJetStreamTornDeletion: an item that was delivered does not come again because its deletion
// was cut off.
func TestJetStreamTornDeletion(t *testing.T) {
	b := damagedQueue(t, func(dir string) {
		change(t, blocks(t, dir, itemStream(1))[0], func(c []byte) []byte { return c[:len(c)-5] })
	})
	if got := b.rest(); len(got) != 29 || got[0] != "1" {
		t.Errorf("%d items are left: %q", len(got), got)
	}
}

// TestJetStreamTornSettled: the end that is cut off held an item that was delivered. Its sequence
// comes again, for an item that is not.
func TestJetStreamTornSettled(t *testing.T) {
	dir := t.TempDir()
	b := openBench(t, dir, MemoryLimits{})
	s := b.jetStream().current()
	put := func(s *jetStore, text string) {
		t.Helper()
		_, err := s.send(t.Context(), 0, Item{Receiver: "a", Body: []byte(text)}, itemHeader{}, "")
		b.check(err)
	}
	put(s, "1")
	b.done("a", "1")
	image := t.TempDir()
	b.check(os.CopyFS(image, os.DirFS(dir)))
	change(t, blocks(t, image, itemStream(0))[0], func([]byte) []byte { return nil })
	next := openBench(t, image, MemoryLimits{})
	put(next.jetStream().current(), "2")
	next.done("a", "2")
	next.empty("a")
}

// TestJetStreamFlippedBytes: damage in the middle of a file costs what it hits; all that follows
// is kept, the damaged file too, and the log says what happened.
func TestJetStreamFlippedBytes(t *testing.T) {
	var damaged []byte
	dir := ""
	b := damagedQueue(t, func(d string) {
		dir = d
		change(t, blocks(t, d, itemStream(2))[0], func(c []byte) []byte {
			c[len(c)/2] ^= 0x10
			damaged = c
			return c
		})
	})
	if got := b.rest(); len(got) != 28 {
		t.Errorf("%d items are left, want all but one: %q", len(got), got)
	}
	if log := b.logged(); strings.Count(log, "level=ERROR msg=\"a queue file was damaged") != 1 {
		t.Errorf("log:\n%s", log)
	}
	copies, _ := filepath.Glob(filepath.Join(storeDir(dir), "damaged", "*.blk"))
	if len(copies) != 1 {
		t.Fatalf("copies: %q", copies)
	}
	if kept, err := os.ReadFile(copies[0]); err != nil || !bytes.Equal(kept, damaged) {
		t.Errorf("the copy is another: %v", err)
	}
	b.reopen()
	b.empty("a")
	if log := b.logged(); strings.Count(log, "damaged") != 2 {
		t.Errorf("found again:\n%s", log)
	}
}

// TestJetStreamZeros: a part of a file that was never written costs what it should have held.
func TestJetStreamZeros(t *testing.T) {
	b := damagedQueue(t, func(dir string) {
		change(t, blocks(t, dir, itemStream(3))[0], func(c []byte) []byte {
			clear(c[len(c)/3 : 2*len(c)/3])
			return append(c, make([]byte, 4096)...)
		})
	})
	if got := b.rest(); len(got) < 26 || len(got) > 28 {
		t.Errorf("%d items are left: %q", len(got), got)
	}
}

// TestJetStreamDamagedJournal: without its records an item may come twice, never not at all.
func TestJetStreamDamagedJournal(t *testing.T) {
	b := damagedQueue(t, func(dir string) {
		change(t, blocks(t, dir, journalStream)[0], func(c []byte) []byte {
			for i := 0; i < len(c); i += 10 {
				c[i]++
			}
			return c
		})
	})
	if got := b.rest(); len(got) < 29 {
		t.Errorf("%d items are left: %q", len(got), got)
	}
}

// TestJetStreamDamagedIndex: files that only make the start faster can be damaged or lost.
func TestJetStreamDamagedIndex(t *testing.T) {
	b := damagedQueue(t, func(dir string) {
		files, _ := filepath.Glob(filepath.Join(storeDir(dir), "jetstream", "*", "streams", "*", "msgs", "index.db"))
		for i, file := range files {
			if i%2 == 0 {
				change(t, file, func(c []byte) []byte { c[len(c)/2]++; return c })
			} else if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
	})
	if got := b.rest(); len(got) != 29 {
		t.Errorf("%d items are left: %q", len(got), got)
	}
}

// TestJetStreamDamagedStream: a store that cannot be read as a whole is not begun anew in
// silence.
func TestJetStreamDamagedStream(t *testing.T) {
	dir := t.TempDir()
	b := openBench(t, dir, MemoryLimits{})
	b.add("a", "1")
	b.check(b.jetStream().Shutdown(context.Background()))
	files, _ := filepath.Glob(filepath.Join(storeDir(dir), "jetstream", "*", "streams", itemStream(0), "meta.inf"))
	change(t, files[0], func(c []byte) []byte { c[len(c)/2]++; return c })
	_, err := OpenJetStream(t.Context(), JetStreamOptions{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "rulekit-in-0") || !strings.Contains(err.Error(), "move the directory away") {
		t.Errorf("got %v", err)
	}
}

// TestJetStreamReset: a server that has less than it had, as after its disk was replaced, is
// noticed, and what comes then is delivered.
func TestJetStreamReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openBench(t, t.TempDir(), MemoryLimits{})
		for i := range 2 * shards {
			b.add("a", fmt.Sprint(i))
		}
		s := b.jetStream().current()
		for i := range shards {
			b.check(s.js.DeleteStream(t.Context(), itemStream(i)))
		}
		b.check(s.ensureStreams(t.Context()))
		if _, err := b.Put(t.Context(), Item{Receiver: "a", Body: []byte("lost?")}); err == nil {
			t.Error("put into a store that lost its items")
		}
		time.Sleep(time.Minute)
		b.done("a", "lost?")
		b.empty("a")
	})
}

// TestJetStreamItemGone: an item that somebody deleted from the store is told, and holds up nobody.
func TestJetStreamItemGone(t *testing.T) {
	b := openBench(t, t.TempDir(), MemoryLimits{})
	b.add("a", "1", "2", "3")
	s := b.jetStream().current()
	gone := s.index.lines["a"].waiting[1]
	b.check(s.streams[itemStream(gone.shard)].DeleteMsg(t.Context(), gone.seq))
	b.done("a", "1", "3")
	b.empty("a")
	if want := `level=ERROR msg="a notification is lost: the store cannot read it" receiver=a item=` + gone.String(); !strings.Contains(b.logged(), want) {
		t.Errorf("log:\n%s", b.logged())
	}
}

// TestJetStreamUnreadable: an item that the server cannot read, and that is there, is not lost: the
// store is opened again, as after a damage of its files.
func TestJetStreamUnreadable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openBench(t, t.TempDir(), MemoryLimits{})
		b.add("a", "1")
		s := b.jetStream().current()
		head := s.index.lines["a"].waiting[0]
		if err := s.missing(t.Context(), s.streams[itemStream(head.shard)], head.itemID); !errors.Is(err, errReopened) {
			t.Errorf("got %v", err)
		}
		time.Sleep(time.Minute)
		if s == b.jetStream().current() {
			t.Error("not opened again")
		}
		b.done("a", "1")
	})
}
