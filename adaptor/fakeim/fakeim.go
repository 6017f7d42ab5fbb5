// Package fakeim imitates the webhook servers of instant messengers: it refuses what they
// refuse, with their status codes and bodies, keeps their rates, makes trouble on command, and
// shows a message as a person would see it.
//
// It shares no code with the adaptor, so that a mistake in one is seen by the other.
package fakeim

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// protocol is what one messenger does; each registers itself in its own file.
type protocol struct {
	// name is the messenger's name in code, title the one for people.
	name, title string
	// hosts are the hosts that the real messenger serves.
	hosts []string
	// paths are what the paths of its addresses begin with; no two messengers share one.
	paths []string
	// examples are bots for people to try.
	examples []example
	// token returns the part of an address that is unique to a bot.
	token func(*url.URL) string
	// security is what can be set for a bot.
	security security
	// answer checks a request as the real one does.
	answer func(im *IM, r *http.Request, body []byte) answer
	// throttled is the real one's answer to too many messages.
	throttled answer
	// refusals are answers that depend on the state of the real one, to be given on command.
	refusals []refusal
	// view reads a body as a person would see it.
	view func(body []byte) (*view, error)
	// style is what messages look like on the page, in CSS. Each rule begins with .im-<name>.
	style string
}

// example is a bot for people to try: its name, the path and query of its address, and what the
// adaptor has to know besides, in YAML.
type example struct{ name, path, params string }

// refusal is an answer that can be asked for by its code.
type refusal struct {
	code   string
	answer answer
}

// answer is what a messenger replies.
type answer struct {
	status int
	header map[string]string
	body   string
	// ok tells that the message was accepted.
	ok bool
	// note says what becomes of the message, where that is more than being shown.
	note string
}

var protocols = map[string]*protocol{}

func register(p *protocol) { protocols[p.name] = p }

// Channels returns the names of all messengers, sorted.
func Channels() []string { return slices.Sorted(maps.Keys(protocols)) }

// protocolOf returns what the named messenger does. The error names those there are.
func protocolOf(channel string) (*protocol, error) {
	p := protocols[channel]
	if p == nil {
		return nil, fmt.Errorf("there is no fake of %q, only of %s", channel, strings.Join(Channels(), ", "))
	}
	return p, nil
}

// Received is one request as a messenger got it.
type Received struct {
	At      time.Time
	Channel string
	// URL is the address the request was sent to, Body its body.
	URL, Body string
	// Text is the message as a person would see it; empty when the body is not a message.
	Text string
	// Status and Answer are the reply; OK tells that the message was accepted. The status is 0
	// when the connection was closed without a reply.
	Status int
	Answer string
	OK     bool
	// Injected tells that the reply was a fault made on command.
	Injected bool
	// Note says what becomes of an accepted message where that is more than being shown: that
	// it is a reply in a thread, or the new text of an earlier message.
	Note string
}

// IM is a fake messenger. Its clock is package time's, so it also runs on a virtual one. All
// methods may be called at any time from anywhere.
type IM struct {
	protocol *protocol
	// keep, if set, gets what is received, which is then not kept here.
	keep func(Received)

	mu        sync.Mutex
	bots      map[string]Bot
	onlyKnown bool
	faults    faults
	meters    map[meterKey]*meter
	noRates   bool
	// posted are the messages that can be changed or replied to.
	posted   posted
	received []Received
}

func newIM(p *protocol) *IM {
	return &IM{protocol: p, bots: map[string]Bot{}, meters: map[meterKey]*meter{}}
}

// New returns a fake of the named messenger. The error names those there are.
func New(channel string) (*IM, error) {
	p, err := protocolOf(channel)
	if err != nil {
		return nil, err
	}
	return newIM(p), nil
}

// Hosts returns a fake of every messenger, by each host name that the real one serves.
func Hosts() map[string]*IM {
	hosts := map[string]*IM{}
	for _, p := range protocols {
		im := newIM(p)
		for _, host := range p.hosts {
			hosts[host] = im
		}
	}
	return hosts
}

// Show returns a request's body as a person would see the message in the messenger, in plain
// text. The error says why the body is not a message. The text is not made safe for terminals.
func Show(channel, body string) (string, error) {
	p, err := protocolOf(channel)
	if err != nil {
		return "", err
	}
	v, err := p.view([]byte(body))
	if err != nil {
		return "", err
	}
	return v.text(), nil
}

// Channel is the messenger's name.
func (im *IM) Channel() string { return im.protocol.name }

// Received returns all requests so far, in the order they were answered.
func (im *IM) Received() []Received {
	im.mu.Lock()
	defer im.mu.Unlock()
	return slices.Clone(im.received)
}

// maxRequest is the most of a request that is read, in bytes; every messenger's limit is less.
const maxRequest = 16 << 20

// ServeHTTP answers as the messenger would.
func (im *IM) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	} else if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	fault := im.nextFault(at)
	if fault.Delay > 0 {
		// A server that bounds how long an answer may take must not cut this one short.
		_ = http.NewResponseController(w).SetWriteDeadline(at.Add(fault.Delay + time.Minute))
		select {
		case <-time.After(fault.Delay):
		case <-r.Context().Done():
		}
	}
	injected := fault.Status != 0 || fault.Reset
	reply := answer{status: fault.Status, header: fault.Header, body: fault.Body}
	if fault.Reset {
		reply = answer{}
	} else if !injected {
		reply = im.protocol.answer(im, r, body)
	}
	im.record(at, r, body, reply, injected)
	if fault.Reset {
		panic(http.ErrAbortHandler)
	}
	for name, value := range reply.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(reply.status)
	_, _ = io.WriteString(w, reply.body)
}

func (im *IM) record(at time.Time, r *http.Request, body []byte, reply answer, injected bool) {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	text := ""
	if v, err := im.protocol.view(body); err == nil {
		text = v.text()
	}
	received := Received{
		At: at, Channel: im.protocol.name, URL: scheme + "://" + r.Host + r.URL.RequestURI(),
		Body: string(body), Text: text, Status: reply.status, Answer: reply.body, OK: reply.ok,
		Injected: injected, Note: reply.note,
	}
	if im.keep != nil {
		im.keep(received)
		return
	}
	im.mu.Lock()
	defer im.mu.Unlock()
	im.received = append(im.received, received)
}

// jsonAnswer is an answer with a JSON body.
func jsonAnswer(status int, body string) answer {
	return answer{status: status, header: map[string]string{"Content-Type": "application/json; charset=utf-8"}, body: body}
}

// textAnswer is an answer with a plain body.
func textAnswer(status int, body string) answer {
	return answer{status: status, header: map[string]string{"Content-Type": "text/plain; charset=utf-8"}, body: body}
}

// accepted marks an answer as a yes.
func accepted(a answer) answer {
	a.ok = true
	return a
}

// notFound is what a web server says about a path it does not serve.
func notFound() answer { return textAnswer(http.StatusNotFound, "404 page not found\n") }

// isJSON tells whether a request says that its body is JSON.
func isJSON(r *http.Request) bool {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), "application/json")
}
