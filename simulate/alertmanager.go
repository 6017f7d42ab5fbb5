package simulate

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/config/receiver"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/marker"
	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/provider/mem"
	amsilence "github.com/prometheus/alertmanager/silence"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/prometheus/client_golang/prometheus"
	commoncfg "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
)

// The defaults of Alertmanager's command line that matter to what it does
// (https://github.com/prometheus/alertmanager/blob/v0.34.2/cmd/alertmanager/main.go).
const (
	retention           = 120 * time.Hour
	alertCollection     = 30 * time.Minute
	dispatchMaintenance = 30 * time.Second
	logMaintenance      = 15 * time.Minute
)

// externalURL is where links in messages lead to.
const externalURL = "http://alertmanager:9093"

// alertmanager is Alertmanager without its API and cluster: its parts, wired as its own
// program wires them.
type alertmanager struct {
	config     *config.Config
	alerts     *mem.Alerts
	dispatcher *dispatch.Dispatcher
	inhibitor  *inhibit.Inhibitor
	recorder   *recorder
	stopped    chan struct{}
}

// parts are what all parts of Alertmanager want to have.
type parts struct {
	log     *slog.Logger
	metrics *prometheus.Registry
	flags   featurecontrol.NoopFlags
	events  eventrecorder.Recorder
}

func (s *session) startAlertmanager(network *Network) (*alertmanager, error) {
	conf := s.config
	p := parts{log: slog.New(slog.DiscardHandler), metrics: prometheus.NewRegistry()}
	am := &alertmanager{config: conf, recorder: s.recorder, stopped: make(chan struct{})}

	// What runs in the background is started last, when nothing can fail any more.
	tmpl, err := messageTemplates(conf)
	if err != nil {
		return nil, configurationError(s.options.Configuration.path, err)
	}
	receivers, err := s.receivers(network, tmpl, p.log)
	if err != nil {
		return nil, configurationError(s.options.Configuration.path, err)
	}
	sent, err := nflog.New(nflog.Options{Retention: retention, Logger: p.log, Metrics: p.metrics})
	if err != nil {
		return nil, fmt.Errorf("start Alertmanager's notification log: %w", err)
	}
	silences, err := amsilence.New(amsilence.Options{Retention: retention, Logger: p.log, Metrics: p.metrics, EventRecorder: p.events})
	if err != nil {
		return nil, fmt.Errorf("start Alertmanager's silences: %w", err)
	}
	silencer := amsilence.NewSilencer(silences, p.log, p.events)
	am.alerts, err = mem.NewAlerts(context.Background(), alertCollection, 0, silencer, p.log, p.events, p.metrics, p.flags)
	if err != nil {
		return nil, fmt.Errorf("start Alertmanager's alert store: %w", err)
	}
	groups := marker.NewGroupMarker()
	am.inhibitor = inhibit.NewInhibitor(am.alerts, conf.InhibitRules, p.log, p.events)
	pipeline := notify.NewPipelineBuilder(p.metrics, p.flags, p.events).New(receivers, func() time.Duration { return sendDelay },
		am.inhibitor, silencer, timeinterval.NewIntervener(intervals(conf)), groups, sent, nil)
	for name, stage := range pipeline {
		pipeline[name] = &muteWatch{pipeline: stage, receiver: name, groups: groups, alerts: am.alerts, recorder: s.recorder}
	}
	am.dispatcher = dispatch.NewDispatcher(am.alerts, dispatch.NewRoute(conf.Route, nil), pipeline, groups,
		func(d time.Duration) time.Duration { return max(d, notify.MinTimeout) }, dispatchMaintenance, nil, p.log, p.events,
		dispatch.NewDispatcherMetrics(false, p.metrics, p.flags), tmpl)

	go sent.Maintenance(logMaintenance, "", am.stopped, nil)
	go silences.Maintenance(logMaintenance, "", am.stopped, nil)
	go am.inhibitor.Run()
	am.inhibitor.WaitForLoading()
	go am.dispatcher.Run(time.Now())
	am.dispatcher.WaitForLoading()
	return am, nil
}

// receivers builds the integrations of each receiver so that they dial the network and are
// recorded.
func (s *session) receivers(network *Network, tmpl *template.Template, log *slog.Logger) (map[string][]notify.Integration, error) {
	mails := newTurn()
	mails.done = func(a *attempt) {
		for _, raw := range s.offline.mails.collect() {
			d := mailDelivery(raw)
			d.At = s.recorder.now()
			s.recorder.delivered(a, d)
		}
	}
	all := map[string][]notify.Integration{}
	for _, r := range s.config.Receivers {
		alone := newTurn()
		integrations, err := receiver.BuildReceiverIntegrations(r, tmpl, log,
			// One connection a request: so a connection belongs to the attempt that dialled it.
			commoncfg.WithKeepAlivesDisabled(),
			commoncfg.WithHTTP2Disabled(),
			commoncfg.WithNewTLSConfigFunc(func(context.Context, *commoncfg.TLSConfig, ...commoncfg.TLSConfigOption) (*tls.Config, error) {
				return network.TLSConfig(), nil
			}),
			commoncfg.WithDialContextFunc(func(ctx context.Context, kind, address string) (net.Conn, error) {
				if attemptOf(ctx) == nil {
					ctx = context.WithValue(ctx, attemptKey{}, alone.holder.Load())
				}
				return network.DialContext(ctx, kind, address)
			}))
		if err != nil {
			return nil, fmt.Errorf("receiver %q: %w", r.Name, err)
		}
		for i, integration := range integrations {
			own := &recorded{integration: integration, receiver: r.Name, recorder: s.recorder}
			switch integration.Name() {
			case "email":
				own.turn = mails
			case "telegram":
				// Its client does not hand on the context of the attempt.
				own.turn = alone
			}
			integrations[i] = notify.NewIntegration(own, &own.integration, integration.Name(), integration.Index(), r.Name)
		}
		all[r.Name] = integrations
	}
	return all, nil
}

func messageTemplates(conf *config.Config) (*template.Template, error) {
	tmpl, err := template.FromGlobs(conf.Templates)
	if err != nil {
		return nil, err
	}
	tmpl.ExternalURL, err = url.Parse(externalURL)
	return tmpl, err
}

// intervals returns the time intervals of a configuration, of the old and of the new key.
func intervals(conf *config.Config) map[string][]timeinterval.TimeInterval {
	all := map[string][]timeinterval.TimeInterval{}
	for _, i := range conf.MuteTimeIntervals {
		all[i.Name] = i.TimeIntervals
	}
	for _, i := range conf.TimeIntervals {
		all[i.Name] = i.TimeIntervals
	}
	return all
}

// put does what Alertmanager's API does with an alert that it is sent
// (https://github.com/prometheus/alertmanager/blob/v0.34.2/api/v2/api.go).
func (am *alertmanager) put(ctx context.Context, sent *model.Alert) error {
	now := time.Now().UTC()
	a := &alert.Alert{Alert: *sent, UpdatedAt: now}
	a.Labels = maps.Clone(sent.Labels)
	maps.DeleteFunc(a.Labels, func(_ model.LabelName, value model.LabelValue) bool { return value == "" })
	if a.StartsAt.IsZero() {
		a.StartsAt = a.EndsAt
		if a.EndsAt.IsZero() {
			a.StartsAt = now
		}
	}
	if a.EndsAt.IsZero() {
		a.Timeout = true
		a.EndsAt = now.Add(time.Duration(am.config.Global.ResolveTimeout))
	}
	if err := a.Validate(); err != nil {
		return fmt.Errorf("alert %s: refused by Alertmanager: %w", a.Labels, err)
	}
	return am.alerts.Put(ctx, a)
}

// stop ends all parts. An attempt under way is given up.
func (am *alertmanager) stop() {
	am.recorder.stop()
	am.dispatcher.Stop()
	am.inhibitor.Stop()
	am.alerts.Close()
	close(am.stopped)
}
