// Package adaptor carries Alertmanager's webhook notifications to instant messengers.
//
// The handler checks a notification and puts it into a queue; one worker a receiver takes it
// out, writes it in the messenger's native form, sends it, and judges the answer.
package adaptor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rulekit/rulekit/rules"
)

// NotifyPath is what the path of every receiver's address begins with; its name follows.
const NotifyPath = "/api/v1/notify/"

// MaxBody is the largest webhook body that is accepted, in bytes.
const MaxBody = 8 << 20

// MaxAlerts is the most alerts one notification may have. No messenger shows more than a few
// hundred, and each costs some hundred bytes of memory however short its JSON is.
const MaxAlerts = 10_000

// Options are what a Server is made of. Zero fields stand for the defaults.
type Options struct {
	Config *Config
	// Queue is where notifications wait; the default is one in memory.
	Queue Queue
	// Transport sends requests to the messengers; the default dials, by way of the proxy that
	// the environment names.
	Transport http.RoundTripper
	// Retry bounds the attempts to deliver.
	Retry RetryPolicy
	// DrainTimeout is how long a server that is told to stop goes on delivering what waits; the
	// default is 10 s.
	DrainTimeout time.Duration
	// Logger gets one record for each delivery and each refusal, never with a secret in it. The
	// default discards them.
	Logger *slog.Logger
	// Observe, if set, is called after each attempt, by the worker that made it.
	Observe func(Delivery)
}

// Server is the webhook adaptor. All its timers come from package time, and it starts no
// goroutine but in Run, so that it can be run on a virtual clock.
type Server struct {
	receivers map[string]*Receiver
	names     []string
	queue     Queue
	client    *http.Client
	retry     RetryPolicy
	drain     time.Duration
	log       *slog.Logger
	observe   func(Delivery)
	metrics   *metrics
	running   atomic.Bool
	// stuck counts the workers that cannot get at the queue.
	stuck atomic.Int32
}

// New returns a server for the configured receivers. The error is about the options.
func New(options Options) (*Server, error) {
	if options.Config == nil {
		return nil, errors.New("adaptor: no configuration")
	}
	s := &Server{
		receivers: map[string]*Receiver{},
		queue:     options.Queue,
		client:    newClient(options.Transport),
		retry:     options.Retry.withDefaults(),
		drain:     options.DrainTimeout,
		log:       options.Logger,
		observe:   options.Observe,
	}
	if s.queue == nil {
		s.queue = NewMemoryQueue(MemoryLimits{})
	}
	if s.drain == 0 {
		s.drain = 10 * time.Second
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	for i := range options.Config.Receivers {
		r := &options.Config.Receivers[i]
		s.receivers[r.Name] = r
		s.names = append(s.names, r.Name)
	}
	s.metrics = newMetrics(s.receivers, s.queue)
	return s, nil
}

// Run delivers what the handler accepts until the context ends. Then the handler accepts no
// more, and Run returns when everything that waits is settled, or after the drain timeout with
// an error that says how many notifications were lost.
func (s *Server) Run(ctx context.Context) error {
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var workers sync.WaitGroup
	for _, name := range s.names {
		worker := &worker{Server: s, receiver: s.receivers[name]}
		workers.Go(func() { worker.run(working) })
	}
	s.running.Store(true)
	<-ctx.Done()
	s.running.Store(false)
	s.queue.Close()
	timer := time.AfterFunc(s.drain, stop)
	workers.Wait()
	timer.Stop()
	s.client.CloseIdleConnections()
	if lost := s.queue.Len(); lost > 0 {
		return fmt.Errorf("stopped with %d notifications not delivered", lost)
	}
	return nil
}

// Serve answers HTTP on the listener, which it closes, and delivers, until the context ends.
// The error is that of the listener or of Run.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	server := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() {
		served <- server.Serve(listener)
		stop()
	}()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		<-ctx.Done()
		closing, done := context.WithTimeout(context.WithoutCancel(ctx), s.drain)
		defer done()
		if server.Shutdown(closing) != nil {
			_ = server.Close()
		}
	}()
	s.log.Info("listening", "address", listener.Addr().String(), "receivers", len(s.names))
	err := s.Run(ctx)
	<-closed
	if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
		return errors.Join(fmt.Errorf("serve: %w", serveErr), err)
	}
	return err
}

// Handler answers POST /api/v1/notify/{receiver}, /-/healthy, /-/ready and /metrics. A 2xx to a
// notification means that it is in the queue; a 5xx that Alertmanager should try again; a 4xx
// that it can never be accepted.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+NotifyPath+"{receiver}", s.notify)
	mux.Handle("GET /metrics", s.metrics.handler())
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, "healthy") })
	mux.HandleFunc("GET /-/ready", func(w http.ResponseWriter, _ *http.Request) {
		switch {
		case !s.running.Load():
			reply(w, http.StatusServiceUnavailable, "not ready")
		case s.stuck.Load() > 0:
			reply(w, http.StatusServiceUnavailable, "not ready: the queue fails, see the log")
		default:
			reply(w, http.StatusOK, "ready")
		}
	})
	return mux
}

func (s *Server) notify(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("receiver")
	receiver, known := s.receivers[name]
	if !known {
		s.refuse(w, name, http.StatusNotFound, unknownReceiver(name, s.names))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		s.refuse(w, name, http.StatusRequestEntityTooLarge,
			fmt.Errorf("the body is larger than %d bytes: set max_alerts in Alertmanager's webhook_configs", MaxBody))
		return
	} else if err != nil {
		s.refuse(w, name, http.StatusBadRequest, fmt.Errorf("read body: %w", err))
		return
	}
	p, err := decode(body)
	if errors.Is(err, errTooManyAlerts) {
		s.refuse(w, name, http.StatusRequestEntityTooLarge, err)
		return
	} else if err != nil {
		s.refuse(w, name, http.StatusBadRequest, err)
		return
	}
	if err := s.queue.Put(r.Context(), Item{Receiver: name, Body: body, Accepted: time.Now()}); err != nil {
		w.Header().Set("Retry-After", "5")
		s.refuse(w, name, http.StatusServiceUnavailable, err)
		return
	}
	s.metrics.accept(name, len(p.Alerts))
	s.log.Debug("accepted", "receiver", name, "channel", receiver.Channel.Name, "group_key", p.GroupKey, "alerts", len(p.Alerts))
	reply(w, http.StatusOK, "accepted")
}

// refuse answers with an error and logs it: Alertmanager gives up at once on a 4xx, so that
// this record may be the only trace.
func (s *Server) refuse(w http.ResponseWriter, receiver string, status int, err error) {
	s.metrics.refuse(status)
	s.log.Error("notification refused", "receiver", clip(oneLine(receiver), 100), "status", status, "error", err)
	reply(w, status, err.Error())
}

func reply(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n")
}

func unknownReceiver(name string, names []string) error {
	name = clip(oneLine(name), 100)
	if near := rules.Nearest(name, names); near != "" {
		return fmt.Errorf("there is no receiver %q; did you mean %q?", name, near)
	}
	return fmt.Errorf("there is no receiver %q in the adaptor's configuration", name)
}
