package adaptor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

// shakyQueue is a queue in memory whose first calls of Next fail, and that records how leases
// end.
type shakyQueue struct {
	Queue
	mu       sync.Mutex
	failures int
	ends     []string
}

func (q *shakyQueue) Next(ctx context.Context, receiver string) (Lease, error) {
	q.mu.Lock()
	fails := q.failures > 0
	if fails {
		q.failures--
	}
	q.mu.Unlock()
	if fails {
		return nil, errors.New("disk on fire")
	}
	lease, err := q.Queue.Next(ctx, receiver)
	if err != nil {
		return nil, err
	}
	return recordedLease{lease, q}, nil
}

type recordedLease struct {
	Lease
	queue *shakyQueue
}

func (l recordedLease) end(how string) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	l.queue.ends = append(l.queue.ends, how)
}

func (l recordedLease) Done(n int, p Progress) error {
	l.end("done")
	return l.Lease.Done(n, p)
}

func (l recordedLease) Retry(after time.Duration, p Progress) error {
	l.end(fmt.Sprintf("retry after %s, %d unsure", after, p.Unsure))
	return l.Lease.Retry(after, p)
}

func (l recordedLease) Dead(n int, p Progress, reason string, moved bool) error {
	l.end("dead")
	return l.Lease.Dead(n, p, reason, moved)
}

// onlySlack has one receiver, so that all failures of a queue are its.
func onlySlack() *Config {
	return &Config{Receivers: []Receiver{{Name: "slack", Channel: channelOfType("slack"), Target: targets["slack"]}}}
}

// TestQueueThatFails: a queue that fails for a while delays what waits, and is seen to fail.
func TestQueueThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Config: onlySlack(), Queue: &shakyQueue{Queue: NewMemoryQueue(MemoryLimits{}), failures: 10}})
		ready := func() int {
			status, _ := post(b.Handler(), http.MethodGet, "/-/ready", nil)
			return status
		}
		if got := ready(); got != http.StatusServiceUnavailable {
			t.Errorf("ready answers %d while the queue fails", got)
		}
		if status, answer := b.post("slack", named("A")); status != http.StatusOK {
			t.Errorf("got %d %s: what can be stored is to be accepted", status, answer)
		}
		time.Sleep(10 * 7 * time.Second)
		synctest.Wait()
		if got := ready(); got != http.StatusOK {
			t.Errorf("ready answers %d when the queue works again and nothing waits", got)
		}
		if diff := cmp.Diff([]string{"1 done"}, b.outcomes()); diff != "" {
			t.Error(diff)
		}
		if got := strings.Count(b.log.String(), `level=ERROR msg="queue failed, will retry" receiver=slack after=`); got != 10 {
			t.Errorf("%d failures in the log:\n%s", got, b.log)
		}
		b.stop()
		if err := <-b.stopped; err != nil {
			t.Error(err)
		}
	})
}

// TestQueueThatFailsForEver does not keep the adaptor from stopping.
func TestQueueThatFailsForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Config: onlySlack(), Queue: &shakyQueue{Queue: NewMemoryQueue(MemoryLimits{}), failures: 1 << 30}})
		b.post("slack", named("A"))
		time.Sleep(time.Hour)
		b.stop()
		began := time.Now()
		err := <-b.stopped
		if err == nil || err.Error() != "stopped with 1 notifications not delivered" || time.Since(began) != 10*time.Second {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
	})
}

// TestLeaseAtShutdown: what could not be delivered in time goes back into the queue, so that a
// queue that outlives the process has it for the next one.
func TestLeaseAtShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queue := &shakyQueue{Queue: NewMemoryQueue(MemoryLimits{})}
		b := newBench(t, Options{Config: onlySlack(), Queue: queue, DrainTimeout: 5 * time.Second})
		b.post("slack", named("A"))
		synctest.Wait()
		b.ims["slack"].Fail(fakeim.Fault{Delay: time.Hour})
		b.post("slack", named("B"))
		synctest.Wait()
		b.stop()
		if err := <-b.stopped; err == nil || err.Error() != "stopped with 1 notifications not delivered" {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"done", "retry after 0s, 1 unsure"}, queue.ends); diff != "" {
			t.Error(diff)
		}
	})
}

// deafQueue is a queue that hands out leases and records nothing: it refuses, or it hangs.
type deafQueue struct {
	Queue
	deaf, hangs atomic.Bool
	leases      atomic.Int32
}

func (q *deafQueue) Next(ctx context.Context, receiver string) (Lease, error) {
	lease, err := q.Queue.Next(ctx, receiver)
	if err != nil {
		return nil, err
	}
	if q.leases.Add(1) > 10_000 {
		q.deaf.Store(false)
	}
	return deafLease{lease, q}, nil
}

type deafLease struct {
	Lease
	queue *deafQueue
}

var errDeaf = errors.New("another adaptor delivers")

func (l deafLease) Begin(ctx context.Context, n int, p Progress) error {
	switch {
	case l.queue.hangs.Load():
		<-ctx.Done()
		return ctx.Err()
	case l.queue.deaf.Load():
		return errDeaf
	}
	return l.Lease.Begin(ctx, n, p)
}

func (l deafLease) Retry(after time.Duration, p Progress) error {
	if l.queue.deaf.Load() {
		_ = l.Lease.Retry(0, l.Lease.Progress())
		return errDeaf
	}
	return l.Lease.Retry(after, p)
}

// TestQueueThatRecordsNothing: a queue that refuses to record is asked again after a while, not as fast
// as can be.
func TestQueueThatRecordsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &deafQueue{Queue: NewMemoryQueue(MemoryLimits{})}
		q.deaf.Store(true)
		b := newBench(t, Options{Config: toChannel("webhook"), Queue: q})
		b.post("webhook", named("A"))
		time.Sleep(10 * time.Second)
		if leases := q.leases.Load(); leases > 100 {
			t.Errorf("%d leases in ten seconds", leases)
		}
		q.deaf.Store(false)
		time.Sleep(time.Minute)
		if len(acceptedTexts(b.ims["webhook"])) != 1 {
			t.Error("not delivered")
		}
		b.stop()
		<-b.stopped
	})
}

// TestQueueThatHangs: a queue that hangs while an attempt is recorded delays it, and nothing else.
func TestQueueThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &deafQueue{Queue: NewMemoryQueue(MemoryLimits{})}
		q.hangs.Store(true)
		b := newBench(t, Options{Config: toChannel("webhook"), Queue: q})
		b.post("webhook", named("A"))
		time.Sleep(time.Minute)
		q.hangs.Store(false)
		time.Sleep(time.Minute)
		if len(acceptedTexts(b.ims["webhook"])) != 1 {
			t.Error("not delivered")
		}
		b.stop()
		<-b.stopped
	})
}
