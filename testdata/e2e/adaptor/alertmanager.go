package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// alertmanager is a stock one.
type alertmanager struct {
	*process
	url string
	// started is when all alerts begin.
	started time.Time
}

const alertmanagerConfig = `route:
  receiver: im
  group_by: [alertname, cluster]
  group_wait: 1s
  group_interval: 2s
  repeat_interval: 4h
  routes:
  - matchers: [alertname="` + repeatingAlert + `"]
    receiver: im
    repeat_interval: 10m
inhibit_rules:
- source_matchers: [severity="critical"]
  target_matchers: [severity="warning"]
  equal: [cluster]
receivers:
- name: im
  webhook_configs:
  - url: http://%s/api/v1/notify/im0
    send_resolved: true
`

// startAlertmanager starts Debian's package, with the adaptor at the address as its receiver.
func startAlertmanager(ctx context.Context, folder, adaptor string) (*alertmanager, error) {
	config := filepath.Join(folder, "alertmanager.yml")
	if err := writeFile(config, fmt.Sprintf(alertmanagerConfig, adaptor)); err != nil {
		return nil, err
	}
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	// Without an address it forms no cluster, whose port would be open to everybody.
	p, err := spawn(&log{}, "prometheus-alertmanager", "--config.file="+config, "--storage.path="+filepath.Join(folder, "alertmanager"),
		"--web.listen-address="+address, "--cluster.listen-address=")
	if err != nil {
		return nil, err
	}
	a := &alertmanager{process: p, url: "http://" + address, started: time.Now()}
	return a, a.ready(ctx, a.url+"/-/ready")
}

func writeFile(path, content string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(content), 0o600)
}

// alert is one alert of a cluster; its name is that of its group, too.
type alert struct{ name, cluster, severity, pod string }

// ask makes a request of the API (https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml)
// and reads the answer into it, unless it is nil.
func (a *alertmanager) ask(ctx context.Context, method, path string, body, into any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	status, answer, err := request(ctx, method, a.url+"/api/v2/"+path, bytes.NewReader(encoded))
	if err != nil || status != http.StatusOK {
		return fmt.Errorf("answer of Alertmanager to %s %s: %d %s: %w", method, path, status, answer, err)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal([]byte(answer), into)
}

// fire says that alerts fire, as Prometheus does.
func (a *alertmanager) fire(ctx context.Context, alerts ...alert) error {
	return a.post(ctx, time.Now().Add(time.Hour), alerts)
}

// resolve says that alerts are over.
func (a *alertmanager) resolve(ctx context.Context, alerts ...alert) error {
	return a.post(ctx, time.Now(), alerts)
}

func (a *alertmanager) post(ctx context.Context, end time.Time, alerts []alert) error {
	var all []any
	for _, one := range alerts {
		all = append(all, map[string]any{
			"labels":       map[string]string{"alertname": one.name, "cluster": one.cluster, "severity": one.severity, "pod": one.pod},
			"annotations":  map[string]string{"summary": one.name + " happens on " + one.pod},
			"startsAt":     a.started.UTC().Format(time.RFC3339Nano),
			"endsAt":       end.UTC().Format(time.RFC3339Nano),
			"generatorURL": "http://prometheus.example/graph",
		})
	}
	return a.ask(ctx, http.MethodPost, "alerts", all, nil)
}

// suppressed tells whether an alert is silenced or inhibited now.
func (a *alertmanager) suppressed(ctx context.Context, one alert) (bool, error) {
	var all []struct {
		Labels map[string]string
		Status struct{ State string }
	}
	err := a.ask(ctx, http.MethodGet, "alerts", nil, &all)
	for _, got := range all {
		if got.Labels["alertname"] == one.name && got.Labels["pod"] == one.pod {
			return got.Status.State == "suppressed", err
		}
	}
	return false, err
}

// silence silences the alerts of a name, and returns the silence's ID.
func (a *alertmanager) silence(ctx context.Context, name string) (string, error) {
	var created struct{ SilenceID string }
	err := a.ask(ctx, http.MethodPost, "silences", map[string]any{
		"matchers": []any{map[string]any{"name": "alertname", "value": name, "isRegex": false, "isEqual": true}},
		"startsAt": time.Now().UTC().Format(time.RFC3339Nano), "endsAt": time.Now().Add(time.Hour).UTC().Format(time.RFC3339Nano),
		"createdBy": "e2e", "comment": "to see it work",
	}, &created)
	return created.SilenceID, err
}

// failures is how often a post to the adaptor failed.
func (a *alertmanager) failures(ctx context.Context) (int, error) {
	return metric(ctx, a.url, `alertmanager_notification_requests_failed_total{integration="webhook"}`)
}

// metric reads a number that a server tells of itself.
func metric(ctx context.Context, url, series string) (int, error) {
	status, text, err := request(ctx, http.MethodGet, url+"/metrics", nil)
	if err != nil || status != http.StatusOK {
		return 0, fmt.Errorf("%s/metrics answers %d: %w", url, status, err)
	}
	return sample(text, series)
}

// sample finds a number among metrics.
func sample(text, series string) (int, error) {
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(series) + ` (\S+)$`).FindStringSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("the metrics have no %s", series)
	}
	value, err := strconv.ParseFloat(found[1], 64)
	return int(value), err
}
