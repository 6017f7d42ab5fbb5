package adaptor

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

// TestUpdateFailsForEver: a first message that cannot be changed does not keep the news from anybody.
func TestUpdateFailsForEver(t *testing.T) {
	for _, fault := range []fakeim.Fault{{Status: 200, Body: `{"ok":false,"error":"something_new"}`}, {Status: 500}} {
		synctest.Test(t, func(t *testing.T) {
			b := newSlackBench(t)
			im := b.ims["slack"]
			b.client.Transport = updateFails{b.client.Transport, fault}
			b.post("bot", groupOf("a", 1, "firing"))
			time.Sleep(time.Minute)
			b.post("bot", groupOf("a", 1, "resolved"))
			time.Sleep(5 * time.Hour)
			b.stop()
			<-b.stopped
			texts := acceptedTexts(im)
			if !strings.Contains(texts[len(texts)-1], "RESOLVED") {
				t.Errorf("nobody was told that it is over: %q %v", texts, b.outcomes())
			}
		})
	}
}

// updateFails is a network on which no message can be changed.
type updateFails struct {
	http.RoundTripper
	fault fakeim.Fault
}

func (u updateFails) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, slackUpdate) {
		return (handlers{r.URL.Host: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(u.fault.Status)
			fmt.Fprint(w, u.fault.Body)
		})}).RoundTrip(r)
	}
	return u.RoundTripper.RoundTrip(r)
}

// TestThreadEndsInDigest: a group's end that is told in a digest ends its thread, too.
func TestThreadEndsInDigest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newSlackBench(t)
		im := b.ims["slack"]
		b.post("bot", groupOf("a", 1, "firing"))
		time.Sleep(time.Minute)
		im.Fail(fakeim.Fault{Status: 503})
		for i := range 30 {
			b.post("bot", groupOf(fmt.Sprint("x", i), 1, "firing"))
		}
		b.post("bot", groupOf("a", 1, "resolved"))
		time.Sleep(time.Hour)
		b.post("bot", groupOf("a", 1, "firing"))
		time.Sleep(time.Minute)
		received := im.Received()
		if last := received[len(received)-1]; strings.Contains(last.Body, "thread_ts") {
			t.Errorf("what fires anew is in the old thread: %s", last.Body)
		}
		b.stop()
		<-b.stopped
	})
}

// TestThreadOfTruncated: a group of which alerts that Alertmanager left out may fire keeps its thread.
func TestThreadOfTruncated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newSlackBench(t)
		im := b.ims["slack"]
		b.post("bot", groupOf("a", 2, "firing"))
		time.Sleep(time.Minute)
		b.post("bot", `{"truncatedAlerts":3,"status":"firing",`+groupOf("a", 2, "resolved")[1:])
		time.Sleep(time.Minute)
		b.post("bot", `{"status":"resolved",`+groupOf("a", 3, "resolved")[1:])
		time.Sleep(time.Minute)
		received := im.Received()
		if !strings.Contains(received[len(received)-2].URL, slackUpdate) {
			t.Errorf("the first message was not updated: %+v", received[len(received)-2])
		}
		b.stop()
		<-b.stopped
	})
}
