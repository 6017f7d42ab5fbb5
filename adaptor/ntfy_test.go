package adaptor

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// ntfy shows on phones what is published to a topic (https://docs.ntfy.sh/publish/#publish-as-json).
// The limits are those of https://docs.ntfy.sh/publish/#limitations.
func registerNtfy() {
	register(&Channel{
		Name:     "ntfy",
		Types:    []string{"ntfy"},
		Hosts:    []string{"ntfy.sh"},
		Address:  "https://ntfy.sh/",
		Forms:    []string{"text"},
		Params:   []Param{{Name: "topic", Secret: true, Required: true, What: "the topic that the phones subscribe to"}},
		Rates:    []Rate{{Messages: 60, Per: 5 * time.Minute}},
		MaxBytes: 4096,
		Markup:   func(string) markup { return ntfyMarkup },
		Encode:   encodeNtfy,
		Verdict:  judgeNtfy,
	})
}

// ntfyMarkup is plain text: nothing has to be escaped.
var ntfyMarkup = markup{
	text:    ntfyText,
	bold:    ntfyText,
	dim:     ntfyText,
	link:    func(title, address string) string { return title + ": " + address },
	newline: "\n",
}

func ntfyText(s string) string { return s }

func encodeNtfy(target Target, m Message, _ time.Time) (Request, error) {
	paragraphs := ntfyMarkup.blocks(m, 4096)
	if links := ntfyMarkup.links(m, m.Links); links != "" {
		paragraphs = append(paragraphs, links)
	}
	text := strings.Join(append(paragraphs, m.Notes()...), "\n\n")
	body, err := encodeJSON(map[string]any{
		"topic":    string(target.Params["topic"]),
		"title":    m.Headline(),
		"message":  text,
		"priority": [...]int{ToneResolved: 2, ToneInfo: 3, ToneWarning: 4, ToneCritical: 5}[m.Tone()],
	})
	return Request{URL: string(target.URL), Body: body, Size: len(text)}, err
}

func judgeNtfy(r Response) Verdict {
	if verdict, bad := refused(r); bad {
		return verdict
	}
	var answer struct{ ID string }
	if err := json.Unmarshal(r.Body, &answer); err != nil || answer.ID == "" {
		return unreadable(r)
	}
	return Verdict{Outcome: Done}
}

// TestNtfy: the example of docs/channels.md is all that a messenger takes. It is configured by its
// type and topic, and gets what does not fit into one message in parts, which are tried again.
func TestNtfy(t *testing.T) {
	before := slices.Clone(channels)
	registerNtfy()
	t.Cleanup(func() { channels = before })
	config, err := ParseConfig("adaptor.yaml", []byte("receivers: [{name: phone, type: ntfy, params: {topic: of-a-team}}]"), func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		var messages []string
		phones := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var body struct {
				Topic, Title, Message string
				Priority              int
			}
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Topic != "of-a-team" || body.Priority != 4 || len(body.Message) > 4096 {
				t.Errorf("%v: %+v", err, body)
			}
			messages = append(messages, body.Title+"\n"+body.Message)
			if len(messages) == 1 {
				w.WriteHeader(http.StatusTooManyRequests)
			}
			fmt.Fprint(w, `{"id":"x"}`)
		})
		server, err := New(Options{Config: config, Transport: handlers{"ntfy.sh": phones}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		stopped := make(chan error, 1)
		go func() { stopped <- server.Run(ctx) }()
		if status, answer := post(server.Handler(), http.MethodPost, NotifyPath+"phone", strings.NewReader(groupOf("a", 60, "firing"))); status != http.StatusOK {
			t.Errorf("%d %s", status, answer)
		}
		time.Sleep(time.Hour)
		stop()
		<-stopped
		whole := strings.Join(messages[1:], "\n")
		for i := range 60 {
			if !strings.Contains(whole, fmt.Sprintf("disk a-%d is full", i)) {
				t.Errorf("alert %d is not told:\n%s", i, whole)
			}
		}
		if len(messages) < 3 || !strings.HasPrefix(messages[1], "[FIRING:60] Disk (warning) 1/") {
			t.Errorf("%d messages:\n%s", len(messages), whole)
		}
	})
}
