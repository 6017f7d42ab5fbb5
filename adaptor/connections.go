package adaptor

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"sync"
)

// maxConnections is how many connections are open at one time; each takes some 20 KB.
const maxConnections = 1000

// connections is a listener with at most so many connections. A new one over the bound takes the
// place of the one that has been without a whole request for the longest, so that nobody can keep
// Alertmanager out by holding connections open, or by sending requests slowly.
type connections struct {
	net.Listener
	most int

	mu   sync.Mutex
	open int
	// waiting are the connections without a whole request, those that have waited longest first.
	waiting *list.List
}

func newConnections(listener net.Listener, most int) *connections {
	return &connections{Listener: listener, most: most, waiting: list.New()}
}

// connection is one that was accepted.
type connection struct {
	net.Conn
	owner *connections
	// place is its place among the waiting, nil when it is not one of them.
	place  *list.Element
	closed bool
}

// Accept is part of net.Listener.
func (l *connections) Accept() (net.Conn, error) {
	for {
		accepted, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		conn := &connection{Conn: accepted, owner: l}
		victim, ok := l.add(conn)
		if victim != nil {
			_ = victim.Close()
		}
		if ok {
			return conn, nil
		}
		_ = accepted.Close()
	}
}

// add counts a connection. It returns the one whose place it takes, if any, and reports false
// when there is no room for it.
func (l *connections) add(conn *connection) (victim *connection, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open >= l.most {
		oldest := l.waiting.Front()
		if oldest == nil {
			return nil, false
		}
		victim = oldest.Value.(*connection)
		victim.leave()
	}
	l.open++
	conn.place = l.waiting.PushBack(conn)
	return victim, true
}

// leave takes a connection out of all counts; the caller holds the lock.
func (c *connection) leave() {
	if !c.closed {
		c.closed = true
		c.owner.open--
		c.unwait()
	}
}

// unwait takes a connection out of the waiting; the caller holds the lock.
func (c *connection) unwait() {
	if c.place != nil {
		c.owner.waiting.Remove(c.place)
		c.place = nil
	}
}

// Close is part of net.Conn.
func (c *connection) Close() error {
	c.owner.mu.Lock()
	c.leave()
	c.owner.mu.Unlock()
	return c.Conn.Close()
}

// connectionKey is the key of a request's connection in its context.
type connectionKey struct{}

// context is for http.Server.ConnContext.
func (l *connections) context(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, accepted(conn))
}

// state is for http.Server.ConnState: a connection that has had its answer waits for the next
// request.
func (l *connections) state(conn net.Conn, state http.ConnState) {
	c := accepted(conn)
	if c == nil || state != http.StateIdle {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !c.closed {
		c.unwait()
		c.place = l.waiting.PushBack(c)
	}
}

// accepted returns the connection that Accept returned, below TLS.
func accepted(conn net.Conn) *connection {
	if wrapped, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = wrapped.NetConn()
	}
	c, _ := conn.(*connection)
	return c
}

// keepConnection keeps a connection that sent a whole request until it has its answer.
func keepConnection(ctx context.Context) {
	if c, _ := ctx.Value(connectionKey{}).(*connection); c != nil {
		c.owner.mu.Lock()
		c.unwait()
		c.owner.mu.Unlock()
	}
}

// keepWhole keeps the connections of requests that have no body, and so are whole.
func keepWhole(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == http.NoBody {
			keepConnection(r.Context())
		}
		handler.ServeHTTP(w, r)
	})
}
