package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const watchdog = "Watchdog"

// watch follows the alerts of Prometheus and Alertmanager.
type watch struct {
	live *live
	// anything allows every alert to fire, as while the servers start.
	anything bool
	expected map[string]bool
	// seen is what became of each alert since expect was called.
	seen map[string]*seen
	// active are those that are pending or firing in Prometheus, or that Alertmanager has.
	active map[string]bool
}

// seen is what became of an alert.
type seen struct {
	// waits tells that the alert has a time of for.
	waits                          bool
	pended, fired, sent, inhibited bool
	told, gone                     bool
	// text is its summary and description.
	text string
}

func newWatch(l *live) *watch {
	return &watch{live: l, expected: map[string]bool{}, seen: map[string]*seen{}, active: map[string]bool{}}
}

func (w *watch) expect(wants []want) {
	w.expected, w.seen = map[string]bool{}, map[string]*seen{}
	for _, want := range wants {
		w.expected[want.key()] = true
	}
}

// quiet tells whether nothing but Watchdog was active when it was last looked.
func (w *watch) quiet() bool { return len(w.active) == 0 }

type rulesAnswer struct {
	Data struct {
		Groups []struct {
			Rules []struct {
				Duration  float64
				Health    string
				LastError string
				Name      string
				Alerts    []struct {
					Labels, Annotations map[string]string
					State, Value        string
				}
			}
		}
	}
}

type alertmanagerAlert struct {
	Labels map[string]string
	Status struct {
		State       string
		InhibitedBy []string
	}
}

// look looks at all alerts. An alert that fires and is not expected is an error, as is a rule
// that cannot be evaluated.
func (w *watch) look(ctx context.Context) error {
	var rules rulesAnswer
	if err := get(ctx, w.live.prometheus+"/api/v1/rules?type=alert", &rules); err != nil {
		return err
	}
	var sent []alertmanagerAlert
	if err := get(ctx, w.live.alertmanager+"/api/v2/alerts", &sent); err != nil {
		return err
	}
	active := map[string]bool{}
	for _, group := range rules.Data.Groups {
		for _, rule := range group.Rules {
			if rule.Health == "err" {
				return fmt.Errorf("rule %s: %s", rule.Name, rule.LastError)
			}
			for _, alert := range rule.Alerts {
				if rule.Name == watchdog {
					continue
				}
				name := key(rule.Name, alert.Labels["pod"])
				active[name] = true
				w.of(name).text = alert.Annotations["summary"] + " " + alert.Annotations["description"]
				if err := w.in(name, alert.State, rule.Duration > 0); err != nil {
					return fmt.Errorf("%w, with the value %s and the labels %s", err, alert.Value, inShort(alert.Labels))
				}
			}
		}
	}
	for _, alert := range sent {
		if name := key(alert.Labels["alertname"], alert.Labels["pod"]); alert.Labels["alertname"] != watchdog {
			active[name] = true
			w.sent(name, len(alert.Status.InhibitedBy) > 0)
		}
	}
	for name, s := range w.seen {
		if s.fired && !active[name] && !s.gone {
			s.gone = true
			w.live.say("    %s: gone", name)
		}
	}
	w.active = active
	return nil
}

// in takes in that Prometheus has an alert in a state.
func (w *watch) in(name, state string, waits bool) error {
	s := w.of(name)
	s.waits = waits
	switch {
	case state == "pending" && !s.pended:
		s.pended = true
		note := ""
		if !w.expected[name] && !w.anything {
			note = " (which is not expected, and may not fire)"
		}
		w.live.say("    %s: pending%s", name, note)
	case state == "firing" && !w.expected[name] && !w.anything:
		return fmt.Errorf("%s fires, which is not expected", name)
	case state == "firing" && !s.fired:
		s.fired, s.gone = true, false
		w.live.say("    %s: firing", name)
	}
	return nil
}

// sent takes in that Alertmanager has an alert.
func (w *watch) sent(name string, inhibited bool) {
	s := w.of(name)
	if !s.fired {
		return
	}
	if !s.sent {
		w.live.say("    %s: in Alertmanager", name)
	}
	if inhibited && !s.inhibited {
		w.live.say("    %s: inhibited", name)
	}
	s.sent, s.inhibited = true, inhibited
}

func (w *watch) of(name string) *seen {
	s := w.seen[name]
	if s == nil {
		s = &seen{}
		w.seen[name] = s
	}
	return s
}

// up is how many targets Prometheus scrapes with success.
func (w *watch) up(ctx context.Context) (int, error) {
	var answer struct {
		Data struct{ Result []json.RawMessage }
	}
	err := get(ctx, w.live.prometheus+"/api/v1/query?query="+url.QueryEscape("up == 1"), &answer)
	return len(answer.Data.Result), err
}

// state says which alerts are active.
func (w *watch) state() []string {
	lines := []string{"active: " + strings.Join(slices.Sorted(maps.Keys(w.active)), ", ")}
	for _, name := range slices.Sorted(maps.Keys(w.seen)) {
		s := w.seen[name]
		lines = append(lines, fmt.Sprintf("%s: pending %t, firing %t, in Alertmanager %t, inhibited %t, gone %t", name, s.pended, s.fired, s.sent, s.inhibited, s.gone))
	}
	return lines
}

func inShort(labels map[string]string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		pairs = append(pairs, name+"="+labels[name])
	}
	return strings.Join(pairs, " ")
}

// get reads the JSON that a server answers with.
func get(ctx context.Context, address string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<20))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", address, response.Status, body)
	}
	return json.Unmarshal(body, into)
}
