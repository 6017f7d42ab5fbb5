package simulate

import (
	"time"

	promrules "github.com/prometheus/prometheus/rules"
)

// stateTrack is the strongest state that any alert of one name has, over time.
type stateTrack struct {
	rules  []*runRule
	phases []Phase
}

// trackStates prepares to note the states of the alerts that the case is about.
func (k *checker) trackStates() {
	k.states = map[string]*stateTrack{}
	for _, t := range k.c.AlertTests {
		k.states[t.Alert.Value] = &stateTrack{rules: k.rulesNamed(t.Alert.Value)}
	}
}

// observe notes the present states.
func (k *checker) observe(at time.Duration) {
	for _, track := range k.states {
		strongest := promrules.StateUnknown
		for _, r := range track.rules {
			strongest = max(strongest, r.alerting.State())
		}
		track.enter(stateOf(strongest), at)
	}
}

func stateOf(s promrules.AlertState) State {
	switch s {
	case promrules.StateFiring:
		return Firing
	case promrules.StatePending:
		return Pending
	}
	return Inactive
}

func (t *stateTrack) enter(state State, at time.Duration) {
	if n := len(t.phases); n > 0 {
		if t.phases[n-1].State == state {
			return
		}
		t.phases[n-1].To = at
	}
	t.phases = append(t.phases, Phase{State: state, From: at})
}

// strip returns the states of an alert up to a time, or nothing if no rule makes it.
func (k *checker) strip(alert string, until time.Duration) []Phase {
	track := k.states[alert]
	if track == nil || len(track.rules) == 0 || len(track.phases) == 0 {
		return nil
	}
	phases := append([]Phase(nil), track.phases...)
	phases[len(phases)-1].To = until
	return phases
}
