package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// hostileTexts: what labels and annotations say is shown as it is. It calls nobody, links to
// nothing but web pages, ends no line and no string, and is no template.
func hostileTexts(t *testing.T, h *hostile) {
	texts := []string{
		`<at id=all></at>`, `<at user_id="all">all</at>`, `@all`, `<@all>`, `<!channel>`, `<!here|here>`, `<!subteam^S123>`,
		`[click](javascript:alert(1))`, `<javascript:alert(1)|click>`, `![x](http://evil.example/x.png)`, `<script>alert(1)</script>`,
		"\r\nX-Injected: yes\r\n\r\n{}", `"}],"msgtype":"text"`, `\",\"a\":\"`, "`code`", "**bold**", "# heading", "> quote", "- item",
		`{{ .Alerts }}{{ template "x" }}`, `${HOSTILE}`, "\u202eesrever", "\u0000\u0007\u001b[31mred", "a\u2028b\u2029c", strings.Repeat("wide ", 2000),
	}
	for channel := range h.ims {
		for _, text := range texts {
			_, name := h.alert()
			labels := map[string]string{"alertname": name, "pod": text, "severity": text, text: text}
			body, err := json.Marshal(map[string]any{
				"receiver": text, "groupKey": name + text, "externalURL": text,
				"alerts": []any{map[string]any{
					"status": "firing", "labels": labels, "generatorURL": text,
					"annotations": map[string]string{"summary": name + " " + text, "description": text, "runbook_url": text, "value": text},
				}},
			})
			if err != nil {
				t.Fatal(err)
			}
			if status, answer, _ := h.request(t, "/api/v1/notify/"+channel, strings.NewReader(string(body))); status != http.StatusOK {
				t.Errorf("%q: %d %s", clipped(text), status, answer)
			}
			h.expect(name)
		}
	}
	h.delivered(t)
	inert := map[string][]string{
		"feishu":   {"<at ", "](javascript:", "](http://evil.example"},
		"slack":    {"<!", "<javascript:", "|click>"},
		"wecom":    {"<@", "](javascript:", "](http://evil.example"},
		"dingtalk": {`"isAtAll":true`, "](javascript:", "](http://evil.example"},
	}
	// Before this there are titles, which are plain text.
	first := map[string]string{"feishu": `"body":`, "dingtalk": `"text":`, "slack": "{", "wecom": "{", "webhook": "{"}
	for channel, im := range h.ims {
		for _, r := range im.Received() {
			for _, markup := range append(inert[channel], "\u202e", "\x1b", "\\u001b", "\\u0000") {
				_, body, _ := strings.Cut(r.Body, first[channel])
				if !json.Valid([]byte(r.Body)) || strings.Contains(body, markup) {
					t.Errorf("%s was sent %q:\n%s", channel, markup, clipped(r.Body))
				}
			}
		}
	}
}

// hostileBombs are templates that would take all memory, or all time, if they could: for alerts
// with a label that nobody thought of when they were tried.
var hostileBombs = []string{
	`{{ if .Labels.bomb }}{{ range 1000000000000 }}{{ end }}{{ end }}`,
	`{{ if .Labels.bomb }}{{ printf "%999999999d" 1 }}{{ end }}`,
	`{{ if .Labels.bomb }}{{ $x := "aaaa" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}{{ $x }}{{ end }}`,
	`{{ define "a" }}{{ range 2 }}{{ template "a" $ }}{{ end }}{{ end }}{{ if .Labels.bomb }}{{ template "a" . }}{{ end }}`,
}

// hostileTemplates: a message whose template goes wrong has the built-in text.
func hostileTemplates(t *testing.T, h *hostile) {
	for i := range hostileBombs {
		body, name := h.alert()
		body = strings.Replace(body, `"labels":{`, `"labels":{"bomb":"yes",`, 1)
		if status, answer, _ := h.request(t, fmt.Sprintf("/api/v1/notify/bomb%d", i), strings.NewReader(body)); status != http.StatusOK {
			t.Errorf("%s: %d %s", hostileBombs[i], status, answer)
		}
		h.expect(name)
	}
	h.delivered(t)
}
