package adaptor

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// Preview is what a receiver would send for a notification.
type Preview struct {
	Receiver *Receiver
	// Parts are the messages, in their order.
	Parts []PreviewPart
	// TemplateErrors tells which templates failed, so that built-in texts are shown in their
	// place; nil when none did. Each line in it begins with a place.
	TemplateErrors error
}

// PreviewPart is one message of a Preview.
type PreviewPart struct {
	// Body is the request's body, and Size what of it counts against the channel's limit, in
	// bytes. A signature in it is of no use.
	Body []byte
	Size int
	// Alerts is how many alerts it shows.
	Alerts int
	// Shortened tells that texts were cut to make it fit.
	Shortened bool
}

// Preview returns what a receiver would send for a webhook body, without sending it. The error
// tells what is wrong with the body.
func (r *Receiver) Preview(body []byte) (Preview, error) {
	p, err := decode(body)
	if err != nil {
		return Preview{}, err
	}
	m := newMessage(p, r.Style)
	m.Mentions = mentions(r.Mentions, p)
	preview := Preview{Receiver: r, TemplateErrors: r.write(&m, p)}
	target := r.Target
	if target.Secret != "" {
		// A signature is as long by any secret.
		target.Secret = hidden
	}
	e := newEncoder(r.Channel, target, time.Now())
	m, ends, err := e.plan(m, 0)
	if err != nil {
		return Preview{}, fmt.Errorf("encode for %s: %w", r.Channel.Name, err)
	}
	from := 0
	for i, to := range ends {
		part, parts := i+1, len(ends)
		if parts == 1 {
			part, parts = 0, 0
		}
		message := m.part(from, to, part, parts)
		request, err := e.channel.Encode(e.target, message, e.now)
		shortened := err == nil && request.Size > e.limit
		if shortened {
			request, err = e.encode(message)
		}
		if err != nil {
			return Preview{}, fmt.Errorf("encode for %s: %w", r.Channel.Name, err)
		}
		preview.Parts = append(preview.Parts, PreviewPart{request.Body, request.Size, to - from, shortened})
		from = to
	}
	return preview, nil
}

// SamplePayload is a webhook body of two alerts, to try receivers and templates with.
func SamplePayload(resolved bool) []byte {
	p := payload{
		GroupKey: `{}:{alertname="RedisDown"}`, Receiver: "oncall", Status: "firing", ExternalURL: "http://alertmanager.example:9093",
		GroupLabels:  map[string]string{"alertname": "RedisDown"},
		CommonLabels: map[string]string{"alertname": "RedisDown", "namespace": "shop", "severity": "critical"},
		CommonAnnotations: map[string]string{
			"description": "Nothing can be read or written until it is back.",
			"runbook_url": "https://runbooks.example/redis-down",
		},
	}
	starts := time.Date(2026, time.January, 5, 8, 30, 0, 0, time.UTC)
	for i, pod := range []string{"redis-0", "redis-1"} {
		a := payloadAlert{
			Status:       "firing",
			Labels:       map[string]string{"pod": pod},
			Annotations:  map[string]string{"summary": "Redis does not answer on " + pod, "value": "0"},
			StartsAt:     starts.Add(time.Duration(i) * 90 * time.Second),
			GeneratorURL: "http://prometheus.example:9090/graph?g0.expr=redis_up+%3D%3D+0&g0.tab=1",
			Fingerprint:  fmt.Sprintf("%016x", i+1),
		}
		maps.Copy(a.Labels, p.CommonLabels)
		maps.Copy(a.Annotations, p.CommonAnnotations)
		if resolved {
			p.Status, a.Status, a.EndsAt = "resolved", "resolved", starts.Add(25*time.Minute)
		}
		p.Alerts = append(p.Alerts, a)
	}
	body, err := json.Marshal(p)
	if err != nil {
		// A structure of texts and times always encodes.
		panic(err)
	}
	return body
}
