package simulate

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/value"
)

// What b counts ends with the second scrape, and begins again with the third.
const playedRecording = `# scraped 2026-01-05T08:00:00Z
a 1
b 10
# TYPE begun_time_seconds gauge
begun_time_seconds 1767599000
# scraped 2026-01-05T08:00:16Z
a 2
begun_time_seconds 1767599000
# scraped 2026-01-05T08:00:44Z
a 5
b 30
`

// playedScrapes plays the items of input_scrapes for the given time from 2026-01-06 on, and returns
// each series in short: 15s=2 is a value, 30s=x the end.
func playedScrapes(t *testing.T, interval string, length time.Duration, items string) (map[string]string, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"r.prom": playedRecording, "one.prom": "a 100\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := caseOf(t, "tests:\n- interval: "+interval+"\n  input_scrapes: "+items+"\n")
	c.Suite.Path = filepath.Join(dir, "suite.yaml")
	start := time.Date(2026, 1, 6, 0, 0, 0, 0, time.UTC)
	series, _, err := c.input(start, length, newScrapeCache())
	all := map[string]string{}
	for _, s := range series {
		var samples []string
		for _, sample := range s.samples {
			text := fmt.Sprintf("%g", sample.v)
			if value.IsStaleNaN(sample.v) {
				text = "x"
			}
			samples = append(samples, fmt.Sprintf("%d=%s", (sample.t-start.UnixMilli())/1000, text))
		}
		all[s.labels.String()] = strings.Join(samples, " ")
	}
	return all, err
}

func TestPlayRecording(t *testing.T) {
	// 2026-01-06T00:00:00Z is 57600 seconds after the first scrape.
	const begun = "1.7676566e+09"
	for _, test := range []struct {
		name, interval string
		length         time.Duration
		items          string
		want           map[string]string
	}{
		{"as it was recorded", "15s", 75 * time.Second, "[{file: r.prom}]", map[string]string{
			`{__name__="a"}`:                  "0=1 15=2 30=2 45=5 60=5 75=5",
			`{__name__="b"}`:                  "0=10 15=x 45=30 60=30 75=30",
			`{__name__="begun_time_seconds"}`: "0=" + begun + " 15=" + begun + " 30=" + begun + " 45=x",
		}},
		{"between two intervals, with labels", "15s", 60 * time.Second, "[{file: r.prom, from: 10s, labels: {pod: p}}]", map[string]string{
			`{__name__="a", pod="p"}`:                  "15=1 30=2 45=2 60=5",
			`{__name__="b", pod="p"}`:                  "15=10 30=x 60=30",
			`{__name__="begun_time_seconds", pod="p"}`: "15=1.76765661e+09 30=1.76765661e+09 45=1.76765661e+09 60=x",
		}},
		{"an interval that some scrapes fall through", "1m", 3 * time.Minute, "[{file: r.prom}]", map[string]string{
			`{__name__="a"}`:                  "0=2 60=5 120=5 180=5",
			`{__name__="b"}`:                  "60=30 120=30 180=30",
			`{__name__="begun_time_seconds"}`: "0=" + begun + " 60=x",
		}},
		{"growth goes on where the recording ends", "15s", 75 * time.Second, "[{file: r.prom, growth: {a: 4}, recorded_at: 2026-01-05T23:59:00Z}]", map[string]string{
			`{__name__="a"}`:                  "0=1 15=2 30=2 45=5 60=6 75=7",
			`{__name__="b"}`:                  "0=10 15=x 45=30 60=30 75=30",
			`{__name__="begun_time_seconds"}`: "0=1.76759906e+09 15=1.76759906e+09 30=1.76759906e+09 45=x",
		}},
		{"cut off by to", "15s", 75 * time.Second, "[{file: r.prom, to: 30s}]", map[string]string{
			`{__name__="a"}`:                  "0=1 15=2 30=x",
			`{__name__="b"}`:                  "0=10 15=x",
			`{__name__="begun_time_seconds"}`: "0=" + begun + " 15=" + begun + " 30=x",
		}},
		{"cut off by the next", "15s", 60 * time.Second, "[{file: r.prom}, {file: one.prom, from: 30s}]", map[string]string{
			`{__name__="a"}`:                  "0=1 15=2 30=100 45=100 60=100",
			`{__name__="b"}`:                  "0=10 15=x",
			`{__name__="begun_time_seconds"}`: "0=" + begun + " 15=" + begun + " 30=x",
		}},
		{"after another", "15s", 75 * time.Second, "[{file: one.prom, to: 20s}, {file: r.prom, from: 40s}]", map[string]string{
			`{__name__="a"}`:                  "0=100 15=100 30=x 45=1 60=2 75=2",
			`{__name__="b"}`:                  "45=10 60=x",
			`{__name__="begun_time_seconds"}`: "45=1.76765664e+09 60=1.76765664e+09 75=1.76765664e+09",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := playedScrapes(t, test.interval, test.length, test.items)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("series (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlayRecordingErrors(t *testing.T) {
	for items, want := range map[string]string{
		"[{file: r.prom, growth: {begun_time_seconds: 1}}]": "no series of r.prom that is not matched above matches begun_time_seconds",
		"[{file: nosuch.prom}]":                             "there is no file ",
	} {
		if _, err := playedScrapes(t, "15s", time.Minute, items); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want %s", items, err, want)
		}
	}
	if _, err := playedScrapes(t, "1ms", 10*time.Hour, "[{file: r.prom}]"); err == nil || !strings.Contains(err.Error(), "above the limit of 20000000") {
		t.Errorf("got error %v", err)
	}
}

// TestRecordingLasts proves that a simulation shows all of a recording, unless it is told when
// to end, and no more than a day of one that lasts for years.
func TestRecordingLasts(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"r.prom": playedRecording, "years.prom": "# scraped 1970-01-05T08:00:00Z\na 1\n# scraped 9999-12-31T00:00:00Z\na 2\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for items, want := range map[string]time.Duration{
		"[{file: r.prom}]":                                       45 * time.Second,
		"[{file: r.prom, from: 1m}]":                             105 * time.Second,
		"[{file: r.prom, from: 1m, to: 80s}]":                    20*time.Second + time.Minute,
		"[{file: years.prom}, {file: r.prom, from: 10s}]":        55 * time.Second,
		"[{file: r.prom, to: 1m}, {file: years.prom, from: 1m}]": 24*time.Hour + time.Minute,
	} {
		c := caseOf(t, "tests:\n- interval: 15s\n  input_scrapes: "+items+"\n")
		c.Suite.Path = filepath.Join(dir, "suite.yaml")
		if got, err := c.recordedLength(newScrapeCache()); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", items, got, err, want)
		}
	}
}
