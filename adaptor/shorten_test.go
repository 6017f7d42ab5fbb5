package adaptor

import (
	"strings"
	"testing"
	"time"
)

// TestLongTexts: wherever a text is too long, the message fits, and is accepted.
func TestLongTexts(t *testing.T) {
	long := strings.Repeat("wide ", 10_000)
	for name, place := range map[string]func(*payload, *payloadAlert){
		"alertname":   func(_ *payload, a *payloadAlert) { a.Labels["alertname"] = long },
		"severity":    func(_ *payload, a *payloadAlert) { a.Labels["severity"] = strings.Repeat(long, 25) },
		"pod":         func(_ *payload, a *payloadAlert) { a.Labels["pod"] = long },
		"label name":  func(_ *payload, a *payloadAlert) { a.Labels[long] = "x" },
		"summary":     func(_ *payload, a *payloadAlert) { a.Annotations["summary"] = long },
		"description": func(_ *payload, a *payloadAlert) { a.Annotations["description"] = long },
		"value":       func(_ *payload, a *payloadAlert) { a.Annotations["value"] = long },
		"runbook": func(_ *payload, a *payloadAlert) {
			a.Annotations["runbook_url"] = "https://x.example/" + strings.ReplaceAll(long, " ", "/")
		},
		"graph":     func(_ *payload, a *payloadAlert) { a.GeneratorURL = long },
		"group key": func(p *payload, _ *payloadAlert) { p.GroupKey = long },
		"receiver":  func(p *payload, _ *payloadAlert) { p.ExternalURL, p.Receiver = "http://am.example", long },
		"address": func(p *payload, _ *payloadAlert) {
			p.ExternalURL = "http://am.example/" + strings.ReplaceAll(long, " ", "/")
		},
		"everything": func(p *payload, a *payloadAlert) {
			p.GroupKey, p.Receiver, p.ExternalURL, a.GeneratorURL = long, long, long, long
			a.Labels = map[string]string{"alertname": long, "severity": long, "pod": long, long: long}
			a.Annotations = map[string]string{"summary": long, "description": long + long, "value": long, "runbook_url": long, "dashboard_url": long}
		},
	} {
		alert := payloadAlert{Status: "firing", Labels: map[string]string{"alertname": "Short"}, Annotations: map[string]string{}}
		p := payload{}
		place(&p, &alert)
		p.Alerts = []payloadAlert{alert}
		for _, c := range Channels() {
			for _, form := range append([]string{""}, c.Forms...) {
				target := targets[c.Name]
				target.Form = form
				request, err := newEncoder(c, target, time.Now()).encode(newMessage(p, Style{}))
				if err != nil {
					t.Errorf("a long %s in %s %s: %v", name, c.Name, form, err)
					continue
				}
				if received := offer(newFake(t, c.Name), request); !received.OK {
					t.Errorf("a long %s in %s %s: refused with %s", name, c.Name, form, received.Answer)
				}
			}
		}
	}
}
