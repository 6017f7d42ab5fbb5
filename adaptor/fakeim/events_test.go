package fakeim

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// stream reads server-sent events.
type stream struct {
	t     *testing.T
	lines *bufio.Scanner
	stop  context.CancelFunc
}

func (s site) listen(query string, header ...string) *stream {
	ctx, stop := context.WithTimeout(s.Context(), time.Minute)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/-/events?"+query, nil)
	if err != nil {
		s.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { stop(); _ = answer.Body.Close() })
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	return &stream{s.T, lines, stop}
}

// next returns the next event as "event id data".
func (s *stream) next() string {
	s.t.Helper()
	event, id, data := "message", "", ""
	for s.lines.Scan() {
		name, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch name {
		case "event":
			event = value
		case "id":
			id = value
		case "data":
			data += value
		case "":
			return strings.Join([]string{event, id, data}, " ")
		}
	}
	return fmt.Sprint("end ", s.lines.Err())
}

// TestEvents: a page gets what it has not seen yet, and what comes from then on.
func TestEvents(t *testing.T) {
	s := newSite(t, ServerOptions{})
	post := func(text string) { s.do("POST", "/services/T/B/X", encode(t, object{"text": text})) }
	expect := func(events *stream, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if got := events.next(); !strings.HasPrefix(got, want) {
				t.Errorf("got %.200s, want %s", got, want)
			}
		}
	}
	post("one")
	post("two\r\nlines")
	fresh, returning, other := s.listen("after=1"), s.listen("after=0", "Last-Event-ID", "2"), s.listen("after=0&channel=wecom")
	expect(fresh, `message 2 <article class="entry im-slack" id="m2"`, `counts  {"":2,"slack":2}`)
	expect(returning, `counts  {"":2,"slack":2}`)
	expect(other, `counts  {"":2,"slack":2}`)
	post("three")
	expect(fresh, "message 3 ", `counts  {"":3,"slack":3}`)
	expect(returning, "message 3 ", `counts  {"":3,"slack":3}`)
	expect(other, `counts  {"":3,"slack":3}`)
	s.do("DELETE", "/-/messages", "")
	expect(fresh, "reset", `counts  {"":0}`)
	// A page from before a restart has seen more than there is.
	expect(s.listen("after=99"), "reset")
}

// TestServe: it stops when it is told to, though pages wait for news and an answer is slow on
// command.
func TestServe(t *testing.T) {
	server := NewServer(ServerOptions{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, listener) }()
	s := site{t, server, "http://" + listener.Addr().String()}
	events := s.listen("")
	events.next()
	slow, err := ParseTrouble("slow,delay=1h")
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Make(slow); err != nil {
		t.Fatal(err)
	}
	var client sync.WaitGroup
	client.Go(func() {
		if got := s.do("POST", "/services/T/B/X", `{"text":"x"}`); !strings.HasPrefix(got, "0 ") {
			t.Errorf("the slow answer: %s", got)
		}
	})
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
	client.Wait()
	if got := events.next(); !strings.HasPrefix(got, "end ") {
		t.Errorf("the page got %s", got)
	}
}
