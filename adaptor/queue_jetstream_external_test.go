package adaptor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// natsServer starts a NATS server as an operator would; without a listener it can be on a
// virtual clock.
func natsServer(t *testing.T, dir string, change func(*server.Options)) *server.Server {
	t.Helper()
	options := &server.Options{
		JetStream: true, StoreDir: dir, SyncAlways: true, DontListen: true, NoSigs: true, NoLog: true,
		JetStreamMaxStore: 1 << 30, JetStreamMaxMemory: 1 << 26,
	}
	if change != nil {
		change(options)
	}
	s, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("the NATS server does not start")
	}
	t.Cleanup(func() { stopServer(s) })
	return s
}

// joinBench opens a queue at a NATS server.
func joinBench(t *testing.T, o JetStreamOptions) *queueBench {
	t.Helper()
	b := &queueBench{t: t, log: &strings.Builder{}}
	o.Logger = slog.New(slog.NewTextHandler(b, nil))
	queue, err := OpenJetStream(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	b.Queue = queue
	t.Cleanup(func() { _ = queue.Shutdown(context.Background()) })
	return b
}

// TestJetStreamExternal: the queue at a NATS server that listens on a socket and wants a
// password, which is seen nowhere.
func TestJetStreamExternal(t *testing.T) {
	s := natsServer(t, t.TempDir(), func(o *server.Options) {
		o.DontListen, o.Host, o.Port = false, "127.0.0.1", server.RANDOM_PORT
		o.Username, o.Password = "rulekit", "hush-hush"
	})
	if _, err := OpenJetStream(t.Context(), JetStreamOptions{URL: s.ClientURL(), User: "rulekit", Password: "wrong-one"}); err == nil ||
		!strings.Contains(err.Error(), "Authorization Violation") || strings.Contains(err.Error(), "wrong-one") {
		t.Errorf("with a wrong password: %v", err)
	}
	b := joinBench(t, JetStreamOptions{URL: s.ClientURL(), User: "rulekit", Password: "hush-hush"})
	b.add("a", "1", "2")
	b.done("a", "1", "2")
	b.empty("a")
	b.check(b.Ready(t.Context()))
	if strings.Contains(b.logged(), "hush") {
		t.Errorf("the password is in the log:\n%s", b.logged())
	}
	if !strings.Contains(b.logged(), "one machine's disk") || !strings.Contains(b.logged(), "raise its max_payload") {
		t.Errorf("log:\n%s", b.logged())
	}
	stopServer(s)
	b.jetStream().current().check.at = time.Time{}
	if _, err := b.Put(t.Context(), Item{Receiver: "a"}); err == nil || err.Error() != "there is no connection to NATS" {
		t.Errorf("put without a server: %v", err)
	}
	if err := b.Ready(t.Context()); err == nil {
		t.Error("ready without a server")
	}
}

// replicas runs a test with two adaptors at one NATS server, of which the first delivers.
func replicas(t *testing.T, test func(first, second *queueBench)) {
	synctest.Test(t, func(t *testing.T) {
		s := natsServer(t, t.TempDir(), nil)
		o := JetStreamOptions{URL: "nats://cluster", nearby: s}
		first := joinBench(t, o)
		first.add("warm", "up")
		first.done("warm", "up")
		test(first, joinBench(t, o))
	})
}

// tryNext is what Next returns within a time.
func (b *queueBench) tryNext(receiver string, within time.Duration) (Lease, error) {
	ctx, cancel := context.WithTimeout(b.t.Context(), within)
	defer cancel()
	return b.Next(ctx, receiver)
}

// TestJetStreamReplicas: all accept, one delivers, and of a duplicate one is refused wherever it
// is posted.
func TestJetStreamReplicas(t *testing.T) {
	replicas(t, func(first, second *queueBench) {
		t := first.t
		var want []string
		for i := range 20 {
			want = append(want, fmt.Sprint(i))
			[]*queueBench{first, second}[i%2].add("a", want[i])
			// The order of what is posted to different adaptors is that of their clocks.
			time.Sleep(time.Millisecond)
		}
		if _, err := second.tryNext("a", time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the second delivers: %v", err)
		}
		first.done("a", want[:10]...)
		if second.keyed("k", "key") == first.keyed("k", "key") {
			t.Error("the second of two is no duplicate")
		}
		synctest.Wait()
		if items, _ := second.Waiting("a"); items != 10 {
			t.Errorf("the second knows of %d items", items)
		}
		first.check(first.lease("a", "10").Dead(1, Progress{}, "no use", false))
		second.check(second.Replay(t.Context(), "1"))
		synctest.Wait()
		first.done("a", want[11:]...)
		first.done("a", "10")
	})
}

// TestJetStreamDuplicateRace: of many that are posted at once to two adaptors one is accepted.
func TestJetStreamDuplicateRace(t *testing.T) {
	replicas(t, func(first, second *queueBench) {
		t := first.t
		var all sync.WaitGroup
		accepted := make(chan int, 100)
		for i := range 40 {
			all.Go(func() {
				b := []*queueBench{first, second}[i%2]
				if duplicate, err := b.Put(t.Context(), Item{Receiver: "a", Key: fmt.Sprint(i / 8), Body: []byte("x")}); err != nil {
					t.Error(err)
				} else if !duplicate {
					accepted <- i / 8
				}
			})
		}
		all.Wait()
		synctest.Wait()
		if items, _ := first.Waiting("a"); len(accepted) != 5 || items != 5 {
			t.Errorf("%d accepted, %d wait; want 5", len(accepted), items)
		}
	})
}

// TestJetStreamTakeover: when the adaptor that delivers dies, another does within 15 s, and
// finds what may have been sent.
func TestJetStreamTakeover(t *testing.T) {
	replicas(t, func(first, second *queueBench) {
		t := first.t
		first.add("a", "1", "2")
		l := first.lease("a", "1")
		first.check(l.Begin(t.Context(), 1, Progress{Attempt: 1}))
		// It dies: its connection ends, and nobody says so to the others.
		first.jetStream().current().conn.Close()
		began := time.Now()
		got, err := second.tryNext("a", time.Minute)
		second.check(err)
		if took := time.Since(began); took > 15*time.Second || took < time.Second {
			t.Errorf("taken over after %s", took)
		}
		second.progress(got, Progress{Attempt: 1, Unsure: 1})
		second.check(got.Done(1, Progress{}))
		second.done("a", "2")
		if err := l.Done(1, Progress{}); err == nil {
			t.Error("the first says that it settled it")
		}
	})
}

// TestJetStreamHandover: one that stops leaves the rest to another at once.
func TestJetStreamHandover(t *testing.T) {
	replicas(t, func(first, second *queueBench) {
		t := first.t
		first.add("a", "1", "2")
		first.done("a", "1")
		first.check(first.jetStream().Shutdown(t.Context()))
		began := time.Now()
		second.done("a", "2")
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("taken over after %s", took)
		}
	})
}

// TestJetStreamTwoOwners: one that was asleep while another took over, and still thinks that it
// delivers, cannot begin.
func TestJetStreamTwoOwners(t *testing.T) {
	replicas(t, func(first, second *queueBench) {
		t := first.t
		first.add("a", "1", "2")
		synctest.Wait() // until the second knows of both
		sleeper := first.lease("a", "1")
		s := second.jetStream().current()
		s.owner.mu.Lock()
		s.owner.until = time.Now().Add(time.Hour)
		s.owner.mu.Unlock()
		s.index.setIdle(false)
		other := second.lease("a", "1")
		second.check(other.Begin(t.Context(), 1, Progress{Attempt: 1}))
		if err := sleeper.Begin(t.Context(), 1, Progress{Attempt: 1}); !errors.Is(err, errNotOwner) {
			t.Errorf("both begin: %v", err)
		}
		second.check(other.Done(1, Progress{}))
		if err := sleeper.Retry(0, Progress{}); !errors.Is(err, errNotOwner) {
			t.Errorf("both end: %v", err)
		}
		first.done("a", "2")
		first.empty("a")
	})
}

// TestJetStreamReconnect: a server that was restarted is found again, and nothing is lost.
func TestJetStreamReconnect(t *testing.T) {
	dir := t.TempDir()
	listen := func(o *server.Options) { o.DontListen, o.Host, o.Port = false, "127.0.0.1", server.RANDOM_PORT }
	s := natsServer(t, dir, listen)
	b := joinBench(t, JetStreamOptions{URL: s.ClientURL()})
	b.add("a", "1", "2", "3")
	l := b.lease("a", "1")
	port := s.Addr().String()[strings.LastIndexByte(s.Addr().String(), ':')+1:]
	stopServer(s)
	settled := make(chan error, 1)
	go func() { settled <- l.Done(1, Progress{}) }()
	natsServer(t, dir, func(o *server.Options) {
		listen(o)
		_, _ = fmt.Sscan(port, &o.Port)
	})
	if err := <-settled; err != nil {
		t.Errorf("not settled after the server was back: %v", err)
	}
	b.done("a", "2", "3")
	b.add("a", "4")
	b.done("a", "4")
	b.empty("a")
}

// patient tries something again until it works, as Alertmanager and a worker do.
func (b *queueBench) patient(try func() error) {
	b.t.Helper()
	for began := time.Now(); ; {
		err := try()
		if err == nil {
			return
		}
		if time.Since(began) > time.Minute {
			b.t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
