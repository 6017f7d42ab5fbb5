package simulate

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
)

// maxBody is the most bytes of a request that the network carries.
const maxBody = 16 << 20

// Host is a server on the network of a simulation.
type Host struct {
	Handler http.Handler
	// Channel is the kind of endpoint the host is, as in Delivery; empty stands for "webhook".
	Channel string
	// Show returns the message in a request as a person would see it; nil shows the body.
	Show func(url, body string) string
	// Relay tells that the host passes messages on to others and reports them by
	// Network.Deliver: what it receives is a delivery only if it refuses it.
	Relay bool
}

// Network is the network of a simulation. It reaches the hosts that were put on it and no
// others: nothing on it is ever sent to a real address. A name nobody has is served by a
// stand-in that accepts every message.
type Network struct {
	recorder  *recorder
	authority *authority
	server    *http.Server
	arrivals  arrivals

	mu      sync.Mutex
	hosts   map[string]Host
	clients []*http.Transport
}

func newNetwork(rec *recorder) (*Network, error) {
	ca, err := newAuthority()
	if err != nil {
		return nil, err
	}
	n := &Network{
		recorder:  rec,
		authority: ca,
		arrivals:  arrivals{conns: make(chan net.Conn), closed: make(chan struct{})},
	}
	n.server = &http.Server{
		Handler:  http.HandlerFunc(n.serve),
		ErrorLog: log.New(io.Discard, "", 0),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if secured, ok := c.(*tls.Conn); ok {
				c = secured.NetConn()
			}
			return context.WithValue(ctx, arrivalKey{}, c)
		},
	}
	go n.server.Serve(&n.arrivals)
	return n, nil
}

// add puts hosts on the network, in place of those that were there.
func (n *Network) add(hosts map[string]Host) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosts = hosts
}

// close ends all connections.
func (n *Network) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, client := range n.clients {
		client.CloseIdleConnections()
	}
	n.server.Close()
}

// Transport returns a client's side of the network: it reaches the hosts by http and https.
// Its idle connections are closed with the network.
func (n *Network) Transport() *http.Transport {
	n.mu.Lock()
	defer n.mu.Unlock()
	client := &http.Transport{DialContext: n.DialContext, TLSClientConfig: n.TLSConfig()}
	n.clients = append(n.clients, client)
	return client
}

// TLSConfig returns a configuration that trusts the https hosts of the network.
func (n *Network) TLSConfig() *tls.Config { return &tls.Config{RootCAs: n.authority.pool} }

// DialContext connects to the host with the given address; https is spoken on any port to
// clients that begin with it. It never fails but by the end of ctx or of the simulation.
func (n *Network) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", address, err)
	}
	client, server := net.Pipe()
	arrival := &arrival{Conn: server, address: address, host: host, attempt: attemptOf(ctx)}
	go n.arrivals.deliver(arrival, n.authority)
	return client, nil
}

// Relayed says which request to a relay a message comes from: the receiver and the group key
// are both in the webhook message that the relay was sent
// (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config).
type Relayed struct {
	Receiver, GroupKey string
	// Path is that of the address it was sent to.
	Path string
}

// Deliver reports that a relay has passed on a message, or has tried to. It is shown with the
// last notification of that receiver about that group which was sent to that path. At is
// filled in when it is zero.
func (n *Network) Deliver(from Relayed, d Delivery) { n.recorder.relayed(from, d) }

type arrivalKey struct{}

// arrival is the server's end of a connection and what is known of its client.
type arrival struct {
	net.Conn
	address, host string
	// attempt is the attempt of Alertmanager that dialled, or nil.
	attempt *attempt
	// first is the byte that was read to tell https from http.
	first []byte
}

func (a *arrival) Read(b []byte) (int, error) {
	if len(a.first) > 0 {
		n := copy(b, a.first)
		a.first = a.first[n:]
		return n, nil
	}
	return a.Conn.Read(b)
}

// arrivals is the listener of the one server that plays all hosts.
type arrivals struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// recordHandshake is the first byte of a TLS connection (RFC 8446, section 5.1).
const recordHandshake = 0x16

func (l *arrivals) deliver(a *arrival, ca *authority) {
	first := make([]byte, 1)
	if _, err := io.ReadFull(a.Conn, first); err != nil {
		a.Close()
		return
	}
	a.first = first
	var conn net.Conn = a
	if first[0] == recordHandshake {
		conn = tls.Server(a, ca.serverConfig(a.host))
	}
	select {
	case l.conns <- conn:
	case <-l.closed:
		a.Close()
	}
}

func (l *arrivals) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *arrivals) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *arrivals) Addr() net.Addr { return &net.UnixAddr{Name: "simulation", Net: "pipe"} }

// lookup returns the host at an address: one registered with the port comes first.
func (n *Network) lookup(a *arrival) (Host, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if host, ok := n.hosts[a.address]; ok {
		return host, true
	}
	host, ok := n.hosts[a.host]
	return host, ok
}

// serve plays the host that the request was sent to, and records what it did.
func (n *Network) serve(w http.ResponseWriter, r *http.Request) {
	a := r.Context().Value(arrivalKey{}).(*arrival)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	host, known := n.lookup(a)
	// Alertmanager's own notifier for WeCom speaks to the host of the bots, but not to a bot.
	if !known || (a.attempt != nil && a.attempt.integration == "wechat") {
		host = standIn(a.attempt)
	}
	d := Delivery{At: n.recorder.now(), Channel: host.Channel, URL: requestURL(r, a), Body: string(body)}
	if d.Channel == "" {
		d.Channel = "webhook"
	}
	if host.Relay && a.attempt != nil {
		// It may pass the message on before it has answered.
		n.recorder.entrusted(a.attempt, r.URL.Path)
	}
	answer := &answer{ResponseWriter: w, status: http.StatusOK}
	// What was sent is recorded even if the host goes away without an answer.
	defer func() {
		p := recover()
		if p != nil {
			d.Error = "connection closed without an answer"
		}
		if p != nil && p != http.ErrAbortHandler {
			n.recorder.fail(fmt.Errorf("host %s: panic: %v\n%s", a.host, p, debug.Stack()))
		}
		n.record(a, host, r, d)
		if p != nil {
			panic(http.ErrAbortHandler)
		}
	}()
	host.Handler.ServeHTTP(answer, r)
	d.Error = answer.refusal()
}

func (n *Network) record(a *arrival, host Host, r *http.Request, d Delivery) {
	if a.attempt == nil || isQuestion(a.attempt.integration, r) || (host.Relay && d.Error == "") {
		return
	}
	if host.Show != nil {
		d.Text = host.Show(d.URL, d.Body)
	}
	if a.attempt.integration == "webhook" && host.Show == nil && !host.Relay {
		// Whoever it is, the path may be what lets somebody in: Alertmanager takes it for a secret.
		d.URL = redactBeyondHost(d.URL)
	} else {
		d.URL = redactURL(d.URL)
	}
	n.recorder.delivered(a.attempt, d)
}

func requestURL(r *http.Request, a *arrival) string {
	u := *r.URL
	u.Scheme, u.Host = "http", r.Host
	if r.TLS != nil {
		u.Scheme = "https"
	}
	return u.String()
}

// answer watches what a handler answers.
type answer struct {
	http.ResponseWriter
	status int
	text   []byte
}

// maxRefusal is how much of a refusal's text is kept, in bytes.
const maxRefusal = 200

func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	a.text = append(a.text, b[:min(len(b), maxRefusal-len(a.text))]...)
	return a.ResponseWriter.Write(b)
}

// refusal is the answer in one line if it was not a success, otherwise empty.
func (a *answer) refusal() string {
	if a.status < 300 {
		return ""
	}
	line := fmt.Sprintf("HTTP %d %s", a.status, http.StatusText(a.status))
	if text := bytes.Join(bytes.Fields(a.text), []byte(" ")); len(text) > 0 {
		line += ": " + string(bytes.ToValidUTF8(text, []byte("\uFFFD")))
	}
	return line
}
