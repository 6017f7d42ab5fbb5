package adaptor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v3"
)

// Serve answers HTTP on the listener, which it closes, and delivers, until the context ends.
// The error is that of the listener or of Run.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	server, limited := s.httpServer(listener)
	served := make(chan error, 1)
	go func() {
		served <- s.serve(server, limited)
		stop()
	}()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		<-ctx.Done()
		s.log.Info("stopping", "waiting", s.waiting(), "within", s.options.DrainTimeout)
		closing, done := context.WithTimeout(context.WithoutCancel(ctx), s.options.DrainTimeout)
		defer done()
		if server.Shutdown(closing) != nil {
			_ = server.Close()
		}
	}()
	s.log.Info("listening", "address", listener.Addr().String(), "receivers", len(s.current.Load().names))
	err := s.Run(ctx)
	<-closed
	if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
		return errors.Join(fmt.Errorf("serve: %w", serveErr), err)
	}
	return err
}

// waiting is how many notifications wait to be delivered.
func (s *Server) waiting() int {
	total := 0
	for _, name := range s.queue.Lines() {
		items, _ := s.queue.Waiting(name)
		total += items
	}
	return total
}

// httpServer returns a server with bounds on all that a client may take of it.
func (s *Server) httpServer(listener net.Listener) (*http.Server, net.Listener) {
	limited := newConnections(listener, maxConnections)
	return &http.Server{
		Handler:           keepWhole(s.Handler()),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ConnContext:       limited.context,
		ConnState:         limited.state,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}, limited
}

// serve answers with TLS and authentication where they are configured.
func (s *Server) serve(server *http.Server, listener net.Listener) error {
	if s.options.WebConfig == "" {
		return server.Serve(listener)
	}
	return web.Serve(listener, server, &web.FlagConfig{WebConfigFile: &s.options.WebConfig}, s.log)
}

// basicAuth tells whether a file of exporter-toolkit asks for basic authentication. The error is
// about the file.
func basicAuth(path string) (bool, error) {
	if path == "" {
		return false, nil
	}
	if err := web.Validate(path); err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	content, err := readFile(path)
	if err != nil {
		return false, err
	}
	var file struct {
		Users map[string]any `yaml:"basic_auth_users"`
	}
	err = yaml.Unmarshal(content, &file)
	return len(file.Users) > 0, err
}

// checkAuth checks that no request would have to bear both a password and a token.
func (s *Server) checkAuth(config *Config) error {
	for _, r := range config.Receivers {
		if s.basicAuth && r.Token != "" {
			return fmt.Errorf("receiver %q has a bearer token, and %s asks for basic authentication: a request has one Authorization header, so use one of them", r.Name, s.options.WebConfig)
		}
	}
	return nil
}
