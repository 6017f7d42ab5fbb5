package adaptor

import (
	"context"
	"maps"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metricsNamespace is what the names of the adaptor's own metrics begin with.
const metricsNamespace = "rulekit_adaptor"

// The values of the label status of rulekit_adaptor_notifications_total.
const (
	statusSent         = "sent"
	statusRetried      = "retried"
	statusDeadLettered = "dead_lettered"
	statusMoved        = "moved"
	statusDeduplicated = "deduplicated"
	statusMerged       = "merged"
)

var statuses = []string{statusSent, statusRetried, statusDeadLettered, statusMoved, statusDeduplicated, statusMerged}

// refusals are the statuses that the handler refuses notifications with.
var refusals = []int{
	http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusRequestEntityTooLarge,
	http.StatusUnsupportedMediaType, http.StatusServiceUnavailable,
}

// deliveryBuckets reach from a messenger that answers at once to what RetryPolicy allows, in
// seconds; limiterBuckets to the longest period of a messenger's limits.
var (
	deliveryBuckets = []float64{.1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 7200}
	limiterBuckets  = []float64{.001, .01, .1, .5, 1, 2.5, 5, 10, 30, 60, 300, 600}
	digestBuckets   = []float64{2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000}
)

// noChannel is the channel of a receiver that the configuration has no more.
const noChannel = "none"

// metrics counts what a server does. Every series of a configured receiver exists from the
// start, so that rates see the first event, too. The only labels whose values come from
// outside are names that the configuration has, or had while something still waits for them.
//
// A scrape gathers everything before it writes the first byte of its answer: who reads slowly
// holds no lock.
type metrics struct {
	registry       *prometheus.Registry
	received       *prometheus.CounterVec
	notifications  *prometheus.CounterVec
	templateErrors *prometheus.CounterVec
	refused        *prometheus.CounterVec
	delivery       prometheus.Histogram
	digests        prometheus.Histogram
	limiterWait    prometheus.Histogram
	reloaded       prometheus.Gauge
	reloadedAt     prometheus.Gauge

	mu sync.Mutex
	// channels are the receivers that have series, with their channels.
	channels map[string]string
}

// newMetrics returns the metrics of a server with the given queue, in a registry of their own.
func newMetrics(queue Queue) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		received: counters("received_alerts_total", "Alerts in the notifications that were accepted.", "receiver"),
		notifications: counters("notifications_total",
			"Attempts to deliver a notification, by what came of it: sent, retried (it failed and will be tried again), "+
				"dead_lettered (given up), moved (given up and left to the fallback); and notifications that were deduplicated, or merged into a digest that was sent.",
			"receiver", "channel", "status"),
		templateErrors: counters("template_errors_total", "Messages for which a template failed, so that the built-in text was sent.", "receiver"),
		refused:        counters("refused_requests_total", "Requests with a notification that were refused, by HTTP status.", "status"),
		delivery: histogram("delivery_seconds",
			"Time from the receipt of a notification until the messenger accepted all of it, retries included.", deliveryBuckets),
		digests:     histogram("digest_groups", "Notifications (alert groups) in each digest that was sent.", digestBuckets),
		limiterWait: histogram("limiter_wait_seconds", "Time that messages waited for the bot's limits to let them through.", limiterBuckets),
		reloaded:    gauge("config_last_reload_successful", "Whether the last attempt to load the configuration succeeded."),
		reloadedAt:  gauge("config_last_reload_success_timestamp_seconds", "When the configuration was last loaded successfully."),
		channels:    map[string]string{},
	}
	m.registry.MustRegister(m.received, m.notifications, m.templateErrors, m.refused, m.delivery, m.digests, m.limiterWait,
		m.reloaded, m.reloadedAt, newQueueCollector(m, queue),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, status := range refusals {
		m.refused.WithLabelValues(strconv.Itoa(status))
	}
	return m
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: metricsNamespace, Name: name, Help: help}, labels)
}

func histogram(name, help string, buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: metricsNamespace, Name: name, Help: help, Buckets: buckets})
}

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: metricsNamespace, Name: name, Help: help})
}

// show makes the series of the given receivers, by their channels, and removes all others.
func (m *metrics) show(channels map[string]string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, channel := range m.channels {
		if channels[name] == channel {
			continue
		}
		m.notifications.DeletePartialMatch(prometheus.Labels{"receiver": name, "channel": channel})
		if _, stays := channels[name]; !stays {
			m.received.DeleteLabelValues(name)
			m.templateErrors.DeleteLabelValues(name)
		}
	}
	for name, channel := range channels {
		for _, status := range statuses {
			m.notifications.WithLabelValues(name, channel, status)
		}
		m.received.WithLabelValues(name)
		m.templateErrors.WithLabelValues(name)
	}
	m.channels = maps.Clone(channels)
}

// receivers are the names that have series, with their channels.
func (m *metrics) receivers() map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.channels
}

// handler answers scrapes.
func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// accept counts a notification that is in the queue now.
func (m *metrics) accept(receiver string, alerts int) {
	if m.receivers()[receiver] != "" {
		m.received.WithLabelValues(receiver).Add(float64(alerts))
	}
}

// duplicate counts a notification that the queue had already.
func (m *metrics) duplicate(receiver string) { m.count(receiver, statusDeduplicated, 1) }

// count adds to the series of a receiver, unless the configuration has it no more: a series that
// nobody removes would never end.
func (m *metrics) count(receiver, status string, notifications int) {
	if channel := m.receivers()[receiver]; channel != "" {
		m.notifications.WithLabelValues(receiver, channel, status).Add(float64(notifications))
	}
}

// refuse counts a request that was refused.
func (m *metrics) refuse(status int) {
	m.refused.WithLabelValues(strconv.Itoa(status)).Inc()
}

// attempt counts an attempt to deliver.
func (m *metrics) attempt(d Delivery) {
	status := statusDeadLettered
	switch {
	case d.Outcome == Done:
		status = statusSent
		if d.Shown >= d.Alerts {
			m.delivery.Observe(time.Since(d.Accepted).Seconds())
		}
	case d.Outcome == Retry:
		status = statusRetried
	case d.MovedTo != "":
		status = statusMoved
	}
	m.count(d.Receiver, status, 1)
}

// merged counts a digest of so many notifications that was sent.
func (m *metrics) merged(receiver string, groups int) {
	m.digests.Observe(float64(groups))
	m.count(receiver, statusMerged, groups)
}

// waited records how long a message waited for its bot's limits.
func (m *metrics) waited(d time.Duration) { m.limiterWait.Observe(d.Seconds()) }

// templateError counts a message for which a template failed.
func (m *metrics) templateError(receiver string) {
	if m.receivers()[receiver] != "" {
		m.templateErrors.WithLabelValues(receiver).Inc()
	}
}

// loaded records whether the configuration could be loaded.
func (m *metrics) loaded(ok bool) {
	m.reloaded.Set(0)
	if ok {
		m.reloaded.Set(1)
		m.reloadedAt.SetToCurrentTime()
	}
}

// queueCollector asks the queue, when it is scraped, for what waits.
type queueCollector struct {
	metrics              *metrics
	queue                Queue
	groups, oldest, dead *prometheus.Desc
}

func newQueueCollector(m *metrics, queue Queue) *queueCollector {
	name := func(name string) string { return prometheus.BuildFQName(metricsNamespace, "queue", name) }
	return &queueCollector{
		metrics: m,
		queue:   queue,
		groups: prometheus.NewDesc(name("groups"),
			"Notifications (alert groups) that wait to be delivered, with the one that is being tried.", []string{"receiver"}, nil),
		oldest: prometheus.NewDesc(name("oldest_seconds"),
			"How long the oldest notification has been waiting; 0 when none waits.", []string{"receiver"}, nil),
		dead: prometheus.NewDesc(prometheus.BuildFQName(metricsNamespace, "", "dead_letters"),
			"Dead letters that are kept. There is none while the store does not answer.", nil, nil),
	}
}

// Describe is part of prometheus.Collector.
func (c *queueCollector) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- c.groups
	descriptions <- c.oldest
	descriptions <- c.dead
}

// countTimeout bounds the question how many dead letters there are, which only the store knows.
const countTimeout = time.Second

// Collect is part of prometheus.Collector.
func (c *queueCollector) Collect(samples chan<- prometheus.Metric) {
	for receiver := range c.metrics.receivers() {
		waiting, oldest := c.queue.Waiting(receiver)
		age := 0.0
		if waiting > 0 {
			age = max(0, time.Since(oldest).Seconds())
		}
		samples <- prometheus.MustNewConstMetric(c.groups, prometheus.GaugeValue, float64(waiting), receiver)
		samples <- prometheus.MustNewConstMetric(c.oldest, prometheus.GaugeValue, age, receiver)
	}
	ctx, cancel := context.WithTimeout(context.Background(), countTimeout)
	defer cancel()
	if dead, err := c.queue.CountDeadLetters(ctx); err == nil {
		samples <- prometheus.MustNewConstMetric(c.dead, prometheus.GaugeValue, float64(dead))
	}
}
