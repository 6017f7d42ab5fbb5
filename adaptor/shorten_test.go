package adaptor

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// TestLongTexts: wherever a text is too long, the message fits, and is accepted.
func TestLongTexts(t *testing.T) {
	long := strings.Repeat("wide ", 5_000)
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

// TestShortening: what a body can hold at most becomes a message that fits, says that it is
// shortened, and is whole: no character and no markup is cut in two.
func TestShortening(t *testing.T) {
	labels := map[string]string{"alertname": "ManyLabels"}
	for i := range 10_000 {
		labels[fmt.Sprintf("label_%05d", i)] = fmt.Sprint("value ", i)
	}
	markup := "**b** <font color='red'>x</font> [l](http://e.example) `c` 标准 👩‍👩‍👧‍👦 &amp; _i_\n> q\n"
	alerts := map[string]payloadAlert{
		"a description of 5 MB":           {Annotations: map[string]string{"description": strings.Repeat("标", 5_000_000/len("标"))}},
		"a description of 5 MB of markup": {Annotations: map[string]string{"description": strings.Repeat(markup, 5_000_000/len(markup))}},
		"a summary of 5 MB of markup":     {Annotations: map[string]string{"summary": strings.Repeat(markup, 5_000_000/len(markup))}},
		"10 000 labels":                   {Labels: labels},
		"a long name":                     {Labels: map[string]string{"alertname": strings.Repeat("👩‍👩‍👧‍👦", 20_000)}},
		"a long label":                    {Labels: map[string]string{"alertname": "A", "pod": strings.Repeat("&<>|*_`", 50_000)}},
	}
	for name, alert := range alerts {
		alert.Status = "firing"
		if alert.Labels == nil {
			alert.Labels = map[string]string{"alertname": "Short"}
		}
		m := newMessage(payload{Alerts: []payloadAlert{alert}}, Style{})
		for _, c := range Channels() {
			for _, form := range c.Forms {
				t.Run(name+"/"+c.Name+"."+form, func(t *testing.T) {
					e := newEncoder(c, targetOf(c.Name, form), time.Now())
					e.limit = min(e.limit, 30_000)
					checkShortened(t, e, m)
				})
			}
		}
	}
}

func checkShortened(t *testing.T, e encoder, m Message) {
	planned, ends, err := e.plan(m, 0)
	if err != nil || len(ends) != 1 {
		t.Fatalf("planned as %v, %v", ends, err)
	}
	request, err := e.encode(planned)
	if err != nil {
		t.Fatal(err)
	}
	body := string(request.Body)
	switch {
	case request.Size > e.limit:
		t.Errorf("%d bytes of %d", request.Size, e.limit)
	case request.Size < e.limit/3:
		t.Errorf("only %d bytes of %d are left: %s", request.Size, e.limit, body)
	case !strings.Contains(body, english.Shortened):
		t.Errorf("the message does not say that it is shortened: %.300s", body)
	case !utf8.ValidString(body) || strings.ContainsRune(body, utf8.RuneError):
		t.Errorf("a character is cut: %q", body)
	case !json.Valid(request.Body):
		t.Errorf("the body is no JSON: %s", body)
	case e.target.Form != weComText && e.channel.Name != "webhook" && strings.Count(body, "<font") != strings.Count(body, "</font>"),
		e.target.Form != weComText && e.channel.Name != "slack" && e.channel.Name != "webhook" && strings.Count(body, "**")%2 != 0:
		t.Errorf("markup is cut: %s", body)
	}
	if received := offer(newFake(t, e.channel.Name), request); !received.OK {
		t.Errorf("refused with %s", received.Answer)
	}
}

// TestTemplateTextIsNotCut: a text that a template wrote goes as a whole, for half of its markup is
// worth nothing; the built-in text is in its place.
func TestTemplateTextIsNotCut(t *testing.T) {
	m := sampleMessage(t, "firing", Style{})
	m.Alerts[0].Text = "**TEMPLATE** " + strings.Repeat("<font color=\"info\">word</font> ", 2000)
	for _, c := range Channels() {
		e := newEncoder(c, targets[c.Name], time.Now())
		e.limit = min(e.limit, 20_000)
		request, err := e.encode(m)
		if err != nil || strings.Contains(string(request.Body), "TEMPLATE") || !strings.Contains(string(request.Body), english.Shortened) ||
			!strings.Contains(string(request.Body), "too many connections") {
			t.Errorf("%s: %v, %.400s", c.Name, err, request.Body)
		}
	}
}
