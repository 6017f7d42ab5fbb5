package receivers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/notify/webhook"
	"github.com/prometheus/alertmanager/template"

	"github.com/rulekit/rulekit/adaptor"
)

// carry sends through the adaptor's own code, as a server with this receiver alone would.
func (t *trier) carry(ctx context.Context, target string, templates *template.Template) Trial {
	began := time.Now()
	r := t.carrier(target)
	if r == nil {
		return Trial{Channel: "adaptor", Via: target, Judgement: Failed,
			Reason: fmt.Sprintf("%s has no receiver %s (rulekit receiver add TYPE %s makes one)", t.im.Path(), target, target)}
	}
	trial := Trial{Channel: r.Channel.Name, Host: r.Target.Host(), Via: r.Name}
	if isStandIn(r.Target) {
		trial.Judgement, trial.Host = Failed, ""
		trial.Reason = "its address is not on this machine: try it where the adaptor runs"
		return trial
	}
	ctx, cancel := context.WithTimeout(ctx, t.options.Timeout)
	defer cancel()
	watch := &watcher{base: t.options.Transport}
	if watch.base == nil {
		watch.base = transportOf(r)
	}
	delivery, err := t.deliver(ctx, r, watch, templates)
	trial.Took = time.Since(began)
	if err != nil {
		trial.Judgement, trial.Reason = Failed, adaptor.Redact(err.Error(), r.Secrets())
		return trial
	}
	trial.Status, trial.Reason = delivery.Status, delivery.Reason
	trial.Answer = oneLine(adaptor.Redact(string(watch.answer), r.Secrets()))
	switch {
	case delivery.Status == 0:
		trial.Judgement = Failed
	case delivery.Outcome != adaptor.Done:
		trial.Judgement = Refused
	}
	return trial
}

// deliver posts the sample to a server and waits for its first attempt.
func (t *trier) deliver(ctx context.Context, r *adaptor.Receiver, watch *watcher, templates *template.Template) (adaptor.Delivery, error) {
	alone := *r
	alone.Fallback, alone.FallbackAfter = "", 0
	attempts := make(chan adaptor.Delivery, 1)
	server, err := adaptor.New(adaptor.Options{
		Config: &adaptor.Config{Receivers: []adaptor.Receiver{alone}}, Transport: watch, DrainTimeout: time.Millisecond,
		Observe: func(d adaptor.Delivery) {
			watch.closed.Store(true)
			select {
			case attempts <- d:
			default:
			}
		},
	})
	if err != nil {
		return adaptor.Delivery{}, err
	}
	running, stop := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		// What is left of the sample after its first attempt is of no interest.
		_ = server.Run(running)
	}()
	defer func() {
		stop()
		<-stopped
	}()
	if err := t.post(ctx, server, r, templates); err != nil {
		return adaptor.Delivery{}, err
	}
	select {
	case d := <-attempts:
		return d, nil
	case <-ctx.Done():
		return adaptor.Delivery{}, fmt.Errorf("no answer within %s", t.options.Timeout)
	}
}

// post posts the sample as Alertmanager would.
func (t *trier) post(ctx context.Context, server *adaptor.Server, r *adaptor.Receiver, templates *template.Template) error {
	if templates == nil {
		var err error
		if templates, err = t.templates(); err != nil {
			return err
		}
	}
	a := t.sample()
	ctx = t.notification(ctx, a)
	key, err := notify.ExtractGroupKey(ctx)
	if err != nil {
		return err
	}
	body, err := json.Marshal(webhook.Message{
		Version: "4", GroupKey: key.String(), Data: notify.GetTemplateData(ctx, templates, []*alert.Alert{a}, slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://adaptor"+adaptor.NotifyPath+url.PathEscape(r.Name), bytes.NewReader(body))
	if err != nil {
		return err
	}
	if r.Token != "" {
		request.Header.Set("Authorization", "Bearer "+string(r.Token))
	}
	reply := &reply{header: http.Header{}}
	server.Handler().ServeHTTP(reply, request)
	if reply.status >= 300 {
		return fmt.Errorf("the adaptor refused the sample: HTTP %d: %s", reply.status, strings.TrimSpace(reply.body.String()))
	}
	return nil
}

// reply is the answer of a handler.
type reply struct {
	header http.Header
	status int
	body   strings.Builder
}

func (r *reply) Header() http.Header { return r.header }

func (r *reply) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *reply) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

// watcher keeps the answer to the last request. Once it is closed, no request gets through: the
// sample is sent once.
type watcher struct {
	base   http.RoundTripper
	closed atomic.Bool
	answer []byte
}

// maxAnswer is how much of an answer is kept, in bytes.
const maxAnswer = 64 << 10

func (w *watcher) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.closed.Load() {
		return nil, net.ErrClosed
	}
	response, err := w.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	response.Body.Close()
	if err != nil {
		return nil, err
	}
	w.answer = body
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// transportOf is how a receiver of the adaptor reaches its messenger.
func transportOf(r *adaptor.Receiver) http.RoundTripper {
	proxy := http.ProxyFromEnvironment
	if u, err := url.Parse(string(r.Proxy)); err == nil && r.Proxy != "" {
		proxy = http.ProxyURL(u)
	}
	return &http.Transport{
		Proxy:                 proxy,
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: 10 * time.Second,
		DisableKeepAlives:     true,
		ForceAttemptHTTP2:     true,
	}
}
