package adaptor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// JetStreamOptions say where a durable queue is, and bound it. Zero fields stand for the
// defaults.
type JetStreamOptions struct {
	// Dir is the data directory of an embedded store, which is made if there is none. Exactly
	// one of Dir and URL must be set.
	Dir string
	// URL is the address of a NATS server with JetStream, or several with commas between. Names
	// and passwords are better kept out of it: see below.
	URL string
	// CredentialsFile is a file of NATS credentials, NKeyFile one with the seed of an nkey; User
	// and Password are the third way to say who connects. At most one of them may be set.
	CredentialsFile, NKeyFile string
	User                      string
	Password                  Secret
	// CAFile has the certificates that the server's must be signed by; the default are those of
	// the system. CertFile and KeyFile are this side's certificate, if the server wants one.
	CAFile, CertFile, KeyFile string
	// Replicas is how many servers of the NATS cluster keep each notification; the default is 3
	// where there are as many, else 1.
	Replicas int

	// MaxItems is the most items that wait; the default is 50 000. MaxBytes is the most bytes of
	// all their bodies; the default is 1 GiB.
	MaxItems, MaxBytes int
	// MaxDeadLetters is the most dead letters, of which the oldest make room for new ones; the
	// default is 10 000. They may have 256 MiB. MaxDeadAge is how long they are kept; the default
	// is 30 days.
	MaxDeadLetters int
	MaxDeadAge     time.Duration
	// DedupWindow is how long a key makes another item a duplicate; the default is
	// DefaultDedupWindow.
	DedupWindow time.Duration
	// Logger gets what an operator should know; the default discards it.
	Logger *slog.Logger
	// DeadLettersOnly opens the store for looking after its dead letters: it can replay them, but
	// delivers nothing, and Next, Lines, Waiting know of nothing.
	DeadLettersOnly bool

	// nearby is the server at the URL in a test on a virtual clock, which has no sockets.
	nearby *server.Server
}

func (o JetStreamOptions) withDefaults() (JetStreamOptions, error) {
	switch {
	case (o.Dir == "") == (o.URL == ""):
		return o, errors.New("durable queue: want a data directory or the address of a NATS server, and not both")
	case o.Replicas < 0 || o.Replicas > 5:
		return o, fmt.Errorf("durable queue: %d replicas, want 1 to 5", o.Replicas)
	case o.Dir != "":
		o.Replicas = 1
	}
	if o.MaxItems == 0 {
		o.MaxItems = 50_000
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 1 << 30
	}
	if o.MaxDeadLetters == 0 {
		o.MaxDeadLetters = 10_000
	}
	if o.MaxDeadAge == 0 {
		o.MaxDeadAge = 30 * 24 * time.Hour
	}
	if o.DedupWindow == 0 {
		o.DedupWindow = DefaultDedupWindow
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// JetStream is a queue on NATS JetStream. An item that Put has accepted is on disk; one whose
// lease ended with Done or Dead never comes again; and one that a lease of a process that was
// killed has begun to send comes again with Progress.Unsure.
type JetStream struct {
	options JetStreamOptions
	dir     *dataDir

	mu    sync.Mutex
	store *jetStore
	// window is how long keys are known; a store that is opened again gets it.
	window time.Duration
	closed bool

	failures chan *jetStore
	stop     context.CancelFunc
	tasks    sync.WaitGroup
	end      func() error
}

var _ Queue = (*JetStream)(nil)

// OpenJetStream opens the queue and reads where everything is. The context bounds that only. The
// error is ErrInUse for a data directory that another process uses, or tells why the store
// cannot be used. Shutdown must be called in the end.
func OpenJetStream(ctx context.Context, options JetStreamOptions) (*JetStream, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	q := &JetStream{options: options, window: options.DedupWindow, failures: make(chan *jetStore, 1)}
	if options.Dir != "" {
		if q.dir, err = openDir(options.Dir); err != nil {
			return nil, err
		}
	}
	if q.store, err = q.open(ctx); err != nil {
		return nil, errors.Join(err, q.dir.close())
	}
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	q.stop = stop
	q.tasks.Go(func() { q.heal(working) })
	q.end = sync.OnceValue(func() error {
		q.stop()
		q.tasks.Wait()
		q.current().shut(context.WithoutCancel(ctx))
		return q.dir.close()
	})
	return q, nil
}

// heal opens the store again when it fails for good: the embedded server does not write to a
// stream again after one write to disk has failed.
func (q *JetStream) heal(ctx context.Context) {
	for {
		var failed *jetStore
		select {
		case <-ctx.Done():
			return
		case failed = <-q.failures:
		}
		for wait := time.Second; failed == q.current(); wait = min(2*wait, time.Minute) {
			err := q.reopen(ctx, failed)
			if err == nil {
				q.options.Logger.Info("the store was opened again")
				break
			}
			q.options.Logger.Error("the store does not work, it will be opened again", "after", wait, "error", err)
			timer := time.NewTimer(wait)
			select {
			case <-ctx.Done():
				timer.Stop()
				return
			case <-timer.C:
			}
		}
	}
}

// reopen replaces a store that fails by a new one.
func (q *JetStream) reopen(ctx context.Context, failed *jetStore) error {
	if q.dir != nil {
		if err := q.dir.writable(); err != nil {
			return err
		}
	}
	failed.index.close(true)
	failed.shut(ctx)
	store, err := q.open(ctx)
	if err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.store = store
	store.index.seen.setWindow(q.window)
	if q.closed {
		store.index.close(false)
	}
	return nil
}

func (q *JetStream) dedupWindow() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.window
}

func (q *JetStream) current() *jetStore {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.store
}

// askReopen asks for a store that fails to be opened again.
func (q *JetStream) askReopen(s *jetStore) {
	select {
	case q.failures <- s:
	default:
	}
}

// Shutdown closes the queue and the store. What waits stays there for the next process. The
// context bounds how long it takes to delete what was delivered, which the next process does
// otherwise.
func (q *JetStream) Shutdown(ctx context.Context) error {
	q.Close()
	if store := q.current(); !store.failed.Load() && store.owner.holds() {
		store.sweepOnce(ctx)
	}
	return q.end()
}

// Put implements Queue: it returns when the item is on disk.
func (q *JetStream) Put(ctx context.Context, item Item) (duplicate bool, err error) {
	return q.current().put(ctx, item)
}

// Next implements Queue.
func (q *JetStream) Next(ctx context.Context, receiver string) (Lease, error) {
	for {
		store := q.current()
		lease, err := store.next(ctx, receiver)
		if !errors.Is(err, errReopened) || store == q.current() {
			return lease, err
		}
	}
}

// SetWindow implements Queue.
func (q *JetStream) SetWindow(window time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.window = window
	q.store.index.seen.setWindow(window)
}

// Latest implements Queue.
func (q *JetStream) Latest(receiver, group string) (key string, at time.Time) {
	return q.current().index.seen.last(receiver, group, time.Now())
}

// Close implements Queue.
func (q *JetStream) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.store.index.close(false)
}

// Ready implements Queue: it writes to the disk, at most once a second.
func (q *JetStream) Ready(ctx context.Context) error { return q.current().ready(ctx) }

// Len implements Queue. Nothing is lost with the process.
func (q *JetStream) Len() int { return 0 }

// Lines implements Queue.
func (q *JetStream) Lines() []string { return q.current().index.names() }

// Waiting implements Queue. Of several adaptors only the one that delivers counts.
func (q *JetStream) Waiting(receiver string) (items int, oldest time.Time) {
	return q.current().index.waiting(receiver)
}

// Calls implements Queue.
func (q *JetStream) Calls(receiver string) []time.Time { return q.current().index.calls(receiver) }

// DeadLetters implements Queue.
func (q *JetStream) DeadLetters(ctx context.Context, after string, limit int) ([]DeadItem, error) {
	return q.current().deadLetters(ctx, after, limit)
}

// CountDeadLetters implements Queue.
func (q *JetStream) CountDeadLetters(ctx context.Context) (int, error) {
	return q.current().countDeadLetters(ctx)
}

// Replay implements Queue.
func (q *JetStream) Replay(ctx context.Context, id string) error { return q.current().replay(ctx, id) }

// Drop implements Queue.
func (q *JetStream) Drop(ctx context.Context, id string) error { return q.current().drop(ctx, id) }

// Remember implements Queue.
func (q *JetStream) Remember(ctx context.Context, key, text string) error {
	return q.current().remember(ctx, key, text)
}

// Recall implements Queue.
func (q *JetStream) Recall(ctx context.Context, key string) (string, error) {
	return q.current().recall(ctx, key)
}
