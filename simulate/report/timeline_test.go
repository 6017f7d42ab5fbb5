package report

import (
	"bytes"
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"

	"github.com/rulekit/rulekit/rules/terminal"
	"github.com/rulekit/rulekit/simulate"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file under testdata, or rewrites the file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run the test with -update to write it)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

func sampleTimeline() *simulate.Timeline {
	start := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	minute := time.Minute
	values := make([]float64, 61)
	for i := range values {
		values[i] = 1
		if i >= 5 && i < 40 {
			values[i] = 0
		}
		if i > 55 {
			values[i] = math.NaN()
		}
	}
	ramp := make([]float64, 61)
	for i := range ramp {
		ramp[i] = 1000 + float64(i*i)
	}
	alert := func(pod model.LabelValue, ends time.Duration) *model.Alert {
		a := &model.Alert{Labels: model.LabelSet{"alertname": "RedisDown", "pod": pod}, StartsAt: start.Add(7 * minute)}
		if ends > 0 {
			a.EndsAt = start.Add(ends)
		}
		return a
	}
	return &simulate.Timeline{
		Start: start, Step: minute, Length: time.Hour,
		Series: []simulate.SeriesTrack{
			{Labels: model.LabelSet{"__name__": "redis_up", "pod": "redis-0"}, Values: values},
			{Labels: model.LabelSet{"__name__": "redis_memory_used_bytes", "pod": "redis-0", "app_kubernetes_io_instance": "a-rather-long-name"}, Values: ramp},
			{Labels: model.LabelSet{"__name__": "redis_memory_used_bytes", "pod": "redis-1", "app_kubernetes_io_instance": "another-long-name"}, Values: ramp},
		},
		Alerts: []simulate.AlertTrack{
			{Rule: "RedisDown", Labels: model.LabelSet{"alertname": "RedisDown", "pod": "redis-0"}, Phases: []simulate.Phase{
				{State: simulate.Inactive, From: 0, To: 5 * minute},
				{State: simulate.Pending, From: 5 * minute, To: 7 * minute},
				{State: simulate.Firing, From: 7 * minute, To: 40 * minute},
				{State: simulate.Inactive, From: 40 * minute, To: time.Hour},
			}},
			{Rule: "RedisDown", Labels: model.LabelSet{"alertname": "RedisDown", "pod": "redis-1"}, Phases: []simulate.Phase{
				{State: simulate.Inactive, From: 0, To: 50 * minute},
				{State: simulate.Firing, From: 50 * minute, To: time.Hour},
			}},
			{Rule: "RedisNoMaster", Phases: []simulate.Phase{{State: simulate.Inactive, From: 0, To: time.Hour}}},
		},
		Notifications: []simulate.Notification{
			{At: 7*minute + 30*time.Second, Receiver: "slack", Integration: "slack", Status: "firing", Reason: "first notification",
				GroupKey: `{}:{alertname="RedisDown"}`, Alerts: []*model.Alert{alert("redis-0", 0)},
				Deliveries: []simulate.Delivery{{At: 7*minute + 30*time.Second, Channel: "slack", URL: "https://hooks.slack.com/services/…", Body: `{"text":"<b>"}`,
					Text: "[FIRING:1] RedisDown\nredis-0 is down\x1b[31m 数据库"}}},
			{At: 8 * minute, Receiver: "feishu", Integration: "webhook", Status: "firing", Reason: "first notification",
				GroupKey: `{}:{alertname="RedisDown"}`, Alerts: []*model.Alert{alert("redis-0", 0), alert("redis-1", 0)}, Error: "unexpected status code 500"},
			{At: 12 * minute, Receiver: "slack", Status: simulate.StatusMuted, Reason: "inhibited by RedisDown",
				GroupKey: `{}:{alertname="RedisNoMaster"}`, Alerts: []*model.Alert{{Labels: model.LabelSet{"alertname": "RedisNoMaster"}, StartsAt: start}}},
			{At: 42*minute + 30*time.Second, Receiver: "slack", Integration: "slack", Status: "resolved", Reason: "all alerts resolved",
				GroupKey: `{}:{alertname="RedisDown"}`, Alerts: []*model.Alert{alert("redis-0", 40*minute)}},
		},
	}
}

func TestPicture(t *testing.T) {
	for name, style := range map[string]terminal.Style{
		"picture.txt":        {},
		"picture-narrow.txt": {Columns: 70},
		"picture-color.txt":  {Color: true},
	} {
		var out bytes.Buffer
		picture := Picture{Timeline: sampleTimeline(), Title: "redis-failover", Style: style}
		if _, err := picture.WriteTo(&out); err != nil {
			t.Fatal(err)
		}
		golden(t, name, out.Bytes())
	}
}

func TestTimelineJSON(t *testing.T) {
	var out bytes.Buffer
	if err := TimelineJSON(&out, sampleTimeline()); err != nil {
		t.Fatal(err)
	}
	golden(t, "timeline.json", out.Bytes())
}

func TestShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 30 * time.Second: "30s", 10 * time.Minute: "10m", 90 * time.Second: "1m30s",
		time.Hour: "1h", 2*time.Hour + 5*time.Minute: "2h5m", 2*time.Hour + 5*time.Second: "2h0m5s", 20 * time.Minute: "20m",
	} {
		if got := short(d); got != want {
			t.Errorf("short(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestGridFits(t *testing.T) {
	for _, length := range []time.Duration{0, time.Second, 17 * time.Minute, 3 * time.Hour, 400 * 24 * time.Hour} {
		g := newGrid(length, 15*time.Second, 61)
		if g.cells < 1 || g.cells > 61 {
			t.Errorf("a grid of %v has %d cells, want 1 to 61", length, g.cells)
		}
	}
}

func TestDrawing(t *testing.T) {
	var b bytes.Buffer
	if _, err := (Drawing{Timeline: sampleTimeline(), Title: `RedisDown <"&">`}).WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "drawing.svg", b.Bytes())
}
