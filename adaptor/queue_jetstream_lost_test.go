package adaptor

import (
	"errors"
	"fmt"
	"testing"
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
				s := second.jetStream().current()
				for _, stream := range test.streams {
					second.check(s.js.DeleteStream(t.Context(), stream))
				}
				if test.puts > 0 {
					second.check(s.ensureStreams(t.Context()))
				}
				waiting := map[string]bool{}
				for i := range max(1, test.puts) {
					key := fmt.Sprint("after", i)
					waiting[key] = true
					second.patient(func() error {
						_, err := second.Put(t.Context(), Item{Receiver: "a", Key: key, Body: []byte(key), Accepted: time.Now()})
						return err
					})
				}
				for began := time.Now(); len(waiting) > 0; {
					if time.Since(began) > time.Hour {
						t.Fatalf("%d of %d are not delivered within an hour", len(waiting), test.puts)
					}
					for _, b := range []*queueBench{first, second} {
						l, err := b.tryNext("a", time.Second)
						if err != nil {
							continue
						}
						if p := l.Progress(); p.Shown > 0 || p.Unsure > 0 {
							t.Errorf("%s has the progress of another: %+v", bodies(l), p)
						}
						if err := l.Done(1, Progress{}); err == nil {
							delete(waiting, bodies(l))
						}
					}
				}
			})
		})
	}
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
