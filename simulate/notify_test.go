package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
)

// monday is the instant the simulations of these tests begin at.
var monday = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

// active is an alert as Prometheus sends it: from and to are minutes after monday.
type active struct {
	labels   string
	from, to int
}

// batchesOf sends each alert every minute, as Prometheus does, and once more when it is over.
func batchesOf(length time.Duration, alerts ...active) []Batch {
	var batches []Batch
	for minute := 0; time.Duration(minute)*time.Minute <= length; minute++ {
		at := time.Duration(minute) * time.Minute
		batch := Batch{At: at}
		for _, a := range alerts {
			if minute < a.from || minute > a.to {
				continue
			}
			sent := &model.Alert{Labels: sentLabels(a.labels), StartsAt: monday.Add(time.Duration(a.from) * time.Minute), EndsAt: monday.Add(at + 4*time.Minute)}
			sent.Annotations = model.LabelSet{"summary": "trouble with " + sent.Labels["pod"]}
			if minute == a.to {
				sent.EndsAt = monday.Add(at)
			}
			batch.Alerts = append(batch.Alerts, sent)
		}
		if len(batch.Alerts) > 0 {
			batches = append(batches, batch)
		}
	}
	return batches
}

// sentLabels reads "name=value name=value".
func sentLabels(text string) model.LabelSet {
	set := model.LabelSet{}
	for _, pair := range strings.Fields(text) {
		name, value, _ := strings.Cut(pair, "=")
		set[model.LabelName(name)] = model.LabelValue(value)
	}
	return set
}

// lines are the notifications in short: time, receiver, status, reason, names of the alerts.
func lines(notifications []Notification) []string {
	var all []string
	for _, n := range notifications {
		var names []string
		for _, a := range n.Alerts {
			names = append(names, a.Name())
		}
		line := fmt.Sprintf("%s %s %s: %s: %s", n.At, n.Receiver, n.Status, n.Reason, strings.Join(names, " "))
		if n.Error != "" {
			line += " FAILED"
		}
		all = append(all, line)
	}
	return all
}

func configuration(t *testing.T, source string) *Configuration {
	t.Helper()
	c, err := ParseConfiguration("alertmanager.yml", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// webhookTo is a configuration of one webhook receiver, with more keys for its route.
func webhookTo(url, route string) string {
	return `
route:
  receiver: im
  group_by: [alertname]
` + route + `
receivers:
- name: im
  webhook_configs:
  - url: ` + url + `
`
}

func TestNotifyTimings(t *testing.T) {
	const hour = 60
	tests := []struct {
		name   string
		config string
		length time.Duration
		alerts []active
		want   []string
	}{{
		name:   "group_wait of the default route, then resolved at the next group_interval",
		config: webhookTo("http://im/", ""),
		length: 20 * time.Minute,
		alerts: []active{{"alertname=Down pod=a", 2, 8}},
		want: []string{
			"2m30s im firing: first notification: Down",
			"12m30s im resolved: all alerts resolved: Down",
		},
	}, {
		name:   "group_wait moves the message",
		config: webhookTo("http://im/", "  group_wait: 1m\n"),
		length: 10 * time.Minute,
		alerts: []active{{"alertname=Down pod=a", 2, 30}},
		want:   []string{"3m0s im firing: first notification: Down"},
	}, {
		name:   "a second alert of the group waits for group_interval",
		config: webhookTo("http://im/", "  group_interval: 10m\n"),
		length: 20 * time.Minute,
		alerts: []active{{"alertname=Down pod=a", 0, 40}, {"alertname=Down pod=b", 1, 40}},
		want: []string{
			"30s im firing: first notification: Down",
			"10m30s im firing: new alerts added: Down Down",
		},
	}, {
		name:   "a repeat waits for the next group_interval: 1h means 1h5m",
		config: webhookTo("http://im/", "  repeat_interval: 1h\n"),
		length: 3 * time.Hour,
		alerts: []active{{"alertname=Down pod=a", 0, 5 * hour}},
		want: []string{
			"30s im firing: first notification: Down",
			"1h5m30s im firing: repeat interval elapsed: Down",
			"2h10m30s im firing: repeat interval elapsed: Down",
		},
	}, {
		name: "an inhibited alert is told about when the other is over",
		config: webhookTo("http://im/", "") + `
inhibit_rules:
- source_matchers: [severity="critical"]
  target_matchers: [severity="warning"]
  equal: [pod]
`,
		length: 30 * time.Minute,
		alerts: []active{{"alertname=Slow severity=warning pod=a", 0, 60}, {"alertname=Down severity=critical pod=a", 0, 12}},
		want: []string{
			"30s im firing: first notification: Down",
			"30s im muted: inhibited by Down: Slow",
			"15m30s im resolved: all alerts resolved: Down",
			"15m30s im firing: first notification: Slow",
		},
	}, {
		name: "a mute time interval",
		config: webhookTo("http://im/", "  routes:\n  - mute_time_intervals: [night]\n") + `
time_intervals:
- name: night
  time_intervals:
  - times: [{start_time: "00:00", end_time: "00:10"}]
`,
		length: 20 * time.Minute,
		alerts: []active{{"alertname=Down pod=a", 0, 60}},
		want: []string{
			"30s im muted: mute time interval night: Down",
			"10m30s im firing: first notification: Down",
		},
	}, {
		name: "an active time interval of the old key",
		config: webhookTo("http://im/", "  routes:\n  - active_time_intervals: [day]\n") + `
mute_time_intervals:
- name: day
  time_intervals:
  - times: [{start_time: "00:10", end_time: "24:00"}]
`,
		length: 20 * time.Minute,
		alerts: []active{{"alertname=Down pod=a", 0, 60}},
		want: []string{
			"30s im muted: outside of active time interval day: Down",
			"10m30s im firing: first notification: Down",
		},
	}, {
		name:   "an alert that is no longer sent is over when its time is",
		config: webhookTo("http://im/", ""),
		length: 20 * time.Minute,
		alerts: nil,
		want: []string{
			"30s im firing: first notification: Lost",
			"5m30s im resolved: all alerts resolved: Lost",
		},
	}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			batches := batchesOf(test.length, test.alerts...)
			if test.alerts == nil {
				batches = []Batch{{Alerts: []*model.Alert{{Labels: sentLabels("alertname=Lost"), StartsAt: monday}}}}
			}
			got, err := Notify(t.Context(), NotifyOptions{Configuration: configuration(t, test.config), Start: monday, Length: test.length, Batches: batches})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, lines(got)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// busy is a simulation with much at the same instants: groups, routes, integrations.
func busy(length time.Duration) NotifyOptions {
	var alerts []active
	for pod := range 12 {
		alerts = append(alerts,
			active{fmt.Sprintf("alertname=Down severity=critical namespace=n%d app_kubernetes_io_instance=pg pod=p%d", pod%4, pod), pod % 3, 200 + pod},
			active{fmt.Sprintf("alertname=Slow severity=warning namespace=n%d app_kubernetes_io_instance=pg pod=p%d", pod%4, pod), 1, 500})
	}
	return NotifyOptions{Start: monday, Length: length, Batches: batchesOf(length, alerts...)}
}

func TestNotifyIsTheSameEveryTime(t *testing.T) {
	source := `
global: {smtp_smarthost: "mail.example.com:465", smtp_from: a@example.com}
route:
  receiver: all
  group_by: [namespace]
  group_wait: 1m
  routes:
  - {receiver: slack, matchers: [severity="warning"], continue: true}
  - {receiver: all, group_by: ['...']}
receivers:
- name: slack
  slack_configs: [{api_url: "https://hooks.slack.com/services/T/B/secret", channel: x, send_resolved: true}]
- name: all
  webhook_configs: [{url: "http://one/"}, {url: "https://two:8443/"}]
  email_configs: [{to: b@example.com, send_resolved: true}]
`
	options := busy(6 * time.Hour)
	options.Configuration = configuration(t, source)
	var first []byte
	for i := range 10 {
		notifications, err := Notify(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.MarshalIndent(notifications, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if len(notifications) < 20 {
			t.Fatalf("%d notifications; the test needs many", len(notifications))
		}
		if i == 0 {
			first = got
			continue
		}
		if !bytes.Equal(first, got) {
			t.Fatalf("run %d differs\n%s", i, cmp.Diff(strings.Split(string(first), "\n"), strings.Split(string(got), "\n")))
		}
	}
}

func TestNotifyManyAtOnce(t *testing.T) {
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			got, err := Notify(t.Context(), NotifyOptions{Start: monday, Length: time.Hour, Batches: batchesOf(time.Hour, active{"alertname=Down pod=a", 2, 90})})
			if err != nil {
				t.Error(err)
				return
			}
			want := []string{"2m30s slack firing: first notification: Down"}
			if diff := cmp.Diff(want, lines(got)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
	all.Wait()
}

// oneHost is a network with one host.
func oneHost(name string, host Host) func(*Network) (map[string]Host, func(), error) {
	return func(*Network) (map[string]Host, func(), error) { return map[string]Host{name: host}, nil, nil }
}

func TestNotifyFailedDelivery(t *testing.T) {
	began := 0
	host := Host{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if began++; began < 3 {
			http.Error(w, "no room", http.StatusServiceUnavailable)
		}
	})}
	got, err := Notify(t.Context(), NotifyOptions{
		Configuration: configuration(t, webhookTo("http://im/", "")),
		Start:         monday, Length: 4 * time.Minute,
		Batches: batchesOf(4*time.Minute, active{"alertname=Down", 0, 60}),
		Hosts:   oneHost("im", host),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Error != "" || got[0].Attempts != 3 || len(got[0].Deliveries) != 3 {
		t.Fatalf("want one notification, delivered at the third attempt, got %+v", got)
	}
	for i, want := range []string{"HTTP 503 Service Unavailable: no room", "HTTP 503 Service Unavailable: no room", ""} {
		if d := got[0].Deliveries[i]; d.Error != want || d.URL != "http://im/" || d.Channel != "webhook" {
			t.Errorf("delivery %d: %+v, want error %q", i, d, want)
		}
	}
}

func TestNotifyRefusedForGood(t *testing.T) {
	host := Host{Handler: http.NotFoundHandler()}
	got, err := Notify(t.Context(), NotifyOptions{
		Configuration: configuration(t, webhookTo("https://im/hooks/very-secret", "")),
		Start:         monday, Length: 2 * time.Minute,
		Batches: batchesOf(2*time.Minute, active{"alertname=Down", 0, 60}),
		Hosts:   oneHost("im", host),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || !strings.Contains(got[0].Error, "404") || got[0].Attempts != 1 {
		t.Fatalf("want one notification, failed with status 404, got %+v", got)
	}
	if text := fmt.Sprintf("%+v", got); strings.Contains(text, "very-secret") {
		t.Errorf("the secret shows in %s", text)
	}
}

func TestNotifyStuckAtTheEnd(t *testing.T) {
	host := Host{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })}
	got, err := Notify(t.Context(), NotifyOptions{
		Configuration: configuration(t, webhookTo("http://im/", "")),
		Start:         monday, Length: 2 * time.Minute,
		Batches: batchesOf(2*time.Minute, active{"alertname=Down", 0, 60}),
		Hosts:   oneHost("im", host),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Error != "the simulation ended before an answer" {
		t.Errorf("got %+v", got)
	}
}

func TestNotifyHostPanics(t *testing.T) {
	host := Host{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("out of ideas") })}
	_, err := Notify(t.Context(), NotifyOptions{
		Configuration: configuration(t, webhookTo("http://im/", "")),
		Start:         monday, Length: time.Hour,
		Batches: batchesOf(time.Hour, active{"alertname=Down", 0, 60}),
		Hosts:   oneHost("im", host),
	})
	if err == nil || !strings.Contains(err.Error(), "host im: panic: out of ideas") {
		t.Errorf("got error %v", err)
	}
}

func TestNotifyHostsFail(t *testing.T) {
	tests := []struct {
		name  string
		hosts func(*Network) (map[string]Host, func(), error)
		want  string
	}{
		{"error", func(*Network) (map[string]Host, func(), error) { return nil, nil, errors.New("no port left") }, "no port left"},
		{"panic", func(*Network) (map[string]Host, func(), error) { panic("boom") }, "boom"},
		{"panic while stopping", func(*Network) (map[string]Host, func(), error) { return nil, func() { panic("boom") }, nil }, "boom"},
		{"never stops", func(*Network) (map[string]Host, func(), error) { return nil, func() { select {} }, nil }, "did not stop"},
		{"leaves a worker", func(*Network) (map[string]Host, func(), error) {
			go func() { select {} }()
			return nil, nil, nil
		}, "blocked goroutines remain"},
		{"leaves a ticker", func(*Network) (map[string]Host, func(), error) {
			go func() {
				for range time.Tick(time.Second) {
				}
			}()
			return nil, nil, nil
		}, "blocked goroutines remain"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Notify(t.Context(), NotifyOptions{Start: monday, Length: time.Minute, Hosts: test.hosts})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestNotifyCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	host := Host{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { cancel() })}
	_, err := Notify(ctx, NotifyOptions{
		Configuration: configuration(t, webhookTo("http://im/", "")),
		Start:         monday, Length: 24 * time.Hour,
		Batches: batchesOf(24*time.Hour, active{"alertname=Down", 0, 9999}),
		Hosts:   oneHost("im", host),
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
	if _, err := Notify(ctx, NotifyOptions{Start: monday}); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
}

func TestNotifyBadAlert(t *testing.T) {
	for name, alert := range map[string]*model.Alert{
		"no labels":      {StartsAt: monday},
		"ends too early": {Labels: sentLabels("alertname=A"), StartsAt: monday, EndsAt: monday.Add(-time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Notify(t.Context(), NotifyOptions{Start: monday, Length: time.Minute, Batches: []Batch{{Alerts: []*model.Alert{alert}}}})
			if err == nil || !strings.Contains(err.Error(), "refused by Alertmanager") {
				t.Errorf("got error %v", err)
			}
		})
	}
	early := time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := Notify(t.Context(), NotifyOptions{Start: early}); err == nil {
		t.Error("a start before the clock's zero gives no error")
	}
}

// A relay takes the webhook over, and its worker delivers to an https host on the same network
// a minute later.
func TestNotifyRelay(t *testing.T) {
	hosts := func(network *Network) (map[string]Host, func(), error) {
		jobs := make(chan string, 10)
		done := make(chan struct{})
		go func() {
			defer close(done)
			client := &http.Client{Transport: network.Transport()}
			for body := range jobs {
				time.Sleep(time.Minute)
				var message struct{ Receiver, GroupKey string }
				if err := json.Unmarshal([]byte(body), &message); err != nil {
					panic(err)
				}
				d := Delivery{Channel: "feishu", URL: "https://open.feishu.cn/open-apis/bot/v2/hook/secret", Body: "{}", Text: "Down"}
				answer, err := client.Post(d.URL, "application/json", strings.NewReader(d.Body))
				if err != nil {
					d.Error = err.Error()
				} else {
					io.Copy(io.Discard, answer.Body)
					answer.Body.Close()
				}
				network.Deliver(Relayed{message.Receiver, message.GroupKey, "/api/v1/notify/feishu"}, d)
			}
		}()
		adaptor := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			jobs <- string(body)
		})
		im := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, `{"code":0}`) })
		return map[string]Host{
			"adaptor:5001":   {Handler: adaptor, Relay: true},
			"open.feishu.cn": {Handler: im, Channel: "feishu"},
		}, func() { close(jobs); <-done }, nil
	}
	chosen, err := BuiltinConfiguration().Select("feishu")
	if err != nil {
		t.Fatal(err)
	}
	got, err := Notify(t.Context(), NotifyOptions{
		Configuration: chosen, Hosts: hosts, Start: monday, Length: 5 * time.Minute,
		Batches: batchesOf(5*time.Minute, active{"alertname=Down", 0, 60}),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []Delivery{{At: 90 * time.Second, Channel: "feishu", URL: "https://open.feishu.cn/open-apis/bot/v2/hook/***", Body: "{}", Text: "Down"}}
	if len(got) != 1 {
		t.Fatalf("got %v", lines(got))
	}
	if diff := cmp.Diff(want, got[0].Deliveries); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// A relay may pass a message on before it answers, under a group key of its own; and what it
// refuses is shown as its refusal.
func TestNotifyRelayAtOnce(t *testing.T) {
	hosts := func(network *Network) (map[string]Host, func(), error) {
		calls := 0
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if calls++; calls == 1 {
				network.Deliver(Relayed{"im", "a digest", "/"}, Delivery{Channel: "feishu", URL: "https://open.feishu.cn/"})
				network.Deliver(Relayed{"somebody else", "", "/"}, Delivery{})
				return
			}
			http.Error(w, "unknown receiver", http.StatusNotFound)
		})
		return map[string]Host{"im": {Handler: handler, Relay: true}}, nil, nil
	}
	got, err := Notify(t.Context(), NotifyOptions{
		Configuration: configuration(t, webhookTo("http://im/", "")), Hosts: hosts, Start: monday, Length: 6 * time.Minute,
		Batches: batchesOf(6*time.Minute, active{"alertname=Down", 0, 3}),
	})
	if err != nil {
		t.Fatal(err)
	}
	var deliveries []Delivery
	for _, n := range got {
		for _, d := range n.Deliveries {
			d.Body = ""
			deliveries = append(deliveries, d)
		}
	}
	want := []Delivery{
		{At: 30 * time.Second, Channel: "feishu", URL: "https://open.feishu.cn/"},
		{At: 330 * time.Second, Channel: "webhook", URL: "http://im/", Error: "HTTP 404 Not Found: unknown receiver"},
	}
	if diff := cmp.Diff(want, deliveries); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func BenchmarkNotifyDay(b *testing.B) {
	options := busy(24 * time.Hour)
	for b.Loop() {
		if _, err := Notify(b.Context(), options); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNotifyExample(b *testing.B) {
	options := NotifyOptions{Start: monday, Length: 17 * time.Minute, Batches: batchesOf(17*time.Minute, active{"alertname=Down severity=warning pod=a", 4, 11})}
	for b.Loop() {
		if _, err := Notify(b.Context(), options); err != nil {
			b.Fatal(err)
		}
	}
}
