package adaptor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
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
