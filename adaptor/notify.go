package adaptor

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/pprof"
	"strings"
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

// readyTimeout bounds the question whether the queue can be written.
const readyTimeout = 3 * time.Second

// Handler answers POST /api/v1/notify/{receiver} and /-/reload, and GET /-/healthy, /-/ready and
// /metrics. A 2xx to a notification means that it is in the queue; a 5xx that Alertmanager should
// try again; a 4xx that it can never be accepted.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+NotifyPath+"{receiver}", s.notify)
	mux.Handle("GET /metrics", s.metrics.handler())
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, "healthy") })
	mux.HandleFunc("GET /-/ready", s.ready)
	if s.options.Source.Path != "" {
		mux.HandleFunc("POST /-/reload", s.reload)
		mux.HandleFunc("PUT /-/reload", s.reload)
	}
	if s.options.Profiling {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("POST /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A pattern for all other posts would make the mux answer 405 to every unknown page.
		if _, pattern := mux.Handler(r); pattern == "" && r.Method == http.MethodPost {
			s.misdirected(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// ready tells whether a notification could be accepted now, and those that wait delivered.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	switch {
	case !s.running.Load():
		reply(w, http.StatusServiceUnavailable, "not ready")
	case s.stuck.Load() > 0:
		reply(w, http.StatusServiceUnavailable, "not ready: the queue fails, see the log")
	default:
		if err := s.queue.Ready(ctx); err != nil {
			s.log.Warn("not ready", "error", err)
			reply(w, http.StatusServiceUnavailable, "not ready: "+storeProblem(err).Error())
			return
		}
		reply(w, http.StatusOK, "ready")
	}
}

// reload answers with what is wrong with a configuration that was not put to use: it names no
// secret.
func (s *Server) reload(w http.ResponseWriter, _ *http.Request) {
	if err := s.ReloadSource("asked for by HTTP"); err != nil {
		reply(w, http.StatusInternalServerError, "not reloaded, the configuration before stays in use:\n"+err.Error())
		return
	}
	reply(w, http.StatusOK, "reloaded")
}

// misdirected refuses a post to what is no receiver's path: it may be an alert whose address is
// mistyped in Alertmanager's configuration.
func (s *Server) misdirected(w http.ResponseWriter, r *http.Request) {
	s.refuse(w, "", http.StatusNotFound, fmt.Errorf("nothing takes alerts at %s: Alertmanager posts to %sNAME", clip(oneLine(r.URL.Path), 100), NotifyPath))
}

func (s *Server) notify(w http.ResponseWriter, r *http.Request) {
	name, current := r.PathValue("receiver"), s.current.Load()
	receiver := current.receivers[name]
	switch {
	case receiver == nil:
		s.refuse(w, name, http.StatusNotFound, unknownReceiver(name, current.names))
		return
	case !receiver.admits(r.Header.Get("Authorization")):
		w.Header().Set("WWW-Authenticate", `Bearer realm="rulekit adaptor"`)
		s.refuse(w, name, http.StatusUnauthorized, errors.New("the receiver's bearer token is missing or wrong: set http_config.authorization in Alertmanager's webhook_configs"))
		return
	case r.Header.Get("Content-Encoding") != "":
		s.refuse(w, name, http.StatusUnsupportedMediaType, errors.New("a body with Content-Encoding is not read: send it as it is"))
		return
	}
	posted, err := s.read(w, r)
	defer posted.release()
	if rejected := (rejection{}); errors.As(err, &rejected) {
		s.refuse(w, name, rejected.status, rejected.error)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
	defer cancel()
	key := s.keys.of(name, posted.payload, dedupWindow(current.DedupWindow))
	duplicate, err := s.queue.Put(ctx, Item{Receiver: name, Key: key, Body: posted.body, Accepted: time.Now()})
	log := s.log.With("receiver", name, "channel", receiver.Channel.Name, "group_key", clip(posted.GroupKey, longestGroupKey), "alerts", len(posted.Alerts))
	switch {
	case err != nil:
		s.refuse(w, name, http.StatusServiceUnavailable, err)
	case duplicate:
		s.metrics.duplicate(name)
		log.Info("posted again, not delivered again")
		reply(w, http.StatusOK, "duplicate")
	default:
		s.metrics.accept(name, len(posted.Alerts))
		log.Debug("accepted")
		reply(w, http.StatusOK, "accepted")
	}
}

// admits tells whether an Authorization header has the receiver's token. How long that takes
// says nothing about the token.
func (r *Receiver) admits(authorization string) bool {
	if r.Token == "" {
		return true
	}
	scheme, token, _ := strings.Cut(authorization, " ")
	got, want := sha256.Sum256([]byte(strings.TrimSpace(token))), sha256.Sum256([]byte(r.Token))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1 && strings.EqualFold(scheme, "Bearer")
}

// refuse answers with an error and logs it: Alertmanager gives up at once on a 4xx, so that
// this record may be the only trace.
func (s *Server) refuse(w http.ResponseWriter, receiver string, status int, err error) {
	s.metrics.refuse(status)
	s.log.Error("notification refused", "receiver", clip(oneLine(receiver), 100), "status", status, "error", err)
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
		err = storeProblem(err)
	}
	reply(w, status, err.Error())
}

// storeProblem is what the world is told of a queue's error: the rest, such as where its files
// are, is for the log.
func storeProblem(err error) error {
	for _, known := range []error{ErrFull, ErrClosed, errBusy, errUnread} {
		if errors.Is(err, known) {
			return known
		}
	}
	return errors.New("the queue failed, see the adaptor's log")
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
