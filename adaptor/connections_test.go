package adaptor

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// crowd is a server with few connections, and a handler that answers when it is told to.
type crowd struct {
	address string
	// begun gets a token when a request is being handled, answer lets one be answered, and idle
	// gets one when a connection waits again after that.
	begun, answer, idle chan struct{}
}

func newCrowd(t *testing.T, most int) *crowd {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	limited := newConnections(listener, most)
	c := &crowd{address: listener.Addr().String(), begun: make(chan struct{}, 100), answer: make(chan struct{}), idle: make(chan struct{}, 100)}
	server := &http.Server{
		Handler: keepWhole(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			c.begun <- struct{}{}
			<-c.answer
		})),
		ConnContext: limited.context,
		ConnState: func(conn net.Conn, state http.ConnState) {
			limited.state(conn, state)
			if state == http.StateIdle {
				c.idle <- struct{}{}
			}
		},
	}
	go func() { _ = server.Serve(limited) }()
	t.Cleanup(func() { _ = server.Close() })
	return c
}

// dial opens a connection and sends the beginning of a request.
func (c *crowd) dial(t *testing.T, request string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", c.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	return conn
}

const wholeRequest = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

// closed waits until the server has closed a connection.
func closed(t *testing.T, what string, conn net.Conn) {
	t.Helper()
	if n, err := conn.Read(make([]byte, 1)); err == nil || n > 0 {
		t.Errorf("%s: got an answer", what)
	} else if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
		t.Errorf("%s: still open", what)
	}
}

// answered reads an answer.
func answered(t *testing.T, what string, conn net.Conn) {
	t.Helper()
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("%s: %v, %v", what, answer, err)
	}
}

// TestConnections: over the bound, the connections without a whole request make room, those that
// have waited longest first.
func TestConnections(t *testing.T) {
	const most = 4
	c := newCrowd(t, most)
	busy := c.dial(t, wholeRequest)
	<-c.begun
	var waiting []net.Conn
	for i := range 3 * most {
		waiting = append(waiting, c.dial(t, []string{"", "G", "GET / HTTP/1.1\r\nSlow: "}[i%3]))
		if i >= most-1 {
			closed(t, fmt.Sprint("waiting connection ", i-most+1), waiting[i-most+1])
		}
	}
	// Half a request is not lost by that of another.
	late := c.dial(t, wholeRequest)
	<-c.begun
	c.answer <- struct{}{}
	c.answer <- struct{}{}
	answered(t, "the request that was under way", busy)
	answered(t, "the request that came late", late)

	// A connection that had its answer waits again, and makes room in its turn.
	<-c.idle
	<-c.idle
	for range most {
		c.dial(t, "")
	}
	closed(t, "an idle connection", busy)
}

// TestConnectionsAllBusy: when every connection has a request, there is no room.
func TestConnectionsAllBusy(t *testing.T) {
	const most = 3
	c := newCrowd(t, most)
	var busy []net.Conn
	for range most {
		busy = append(busy, c.dial(t, wholeRequest))
		<-c.begun
	}
	closed(t, "one too many", c.dial(t, ""))
	for range busy {
		c.answer <- struct{}{}
	}
	for _, conn := range busy {
		answered(t, "a busy connection", conn)
		_ = conn.Close()
	}
	again := c.dial(t, wholeRequest)
	<-c.begun
	c.answer <- struct{}{}
	answered(t, "a request when there is room again", again)
}
