package adaptor

import (
	"net/http"
	"strconv"
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
)

// refusals are the statuses that the handler refuses notifications with.
var refusals = []int{
	http.StatusBadRequest, http.StatusNotFound, http.StatusRequestEntityTooLarge, http.StatusServiceUnavailable,
}

// deliveryBuckets reach from a messenger that answers at once to what RetryPolicy allows, in
// seconds.
var deliveryBuckets = []float64{.1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 7200}

// metrics counts what a server does. Every series of a configured receiver exists from the
// start, so that rates see the first event, too. The only labels whose values come from
// outside are names that the configuration has.
//
// A scrape gathers everything before it writes the first byte of its answer: who reads slowly
// holds no lock.
type metrics struct {
	registry      *prometheus.Registry
	received      *prometheus.CounterVec
	notifications *prometheus.CounterVec
	refused       *prometheus.CounterVec
	delivery      prometheus.Histogram
}

// newMetrics returns the metrics of a server with the given receivers and queue, in a registry
// of their own.
func newMetrics(receivers map[string]*Receiver, queue Queue) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		received: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: metricsNamespace, Name: "received_alerts_total",
			Help: "Alerts in the notifications that were accepted.",
		}, []string{"receiver"}),
		notifications: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: metricsNamespace, Name: "notifications_total",
			Help: "Attempts to deliver a notification, by what came of it: sent, retried (it failed and will be tried again) or dead_lettered (it is lost).",
		}, []string{"receiver", "channel", "status"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: metricsNamespace, Name: "refused_requests_total",
			Help: "Requests with a notification that were refused, by HTTP status.",
		}, []string{"status"}),
		delivery: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: metricsNamespace, Name: "delivery_seconds",
			Help:    "Time from the receipt of a notification until the messenger accepted it, retries included.",
			Buckets: deliveryBuckets,
		}),
	}
	m.registry.MustRegister(m.received, m.notifications, m.refused, m.delivery,
		newQueueCollector(receivers, queue),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for name, r := range receivers {
		m.received.WithLabelValues(name)
		for _, status := range []string{statusSent, statusRetried, statusDeadLettered} {
			m.notifications.WithLabelValues(name, r.Channel.Name, status)
		}
	}
	for _, status := range refusals {
		m.refused.WithLabelValues(strconv.Itoa(status))
	}
	return m
}

// handler answers scrapes.
func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// accept counts a notification that is in the queue now.
func (m *metrics) accept(receiver string, alerts int) {
	m.received.WithLabelValues(receiver).Add(float64(alerts))
}

// refuse counts a request that was refused.
func (m *metrics) refuse(status int) {
	m.refused.WithLabelValues(strconv.Itoa(status)).Inc()
}

// attempt counts an attempt to deliver.
func (m *metrics) attempt(d Delivery) {
	status := statusDeadLettered
	switch d.Outcome {
	case Done:
		status = statusSent
		m.delivery.Observe(time.Since(d.Accepted).Seconds())
	case Retry:
		status = statusRetried
	}
	m.notifications.WithLabelValues(d.Receiver, d.Channel, status).Inc()
}

// queueCollector asks the queue, when it is scraped, for what waits.
type queueCollector struct {
	queue          Queue
	receivers      []string
	groups, oldest *prometheus.Desc
}

func newQueueCollector(receivers map[string]*Receiver, queue Queue) *queueCollector {
	name := func(name string) string { return prometheus.BuildFQName(metricsNamespace, "queue", name) }
	c := &queueCollector{
		queue: queue,
		groups: prometheus.NewDesc(name("groups"),
			"Notifications (alert groups) that wait to be delivered, with the one that is being tried.", []string{"receiver"}, nil),
		oldest: prometheus.NewDesc(name("oldest_seconds"),
			"How long the oldest notification has been waiting; 0 when none waits.", []string{"receiver"}, nil),
	}
	for receiver := range receivers {
		c.receivers = append(c.receivers, receiver)
	}
	return c
}

// Describe is part of prometheus.Collector.
func (c *queueCollector) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- c.groups
	descriptions <- c.oldest
}

// Collect is part of prometheus.Collector.
func (c *queueCollector) Collect(samples chan<- prometheus.Metric) {
	for _, receiver := range c.receivers {
		waiting, oldest := c.queue.Waiting(receiver)
		age := 0.0
		if waiting > 0 {
			age = max(0, time.Since(oldest).Seconds())
		}
		samples <- prometheus.MustNewConstMetric(c.groups, prometheus.GaugeValue, float64(waiting), receiver)
		samples <- prometheus.MustNewConstMetric(c.oldest, prometheus.GaugeValue, age, receiver)
	}
}
