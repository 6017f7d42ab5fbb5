package adaptor

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener without sockets, for the virtual clock.
type pipes struct {
	dialled chan net.Conn
	closed  chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn), make(chan struct{})} }

// dial opens a connection to who listens.
func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.dialled <- server
	return client
}

// Accept is part of net.Listener.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.dialled:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close is part of net.Listener.
func (p *pipes) Close() error {
	close(p.closed)
	return nil
}

// Addr is part of net.Listener.
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// TestSlowRequests: a request that does not end is given up, and a connection that nobody uses
// is closed, each after its time.
func TestSlowRequests(t *testing.T) {
	const head = "POST /api/v1/notify/slack HTTP/1.1\r\nHost: adaptor\r\n"
	tests := []struct {
		name, begin string
		answer      string
		after       time.Duration
	}{
		{"nothing", "", "", 10 * time.Second},
		{"half a line", "POST /api", "HTTP/1.1 400", 10 * time.Second},
		{"half of the headers", head + "X-Slow: ", "", 10 * time.Second},
		{"half of a body", head + "Content-Length: 1000\r\n\r\n{", "HTTP/1.1 503", 30 * time.Second},
		{"chunks", head + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", "HTTP/1.1 503", 30 * time.Second},
		{"a whole request and no other", "GET /-/healthy HTTP/1.1\r\nHost: adaptor\r\n\r\n", "HTTP/1.1 200", 2 * time.Minute},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, err := New(Options{Config: onlySlack()})
				if err != nil {
					t.Fatal(err)
				}
				listener, served := newPipes(), make(chan error, 1)
				ctx, stop := context.WithCancel(t.Context())
				go func() { served <- server.Serve(ctx, listener) }()
				conn := listener.dial()
				began := time.Now()
				if _, err := io.WriteString(conn, test.begin); err != nil {
					t.Error(err)
				}
				answer, err := io.ReadAll(conn)
				if took := time.Since(began); err != nil || !strings.HasPrefix(string(answer), test.answer) || test.answer == "" && len(answer) > 0 ||
					took < test.after || took > test.after+time.Second {
					t.Errorf("after %s: %q, %v; want %q after %s", took, answer, err, test.answer, test.after)
				}
				stop()
				if err := <-served; err != nil {
					t.Error(err)
				}
			})
		})
	}
}
