package adaptor

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestMemoryQueue runs the conformance suite over the store in memory.
func TestMemoryQueue(t *testing.T) {
	testQueue(t, func() Queue { return NewMemoryQueue(MemoryLimits{}) })
}

// testQueue is what every store must do.
func testQueue(t *testing.T, newQueue func() Queue) {
	put := func(t *testing.T, q Queue, receiver, body string) {
		t.Helper()
		if err := q.Put(t.Context(), Item{Receiver: receiver, Body: []byte(body), Accepted: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	next := func(t *testing.T, q Queue, receiver, body string, attempt int) Lease {
		t.Helper()
		lease, err := q.Next(t.Context(), receiver)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(lease.Item().Body); got != body || lease.Attempt() != attempt {
			t.Fatalf("got %s at attempt %d, want %s at attempt %d", got, lease.Attempt(), body, attempt)
		}
		return lease
	}
	settled := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Run("each receiver has its own order", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q := newQueue()
			put(t, q, "a", "a1")
			put(t, q, "b", "b1")
			put(t, q, "a", "a2")
			settled(t, next(t, q, "a", "a1", 1).Done())
			settled(t, next(t, q, "a", "a2", 1).Dead("no use"))
			settled(t, next(t, q, "b", "b1", 1).Done())
			if q.Len() != 0 {
				t.Errorf("%d items left", q.Len())
			}
		})
	})
	t.Run("a retry keeps its place and its time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q := newQueue()
			put(t, q, "a", "a1")
			put(t, q, "a", "a2")
			settled(t, next(t, q, "a", "a1", 1).Retry(time.Minute))
			began := time.Now()
			settled(t, next(t, q, "a", "a1", 2).Done())
			if waited := time.Since(began); waited != time.Minute {
				t.Errorf("due after %s", waited)
			}
			settled(t, next(t, q, "a", "a2", 1).Done())
		})
	})
	t.Run("what waits is known", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { testWaiting(t, newQueue()) })
	})
	t.Run("next waits for an item", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q := newQueue()
			time.AfterFunc(time.Hour, func() { put(t, q, "a", "late") })
			settled(t, next(t, q, "a", "late", 1).Done())
		})
	})
	t.Run("next ends with its context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if _, err := newQueue().Next(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
	})
	t.Run("a closed queue takes nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q := newQueue()
			time.AfterFunc(time.Minute, q.Close)
			if _, err := q.Next(t.Context(), "a"); !errors.Is(err, ErrClosed) {
				t.Errorf("next: got %v", err)
			}
			if err := q.Put(t.Context(), Item{Receiver: "a"}); !errors.Is(err, ErrClosed) {
				t.Errorf("put: got %v", err)
			}
		})
	})
}

// testWaiting follows what a queue says of a line of two items, the first of which is retried.
func testWaiting(t *testing.T, q Queue) {
	put := func(receiver string) {
		t.Helper()
		if err := q.Put(t.Context(), Item{Receiver: receiver, Accepted: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	lease := func(end func(Lease) error) {
		t.Helper()
		lease, err := q.Next(t.Context(), "a")
		if err == nil {
			err = end(lease)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	waiting := func(want int, since time.Duration) {
		t.Helper()
		items, oldest := q.Waiting("a")
		if items != want || (items > 0 && time.Since(oldest) != since) {
			t.Errorf("%d items wait, the oldest since %s; want %d, since %s", items, time.Since(oldest), want, since)
		}
	}
	waiting(0, 0)
	put("a")
	time.Sleep(time.Minute)
	put("a")
	put("b")
	waiting(2, time.Minute)
	lease(func(l Lease) error {
		waiting(2, time.Minute)
		return l.Retry(time.Hour)
	})
	time.Sleep(time.Hour)
	waiting(2, 61*time.Minute)
	lease(Lease.Done)
	waiting(1, time.Hour)
	lease(func(l Lease) error { return l.Dead("no use") })
	waiting(0, 0)
}

// TestMemoryQueueBounds: what is over a bound is refused, and room comes back.
func TestMemoryQueueBounds(t *testing.T) {
	for _, limits := range []MemoryLimits{{Items: 3}, {Bytes: 300}} {
		q := NewMemoryQueue(limits)
		item := Item{Receiver: "a", Body: make([]byte, 100)}
		for i := range 4 {
			err := q.Put(t.Context(), item)
			if want := i == 3; errors.Is(err, ErrFull) != want {
				t.Errorf("%+v, item %d: got %v", limits, i, err)
			}
		}
		lease, err := q.Next(t.Context(), "a")
		if err != nil || lease.Done() != nil {
			t.Fatal(err)
		}
		if err := q.Put(t.Context(), item); err != nil {
			t.Errorf("%+v: no room after one was delivered: %v", limits, err)
		}
	}
}

// TestMemoryQueueConcurrent: with many at once, every item is delivered once, in order.
func TestMemoryQueueConcurrent(t *testing.T) {
	const receivers, items = 4, 200
	q := NewMemoryQueue(MemoryLimits{})
	failures := make(chan error, receivers)
	for r := range receivers {
		name := fmt.Sprint(r)
		go func() {
			for i := range items {
				if err := q.Put(t.Context(), Item{Receiver: name, Body: fmt.Append(nil, i)}); err != nil {
					failures <- err
					return
				}
			}
		}()
		go func() {
			for i := range items {
				lease, err := q.Next(t.Context(), name)
				if err == nil && string(lease.Item().Body) != fmt.Sprint(i) {
					err = fmt.Errorf("receiver %s: got %s, want %d", name, lease.Item().Body, i)
				}
				if err == nil {
					err = lease.Done()
				}
				if err != nil {
					failures <- err
					return
				}
			}
			failures <- nil
		}()
	}
	for range receivers {
		if err := <-failures; err != nil {
			t.Fatal(err)
		}
	}
}
