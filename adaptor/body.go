package adaptor

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
)

// maxBodies is how many bytes of bodies may be in memory at one time, read or half read. What is
// over is refused for a while: Alertmanager tries again.
const maxBodies = MaxBody + 2<<20

// Bodies of up to smallBody may take smallReserve more, so that ordinary notifications pass while
// large ones are worked on.
const (
	smallBody    = 64 << 10
	smallReserve = 4 << 20
)

// largeBody is the size from which bodies are decoded one after the other: decoded, they take
// many times their bytes.
const largeBody = 256 << 10

var (
	errBusy   = errors.New("too many notifications are being posted at this moment")
	errUnread = errors.New("the body could not be read to its end")
)

// bodyBudget bounds the memory of bodies that are posted.
type bodyBudget struct {
	// decoding holds a token while a large body is decoded.
	decoding chan struct{}

	mu   sync.Mutex
	used int
	// reading are the bodies that are not read to their end yet.
	reading map[*meteredBody]bool
}

func newBodyBudget() *bodyBudget {
	return &bodyBudget{decoding: make(chan struct{}, 1), reading: map[*meteredBody]bool{}}
}

// meteredBody is a body that counts against the budget. The budget's lock guards it.
type meteredBody struct {
	from   io.Reader
	budget *bodyBudget
	// chunks are what was read of it, of so many bytes, until it is refused.
	chunks  [][]byte
	held    int
	refused bool
}

// begin begins to read a body.
func (b *bodyBudget) begin(from io.Reader) *meteredBody {
	m := &meteredBody{from: from, budget: b}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reading[m] = true
	return m
}

// The sizes of the pieces that a body is read in: they double from the first to the last.
const (
	firstChunk = 4 << 10
	lastChunk  = 32 << 10
)

// readAll is io.ReadAll within the budget. The error is errBusy for a body that had to go; it was
// read to its end all the same, since most clients do not look for an answer before they have
// sent all of it.
func (m *meteredBody) readAll() ([]byte, error) {
	for size := firstChunk; ; size = min(2*size, lastChunk) {
		chunk, filled := make([]byte, size), 0
		for filled < size {
			n, err := m.from.Read(chunk[filled:])
			filled += n
			switch refused := m.take(n); {
			case err != nil && !errors.Is(err, io.EOF): // not ErrUnexpectedEOF either: then the sender broke off
				return nil, err
			case refused && err == nil:
				_, err = io.Copy(io.Discard, m.from)
				return nil, cmp.Or(err, errBusy)
			case err != nil:
				return m.complete(chunk[:filled])
			}
		}
		m.keep(chunk)
	}
}

// take counts bytes that were read, and reports whether the body has to go. When the budget is
// used up, that is the largest of the bodies that are not complete: nobody keeps others out by
// sending large ones slowly.
func (m *meteredBody) take(n int) (refused bool) {
	b := m.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	if !m.refused {
		m.held += n
		b.used += n
	}
	limit := maxBodies
	if m.held <= smallBody {
		limit += smallReserve
	}
	if b.used > limit {
		largest := m
		for other := range b.reading {
			if other.held > largest.held {
				largest = other
			}
		}
		largest.forget()
		largest.refused = true
	}
	return m.refused
}

// keep adds a chunk that is full.
func (m *meteredBody) keep(chunk []byte) {
	m.budget.mu.Lock()
	defer m.budget.mu.Unlock()
	if !m.refused {
		m.chunks = append(m.chunks, chunk)
	}
}

// complete returns the body, of which this is the last chunk. It keeps its part of the budget
// until it is released.
func (m *meteredBody) complete(last []byte) ([]byte, error) {
	m.budget.mu.Lock()
	defer m.budget.mu.Unlock()
	delete(m.budget.reading, m)
	if m.refused {
		return nil, errBusy
	}
	body := slices.Concat(append(m.chunks, last)...)
	m.chunks = nil
	return body, nil
}

// release gives the memory of a body back, whatever became of it.
func (m *meteredBody) release() {
	m.budget.mu.Lock()
	defer m.budget.mu.Unlock()
	m.forget()
}

// forget takes a body out of the budget; the caller holds the lock.
func (m *meteredBody) forget() {
	delete(m.budget.reading, m)
	m.budget.used -= m.held
	m.held, m.chunks = 0, nil
}

// posted is a notification that was read.
type posted struct {
	payload
	body []byte
	// release gives its memory back to the budget.
	release func()
}

// rejection is why a notification is not accepted, and the HTTP status that says so.
type rejection struct {
	status int
	error
}

// read reads and decodes the body of a request. The caller calls release in any case. The error
// is a rejection.
func (s *Server) read(w http.ResponseWriter, r *http.Request) (posted, error) {
	tooLarge := rejection{http.StatusRequestEntityTooLarge,
		fmt.Errorf("the body is larger than %d bytes: set max_alerts in Alertmanager's webhook_configs", MaxBody)}
	if r.ContentLength > MaxBody {
		return posted{release: func() {}}, tooLarge
	}
	body := s.bodies.begin(http.MaxBytesReader(w, r.Body, MaxBody))
	read := posted{release: body.release}
	var err error
	read.body, err = body.readAll()
	exceeded := (*http.MaxBytesError)(nil)
	switch {
	case errors.As(err, &exceeded):
		return read, tooLarge
	case errors.Is(err, errBusy):
		return read, rejection{http.StatusServiceUnavailable, errBusy}
	case err != nil:
		return read, rejection{http.StatusServiceUnavailable, fmt.Errorf("%w: %w", errUnread, err)}
	}
	keepConnection(r.Context())
	if len(read.body) >= largeBody {
		select {
		case s.bodies.decoding <- struct{}{}:
		case <-r.Context().Done():
			return read, rejection{http.StatusServiceUnavailable, errBusy}
		}
		read.release = func() { <-s.bodies.decoding; body.release() }
	}
	read.payload, err = decode(read.body)
	switch {
	case errors.Is(err, errTooManyAlerts):
		return read, rejection{http.StatusRequestEntityTooLarge, err}
	case err != nil:
		return read, rejection{http.StatusBadRequest, err}
	}
	return read, nil
}
