package adaptor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// The streams. Their names and subjects begin with "rulekit", so that they can share an account
// with others.
const (
	journalStream = "rulekit-lines"
	deadStream    = "rulekit-dead"
	memoryStream  = "rulekit-memory"
	ownerStream   = "rulekit-owner"

	deadSubjects   = "rulekit.dead.>"
	memorySubjects = "rulekit.memory.>"
	ownerSubject   = "rulekit.owner"
	// checkSubject is what Ready writes to.
	checkSubject = "rulekit.memory.check"
)

func itemStream(shard int) string { return fmt.Sprintf("rulekit-in-%d", shard) }

func itemSubject(shard int, receiver string) string {
	return fmt.Sprintf("rulekit.in.%d.%s", shard, token(receiver))
}

func journalSubject(receiver string) string { return "rulekit.line." + token(receiver) }
func deadSubject(receiver string) string    { return "rulekit.dead." + token(receiver) }

const (
	// storeWait bounds one call of the store.
	storeWait = 5 * time.Second
	// settleWait bounds the tries to record how a lease ended.
	settleWait = 8 * time.Second
	// raceWindow is how long the server itself knows an item again, so that of two that come at
	// once one is refused. What comes later is known by the ledger.
	raceWindow = 30 * time.Second
	// storeSlack is how many times the limit a stream of items may hold: what is settled is
	// deleted later. There is no limit of bytes, which a server would set aside at once.
	storeSlack = 2
)

// streamConfigs are the streams that the store needs.
func streamConfigs(o JetStreamOptions) []jetstream.StreamConfig {
	base := jetstream.StreamConfig{Storage: jetstream.FileStorage, Replicas: max(1, o.Replicas), AllowDirect: true, DenyDelete: false}
	var all []jetstream.StreamConfig
	add := func(name, subjects string, change func(*jetstream.StreamConfig)) {
		c := base
		c.Name, c.Subjects = name, []string{subjects}
		change(&c)
		all = append(all, c)
	}
	for i := range shards {
		add(itemStream(i), fmt.Sprintf("rulekit.in.%d.>", i), func(c *jetstream.StreamConfig) {
			c.Discard, c.MaxMsgs = jetstream.DiscardNew, storeSlack*int64(o.MaxItems)
			c.Duplicates = raceWindow
		})
	}
	add(journalStream, "rulekit.line.>", func(c *jetstream.StreamConfig) { c.Duplicates = 2 * settleWait })
	add(deadStream, deadSubjects, func(c *jetstream.StreamConfig) { c.Duplicates = time.Hour })
	add(memoryStream, memorySubjects, func(c *jetstream.StreamConfig) {
		c.MaxMsgsPerSubject, c.MaxAge, c.MaxMsgs = 1, memoryAge, maxMemories
	})
	if o.URL != "" {
		add(ownerStream, ownerSubject, func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 1 })
	}
	return all
}

// Error codes of the JetStream API, from nats-server's server/errors.json.
const (
	codeAccountLimit = 10002
	codeIncomplete   = 10004
	codeNoPeers      = 10005
	codeUnavailable  = 10008
	codeNoLeader     = 10009
	codeServerLimit  = 10047
	codeNameInUse    = 10058
	codeNoReplicas   = 10074
	codeStoreFailed  = 10077
	codeOffline      = 10118
	codeTooManyQueue = 10167
)

// clusterPatience is how long a NATS cluster may take until its servers have found each other:
// before that it is silent, so that each try is bounded, or says that there are too few of them.
const clusterPatience = 20 * time.Second

// ensureStreams makes the streams, or sees to it that they have the limits that are wanted.
func (s *jetStore) ensureStreams(ctx context.Context) error {
	e := ensuring{jetStore: s}
	for _, config := range streamConfigs(s.options) {
		e.until = time.Now().Add(clusterPatience)
		stream, err := e.persist(ctx, config)
		if errors.Is(err, nats.ErrNoResponders) {
			return errors.New("the NATS server has no JetStream: it is switched on by jetstream {} in its configuration, or by -js")
		} else if err != nil {
			return fmt.Errorf("stream %s: %w", config.Name, err)
		}
		s.streams[config.Name] = stream
	}
	return nil
}

// ensuring is what is known while the streams are made.
type ensuring struct {
	*jetStore
	// until is when the patience with a cluster ends that does not get on.
	until time.Time
	// alone tells that there is one copy of each, and waiting that something was logged.
	alone, waiting bool
}

// persist tries to make a stream again while a cluster is not ready for that. The embedded server
// answers, however long that takes.
func (e *ensuring) persist(ctx context.Context, config jetstream.StreamConfig) (jetstream.Stream, error) {
	if e.server != nil {
		return e.try(ctx, config, true)
	}
	for {
		last := e.alone || time.Now().After(e.until)
		trying, cancel := context.WithTimeout(ctx, storeWait)
		stream, err := e.try(trying, config, last)
		cancel()
		if err == nil || last || !unsettled(err) || ctx.Err() != nil {
			return stream, err
		}
		if !e.waiting {
			e.log.Info("the NATS cluster is not ready yet", "error", err)
		}
		e.waiting = true
		timer := time.NewTimer(250 * time.Millisecond)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// unsettled tells whether an error is one of a cluster whose servers look for each other.
func unsettled(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout) ||
		slices.Contains([]jetstream.ErrorCode{codeIncomplete, codeNoPeers, codeUnavailable, codeNoLeader, codeOffline}, code(err))
}

// try makes a stream, or changes the one that is there. It has one copy where the server is alone
// or, with the last try, has found too few others.
func (e *ensuring) try(ctx context.Context, config jetstream.StreamConfig, last bool) (jetstream.Stream, error) {
	if e.options.Replicas == 0 && e.options.URL != "" {
		var err error
		if config.Replicas, err = e.replicas(ctx, config.Name); err != nil {
			return nil, err
		}
	}
	stream, err := e.js.CreateStream(ctx, config)
	if code(err) == codeNoReplicas || code(err) == codeNoPeers && last {
		if e.options.Replicas > 1 {
			return nil, fmt.Errorf("the NATS server cannot keep %d replicas: %w", e.options.Replicas, err)
		}
		if !e.alone {
			e.log.Warn("the NATS server cannot keep 3 replicas: one machine's disk holds the notifications")
		}
		e.alone = true
		config.Replicas = 1
		stream, err = e.js.CreateStream(ctx, config)
	}
	if code(err) == codeNameInUse {
		stream, err = e.js.UpdateStream(ctx, config)
	}
	return stream, err
}

// replicas are those that a stream has already, or 3 for a new one.
func (s *jetStore) replicas(ctx context.Context, name string) (int, error) {
	stream, err := s.js.Stream(ctx, name)
	switch {
	case err == nil:
		return stream.CachedInfo().Config.Replicas, nil
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return 3, nil
	}
	return 0, err
}

// stream returns one of the streams.
func (s *jetStore) stream(name string) (jetstream.Stream, error) {
	if stream := s.streams[name]; stream != nil {
		return stream, nil
	}
	return nil, fmt.Errorf("there is no stream %s", name)
}

// info tells how a stream is.
func (s *jetStore) info(ctx context.Context, name string) (*jetstream.StreamInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	stream, err := s.stream(name)
	if err != nil {
		return nil, err
	}
	return stream.Info(ctx)
}

// code is the number of an error of the JetStream API, or 0.
func code(err error) jetstream.ErrorCode {
	if api := (*jetstream.APIError)(nil); errors.As(err, &api) {
		return api.ErrorCode
	}
	return 0
}

// errUnconfirmed says that nobody knows whether a write was done.
var errUnconfirmed = errors.New("the store did not confirm the write")

// storeError says what an error of a write means.
func (s *jetStore) storeError(err error) error {
	switch {
	case err == nil:
		return nil
	case code(err) == codeStoreFailed && strings.Contains(err.Error(), "maximum"):
		return ErrFull
	case code(err) == codeTooManyQueue, code(err) == codeAccountLimit, code(err) == codeServerLimit:
		return fmt.Errorf("%w: %w", ErrFull, err)
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, jetstream.ErrAsyncPublishTimeout), errors.Is(err, nats.ErrTimeout):
		if health := s.health(); health != "" {
			return s.fail(health)
		}
		return fmt.Errorf("%w within %s", errUnconfirmed, storeWait)
	case errors.Is(err, nats.ErrReconnectBufExceeded), errors.Is(err, nats.ErrConnectionClosed), errors.Is(err, nats.ErrDisconnected):
		return errors.New("there is no connection to NATS")
	}
	return err
}

// publish writes a message and waits until it is on disk.
func (s *jetStore) publish(ctx context.Context, msg *nats.Msg, options ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	ctx, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	ack, err := s.js.PublishMsg(ctx, msg, options...)
	return ack, s.storeError(err)
}
