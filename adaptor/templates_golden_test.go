package adaptor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestTemplateGolden writes the samples by a usual template in every form of every channel. Each
// part is accepted by the channel's fake, and is compared with <channel>.<form>.txt as a person
// would see it.
func TestTemplateGolden(t *testing.T) {
	hostile, err := os.ReadFile(filepath.Join(golden, "webhook", "hostile.json"))
	if err != nil {
		t.Fatal(err)
	}
	bodies := [][]byte{SamplePayload(false), SamplePayload(true), hostile}
	for _, channel := range Channels() {
		for _, form := range channel.Forms {
			t.Run(channel.Name+"."+form, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					receiver := Receiver{
						Channel: channel, Target: targetOf(channel.Name, form),
						Templates: templatesOf(t, `{{ .Status | title }}: {{ .CommonLabels.alertname }} <b>{{ .GroupLabels.missing }}`, usualTemplate, ""),
					}
					var texts []string
					for _, body := range bodies {
						texts = append(texts, shownPreview(t, &receiver, body)...)
					}
					compare(t, filepath.Join(golden, "templates", ownName(channel.Name)+"."+form+".txt"), strings.Join(texts, "\n"))
				})
			})
		}
	}
}

// shownPreview shows the messages of a preview. They are sent with the receiver's own secret.
func shownPreview(t *testing.T, receiver *Receiver, body []byte) []string {
	t.Helper()
	preview, err := receiver.Preview(body)
	if err != nil {
		t.Fatal(err)
	}
	if preview.TemplateErrors != nil {
		t.Error(preview.TemplateErrors)
	}
	p := payloadOf(t, string(body))
	m := newMessage(p, receiver.Style)
	if err := receiver.write(&m, p); err != nil {
		t.Error(err)
	}
	requests := encodeParts(t, newEncoder(receiver.Channel, receiver.Target, time.Now()), m)
	if len(requests) != len(preview.Parts) {
		t.Fatalf("%d messages, and %d in the preview", len(requests), len(preview.Parts))
	}
	var texts []string
	for i, request := range requests {
		received := offer(newFake(t, receiver.Channel.Name), request)
		if !received.OK {
			t.Errorf("the fake %s refused it: %d %s", receiver.Channel.Name, received.Status, received.Answer)
		}
		if request.Size != preview.Parts[i].Size || len(request.Body) != len(preview.Parts[i].Body) {
			t.Errorf("part %d has %d bytes, and %d in the preview", i+1, request.Size, preview.Parts[i].Size)
		}
		if s := receiver.Target.Secret; s != "" && strings.Contains(string(preview.Parts[i].Body), string(s)) {
			t.Error("the preview has the secret")
		}
		texts = append(texts, received.Text+"\n")
	}
	return texts
}
