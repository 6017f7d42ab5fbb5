package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// wirePatience is how long an answer may take.
const wirePatience = 20 * time.Second

// dial opens a connection that is closed with the test.
func (h *hostile) dial(t *testing.T) net.Conn {
	t.Helper()
	connection, err := net.Dial("tcp", h.adaptor.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	_ = connection.SetDeadline(time.Now().Add(wirePatience))
	return connection
}

// answers sends bytes and returns the status codes of all answers until the adaptor closes the
// connection, or has sent so many.
func (h *hostile) answers(t *testing.T, request string, most int) []int {
	t.Helper()
	connection := h.dial(t)
	// What is refused may be answered before all of it is sent.
	go func() { _, _ = io.WriteString(connection, request) }()
	var all []int
	for reader := bufio.NewReader(connection); len(all) < most; {
		answer, err := http.ReadResponse(reader, nil)
		if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
			t.Errorf("%q: no answer and no end in %s", clipped(request), wirePatience)
		}
		if err != nil {
			break
		}
		all = append(all, answer.StatusCode)
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
	}
	return all
}

// wireRequest is a post with the given headers, each with its end of line.
func wireRequest(receiver, headers, body string) string {
	return "POST /api/v1/notify/" + receiver + " HTTP/1.1\r\nHost: adaptor\r\nContent-Type: application/json\r\n" + headers + "\r\n" + body
}

func contentLength(body string) string { return fmt.Sprintf("Content-Length: %d\r\n", len(body)) }

// hostileHTTP: unusual HTTP works, broken HTTP is refused.
func hostileHTTP(t *testing.T, h *hostile) {
	whole := func() string {
		body, name := h.alert()
		h.expect(name)
		return wireRequest("slack", contentLength(body), body)
	}
	body, _ := h.alert()
	expecting, expected := h.alert()
	chunked, inChunks := h.alert()
	h.expect(expected, inChunks)
	chunks := fmt.Sprintf("%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", 10, chunked[:10], len(chunked)-10, chunked[10:])
	for _, test := range []struct {
		name, request string
		want          []int
	}{
		{"three in a row", whole() + whole() + whole(), []int{200, 200, 200}},
		{"waits for 100", wireRequest("slack", "Expect: 100-continue\r\n"+contentLength(expecting), expecting), []int{100, 200}},
		{"waits for 100 without a token", wireRequest("guarded", "Expect: 100-continue\r\n"+contentLength(body), ""), []int{401}},
		{"expects the moon", wireRequest("slack", "Expect: the moon\r\n"+contentLength(body), body), []int{417}},
		{"in chunks", wireRequest("slack", "Transfer-Encoding: chunked\r\n", chunks), []int{200}},
		{"in chunks and too large", wireRequest("slack", "Transfer-Encoding: chunked\r\n", strings.Repeat("100000\r\n"+strings.Repeat(" ", 1<<20)+"\r\n", 9)), []int{413}},
		{"50 MB announced", wireRequest("slack", "Content-Length: 52428800\r\n", ""), []int{413}},
		{"more than there is announced", wireRequest("slack", "Content-Length: 9223372036854775807\r\n", ""), []int{413}},
		{"a length below 0", wireRequest("slack", "Content-Length: -1\r\n", body), []int{400}},
		{"two lengths", wireRequest("slack", "Content-Length: 1\r\nContent-Length: 2\r\n", body), []int{400}},
		{"an encoding nobody knows", wireRequest("slack", "Transfer-Encoding: cloth\r\n", body), []int{501}},
		{"no host", "POST /api/v1/notify/slack HTTP/1.1\r\n\r\n", []int{400}},
		{"a line within a header", wireRequest("slack", "A: b\x00c\r\n", ""), []int{400}},
		{"headers of a megabyte", wireRequest("slack", "A: "+strings.Repeat("a", 1<<20)+"\r\n", ""), []int{431}},
		{"ten thousand headers", wireRequest("slack", strings.Repeat("A: b\r\n", 10_000), ""), []int{431}},
		{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []int{400}},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x42", 600) + "\n", []int{400}},
		{"a path of 100 KB", "POST /api/v1/notify/" + strings.Repeat("a", 100<<10) + " HTTP/1.1\r\nHost: adaptor\r\n\r\n", []int{431}},
		{"no HTTP", strings.Repeat("\xde\xad\xbe\xef", 1<<18), []int{431}},
		{"GET", "GET /api/v1/notify/slack HTTP/1.1\r\nHost: adaptor\r\n\r\n", []int{405}},
		{"no path", "POST / HTTP/1.1\r\nHost: adaptor\r\nContent-Length: 0\r\n\r\n", []int{404}},
	} {
		if got := h.answers(t, test.request, len(test.want)); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
	// What cannot be read to its end may be posted again.
	broken := h.answers(t, wireRequest("slack", "Transfer-Encoding: chunked\r\n", "xyz\r\nabc\r\n0\r\n\r\n"), 1)
	if !slices.Equal(broken, []int{400}) && !slices.Equal(broken, []int{503}) {
		t.Errorf("broken chunks: %v", broken)
	}
}

// hostileEndless: requests that come slowly and never end keep nobody out.
func hostileEndless(t *testing.T, h *hostile) {
	needFiles(t, 5_000)
	const headers = "POST /api/v1/notify/slack HTTP/1.1\r\nHost: adaptor\r\n"
	for _, slow := range []struct {
		connections int
		begin       string
	}{
		{300, "P"},
		{300, headers + "X-Slow: "},
		{300, headers + "Content-Length: 1000\r\n\r\n{"},
		{300, headers + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"},
		{20, headers + "Content-Length: 8000000\r\n\r\n" + strings.Repeat(" ", 7_000_000)},
		{20, headers + "Transfer-Encoding: chunked\r\n\r\n6acfc0\r\n" + strings.Repeat(" ", 7_000_000)},
	} {
		var senders sync.WaitGroup
		for range slow.connections {
			connection := h.dial(t)
			senders.Go(func() { _, _ = io.WriteString(connection, slow.begin) })
		}
		h.ordinary(t, 20)
		senders.Wait()
		h.ordinary(t, 20)
	}
}

// ordinary posts a few notifications, each on a new connection, as Alertmanager does when it has
// been idle.
func (h *hostile) ordinary(t *testing.T, posts int) {
	t.Helper()
	for range posts {
		body, name := h.alert()
		status, answer, _ := h.request(t, "/api/v1/notify/ordinary", strings.NewReader(body), "Connection", "close")
		if status != http.StatusOK {
			t.Errorf("an ordinary post: %d %s", status, answer)
			return
		}
		h.expect(name)
	}
}

// hostileIdle: ten thousand connections that say nothing keep nobody out.
func hostileIdle(t *testing.T, h *hostile) {
	const connections = 10_000
	needFiles(t, connections+1_000)
	var dialers sync.WaitGroup
	dials := make(chan struct{})
	for range 50 {
		dialers.Go(func() {
			for range dials {
				if connection, err := net.Dial("tcp", h.adaptor.address); err == nil {
					t.Cleanup(func() { _ = connection.Close() })
				} else {
					t.Errorf("dial: %v", err)
				}
			}
		})
	}
	for i := range connections {
		dials <- struct{}{}
		if i%500 == 0 {
			h.ordinary(t, 1)
		}
	}
	close(dials)
	dialers.Wait()
	h.ordinary(t, 20)
}
