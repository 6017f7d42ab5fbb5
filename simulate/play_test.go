package simulate

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"

	"github.com/rulekit/rulekit/rules"
)

const playedRules = `groups:
- name: slow
  interval: 30s
  rules:
  - alert: Busy
    expr: sum by (pod) (load) > 5
    for: 1m
    labels: {severity: warning}
    annotations: {summary: "{{ $labels.pod }} has {{ $value }}"}
- name: quick
  rules:
  - record: unused
    expr: vector(1)
  - alert: Other
    expr: load > 100
`

const playedCase = `evaluation_interval: 15s
tests:
- interval: 30s
  input_series:
  - series: load{pod="b"}
    values: 1 1 9x6 1x9
  - series: load{pod="a"}
    values: 1x18
  - series: unread
    values: 1x18
`

func playCase(t *testing.T, o PlayOptions) (*Timeline, []Batch) {
	t.Helper()
	o.Program, o.Case = programOf(t, playedRules), caseOf(t, playedCase)
	timeline, batches, err := Play(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return timeline, batches
}

func programOf(t testing.TB, source string) *Program {
	t.Helper()
	p, err := NewProgram([]*rules.File{rules.Parse("rules.yaml", []byte(source), rules.Options{})}, Features{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func caseOf(t testing.TB, source string) *Case {
	t.Helper()
	suite, err := ParseSuite("case.yaml", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return suite.Cases[0]
}

func TestPlay(t *testing.T) {
	timeline, batches := playCase(t, PlayOptions{Alerts: []string{"Busy"}, ExternalLabels: labels.FromStrings("cluster", "c1")})
	if timeline.Start != DefaultStart || timeline.Step != 30*time.Second || timeline.Length != 540*time.Second {
		t.Errorf("start %s, step %s, length %s", timeline.Start, timeline.Step, timeline.Length)
	}
	want := []AlertTrack{{
		Rule:   "Busy",
		Labels: model.LabelSet{"alertname": "Busy", "pod": "b", "severity": "warning"},
		Phases: []Phase{
			{Inactive, 0, time.Minute},
			{Pending, time.Minute, 2 * time.Minute},
			{Firing, 2 * time.Minute, 4*time.Minute + 30*time.Second},
			{Inactive, 4*time.Minute + 30*time.Second, 9 * time.Minute},
		},
	}}
	if diff := cmp.Diff(want, timeline.Alerts); diff != "" {
		t.Errorf("tracks (-want +got):\n%s", diff)
	}
	var series []string
	for _, s := range timeline.Series {
		series = append(series, fmt.Sprint(s.Labels, s.Values))
	}
	if diff := cmp.Diff([]string{
		`{__name__="load", pod="b"} [1 1 9 9 9 9 9 9 9 1 1 1 1 1 1 1 1 1 1]`,
		`{__name__="load", pod="a"} [1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1]`,
	}, series); diff != "" {
		t.Errorf("series (-want +got):\n%s", diff)
	}
	// Sent when it fires, again after more than the resend delay of a minute, and when it ends,
	// from where on it is sent for a quarter of an hour more.
	var sent []string
	for _, b := range batches[:5] {
		a := b.Alerts[0]
		sent = append(sent, fmt.Sprint(b.At, " ", a.StartsAt.Sub(timeline.Start), " ", a.EndsAt.Sub(timeline.Start), " ", a.Labels, " ", a.Annotations["summary"]))
	}
	const who = ` {alertname="Busy", cluster="c1", pod="b", severity="warning"} b has 9`
	if diff := cmp.Diff([]string{
		"2m0s 2m0s 6m0s" + who, "3m30s 2m0s 7m30s" + who, "4m30s 2m0s 4m30s" + who, "6m0s 2m0s 4m30s" + who, "7m30s 2m0s 4m30s" + who,
	}, sent); diff != "" {
		t.Errorf("batches (-want +got):\n%s", diff)
	}
}

func TestPlayAllAlerts(t *testing.T) {
	timeline, _ := playCase(t, PlayOptions{})
	var tracks []string
	for _, a := range timeline.Alerts {
		tracks = append(tracks, fmt.Sprint(a.Rule, " ", len(a.Phases)))
	}
	if diff := cmp.Diff([]string{"Busy 4", "Other 1"}, tracks); diff != "" {
		t.Errorf("tracks (-want +got):\n%s", diff)
	}
	if timeline.Step != 15*time.Second {
		t.Errorf("step %s, want that of the quickest group, 15s", timeline.Step)
	}
}

func TestPlayRelabels(t *testing.T) {
	drop := &relabel.Config{Action: relabel.Drop, Regex: relabel.MustNewRegexp("Busy"), SourceLabels: model.LabelNames{"alertname"}, Separator: ";"}
	if _, batches := playCase(t, PlayOptions{AlertRelabel: []*relabel.Config{drop}}); len(batches) > 0 {
		t.Errorf("%d batches were sent although relabelling drops the alert", len(batches))
	}
}

func TestPlayRefuses(t *testing.T) {
	program := programOf(t, playedRules)
	broken := programOf(t, "groups:\n- name: g\n  rules:\n  - alert: Twice\n    expr: load\n    labels: {pod: x}\n")
	for _, test := range []struct {
		name string
		o    PlayOptions
		want string
	}{
		{"alert", PlayOptions{Program: program, Alerts: []string{"Bsy"}}, `no alert is named "Bsy": did you mean "Busy"?`},
		{"start", PlayOptions{Program: program, Start: time.Unix(0, 0).UTC()}, "cannot begin at 1970-01-01T00:00:00Z: the earliest is 2000-01-02"},
		{"rule", PlayOptions{Program: broken}, "rules.yaml:5:11: rule Twice: vector contains metrics with the same labelset after applying alert labels (at 0s)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.o.Case = caseOf(t, playedCase)
			_, _, err := Play(t.Context(), test.o)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Play(ctx, PlayOptions{Program: program, Case: caseOf(t, playedCase)}); err != context.Canceled {
		t.Errorf("error %v, want that the run was cancelled", err)
	}
}
