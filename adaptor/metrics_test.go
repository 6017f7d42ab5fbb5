package adaptor

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

// scrape returns the adaptor's own samples as a scrape sees them, without buckets.
func scrape(t *testing.T, h http.Handler) map[string]string {
	t.Helper()
	status, text := post(h, http.MethodGet, "/metrics", nil)
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	samples := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if own, ok := strings.CutPrefix(name, metricsNamespace+"_"); ok && !strings.Contains(own, "_bucket") {
			samples[own] = value
		}
	}
	return samples
}

// moved lists the samples that are not 0, but for those of the configuration and of how long
// messages waited for the limits.
func moved(samples map[string]string) []string {
	var all []string
	for name, value := range samples {
		if value != "0" && !strings.HasPrefix(name, "config_") && !strings.HasPrefix(name, "limiter_wait_") {
			all = append(all, name+" "+value)
		}
	}
	slices.Sort(all)
	return all
}

// TestMetricsExistFromTheStart: a rate needs the sample before the first event.
func TestMetricsExistFromTheStart(t *testing.T) {
	server, err := New(Options{Config: onlySlack()})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"config_last_reload_success_timestamp_seconds",
		"config_last_reload_successful",
		"dead_letters",
		"delivery_seconds_count",
		"delivery_seconds_sum",
		"digest_groups_count",
		"digest_groups_sum",
		"limiter_wait_seconds_count",
		"limiter_wait_seconds_sum",
		`notifications_total{channel="slack",receiver="slack",status="dead_lettered"}`,
		`notifications_total{channel="slack",receiver="slack",status="deduplicated"}`,
		`notifications_total{channel="slack",receiver="slack",status="merged"}`,
		`notifications_total{channel="slack",receiver="slack",status="moved"}`,
		`notifications_total{channel="slack",receiver="slack",status="retried"}`,
		`notifications_total{channel="slack",receiver="slack",status="sent"}`,
		`queue_groups{receiver="slack"}`,
		`queue_oldest_seconds{receiver="slack"}`,
		`received_alerts_total{receiver="slack"}`,
		`refused_requests_total{status="400"}`,
		`refused_requests_total{status="401"}`,
		`refused_requests_total{status="404"}`,
		`refused_requests_total{status="413"}`,
		`refused_requests_total{status="415"}`,
		`refused_requests_total{status="503"}`,
		`template_errors_total{receiver="slack"}`,
	}
	samples := scrape(t, server.Handler())
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(samples))); diff != "" {
		t.Error(diff)
	}
	if got := moved(samples); got != nil {
		t.Errorf("not 0 before anything happened: %s", got)
	}
	_, text := post(server.Handler(), http.MethodGet, "/metrics", nil)
	for _, name := range []string{"\ngo_goroutines ", "\nprocess_start_time_seconds "} {
		if !strings.Contains(text, name) {
			t.Errorf("the metrics have no %q", name)
		}
	}
	if problems, err := testutil.GatherAndLint(server.metrics.registry); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

// TestMetricsOfDeliveries follows a notification that fails twice, one behind it, and one that
// no retry can mend.
func TestMetricsOfDeliveries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Config: onlySlack(), Retry: RetryPolicy{MinBackoff: time.Minute, MaxBackoff: time.Minute}})
		im := b.ims["slack"]
		im.Fail(fakeim.Fault{Status: 500}, fakeim.Fault{Status: 500})
		b.post("slack", input(t, "mixed"))
		b.post("slack", named("B"))
		time.Sleep(30 * time.Second)
		alerts := strings.Count(input(t, "mixed"), `"labels"`) + 1
		check := func(want ...string) {
			t.Helper()
			synctest.Wait()
			if diff := cmp.Diff(want, moved(scrape(t, b.Handler()))); diff != "" {
				t.Error(diff)
			}
		}
		received := fmt.Sprintf(`received_alerts_total{receiver="slack"} %d`, alerts)
		check(`notifications_total{channel="slack",receiver="slack",status="retried"} 1`,
			`queue_groups{receiver="slack"} 2`,
			`queue_oldest_seconds{receiver="slack"} 30`, received)

		// The third attempt succeeds; how long it took is random within a quarter.
		time.Sleep(3 * time.Minute)
		b.post("slack", named("C"))
		time.Sleep(2 * time.Second)
		samples := scrape(t, b.Handler())
		var took float64
		if _, err := fmt.Sscan(samples["delivery_seconds_sum"], &took); err != nil || took < 120 || took > 300 {
			t.Errorf("the three deliveries took %s s, %v", samples["delivery_seconds_sum"], err)
		}
		delete(samples, "delivery_seconds_sum")
		want := []string{
			"delivery_seconds_count 3",
			`notifications_total{channel="slack",receiver="slack",status="retried"} 2`,
			`notifications_total{channel="slack",receiver="slack",status="sent"} 3`,
			fmt.Sprintf(`received_alerts_total{receiver="slack"} %d`, alerts+1),
		}
		if diff := cmp.Diff(want, moved(samples)); diff != "" {
			t.Error(diff)
		}

		im.Fail(fakeim.Fault{Status: 404, Body: "no_service"})
		b.post("slack", named("D"))
		time.Sleep(2 * time.Second)
		samples = scrape(t, b.Handler())
		if got := samples[`notifications_total{channel="slack",receiver="slack",status="dead_lettered"}`]; got != "1" {
			t.Errorf("%s notifications became dead letters", got)
		}
		if got := samples["dead_letters"]; got != "1" {
			t.Errorf("%s dead letters", got)
		}
		b.stop()
		<-b.stopped
	})
}

// TestMetricsOfTheRest: duplicates, digests, the limiter, and what is left to a fallback.
func TestMetricsOfTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := allReceivers()
		for i := range config.Receivers {
			if config.Receivers[i].Name == "slack" {
				config.Receivers[i].Fallback = "feishu"
			}
		}
		b := newBench(t, Options{Config: config})
		b.ims["slack"].Fail(fakeim.Fault{Status: 404, Body: "no_service"})
		b.post("slack", named("Moved"))
		const posts = 60
		for i := range posts {
			b.post("dingtalk", named(fmt.Sprint("A", i)))
		}
		b.post("dingtalk", named(fmt.Sprint("A", posts-1)))
		const few = 12 // more than may go at once, and too few for a digest
		for i := range few {
			b.post("wecom", named(fmt.Sprint("B", i)))
			time.Sleep(time.Millisecond)
		}
		time.Sleep(30 * time.Minute)
		samples := scrape(t, b.Handler())
		b.stop()
		<-b.stopped
		status := func(receiver, status string) string {
			return samples[fmt.Sprintf("notifications_total{channel=%q,receiver=%[1]q,status=%q}", receiver, status)]
		}
		want := map[string]string{
			"moved": "1", "of the fallback": "1", "deduplicated": "1", "sent": fmt.Sprint(posts), "delivered": fmt.Sprint(posts + few + 1), "dead": "0",
		}
		got := map[string]string{
			"moved": status("slack", "moved"), "of the fallback": status("feishu", "sent"), "dead": status("slack", "dead_lettered"),
			"deduplicated": status("dingtalk", "deduplicated"), "sent": status("dingtalk", "sent"), "delivered": samples["delivery_seconds_count"],
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		merged := status("dingtalk", "merged")
		if merged == "0" || merged != samples["digest_groups_sum"] || samples["digest_groups_count"] == "0" {
			t.Errorf("merged %s, digests %s of %s groups", merged, samples["digest_groups_count"], samples["digest_groups_sum"])
		}
		if samples["limiter_wait_seconds_sum"] == "0" {
			t.Error("nothing waited for the limits")
		}
	})
}

// TestMetricsOfRefusals: each refusal counts by its status, whatever receiver it names.
func TestMetricsOfRefusals(t *testing.T) {
	server, err := New(Options{Config: onlySlack(), Queue: NewMemoryQueue(MemoryLimits{Items: 1})})
	if err != nil {
		t.Fatal(err)
	}
	h := server.Handler()
	for _, request := range []struct{ receiver, body string }{
		{"nobody", named("A")}, {"no-one", named("A")}, {"slack", "hello"},
		{"slack", strings.Repeat(" ", MaxBody) + named("A")}, {"slack", named("A")}, {"slack", named("B")},
	} {
		post(h, http.MethodPost, NotifyPath+request.receiver, strings.NewReader(request.body))
	}
	samples := scrape(t, h)
	for name := range samples {
		if strings.HasPrefix(name, "queue_oldest") {
			delete(samples, name)
		}
	}
	want := []string{
		`queue_groups{receiver="slack"} 1`,
		`received_alerts_total{receiver="slack"} 1`,
		`refused_requests_total{status="400"} 1`,
		`refused_requests_total{status="404"} 2`,
		`refused_requests_total{status="413"} 1`,
		`refused_requests_total{status="503"} 1`,
	}
	if diff := cmp.Diff(want, moved(samples)); diff != "" {
		t.Error(diff)
	}
}

// stuckReader is a client that reads the head of an answer and then nothing for an hour.
type stuckReader struct{ http.ResponseWriter }

func (r stuckReader) Write(p []byte) (int, error) {
	time.Sleep(time.Hour)
	return r.ResponseWriter.Write(p)
}

// TestSlowScrape: a client that reads the metrics slowly delays neither deliveries nor other
// scrapes.
func TestSlowScrape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Config: onlySlack()})
		scraped := make(chan struct{})
		go func() {
			defer close(scraped)
			recorder := httptest.NewRecorder()
			b.Handler().ServeHTTP(stuckReader{recorder}, httptest.NewRequest(http.MethodGet, "/metrics", nil))
			if body, _ := io.ReadAll(recorder.Body); len(body) == 0 {
				t.Error("the slow client got nothing in the end")
			}
		}()
		synctest.Wait()
		for i := range 3 {
			if status, answer := b.post("slack", named(fmt.Sprint("A", i))); status != http.StatusOK {
				t.Errorf("%d %s", status, answer)
			}
		}
		time.Sleep(time.Minute)
		if got := scrape(t, b.Handler())["delivery_seconds_count"]; got != "3" {
			t.Errorf("%s deliveries", got)
		}
		select {
		case <-scraped:
			t.Error("the slow client is done: it held up nothing because it was not slow")
		default:
		}
		<-scraped
		b.stop()
		<-b.stopped
	})
}

// TestMetricsAreDocumented: every metric has a row in the manual.
func TestMetricsAreDocumented(t *testing.T) {
	manual, err := os.ReadFile("../docs/adaptor.md")
	if err != nil {
		t.Fatal(err)
	}
	server, err := New(Options{Config: onlySlack()})
	if err != nil {
		t.Fatal(err)
	}
	families, err := server.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	own := 0
	for _, family := range families {
		if !strings.HasPrefix(family.GetName(), metricsNamespace) {
			continue
		}
		own++
		var labels []string
		for _, label := range family.GetMetric()[0].GetLabel() {
			labels = append(labels, "`"+label.GetName()+"`")
		}
		// Of a registry, labels come sorted by name.
		row := fmt.Sprintf("\n| `%s` | %s | %s |", family.GetName(), strings.ToLower(family.GetType().String()), strings.Join(labels, ", "))
		if !strings.Contains(string(manual), row) {
			t.Errorf("docs/adaptor.md has no row that begins %s", row)
		}
	}
	if own == 0 {
		t.Error("no metrics of the adaptor")
	}
}
