// Package fakeim imitates the webhook servers of instant messengers: it refuses what they
// refuse, with their status codes and bodies, and shows a message as a person would see it.
//
// It shares no code with the adaptor, so that a mistake in one is seen by the other.
package fakeim

import (
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
	name string
	// hosts are the hosts that the real messenger serves.
	hosts []string
	// token returns the part of an address that is unique to a bot.
	token func(*url.URL) string
	// answer checks a request as the real one does.
	answer func(im *IM, r *http.Request, body []byte) answer
	// throttled is the real one's answer to too many messages.
	throttled answer
	// show writes a body as a person would see it.
	show func(body []byte) (string, error)
}

// answer is what a messenger replies.
type answer struct {
	status int
	header map[string]string
	body   string
	// ok tells that the message was accepted.
	ok bool
}

var protocols = map[string]*protocol{}

func register(p *protocol) { protocols[p.name] = p }

// Channels returns the names of all messengers, sorted.
func Channels() []string { return slices.Sorted(maps.Keys(protocols)) }

// Received is one request as a messenger got it.
type Received struct {
	At      time.Time
	Channel string
	// URL is the address the request was sent to, Body its body.
	URL, Body string
	// Text is the message as a person would see it; empty when the body is not a message.
	Text string
	// Status and Answer are the reply; OK tells that the message was accepted.
	Status int
	Answer string
	OK     bool
}

// Fault is a trouble to make. With a status it replaces the answer; without one the request is
// answered as ever, after the delay.
type Fault struct {
	Status int
	Header map[string]string
	Body   string
	// Delay passes before the answer, or until the client gives up.
	Delay time.Duration
	// Reset closes the connection without an answer.
	Reset bool
}

// IM is a fake messenger. Its clock is package time's, so it also runs on a virtual one. All
// methods may be called at any time from anywhere.
type IM struct {
	protocol *protocol

	mu        sync.Mutex
	bots      map[string]string
	onlyKnown bool
	faults    []Fault
	received  []Received
}

// New returns a fake of the named messenger. The error names those there are.
func New(channel string) (*IM, error) {
	p := protocols[channel]
	if p == nil {
		return nil, fmt.Errorf("there is no fake of %q, only of %s", channel, strings.Join(Channels(), ", "))
	}
	return &IM{protocol: p, bots: map[string]string{}}, nil
}

// Hosts returns a fake of every messenger, by each host name that the real one serves.
func Hosts() map[string]*IM {
	hosts := map[string]*IM{}
	for _, p := range protocols {
		im := &IM{protocol: p, bots: map[string]string{}}
		for _, host := range p.hosts {
			hosts[host] = im
		}
	}
	return hosts
}

// Show returns a request's body as a person would see the message in the messenger, in plain
// text. The error says why the body is not a message. The text is not made safe for terminals.
func Show(channel, body string) (string, error) {
	p := protocols[channel]
	if p == nil {
		return "", fmt.Errorf("there is no fake of %q, only of %s", channel, strings.Join(Channels(), ", "))
	}
	return p.show([]byte(body))
}

// Channel is the messenger's name.
func (im *IM) Channel() string { return im.protocol.name }

// AddBot makes a bot known by its webhook address, or by its token alone. A bot with a secret
// checks signatures; any other token is taken for one without a secret, unless OnlyKnownBots
// was called.
func (im *IM) AddBot(address, secret string) {
	token := address
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		token = im.protocol.token(u)
	}
	im.mu.Lock()
	defer im.mu.Unlock()
	im.bots[token] = secret
}

// OnlyKnownBots makes the messenger refuse the tokens that AddBot was not told of.
func (im *IM) OnlyKnownBots() {
	im.mu.Lock()
	defer im.mu.Unlock()
	im.onlyKnown = true
}

// bot returns a bot's secret and whether there is such a bot.
func (im *IM) bot(token string) (secret string, exists bool) {
	im.mu.Lock()
	defer im.mu.Unlock()
	secret, exists = im.bots[token]
	return secret, exists || (token != "" && !im.onlyKnown)
}

// Fail makes the next requests meet the given faults, one each, in order.
func (im *IM) Fail(faults ...Fault) {
	im.mu.Lock()
	defer im.mu.Unlock()
	im.faults = append(im.faults, faults...)
}

// Throttled is the fault of a messenger that gets too many messages, in its own words.
func (im *IM) Throttled() Fault {
	a := im.protocol.throttled
	return Fault{Status: a.status, Header: a.header, Body: a.body}
}

// Received returns all requests so far, in the order they were answered.
func (im *IM) Received() []Received {
	im.mu.Lock()
	defer im.mu.Unlock()
	return slices.Clone(im.received)
}

func (im *IM) nextFault() Fault {
	im.mu.Lock()
	defer im.mu.Unlock()
	if len(im.faults) == 0 {
		return Fault{}
	}
	fault := im.faults[0]
	im.faults = im.faults[1:]
	return fault
}

// maxRequest is the most of a request that is read, in bytes; every messenger's limit is less.
const maxRequest = 16 << 20

// ServeHTTP answers as the messenger would.
func (im *IM) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	fault := im.nextFault()
	if fault.Delay > 0 {
		select {
		case <-time.After(fault.Delay):
		case <-r.Context().Done():
		}
	}
	reply := answer{status: fault.Status, header: fault.Header, body: fault.Body}
	if fault.Status == 0 && !fault.Reset {
		reply = im.protocol.answer(im, r, body)
	}
	im.record(at, r, body, reply)
	if fault.Reset {
		panic(http.ErrAbortHandler)
	}
	for name, value := range reply.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(reply.status)
	_, _ = io.WriteString(w, reply.body)
}

func (im *IM) record(at time.Time, r *http.Request, body []byte, reply answer) {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	text, err := im.protocol.show(body)
	if err != nil {
		text = ""
	}
	im.mu.Lock()
	defer im.mu.Unlock()
	im.received = append(im.received, Received{
		At: at, Channel: im.protocol.name, URL: scheme + "://" + r.Host + r.URL.RequestURI(),
		Body: string(body), Text: text, Status: reply.status, Answer: reply.body, OK: reply.ok,
	})
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

// signatureWindow is how far a signature's time may be from now: one hour at Feishu and
// DingTalk alike.
const signatureWindow = time.Hour

// inWindow tells whether a signature's time is near enough.
func inWindow(at time.Time) bool { return time.Since(at).Abs() <= signatureWindow }
