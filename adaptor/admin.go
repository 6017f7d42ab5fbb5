package adaptor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// DeadLetters is the part of a queue that has to do with dead letters; Queue says what its
// methods do.
type DeadLetters interface {
	DeadLetters(ctx context.Context, after string, limit int) ([]DeadItem, error)
	Replay(ctx context.Context, id string) error
	Drop(ctx context.Context, id string) error
}

// Paths of the dead-letter API, and bounds of an answer: so many letters, or so many bytes of
// their bodies if there is more than one.
const (
	adminPath  = "/dead-letters"
	adminPage  = 100
	adminBytes = 4 << 20
)

// ServeAdmin lets the commands of the machine look after the dead letters of a running adaptor:
// it serves an API on a unix socket in the data directory, which only the user that owns it can
// reach, until stop is called. The directory must be this process's: see OpenJetStream.
func ServeAdmin(dir string, letters DeadLetters, log *slog.Logger) (stop func(), err error) {
	path, done, err := socketPath(dir)
	if err != nil {
		return nil, err
	}
	// One that a process which was killed left behind.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		done()
		return nil, fmt.Errorf("dead-letter socket: %w", err)
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "unix", path)
	if err == nil {
		// The folder keeps others out until then.
		err = os.Chmod(path, 0o600)
	}
	if err != nil {
		done()
		return nil, fmt.Errorf("dead-letter socket: %w", err)
	}
	server := &http.Server{
		Handler: adminHandler(letters), ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute, IdleTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the dead letters cannot be looked after", "error", err)
		}
	}()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close()
		}
		<-served
		done()
	}, nil
}

// longestSocket is how long the path of a unix socket may be on every system.
const longestSocket = 100

// socketPath is the path of the socket of a data directory, until done is called. One that is
// too long for a socket is shortened where Linux can.
func socketPath(dir string) (path string, done func(), err error) {
	path = filepath.Join(storeDir(dir), "admin.sock")
	if len(path) <= longestSocket {
		return path, func() {}, nil
	}
	folder, err := os.Open(storeDir(dir))
	if err != nil {
		return "", nil, fmt.Errorf("dead-letter socket: %w", err)
	}
	short := fmt.Sprintf("/proc/self/fd/%d", folder.Fd())
	if _, err := os.Stat(short); err != nil {
		_ = folder.Close()
		return "", nil, fmt.Errorf("dead-letter socket: the path %s has more than %d bytes: choose a shorter data directory", path, longestSocket)
	}
	return filepath.Join(short, "admin.sock"), func() { _ = folder.Close() }, nil
}

// adminHandler is the API: GET lists, POST replays, DELETE drops.
func adminHandler(letters DeadLetters) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+adminPath, func(w http.ResponseWriter, r *http.Request) {
		limit, err := strconv.Atoi(r.FormValue("limit"))
		if err != nil || limit < 1 {
			reply(w, http.StatusBadRequest, "limit: want a number from 1")
			return
		}
		page, err := readPage(r.Context(), letters, r.FormValue("after"), min(limit, adminPage))
		if err != nil {
			replyError(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(page)
	})
	mux.HandleFunc("POST "+adminPath+"/{id}/replay", func(w http.ResponseWriter, r *http.Request) {
		replyError(w, letters.Replay(r.Context(), r.PathValue("id")))
	})
	mux.HandleFunc("DELETE "+adminPath+"/{id}", func(w http.ResponseWriter, r *http.Request) {
		replyError(w, letters.Drop(r.Context(), r.PathValue("id")))
	})
	return mux
}

// readPage reads dead letters until there are so many or their bodies are large.
func readPage(ctx context.Context, letters DeadLetters, after string, limit int) ([]DeadItem, error) {
	page, size := []DeadItem{}, 0
	for len(page) < limit && size < adminBytes {
		next, err := letters.DeadLetters(ctx, after, 1)
		if err != nil {
			return nil, err
		}
		if len(next) == 0 {
			break
		}
		page = append(page, next[0])
		after, size = next[0].ID, size+len(next[0].Item.Body)
	}
	return page, nil
}

// adminErrors are the errors that the other side must know, by their status.
var adminErrors = map[int]error{
	http.StatusNotFound:            ErrNoDeadLetter,
	http.StatusInsufficientStorage: ErrFull,
	http.StatusGone:                ErrClosed,
}

func replyError(w http.ResponseWriter, err error) {
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	for status, known := range adminErrors {
		if errors.Is(err, known) {
			reply(w, status, err.Error())
			return
		}
	}
	reply(w, http.StatusInternalServerError, err.Error())
}

// OpenDeadLetters opens the dead letters for looking after them: by way of the adaptor that runs
// on the data directory, or without one. The error is fs.ErrNotExist where there is no data
// directory, or ErrInUse.
func OpenDeadLetters(ctx context.Context, options JetStreamOptions) (letters DeadLetters, closer func(context.Context) error, err error) {
	if options.Dir != "" {
		if _, err := os.Stat(storeDir(options.Dir)); err != nil {
			return nil, nil, fmt.Errorf("data directory: %w", err)
		}
		if client, closer := dialAdmin(ctx, options.Dir); client != nil {
			return client, closer, nil
		}
	}
	options.DeadLettersOnly = true
	queue, err := OpenJetStream(ctx, options)
	if err != nil {
		return nil, nil, err
	}
	return queue, queue.Shutdown, nil
}

// adminClient is the other side of the API.
type adminClient struct{ http *http.Client }

// dialAdmin returns a client of the adaptor that runs on a data directory, or nil.
func dialAdmin(ctx context.Context, dir string) (*adminClient, func(context.Context) error) {
	path, done, err := socketPath(dir)
	if err != nil {
		return nil, nil
	}
	dial := func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "unix", path) }
	probe, err := dial(ctx)
	if err != nil {
		done()
		return nil, nil
	}
	_ = probe.Close()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) }}
	client := &adminClient{&http.Client{Transport: transport, Timeout: time.Minute}}
	return client, func(context.Context) error {
		transport.CloseIdleConnections()
		done()
		return nil
	}
}

// DeadLetters implements DeadLetters.
func (c *adminClient) DeadLetters(ctx context.Context, after string, limit int) ([]DeadItem, error) {
	answer, err := c.do(ctx, http.MethodGet, fmt.Sprintf("%s?after=%s&limit=%d", adminPath, url.QueryEscape(after), limit))
	if err != nil {
		return nil, err
	}
	var page []DeadItem
	if err := json.Unmarshal(answer, &page); err != nil {
		return nil, fmt.Errorf("ask the running adaptor: %w", err)
	}
	return page, nil
}

// Replay implements DeadLetters.
func (c *adminClient) Replay(ctx context.Context, id string) error {
	if _, err := deadSequence(id); err != nil {
		return err
	}
	_, err := c.do(ctx, http.MethodPost, adminPath+"/"+id+"/replay")
	return err
}

// Drop implements DeadLetters.
func (c *adminClient) Drop(ctx context.Context, id string) error {
	if _, err := deadSequence(id); err != nil {
		return err
	}
	_, err := c.do(ctx, http.MethodDelete, adminPath+"/"+id)
	return err
}

// do makes a request. The host of its address says nothing: the socket does.
func (c *adminClient) do(ctx context.Context, method, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://adaptor"+path, nil)
	if err != nil {
		return nil, fmt.Errorf("ask the running adaptor: %w", err)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the running adaptor: %w", err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 2*(adminBytes+largestBody)))
	if err != nil {
		return nil, fmt.Errorf("ask the running adaptor: %w", err)
	}
	if answer.StatusCode < 300 {
		return body, nil
	}
	text := string(bytes.TrimSpace(body))
	if known := adminErrors[answer.StatusCode]; known != nil {
		if detail, ok := strings.CutPrefix(text, known.Error()); ok {
			return nil, fmt.Errorf("%w%s", known, detail)
		}
	}
	return nil, fmt.Errorf("the running adaptor says: %s", text)
}
