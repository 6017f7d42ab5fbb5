package simulate

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	promrules "github.com/prometheus/prometheus/rules"
)

// ruleTrack follows the alerts of one rule.
type ruleTrack struct {
	rule   *runRule
	alerts map[string]*alertTrack
}

type alertTrack struct {
	labels labels.Labels
	phases []Phase
	// seen is when the alert was last pending or firing.
	seen time.Duration
}

func newRuleTrack(r *runRule) *ruleTrack {
	return &ruleTrack{rule: r, alerts: map[string]*alertTrack{}}
}

// observe notes the states of the rule's alerts at a time.
func (t *ruleTrack) observe(now time.Duration) {
	for _, a := range t.rule.alerting.ActiveAlerts() {
		state, known := map[promrules.AlertState]State{promrules.StatePending: Pending, promrules.StateFiring: Firing}[a.State]
		if !known {
			continue
		}
		key := string(a.Labels.Bytes(nil))
		track := t.alerts[key]
		if track == nil {
			track = &alertTrack{labels: a.Labels, phases: []Phase{{State: Inactive}}}
			t.alerts[key] = track
		}
		track.enter(state, now)
		track.seen = now
	}
	for _, track := range t.alerts {
		if track.seen != now {
			track.enter(Inactive, now)
		}
	}
}

func (t *alertTrack) enter(state State, now time.Duration) {
	last := &t.phases[len(t.phases)-1]
	switch {
	case last.State == state:
	case last.From == now:
		last.State = state
	default:
		last.To = now
		t.phases = append(t.phases, Phase{State: state, From: now})
	}
}

// tracks returns one track an alert, sorted by labels, or one without labels if there was none.
func (t *ruleTrack) tracks(length time.Duration) []AlertTrack {
	name := t.rule.source.name
	if len(t.alerts) == 0 {
		return []AlertTrack{{Rule: name, Phases: []Phase{{State: Inactive, To: length}}}}
	}
	tracks := make([]AlertTrack, 0, len(t.alerts))
	for _, a := range t.alerts {
		phases := slices.Clone(a.phases)
		phases[len(phases)-1].To = length
		tracks = append(tracks, AlertTrack{Rule: name, Labels: modelLabels(a.labels), Phases: phases})
	}
	sortTracks(tracks)
	return tracks
}

func sortTracks(tracks []AlertTrack) {
	slices.SortStableFunc(tracks, func(a, b AlertTrack) int {
		if order := strings.Compare(a.Rule, b.Rule); order != 0 {
			return order
		}
		return strings.Compare(a.Labels.String(), b.Labels.String())
	})
}

// timeline returns what was played, without notifications.
func (p *player) timeline() *Timeline {
	t := &Timeline{Start: p.Start, Step: p.EvaluationInterval, Length: p.Length}
	for i, g := range p.run.groups {
		if i == 0 || g.Interval() < t.Step {
			t.Step = g.Interval()
		}
	}
	for _, track := range p.tracks {
		t.Alerts = append(t.Alerts, track.tracks(p.Length)...)
	}
	sortTracks(t.Alerts)
	for _, in := range p.input {
		if p.reads(in.labels) {
			t.Series = append(t.Series, SeriesTrack{modelLabels(in.labels), in.sampled(p.Start, t.Step, t.Length)})
		}
	}
	return t
}

// reads tells whether a rule that was evaluated reads the series.
func (p *player) reads(lset labels.Labels) bool {
	for _, g := range p.run.groups {
		for _, r := range g.rules {
			for _, s := range selectors(r.source.expr) {
				if matchesAll(lset, s.LabelMatchers) {
					return true
				}
			}
		}
	}
	return false
}

// lookback is how long Prometheus takes a sample for the present value.
const lookback = 5 * time.Minute

// sampled returns the series' value at each step, NaN where it has none.
func (in inputSeries) sampled(start time.Time, step, length time.Duration) []float64 {
	var values []float64
	next := 0
	for at := time.Duration(0); at <= length; at += step {
		now := start.Add(at).UnixMilli()
		for next < len(in.samples) && in.samples[next].t <= now {
			next++
		}
		v := math.NaN()
		if next > 0 {
			last := in.samples[next-1]
			if last.h == nil && !value.IsStaleNaN(last.v) && now-last.t < lookback.Milliseconds() {
				v = last.v
			}
		}
		values = append(values, v)
	}
	return values
}
