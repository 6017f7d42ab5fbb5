package adaptor

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// furtherChannel is all that a further messenger takes: a value like this, registered by the
// init of its file.
var furtherChannel = &Channel{
	Name:     "pigeon",
	Types:    []string{"pigeon-webhook", "pigeon"},
	Hosts:    []string{"loft.example"},
	Forms:    []string{"note", "shout"},
	Params:   []Param{{Name: "loft", Required: true, What: "the loft that the pigeon flies to"}},
	Rates:    []Rate{{Messages: 1, Per: time.Minute}},
	MaxBytes: 300,
	Markup: func(form string) markup {
		if form == "shout" {
			return markup{text: strings.ToUpper, bold: plain, dim: plain, link: func(title, _ string) string { return title }, newline: "\n"}
		}
		return weComMarkup(weComText)
	},
	Encode: func(target Target, m Message, _ time.Time) (Request, error) {
		k := furtherMarkup(target.Form)
		text := strings.Join(append([]string{m.Headline()}, k.blocks(m, 100)...), "\n")
		body, err := encodeJSON(map[string]string{"loft": string(target.Params["loft"]), "note": text})
		return Request{URL: string(target.URL), Body: body, Size: len(text)}, err
	},
	Verdict: func(r Response) Verdict {
		if verdict, bad := refused(r); bad {
			return verdict
		}
		if string(r.Body) != "coo" {
			return unreadable(r)
		}
		return Verdict{Outcome: Done}
	},
}

func plain(s string) string { return s }

// furtherMarkup breaks the circle of a channel that asks itself for its markup.
func furtherMarkup(form string) markup { return channelOfType("pigeon").Markup(form) }

// TestFurtherChannel: a messenger that registers is configured by its type, parameters and form,
// by its host alone, and gets its messages in parts, within its rate, with retries.
func TestFurtherChannel(t *testing.T) {
	before := slices.Clone(channels)
	register(furtherChannel)
	t.Cleanup(func() { channels = before })
	config, err := ParseConfig("adaptor.yaml", []byte(`
receivers:
- {name: a, type: pigeon, form: shout, params: {url: "https://loft.example/token-of-a-loft", loft: north}}
- {name: b, params: {url: "https://loft.example/token-of-another", loft: south}}
`), func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{
		`receivers: [{name: a, type: pigeon, params: {url: "https://loft.example/x"}}]`,
		`receivers: [{name: a, type: pigeon, form: whisper, params: {url: "https://loft.example/x", loft: n}}]`,
		`receivers: [{name: a, type: pigeno, params: {url: "https://loft.example/x", loft: n}}]`,
	} {
		if _, err := ParseConfig("adaptor.yaml", []byte(source), func(string) string { return "" }); err == nil {
			t.Errorf("accepted %s", source)
		}
	}
	synctest.Test(t, func(t *testing.T) { deliverByPigeon(t, config) })
}

func deliverByPigeon(t *testing.T, config *Config) {
	var notes []string
	var times []time.Time
	answers := []string{"", "coo"}
	loft := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Loft, Note string }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || len(body.Note) > furtherChannel.MaxBytes {
			t.Errorf("%v: %+v", err, body)
		}
		answer := answers[min(len(times), len(answers)-1)]
		if answer == "coo" {
			notes = append(notes, body.Loft+": "+body.Note)
		}
		times = append(times, time.Now())
		fmt.Fprint(w, answer)
	})
	server, err := New(Options{Config: config, Transport: handlers{"loft.example": loft}, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- server.Run(ctx) }()
	if status, answer := post(server.Handler(), http.MethodPost, "/api/v1/notify/a", strings.NewReader(groupOf("a", 4, "firing"))); status != http.StatusOK {
		t.Fatalf("%d %s", status, answer)
	}
	time.Sleep(time.Hour)
	stop()
	<-stopped
	whole := strings.Join(notes, "\n")
	for i := range 4 {
		if !strings.Contains(whole, fmt.Sprintf("DISK A-%d IS FULL", i)) {
			t.Errorf("alert %d is not told:\n%s", i, whole)
		}
	}
	if !strings.Contains(whole, "north: [FIRING:4] Disk (warning) 1/") || len(notes) < 2 {
		t.Errorf("no parts, or not to the loft:\n%s", whole)
	}
	for i := range times[1:] {
		if gap := times[i+1].Sub(times[i]); gap < time.Minute {
			t.Errorf("two calls in %s", gap)
		}
	}
}
