package adaptor

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestTemplateFailureIsCounted sends the built-in text of what a template fails to write, counts
// each message, and says so once in a minute.
func TestTemplateFailureIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := toChannel("slack")
		config.Receivers[0].Templates = templatesOf(t, "", `Text of {{ .Labels.pod }}.{{ if match "-1$" .Labels.pod }}{{ mustToDate "2006" .Labels.pod }}{{ end }}`, "")
		b := newBench(t, Options{Config: config})
		for _, key := range []string{"a", "b", "c"} {
			b.post("slack", groupOf(key, 2, "firing"))
			time.Sleep(40 * time.Second)
		}
		metrics := httptest.NewRecorder()
		b.Handler().ServeHTTP(metrics, httptest.NewRequest("GET", "/metrics", nil))
		b.stop()
		<-b.stopped
		texts := acceptedTexts(b.ims["slack"])
		if len(texts) != 3 {
			t.Fatalf("%d messages, want 3", len(texts))
		}
		for i, key := range []string{"a", "b", "c"} {
			for _, want := range []string{"Text of pod-" + key + "-0.", "disk " + key + "-1 is full"} {
				if !strings.Contains(texts[i], want) {
					t.Errorf("message %d lacks %q:\n%s", i, want, texts[i])
				}
			}
		}
		if want := `rulekit_adaptor_template_errors_total{receiver="slack"} 3`; !strings.Contains(metrics.Body.String(), want) {
			t.Errorf("the metrics lack %s", want)
		}
		if logged := strings.Count(b.log.String(), "a template failed"); logged != 2 {
			t.Errorf("logged %d times, want 2 in two minutes:\n%s", logged, b.log.String())
		}
		if want := `alert.tmpl:1:`; !strings.Contains(b.log.String(), want) {
			t.Errorf("the log lacks the place %s", want)
		}
	})
}

// TestTemplatesAndDigests writes no template's text into a digest, nor counts its failures.
func TestTemplatesAndDigests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := toChannel("dingtalk")
		config.Receivers[0].Templates = templatesOf(t, "Own title", `{{ mustToDate "2006" "x" }}`, "")
		b := newBench(t, Options{Config: config})
		for i := range 100 {
			b.post("dingtalk", groupOf(fmt.Sprintf("g%d", i), 1, "firing"))
		}
		time.Sleep(time.Hour)
		b.stop()
		<-b.stopped
		digests := 0
		for _, text := range acceptedTexts(b.ims["dingtalk"]) {
			if strings.Contains(text, "notifications in one") {
				digests++
				if strings.Contains(text, "Own title") {
					t.Errorf("a digest with the title of one group:\n%.300s", text)
				}
			}
		}
		if digests == 0 {
			t.Error("no digest was sent")
		}
	})
}
