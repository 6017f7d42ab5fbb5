package adaptor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// Limits of one request to a messenger.
const (
	sendTimeout = 15 * time.Second
	maxAnswer   = 64 << 10
)

// newClient returns the client for requests to messengers. It follows no redirect: a webhook
// has none, and one would carry the message to who knows where.
func newClient(transport http.RoundTripper) *http.Client {
	if transport == nil {
		transport = &http.Transport{
			Proxy:                 proxyOf,
			DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout:   5 * time.Second,
			ResponseHeaderTimeout: 10 * time.Second,
			IdleConnTimeout:       90 * time.Second,
			MaxIdleConns:          100,
			ForceAttemptHTTP2:     true,
			// Without this the error is the bare status, which reads as if it were the messenger's.
			OnProxyConnectResponse: func(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
				if answer.StatusCode != http.StatusOK {
					return fmt.Errorf("the proxy refuses to connect to it: HTTP %s", answer.Status)
				}
				return nil
			},
		}
	}
	return &http.Client{
		Transport:     transport,
		Timeout:       sendTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// proxyKey is the key of a receiver's proxy in the context of its requests.
type proxyKey struct{}

// proxyOf returns the proxy for a request: the receiver's, or the one that the environment names.
func proxyOf(r *http.Request) (*url.URL, error) {
	proxy, _ := r.Context().Value(proxyKey{}).(Secret)
	if proxy == "" {
		return http.ProxyFromEnvironment(r)
	}
	u, err := url.Parse(string(proxy))
	if err != nil {
		return nil, errors.New("proxy_url is not an address") // the error would quote it
	}
	return u, nil
}

// post sends a request to the receiver's messenger, and to no other host: that one is allowed.
func (w *worker) post(ctx context.Context, request Request) (Response, error) {
	if host := (Target{URL: Secret(request.URL)}).Host(); host != w.receiver.Target.Host() {
		return Response{}, fmt.Errorf("the request is for %s, and the receiver is on %s", host, w.receiver.Target.Host())
	}
	return w.Server.post(context.WithValue(ctx, proxyKey{}, w.receiver.Proxy), request)
}

// unansweredError is a request whose answer did not come, although the messenger may have got
// the request.
type unansweredError struct{ error }

func (e unansweredError) Unwrap() error { return e.error }

// post sends a request. Its error does not name the address, which is a secret; it is an
// unansweredError when the request may have arrived.
func (s *Server) post(ctx context.Context, request Request) (Response, error) {
	// A transport that tells nothing of its connections may have written the request.
	var traced, written atomic.Bool
	trace := &httptrace.ClientTrace{
		GetConn:      func(string) { traced.Store(true) },
		WroteHeaders: func() { written.Store(true) },
	}
	ctx = httptrace.WithClientTrace(ctx, trace)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, request.URL, bytes.NewReader(request.Body))
	if err != nil {
		return Response{}, errors.New("the target's url is not a url")
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("User-Agent", "rulekit-adaptor")
	maps.Copy(r.Header, request.Header)
	answer, err := s.client.Do(r)
	if err == nil {
		defer answer.Body.Close()
		body, readErr := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
		if readErr == nil {
			return Response{Status: answer.StatusCode, Header: answer.Header, Body: body}, nil
		}
		err = readErr
	}
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	err = fmt.Errorf("post to %s: %w", r.URL.Host, err)
	if written.Load() || !traced.Load() {
		err = unansweredError{err}
	}
	return Response{}, err
}
