package receivers

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/config"
	amcommon "github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/notify/webhook"
	commoncfg "github.com/prometheus/common/config"
)

// Alertmanager's notifiers keep the answer to themselves, and for a webhook any success is one,
// whatever the answer says. So that it can be shown, the notifier speaks plain HTTP to a relay inside
// of this process, and the relay to the messenger as the configuration says.

// relay passes requests on and keeps the answer to the last one.
type relay struct {
	// scheme is that of the messenger's address.
	scheme string
	client *http.Client
	status int
	answer []byte
	// err is why there was no answer.
	err error
}

// relayed returns a copy of an integration that speaks to a relay. Without a relay it is the
// integration itself: not all of them can be made to.
func relayed(s sender) (sender, *relay, error) {
	known := addressesOf(s)
	if len(known) != 1 {
		return s, nil, nil
	}
	scheme, rest, _ := strings.Cut(string(known[0]), "://")
	plain, err := url.Parse("http://" + rest)
	if scheme != "http" && scheme != "https" {
		return s, nil, nil
	}
	var way *commoncfg.HTTPClientConfig
	switch c := s.(type) {
	case *webhook.WebhookConfig:
		copied := *c
		copied.URL, copied.URLFile = amcommon.SecretTemplateURL("http://"+rest), ""
		s, way = &copied, c.HTTPConfig
	case *config.SlackConfig:
		if err != nil {
			return s, nil, nil
		}
		copied := *c
		copied.APIURL, copied.APIURLFile = &amcommon.SecretURL{URL: plain}, ""
		s, way = &copied, c.HTTPConfig
	}
	client, err := commoncfg.NewClientFromConfig(*way, "receiver")
	return s, &relay{scheme: scheme, client: client}, err
}

// options make a notifier speak to the relay; there may be none.
func (r *relay) options() []commoncfg.HTTPClientOption {
	if r == nil {
		return nil
	}
	return []commoncfg.HTTPClientOption{commoncfg.WithKeepAlivesDisabled(), commoncfg.WithHTTP2Disabled(), commoncfg.WithDialContextFunc(r.dial)}
}

// dial connects to the relay, whatever the address.
func (r *relay) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, conn := net.Pipe()
	server := &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(&oneConn{conn: conn, closed: ctx.Done()})
	return client, nil
}

// oneConn is a listener with one connection.
type oneConn struct {
	conn   net.Conn
	closed <-chan struct{}
}

func (l *oneConn) Accept() (net.Conn, error) {
	if conn := l.conn; conn != nil {
		l.conn = nil
		return conn, nil
	}
	<-l.closed
	return nil, net.ErrClosed
}

func (*oneConn) Close() error   { return nil }
func (*oneConn) Addr() net.Addr { return &net.UnixAddr{Name: "relay", Net: "pipe"} }

func (r *relay) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	answer, err := r.pass(request)
	if r.err = err; err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	r.status = answer.StatusCode
	// Slack's answers are read by their type.
	w.Header().Set("Content-Type", answer.Header.Get("Content-Type"))
	w.WriteHeader(answer.StatusCode)
	_, _ = w.Write(r.answer)
}

// pass sends a request on, to where it was sent.
func (r *relay) pass(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	onward, err := http.NewRequestWithContext(request.Context(), request.Method, r.scheme+"://"+request.Host+request.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the address is none")
	}
	onward.Header = request.Header.Clone()
	onward.Header.Del("Connection")
	answer, err := r.client.Do(onward)
	if err != nil {
		if of := (*url.Error)(nil); errors.As(err, &of) {
			err = of.Err
		}
		return nil, err
	}
	defer answer.Body.Close()
	r.answer, err = io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	return answer, err
}
