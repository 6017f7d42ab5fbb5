package adaptor

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

// mortal is a queue whose process can be killed: then nothing is recorded any more, and the next
// process finds what was begun.
type mortal struct {
	Queue
	killed atomic.Bool
	// durable tells that the store itself finds it when it is opened again.
	durable bool
}

var errKilled = errors.New("killed")

func (*mortal) Close() {}

func (q *mortal) Next(ctx context.Context, receiver string) (Lease, error) {
	lease, err := q.Queue.Next(ctx, receiver)
	if err != nil {
		return nil, err
	}
	return &mortalLease{lease, q, lease.Progress()}, nil
}

type mortalLease struct {
	Lease
	queue *mortal
	begun Progress
}

func (l *mortalLease) end(settle func() error) error {
	if !l.queue.killed.Load() {
		return settle()
	}
	if !l.queue.durable {
		_ = l.Lease.Retry(0, l.begun)
	}
	return errKilled
}

func (l *mortalLease) Begin(ctx context.Context, n int, p Progress) error {
	if l.queue.killed.Load() {
		return errKilled
	}
	l.begun = p
	l.begun.Unsure = max(n, p.Unsure)
	return l.Lease.Begin(ctx, n, p)
}

func (l *mortalLease) Done(n int, p Progress) error {
	return l.end(func() error { return l.Lease.Done(n, p) })
}

func (l *mortalLease) Advance(p Progress) error {
	return l.end(func() error { return l.Lease.Advance(p) })
}

func (l *mortalLease) Retry(after time.Duration, p Progress) error {
	return l.end(func() error { return l.Lease.Retry(after, p) })
}

func (l *mortalLease) Dead(n int, p Progress, reason string, moved bool) error {
	return l.end(func() error { return l.Lease.Dead(n, p, reason, moved) })
}

// latency is a network on which no two calls are at the same instant.
type latency struct{ http.RoundTripper }

func (l latency) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(time.Millisecond)
	defer time.Sleep(time.Millisecond)
	return l.RoundTripper.RoundTrip(r)
}

// randomFaults are what becomes of calls: most are answered.
var randomFaults = []fakeim.Fault{
	{}, {}, {}, {Delay: 3 * time.Second}, {Delay: time.Minute}, {Delay: time.Minute}, {Reset: true},
	{Status: 413}, {Status: 429}, {Status: 502, Delay: time.Second}, {Status: 503},
}

// life is some processes of an adaptor, one after the other, with two receivers of one bot.
type life struct {
	t       *testing.T
	random  *rand.Rand
	channel string
	store   *queueBench
	// posts are the groups that were accepted, and received all requests of the messenger.
	posts    []randomPost
	received []fakeim.Received
}

type randomPost struct {
	key, receiver string
	alerts        int
}

// names are how messages name the alerts of a group.
func (p randomPost) names() []string {
	var names []string
	for i := range p.alerts {
		names = append(names, fmt.Sprintf("disk %s-%d is full", p.key, i))
	}
	return names
}

// TestRandom: whatever is posted, whatever becomes of the calls, and however often the adaptor is
// stopped, killed and given another configuration, every alert is told, in order, never twice
// without a mark, and never faster than the messenger allows.
func TestRandom(t *testing.T) {
	for seed := range uint64(25) {
		open := queueStores[0].open
		if seed%8 == 7 {
			open = queueStores[1].open
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 1))
				l := &life{t: t, random: random, channel: Channels()[random.IntN(len(Channels()))].Name, store: open(t, MemoryLimits{})}
				processes := 1 + random.IntN(5)
				for p := range processes {
					l.process(p == processes-1)
				}
				l.check()
			})
		})
	}
}

// config is a configuration like the one before.
func (l *life) config() *Config {
	c := toChannel(l.channel)
	one := &c.Receivers[0]
	one.Style.Zone = []*time.Location{nil, time.FixedZone("x", 3600)}[l.random.IntN(2)]
	one.Target.Form = one.Channel.Forms[l.random.IntN(len(one.Channel.Forms))]
	if l.random.IntN(3) == 0 {
		one.Mentions = []MentionRule{{Users: []string{"ou_1"}}}
	}
	c.Receivers = append(c.Receivers, Receiver{Name: "two", Channel: one.Channel, Target: one.Target})
	return c
}

// process is one process of the adaptor; the last has the time to deliver everything.
func (l *life) process(last bool) {
	queue := &mortal{Queue: l.store.Queue, durable: l.store.reopen != nil}
	retry := RetryPolicy{Attempts: 1000, MaxAge: 100 * time.Hour, MaxBackoff: time.Minute}
	b := newBench(l.t, Options{Config: l.config(), Queue: queue, DrainTimeout: time.Second, Retry: retry})
	b.client.Transport = latency{b.client.Transport}
	for range l.random.IntN(12) {
		b.ims[l.channel].Fail(randomFaults[l.random.IntN(len(randomFaults))])
	}
	for range l.random.IntN(40) {
		l.post(b)
	}
	time.Sleep(time.Duration(l.random.IntN(60_000)) * time.Millisecond)
	if last {
		time.Sleep(24 * time.Hour)
	} else {
		queue.killed.Store(l.random.IntN(2) == 0)
	}
	b.stop()
	<-b.stopped
	l.received = append(l.received, b.ims[l.channel].Received()...)
	if !last && l.store.reopen != nil {
		l.store.reopen()
	}
}

func (l *life) post(b *bench) {
	p := randomPost{fmt.Sprint("g", len(l.posts)), []string{l.channel, "two"}[l.random.IntN(6)/5], 1}
	if l.random.IntN(4) == 0 {
		p.alerts += l.random.IntN(120)
	}
	if status, answer := b.post(p.receiver, groupOf(p.key, p.alerts, "firing")); status != http.StatusOK {
		l.t.Fatalf("%d %s", status, answer)
	}
	l.posts = append(l.posts, p)
	switch l.random.IntN(10) {
	case 0:
		b.Reload(l.config())
	case 1, 2, 3:
		time.Sleep(time.Duration(l.random.IntN(5000)) * time.Millisecond)
	}
}

// check looks at all that the messenger got.
func (l *life) check() {
	if letters, err := l.store.DeadLetters(l.t.Context(), "", 1); err != nil || len(letters) > 0 {
		l.t.Errorf("dead letters: %+v, %v", letters, err)
	}
	var calls []time.Time
	told := map[string]int{}
	for i, r := range l.received {
		calls = append(calls, r.At)
		for _, p := range l.posts {
			for _, name := range p.names() {
				if !r.OK || !strings.Contains(r.Text, name) {
					continue
				}
				if first, seen := told[name]; !seen {
					told[name] = i
				} else if !strings.Contains(r.Text, english.Unsure) {
					l.t.Errorf("message %d has %s again, after %d, without a mark", i, name, first)
				}
			}
		}
	}
	latest := map[string]int{}
	for _, p := range l.posts {
		for _, name := range p.names() {
			at, ok := told[name]
			if !ok || at < latest[p.receiver] {
				l.t.Errorf("%s is told: %v, in message %d, and what was posted before in %d", name, ok, at, latest[p.receiver])
			}
			latest[p.receiver] = at
		}
	}
	for _, rate := range channelOfType(l.channel).Rates {
		if problem := overRate(calls, rate); problem != "" {
			l.t.Error(problem)
		}
	}
}
