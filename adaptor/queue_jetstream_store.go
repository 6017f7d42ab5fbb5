package adaptor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// jetStore is a connection to JetStream, with what is known of what is there. It is replaced as
// a whole when the store fails.
type jetStore struct {
	options JetStreamOptions
	log     *slog.Logger
	// server is the embedded one, if it is.
	server  *server.Server
	conn    *nats.Conn
	js      jetstream.JetStream
	streams map[string]jetstream.Stream
	index   *index
	// ordering is held while an item of the shard gets its order and is sent, and turn chooses
	// the shard of an item without a key.
	ordering [shards]sync.Mutex
	turn     atomic.Uint64
	// settled has a token when there is something to delete.
	settled chan struct{}
	owner   *owner
	// followers are those of the streams, by their names.
	followers map[string]*follower
	// connection is the time for which a connection lasts.
	connection struct {
		mu      sync.Mutex
		current context.Context
		end     context.CancelFunc
	}
	check readiness
	// failed tells that the store must be opened again, and reopen asks for it.
	failed atomic.Bool
	reopen func()

	stop  context.CancelFunc
	tasks sync.WaitGroup
}

// errReopened says that the store failed and was closed; there may be a new one.
var errReopened = errors.New("the store failed and is being opened again")

// open opens the store and reads what is there.
func (q *JetStream) open(ctx context.Context) (*jetStore, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	s := &jetStore{
		options: q.options, log: q.options.Logger,
		streams: map[string]jetstream.Stream{}, followers: map[string]*follower{}, index: newIndex(q.dedupWindow()), settled: make(chan struct{}, 1),
	}
	s.reopen = func() { q.askReopen(s) }
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	if err := s.start(ctx, working, q.dir); err != nil {
		s.shut(ctx)
		return nil, err
	}
	if q.options.DeadLettersOnly {
		return s, nil
	}
	if s.owner != nil {
		s.tasks.Go(func() { s.contend(working) })
	}
	s.tasks.Go(func() { s.sweep(working) })
	s.sweepLater()
	return s, nil
}

// start connects, and fills the index, which is kept up to date until the second context ends.
func (s *jetStore) start(ctx, working context.Context, dir *dataDir) error {
	if dir != nil {
		if err := repair(storeDir(dir.path), s.log); err != nil {
			return err
		}
		embedded, err := startServer(storeDir(dir.path), s.log)
		if err != nil {
			return err
		}
		s.server = embedded
		if health := s.health(); health != "" {
			return fmt.Errorf("queue in %s: %s: move the directory away to begin anew, and keep it: what waited is in it", dir.path, health)
		}
	}
	var err error
	if s.conn, err = connect(s.options, s.server); err != nil {
		return err
	}
	s.conn.SetReconnectHandler(func(c *nats.Conn) {
		s.log.Info("connected to NATS again", "server", c.ConnectedServerName())
		s.reconnected()
	})
	if s.js, err = jetstream.New(s.conn, jetstream.WithPublishAsyncTimeout(storeWait)); err != nil {
		return fmt.Errorf("JetStream: %w", err)
	}
	if err := s.ensureStreams(ctx); err != nil {
		return fmt.Errorf("JetStream: %w", err)
	}
	if dir != nil {
		if err := dir.sync(); err != nil {
			return fmt.Errorf("data directory: %w", err)
		}
	} else if largest := s.conn.MaxPayload(); largest < MaxBody {
		s.log.Warn("the NATS server takes smaller messages than notifications may be: raise its max_payload", "max_payload", largest, "want", MaxBody)
	}
	if s.options.DeadLettersOnly {
		return nil
	}
	if s.server == nil {
		s.owner = &owner{name: s.conn.Opts.Name + ", " + nuid.Next()}
		s.index.idle = true
	}
	if err := s.fill(ctx, working); err != nil {
		return err
	}
	s.evict(ctx)
	return s.finishReplays(ctx)
}

// shut ends everything that was started.
func (s *jetStore) shut(ctx context.Context) {
	s.stop()
	s.tasks.Wait()
	if s.conn != nil {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		s.resign(ctx)
		cancel()
		s.conn.Close()
	}
	if s.server != nil {
		stopServer(s.server)
	}
}

// health says what is wrong with the streams of the embedded server, or nothing.
func (s *jetStore) health() string {
	if s.server == nil {
		return ""
	}
	for range 20 {
		problems := s.server.Healthz(&server.HealthzOptions{Details: true}).Errors
		if slices.ContainsFunc(problems, func(p server.HealthzError) bool { return p.Type == server.HealthzErrorConn }) {
			// It gives itself a millisecond to find that it has started, which a busy machine
			// does not always have, and looks no further.
			continue
		}
		if len(problems) > 0 {
			return problems[0].Error
		}
		return ""
	}
	return "the server does not tell"
}

// fail says that the store cannot go on, and has it opened again.
func (s *jetStore) fail(why string) error {
	if !s.failed.Swap(true) {
		s.log.Warn("the store is opened again", "reason", why)
	}
	s.reopen()
	return fmt.Errorf("%w: %s", errReopened, why)
}
