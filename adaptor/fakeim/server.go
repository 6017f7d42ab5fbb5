package fakeim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// ServerOptions are what a Server is made of. Zero fields stand for the defaults.
type ServerOptions struct {
	// Keep is how many requests are kept, the latest; the default is 200. Of large ones it keeps
	// fewer: all together have 32 MiB at most.
	Keep int
	// NoRates takes messages as fast as they come.
	NoRates bool
	// Observe, if set, is called with each request, one at a time.
	Observe func(Received)
}

// Server serves the fakes of all messengers under one address, at the paths of the real ones,
// with a page that shows what they have received.
type Server struct {
	ims     map[string]*IM
	options ServerOptions
	// ended is closed when the server stops, so that pages that wait for news let go.
	ended chan struct{}
	end   sync.Once

	observing sync.Mutex
	mu        sync.Mutex
	entries   []*entry
	counts    map[string]int
	bytes     int
	last      uint64
	// cleared counts how often all was forgotten; changed is closed at each change.
	cleared int
	changed chan struct{}
}

const (
	defaultKeep = 200
	// maxKept is how much of the requests and of their HTML is kept, in bytes.
	maxKept = 32 << 20
	// MaxServerBody is the largest body that a Server takes, in bytes.
	MaxServerBody = 1 << 20
	// ExampleSecret is the signing key of the bots in Server.Receivers.
	ExampleSecret = "demo-secret"
)

// NewServer returns a server in which the bots of Receivers are known.
func NewServer(options ServerOptions) *Server {
	if options.Keep <= 0 {
		options.Keep = defaultKeep
	}
	s := &Server{ims: map[string]*IM{}, options: options, counts: map[string]int{}, ended: make(chan struct{}), changed: make(chan struct{})}
	for name, p := range protocols {
		im := newIM(p)
		im.keep = s.add
		im.noRates = options.NoRates
		s.ims[name] = im
	}
	for _, r := range s.Receivers("http://localhost") {
		s.ims[r.Channel].AddBot(r.URL, r.Secret)
	}
	return s
}

// Receiver is a bot to send messages to.
type Receiver struct {
	// Name tells it from others, Channel is its messenger's name.
	Name, Channel string
	// URL is the address to post to, Secret the signing key, if the bot checks signatures.
	URL, Secret string
	// params are what the adaptor has to know besides.
	params string
}

// YAML is the receiver as an entry of the adaptor's configuration.
func (r Receiver) YAML() string {
	params := fmt.Sprintf("url: %q", r.URL)
	if r.Secret != "" {
		params += ", secret: " + r.Secret
	}
	if r.params != "" {
		params += ", " + r.params
	}
	return fmt.Sprintf("- {name: %s, type: %s, params: {%s}}", r.Name, r.Name, params)
}

// Receivers returns bots of all messengers, where base is the address of the server, such as
// http://127.0.0.1:5002.
func (s *Server) Receivers(base string) []Receiver {
	var all []Receiver
	for _, name := range Channels() {
		p := protocols[name]
		for _, e := range p.examples {
			r := Receiver{Name: e.name, Channel: name, URL: base + e.path, params: e.params}
			if p.security.signs {
				r.Secret = ExampleSecret
			}
			all = append(all, r)
		}
	}
	return all
}

// Make makes trouble, on one messenger or on all.
func (s *Server) Make(t Trouble) error {
	var names []string
	for _, name := range Channels() {
		if t.Channel == "" || t.Channel == name {
			names = append(names, name)
		}
	}
	// Nothing is made unless all of it can be.
	rules := map[string]Rule{}
	for _, name := range names {
		rule, err := t.rule(s.ims[name])
		if err != nil {
			return err
		}
		rules[name] = rule
	}
	for name, rule := range rules {
		s.ims[name].Inject(rule)
	}
	return nil
}

// Mend ends all trouble.
func (s *Server) Mend() {
	for _, im := range s.ims {
		im.Mend()
	}
}

// add takes a request that a messenger has answered.
func (s *Server) add(r Received) {
	if s.options.Observe != nil {
		s.observing.Lock()
		s.options.Observe(r)
		s.observing.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	e := newEntry(s.last, r)
	s.entries = append(s.entries, e)
	s.bytes += e.size()
	s.counts[r.Channel]++
	drop := max(0, len(s.entries)-s.options.Keep)
	for i, old := range s.entries {
		if i >= drop && (s.bytes <= maxKept || i+1 == len(s.entries)) {
			drop = i
			break
		}
		s.bytes -= old.size()
	}
	s.entries = slices.Delete(s.entries, 0, drop)
	s.wake()
}

func (e *entry) size() int { return len(e.Body) + len(e.Text) + len(e.Answer) + len(e.HTML) }

// wake tells those that wait that there is news. The caller holds the lock.
func (s *Server) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// clear forgets all requests.
func (s *Server) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries, s.bytes = nil, 0
	s.counts = map[string]int{}
	s.cleared++
	s.wake()
}

// state is what there is at an instant.
type state struct {
	entries       []*entry
	counts        map[string]int
	last          uint64
	cleared       int
	changed, ends <-chan struct{}
}

// since returns the requests to a messenger, or to all, after the one with the given ID.
func (s *Server) since(id uint64, channel string) state {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := state{counts: maps.Clone(s.counts), last: s.last, cleared: s.cleared, changed: s.changed, ends: s.ended}
	for _, e := range s.entries {
		if e.ID > id && (channel == "" || e.Channel == channel) {
			now.entries = append(now.entries, e)
		}
	}
	return now
}

// Serve answers HTTP on the listener, which it closes, until the context ends.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.end.Do(func() { close(s.ended) })
	closing, done := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer done()
	if server.Shutdown(closing) != nil {
		// An answer that is slow on command is not waited for.
		_ = server.Close()
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// Handler answers at the paths of the messengers, and at / and /-/ for people.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for name, im := range s.ims {
		for _, path := range protocols[name].paths {
			mux.Handle(path, http.MaxBytesHandler(im, MaxServerBody))
		}
	}
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "healthy") })
	for pattern, handler := range map[string]http.HandlerFunc{
		"GET /{$}":        s.servePage,
		"GET /-/page.css": serveStyle,
		"GET /-/page.js":  serveAsset("page.js", "text/javascript"),
		"GET /-/icon.svg": serveAsset("icon.svg", "image/svg+xml"),
		"GET /-/events":   s.serveEvents,
		"GET /-/messages": s.serveMessages,
		"DELETE /-/messages": func(w http.ResponseWriter, _ *http.Request) {
			s.clear()
			say(w, http.StatusOK, "all messages are forgotten")
		},
		"POST /-/fault":   s.serveFault,
		"DELETE /-/fault": func(w http.ResponseWriter, _ *http.Request) { s.Mend(); say(w, http.StatusOK, "all trouble is mended") },
	} {
		mux.Handle(pattern, guard(handler))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		say(w, http.StatusNotFound, fmt.Sprintf("no messenger has an address %s; GET / lists those there are", cut(strings.ToValidUTF8(r.URL.EscapedPath(), ""), 200)))
	})
	return mux
}
