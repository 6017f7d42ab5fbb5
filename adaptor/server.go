// Package adaptor carries Alertmanager's webhook notifications to instant messengers.
//
// The handler checks a notification and puts it into a queue; one worker a receiver takes it
// out, writes it in the messenger's native form, sends it, and judges the answer.
package adaptor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Options are what a Server is made of. Zero fields stand for the defaults.
type Options struct {
	Config *Config
	// Source is where Config was read from. With it, the server reads it again when POST
	// /-/reload asks for it and, while it runs, when one of its files changes.
	Source Source
	// Queue is where notifications wait; the default is one in memory.
	Queue Queue
	// Transport sends requests to the messengers; the default dials, by way of the receiver's
	// proxy or the one that the environment names.
	Transport http.RoundTripper
	// Retry bounds the attempts to deliver.
	Retry RetryPolicy
	// DrainTimeout is how long a server that is told to stop goes on delivering what waits; the
	// default is 10 s.
	DrainTimeout time.Duration
	// WebConfig is a file of Prometheus' exporter-toolkit with TLS and basic authentication for
	// Serve; empty is plain HTTP for everybody.
	WebConfig string
	// Profiling serves the profiles of package net/http/pprof under /debug/pprof/.
	Profiling bool
	// Logger gets one record for each delivery and each refusal, never with a secret in it. The
	// default discards them.
	Logger *slog.Logger
	// Observe, if set, is called after each attempt, by the worker that made it.
	Observe func(Delivery)
}

// Server is the webhook adaptor. All its timers come from package time, and it starts no
// goroutine but in Run and Serve, so that it can be run on a virtual clock.
type Server struct {
	options  Options
	queue    Queue
	client   *http.Client
	retry    RetryPolicy
	log      *slog.Logger
	observe  func(Delivery)
	metrics  *metrics
	limiters limiters
	keys     *keys
	bodies   *bodyBudget
	running  atomic.Bool
	// basicAuth tells that Options.WebConfig asks for passwords.
	basicAuth bool
	// stuck counts the workers that cannot get at the queue.
	stuck atomic.Int32

	// current is the configuration in use.
	current atomic.Pointer[inUse]
	// sourcing is held while the configuration is read again, reloading while it changes. The
	// latter guards crew, which is nil while the server does not run.
	sourcing  sync.Mutex
	reloading sync.Mutex
	crew      *crew
}

// New returns a server for the configured receivers. The error is about the options.
func New(options Options) (*Server, error) {
	if options.Config == nil {
		return nil, errors.New("adaptor: no configuration")
	}
	options.DrainTimeout = cmp.Or(options.DrainTimeout, 10*time.Second)
	s := &Server{
		options: options,
		queue:   options.Queue,
		client:  newClient(options.Transport),
		retry:   options.Retry.withDefaults(),
		log:     options.Logger,
		observe: options.Observe,
		bodies:  newBodyBudget(),
	}
	if s.queue == nil {
		s.queue = NewMemoryQueue(MemoryLimits{})
	}
	s.keys = newKeys(s.queue)
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if s.basicAuth, err = basicAuth(options.WebConfig); err != nil {
		return nil, err
	}
	if err := s.checkAuth(options.Config); err != nil {
		return nil, err
	}
	s.metrics = newMetrics(s.queue)
	s.metrics.loaded(true)
	s.use(options.Config)
	return s, nil
}

// Run delivers what the handler accepts until the context ends. Then the handler accepts no
// more, and Run returns when everything that would be lost with the process is settled, or after
// the drain timeout with an error that says how many notifications were lost.
func (s *Server) Run(ctx context.Context) error {
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var watchers sync.WaitGroup
	watchers.Go(func() { s.expireOrphans(ctx) })
	if s.options.Source.Path != "" {
		watchers.Go(func() { s.watch(ctx) })
	}
	crew := s.startCrew(working)
	s.running.Store(true)
	<-ctx.Done()
	s.running.Store(false)
	watchers.Wait()
	s.queue.Close()
	timer := time.AfterFunc(s.options.DrainTimeout, stop)
	s.stopCrew(crew)
	timer.Stop()
	s.client.CloseIdleConnections()
	if lost := s.queue.Len(); lost > 0 {
		return fmt.Errorf("stopped with %d notifications not delivered", lost)
	}
	return nil
}
