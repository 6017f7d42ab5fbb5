package adaptor

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

// toGeneric is a receiver's target with the given params, as name, value and so on.
func toGeneric(params ...string) Target {
	target := Target{URL: targets["webhook"].URL, Params: map[string]Secret{}}
	for i := 0; i < len(params); i += 2 {
		target.Params[params[i]] = Secret(params[i+1])
	}
	return target
}

// genericSent is the body that a template makes of a sample.
func genericSent(t *testing.T, template string, m Message) map[string]any {
	t.Helper()
	request, err := encodeGeneric(toGeneric("template", template), m, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	var body map[string]any
	if err := json.Unmarshal(request.Body, &body); err != nil {
		t.Fatalf("%v: %s", err, request.Body)
	}
	return body
}

// TestGenericHostile: the texts of alerts arrive as they are, as data.
func TestGenericHostile(t *testing.T) {
	request, err := encodeGeneric(toGeneric(), sampleMessage(t, "hostile", Style{}), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	var got genericMessage
	if err := json.Unmarshal(request.Body, &got); err != nil {
		t.Fatal(err)
	}
	a := got.Alerts[0]
	if a.Title != `### heading </font><font color="info">ok</font> @all @13800000000 user@example.com` || a.Where["path"] != `C:\new\*` ||
		!strings.HasPrefix(a.Description, "> quote\n# title\n- item\n---\n") || a.Links["runbook"] != "javascript:alert(1)" {
		t.Errorf("got %+v", a)
	}
	if strings.Contains(string(request.Body), `\u003c`) {
		t.Errorf("the JSON is escaped for HTML: %s", request.Body)
	}
}

// TestGenericTemplates: whatever a label has, a template's body is JSON, by quotes around an
// action and by toJson alike.
func TestGenericTemplates(t *testing.T) {
	hostile := "\"quoted\" \\ back\nline\t</script> {{ .Title }} \u2028"
	m := Message{Name: "a", Firing: 1, Alerts: []Alert{{Name: hostile, Title: hostile, Where: []Field{{"pod", hostile}}, Value: "5"}}}
	for template, want := range map[string]string{
		`{"x": "{{ (index .Alerts 0).Title }}"}`:                                          hostile,
		`{"x": {{ toJson (index .Alerts 0).Title }}}`:                                     hostile,
		`{"x": {{ (index .Alerts 0).Where.pod | toJson }}}`:                               hostile,
		`{"x": "{{ range .Alerts }}{{ .Value }},{{ end }}"}`:                              "5,",
		`{"x": "{{ .Links.nothing }}{{ with .Links.graph }}{{ . }}{{ end }}"}`:            "",
		`{"x": "{{ .Title | toUpper }}"}`:                                                 "[FIRING:1] A",
		`{{ toJson (dict "x" .Status) }}`:                                                 "firing",
		`{{ define "x" }}"{{ .Name }}"{{ end }}{"x": {{ template "x" . }}}`:               "a",
		`{"x": "{{ (index .Alerts 0).StartsAt }}{{ printf "%d/%d" .Firing .Resolved }}"}`: "1/0",
	} {
		if got := genericSent(t, template, m)["x"]; got != want {
			t.Errorf("%s: got %q, want %q", template, got, want)
		}
	}
	m = sampleMessage(t, "mixed", Style{})
	if text := fmt.Sprint(genericSent(t, `{"x": "{{ .Text }}"}`, m)["x"]); !strings.Contains(text, "[FIRING:1 RESOLVED:1]") || !strings.Contains(text, "pod: pg-1") || !strings.Contains(text, "3 more alerts") {
		t.Errorf("the text is %s", text)
	}
}

// TestGenericCheck: what is wrong with a template is found when it is configured.
func TestGenericCheck(t *testing.T) {
	for _, test := range []struct {
		target Target
		want   string
	}{
		{toGeneric(), ""},
		{toGeneric("template", `{"text": "{{ .Title }}"}`), ""},
		{toGeneric("template", `{"subject": {{ toJson .Title }}, "items": [
			{{- range $i, $a := .Alerts }}{{ if $i }},{{ end }}
			{"text": "{{ $a.Title }} ({{ $a.Where.pod }})", "done": {{ eq $a.Status "resolved" }}}
			{{- end }}]}`), ""},
		{toGeneric("template", `{"text": {{ .Title }}}`), "not JSON"},
		{toGeneric("template", `{"text": "{{ .Titel }}"}`), `params.template:1:14: the message has no .Titel (did you mean "Title"?): it has Accepted, Alerts, FallbackFor`},
		{toGeneric("template", `{"text": "{{ .Headline }}"}`), "the message has no .Headline: it has"},
		{toGeneric("template", `{"a": "{{ range .Alerts }}{{ .Summary }}{{ end }}"}`), "an alert has no .Summary: it has Description, EndsAt"},
		{toGeneric("template", `{"a": "{{ range .Mentions }}{{ .Users }}{{ end }}"}`), `a mention has no .Users (did you mean "User"?)`},
		{toGeneric("template", "{\n\"text\": \"{{ nosuch .Title }}\"}"), "params.template:2"},
		{toGeneric("template", `{"a": [{{ range .Alerts }}{{ toJson .Title }},{{ end }}]}`), "not JSON"},
		{toGeneric("template", `{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}`), "deep"},
		{toGeneric("success", `"ok":(true`), "params.success"},
		{toGeneric("success", `"ok":true`), ""},
		{toGeneric("authorization", "Bearer x"), ""},
		{toGeneric("authorization", "Bearer x\r\nX-Evil: 1"), "params.authorization"},
	} {
		err := checkGeneric(test.target)
		if (err == nil) != (test.want == "") || (err != nil && !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%q: %v", test.target.Params, err)
		}
	}
}

// TestGenericVerdicts: a 2xx is a yes, unless the receiver knows better.
func TestGenericVerdicts(t *testing.T) {
	request, err := encodeGeneric(toGeneric("success", `"ok":\s*true`, "authorization", "Bearer x"), sampleMessage(t, "firing", Style{}), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if got := request.Header.Get("Authorization"); got != "Bearer x" {
		t.Errorf("authorization: %q", got)
	}
	c := channelOfType("webhook")
	for _, test := range []struct {
		status      int
		body        string
		want, judge Outcome
	}{
		{200, "", Done, Retry},
		{204, "", Done, Retry},
		{202, `{"ok": true}`, Done, Done},
		{200, `{"ok": false}`, Done, Retry},
		{301, "", DeadLetter, DeadLetter},
		{400, `{"ok": true}`, DeadLetter, DeadLetter},
		{401, "", DeadLetter, DeadLetter},
		{408, "", Retry, Retry},
		{413, "", Split, Split},
		{429, "", Retry, Retry},
		{500, "", Retry, Retry},
		{503, "", Retry, Retry},
	} {
		response := Response{Status: test.status, Body: []byte(test.body)}
		if got := c.judge(Request{}, response); got.Outcome != test.want {
			t.Errorf("%d %s: got %s, want %s", test.status, test.body, got.Outcome, test.want)
		}
		if got := c.judge(request, response); got.Outcome != test.judge || (got.Outcome != Done && got.Reason == "") {
			t.Errorf("%d %s with params.success: got %+v, want %s", test.status, test.body, got, test.judge)
		}
	}
}

// TestGenericDelivery: an error in a 200 is tried again, and the header is sent.
func TestGenericDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := toGeneric("success", "fine", "authorization", "Bearer secret-of-a-server", "template", `{"text": "{{ .Title }}"}`)
		b := newBench(t, Options{Config: &Config{Receivers: []Receiver{{Name: "any", Channel: channelOfType("webhook"), Target: target}}}})
		b.ims["webhook"].Fail(fakeim.Fault{Status: http.StatusOK, Body: "error"}, fakeim.Fault{Status: http.StatusOK, Body: "fine"})
		b.post("any", input(t, "firing"))
		time.Sleep(time.Minute)
		received := b.ims["webhook"].Received()
		if len(received) != 2 || received[1].Body != `{"text":"[FIRING:1] PostgreSQLTooManyConnections (warning)"}` {
			t.Errorf("received %+v", received)
		}
		b.stop()
		<-b.stopped
	})
}

// TestGenericParts: a body of many alerts is cut by its size, also one that a template makes, and
// one that takes too long.
func TestGenericParts(t *testing.T) {
	for _, test := range []struct {
		name, template string
		// hundreds are how many alerts there are.
		hundreds int
	}{
		{"default", "", 20},
		{"template", `{"alerts": {{ toJson .Alerts }}}`, 20},
		{"slow", `{"alerts": [0{{ range .Alerts }}{{ $a := . }}{{ range $.Alerts }}{{ if eq .Title $a.Title }},1{{ end }}{{ end }}{{ end }}]}`, 5},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := sampleMessage(t, "many", Style{})
			for len(m.Alerts) < 100*test.hundreds {
				m.Alerts = append(m.Alerts, m.Alerts...)
			}
			m.Alerts = m.Alerts[:100*test.hundreds]
			requests := encodeParts(t, newEncoder(channelOfType("webhook"), toGeneric("template", test.template), time.Time{}), m)
			if len(requests) < 2 {
				t.Errorf("%d messages", len(requests))
			}
		})
	}
}

// FuzzGeneric: a body is JSON whatever the message says, also one that a template makes.
func FuzzGeneric(f *testing.F) {
	const template = `{"text": "{{ .Text }}", "title": {{ toJson .Title }}, "alerts": [{{ range $i, $a := .Alerts }}{{ if $i }},{{ end }}
		{"{{ $a.Name }}": "{{ range $k, $v := $a.Where }}{{ $k }}={{ $v }} {{ end }}", "since": "{{ $a.StartsAt }}", "links": {{ toJson $a.Links }}}{{ end }}]}`
	fuzzChannel(f, func(t *testing.T, z fuzzed) {
		m := z.message()
		checkParts(t, channelOfType("webhook"), "json", m)
		for _, request := range encodeParts(t, newEncoder(channelOfType("webhook"), toGeneric("template", template), time.Time{}), m) {
			if !json.Valid(request.Body) {
				t.Errorf("not JSON: %s", request.Body)
			}
		}
	})
}
