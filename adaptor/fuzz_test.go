package adaptor

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// FuzzWebhook: a body either is refused in one line, or can be written for every channel within
// its limit, and is accepted by the channel's fake.
func FuzzWebhook(f *testing.F) {
	inputs, err := filepath.Glob(golden + "/webhook/*.json")
	if err != nil || len(inputs) == 0 {
		f.Fatalf("no inputs: %v", err)
	}
	for _, path := range inputs {
		body, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte(`{"alerts":[{"labels":{"alertname":"\ud800\u0000\u2028","severity":"😀"},"startsAt":"9999-12-31T23:59:59Z","status":"resolved","endsAt":"0000-01-01T00:00:00Z"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := decode(body)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Errorf("the error has several lines: %q", err)
			}
			return
		}
		message := newMessage(p)
		if message.Firing+message.Resolved != len(p.Alerts) {
			t.Errorf("%d firing and %d resolved of %d alerts", message.Firing, message.Resolved, len(p.Alerts))
		}
		for _, c := range Channels() {
			request, shown, err := c.fit(targets[c.Name], message, time.Now(), c.MaxBytes)
			if err != nil {
				t.Fatalf("%s: %v", c.Name, err)
			}
			if request.Size > c.MaxBytes || shown == 0 {
				t.Errorf("%s: %d alerts in %d bytes, limit %d", c.Name, shown, request.Size, c.MaxBytes)
			}
			received := offer(newFake(t, c.Name), request)
			if !received.OK {
				t.Errorf("%s refused: %s", c.Name, received.Answer)
			}
			if shown < len(p.Alerts) && !strings.Contains(received.Text, "did not fit") {
				t.Errorf("%s: %d of %d alerts, and nobody is told", c.Name, shown, len(p.Alerts))
			}
		}
	})
}

// FuzzConfig: a configuration either is refused, or every receiver of it can be used.
func FuzzConfig(f *testing.F) {
	f.Add([]byte("receivers:\n- name: a\n  type: slack\n  params: {url: 'https://hooks.slack.com/services/T/B/$${X}', secret: ${X}}\n"))
	f.Add([]byte("receivers: &a\n- *a\n---\n"))
	f.Fuzz(func(t *testing.T, source []byte) {
		if bytes.Contains(source, []byte("_file")) {
			return // would read files of this machine
		}
		r := &configReader{path: "adaptor.yaml", getenv: func(string) string { return "value" }}
		config := r.read(source)
		if r.err() != nil {
			return
		}
		for _, receiver := range config.Receivers {
			if receiver.Name == "" || receiver.Channel == nil || receiver.Target.URL == "" {
				t.Errorf("accepted %q: %+v", source, receiver)
			}
		}
	})
}
