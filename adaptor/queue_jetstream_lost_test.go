package adaptor

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestJetStreamLostEnd: where a NATS server has lost its streams, or their end, the adaptor that
// delivers finds out although another one puts, and delivers what has the sequences of what it
// knew before.
func TestJetStreamLostEnd(t *testing.T) {
	tests := map[string]struct {
		streams []string
		puts    int
	}{
		"less than there was":        {itemStreams(), 1},
		"more than there was":        {itemStreams(), 20 * shards},
		"as much as there was":       {itemStreams(), 2 * shards},
		"the journal, too":           {append(itemStreams(), journalStream), 3 * shards},
		"streams that are made anew": {append(itemStreams(), journalStream, deadStream, memoryStream), 0},
		"the record of who delivers": {[]string{ownerStream}, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			replicas(t, func(first, second *queueBench) {
				t := first.t
				// What is known is settled, so that the journal has it after the loss.
				for i := range 2 * shards {
					first.keyed("a", fmt.Sprint("before", i))
				}
				for i := range 2 * shards {
					first.done("a", fmt.Sprint("before", i))
				}
				time.Sleep(time.Minute)
				if test.puts > 0 {
					second.remake(test.streams...)
				} else {
					for _, stream := range test.streams {
						second.check(second.jetStream().current().js.DeleteStream(t.Context(), stream))
					}
				}
				var keys []string
				for i := range max(1, test.puts) {
					keys = append(keys, fmt.Sprint("after", i))
				}
				second.putAll(keys)
				deliverAll(t, keys, first, second)
			})
		})
	}
}

// putAll puts items, which are their keys, as Alertmanager does: each until it is accepted.
func (b *queueBench) putAll(keys []string) {
	b.t.Helper()
	for _, key := range keys {
		b.patient(func() error {
			_, err := b.Put(b.t.Context(), Item{Receiver: "a", Key: key, Body: []byte(key), Accepted: time.Now()})
			return err
		})
	}
}

// deliverAll delivers what waits in line a, whoever may, until the items were delivered. They must
// not have the progress of others.
func deliverAll(t *testing.T, keys []string, all ...*queueBench) {
	t.Helper()
	missing := map[string]bool{}
	for _, key := range keys {
		missing[key] = true
	}
	for began := time.Now(); len(missing) > 0; {
		if time.Since(began) > time.Hour {
			t.Fatalf("%d of %d are not delivered within an hour", len(missing), len(keys))
		}
		for _, b := range all {
			l, err := b.tryNext("a", time.Second)
			if err != nil {
				continue
			}
			if p := l.Progress(); p.Shown > 0 || p.Unsure > 0 {
				t.Errorf("%s has the progress of another: %+v", bodies(l), p)
			}
			if err := l.Done(1, Progress{}); err == nil {
				delete(missing, bodies(l))
			}
		}
	}
}

// remake makes streams anew, as if the server had lost them.
func (b *queueBench) remake(streams ...string) {
	b.t.Helper()
	s := b.jetStream().current()
	for _, config := range streamConfigs(s.options) {
		if !slices.Contains(streams, config.Name) {
			continue
		}
		b.check(s.js.DeleteStream(b.t.Context(), config.Name))
		_, err := s.js.CreateStream(b.t.Context(), config)
		b.check(err)
	}
}

// TestJetStreamSweepRemade: what is settled is not deleted from a stream that was made anew, where
// other items have its sequences.
func TestJetStreamSweepRemade(t *testing.T) {
	replicas(t, func(first, second *queueBench) {
		for i := range 5 * shards {
			first.keyed("a", fmt.Sprint("before", i))
		}
		for i := range 5 * shards {
			first.done("a", fmt.Sprint("before", i))
		}
		// That is to be deleted within sweepDelay.
		second.remake(itemStreams()...)
		keys := []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"}
		second.putAll(keys)
		deliverAll(first.t, keys, first, second)
	})
}

// TestJetStreamLastDeleted: a stream that was made anew and has as many messages as before, of
// which the last is deleted as before, is told from the one before.
func TestJetStreamLastDeleted(t *testing.T) {
	replicas(t, func(first, second *queueBench) {
		ctx := first.t.Context()
		put := func(shard int, receiver, text string) {
			_, err := first.jetStream().current().send(ctx, shard, Item{Receiver: receiver, Body: []byte(text), Accepted: time.Now()}, itemHeader{}, "")
			first.check(err)
		}
		last := func(shard int) uint64 {
			info, err := first.jetStream().current().streams[itemStream(shard)].Info(ctx)
			first.check(err)
			return info.State.LastSeq
		}
		for i := range shards {
			for last(i) < 3 {
				put(i, "b", "before")
				first.done("b", "before")
			}
		}
		time.Sleep(time.Minute)
		first.remake(itemStreams()...)
		first.jetStream().current().fail("to find out before the other one does")
		time.Sleep(100 * time.Millisecond)
		var waiting []string
		for i := range shards {
			for _, text := range []string{fmt.Sprint(i, "-1"), fmt.Sprint(i, "-2")} {
				put(i, "a", text)
				waiting = append(waiting, text)
			}
			put(i, "b", "after")
			first.patient(func() error {
				l, err := first.tryNext("b", time.Second)
				if err == nil {
					err = l.Done(1, Progress{})
				}
				return err
			})
		}
		time.Sleep(time.Minute)
		first.check(first.jetStream().Shutdown(ctx))
		deliverAll(first.t, waiting, second)
	})
}

// TestJetStreamFallbackAgain: an item that has the ID of one that went to the fallback before it is
// not taken for that.
func TestJetStreamFallbackAgain(t *testing.T) {
	replicas(t, func(first, second *queueBench) {
		ctx := first.t.Context()
		move := func(text string) (id string) {
			for began := time.Now(); id == "" && time.Since(began) < time.Hour; {
				for _, b := range []*queueBench{first, second} {
					l, err := b.tryNext("a", time.Second)
					if err != nil {
						continue
					}
					w := &worker{Server: &Server{queue: b}, receiver: &Receiver{Name: "a", Fallback: "f"}}
					b.check(w.moveToFallback(&attempt{worker: w, lease: l, progress: l.Progress(), items: l.Items()}, l.Items()[0]))
					b.check(l.Dead(1, l.Progress(), "no use", true))
					return l.Items()[0].ID
				}
			}
			first.t.Fatalf("%s is not moved", text)
			return ""
		}
		put := func(text string) {
			_, err := first.jetStream().current().send(ctx, 3, Item{Receiver: "a", Body: []byte(text), Accepted: time.Now()}, itemHeader{}, "")
			first.check(err)
		}
		put("one")
		before := move("one")
		first.done("f", "one")
		second.remake(itemStream(3))
		time.Sleep(time.Minute)
		put("two")
		if after := move("two"); after != before {
			first.t.Fatalf("the items have the IDs %s and %s", before, after)
		}
		synctest.Wait()
		if items, _ := first.Waiting("f"); items != 1 {
			first.t.Errorf("%d items wait at the fallback, want the second", items)
		}
	})
}

// TestJetStreamReplayedNumber: a dead letter that has the number of one that was replayed is kept.
func TestJetStreamReplayedNumber(t *testing.T) {
	replicas(t, func(first, _ *queueBench) {
		ctx := first.t.Context()
		first.add("a", "old", "next")
		first.check(first.lease("a", "old").Dead(1, Progress{}, "no use", false))
		first.check(first.Replay(ctx, "1"))
		first.remake(deadStream)
		time.Sleep(time.Second)
		first.check(first.lease("a", "next").Dead(1, Progress{}, "no use", false))
		first.jetStream().current().fail("to open it again")
		time.Sleep(time.Minute)
		if ids, _ := first.deadList("", 10); len(ids) != 1 {
			first.t.Errorf("dead letters %q, want the new one", ids)
		}
	})
}

func itemStreams() (all []string) {
	for i := range shards {
		all = append(all, itemStream(i))
	}
	return all
}

// TestJetStreamOtherItem: what is in the place of an item that was known is not taken for it.
func TestJetStreamOtherItem(t *testing.T) {
	replicas(t, func(first, _ *queueBench) {
		first.add("a", "1")
		s := first.jetStream().current()
		r := s.index.lines["a"].waiting[0]
		r.order++
		if _, err := s.read(first.t.Context(), r); !errors.Is(err, errReopened) {
			t.Errorf("got %v", err)
		}
		time.Sleep(time.Minute)
		if s == first.jetStream().current() {
			t.Error("not opened again")
		}
	})
}

// TestJetStreamBehind: an item that a server does not have yet, or not any more, is not given up:
// where it comes again, it is delivered.
func TestJetStreamBehind(t *testing.T) {
	replicas(t, func(first, _ *queueBench) {
		first.add("a", "1")
		s := first.jetStream().current()
		r := s.index.lines["a"].waiting[0]
		r.seq += 10
		if _, err := s.read(first.t.Context(), r); !errors.Is(err, errReopened) {
			first.t.Errorf("got %v", err)
		}
		time.Sleep(time.Minute)
		first.done("a", "1")
	})
}

// TestIndexOtherOrder: what the journal says of an item is not said of another one with its ID.
func TestIndexOtherOrder(t *testing.T) {
	x := newIndex(time.Minute)
	id := itemID{1, 7}
	record := func(seq uint64, r lineRecord) { x.apply("a", journalEntry{seq, time.Now(), r}) }
	record(1, lineRecord{Settled: []settledItem{{ID: id, Order: 3}}})
	x.arrive(id, "a", itemHeader{Order: 4, Size: 1}, true)
	if items, _ := x.waiting("a"); items != 1 {
		t.Errorf("%d items wait, want the new one", items)
	}
	record(2, lineRecord{Settled: []settledItem{{ID: id, Order: 3}}})
	if items, _ := x.waiting("a"); items != 1 {
		t.Errorf("%d items wait, want the new one", items)
	}
	if head := x.lines["a"].waiting[0]; (lineRecord{Batch: []itemID{id}, First: 3}).about(head) || !(lineRecord{Batch: []itemID{id}, First: 4}).about(head) {
		t.Error("a record is about another item")
	}
	record(3, lineRecord{Settled: []settledItem{{ID: id, Order: 4}}})
	if items, _ := x.waiting("a"); items != 0 {
		t.Errorf("%d items wait", items)
	}
}
