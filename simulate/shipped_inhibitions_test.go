package simulate

import (
	"slices"
	"testing"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/rulekit/rulekit/rules"
)

// TestShippedInhibitions fails for an inhibition that is about no shipped alert, that lets a mild
// alert mute a worse one, or that with others lets alerts mute each other in a circle.
func TestShippedInhibitions(t *testing.T) {
	loaded, err := config.Load(string(rules.BuiltinAlertmanager()))
	if err != nil {
		t.Fatal(err)
	}
	ranks := map[string]int{"info": 1, "warning": 2, "critical": 3}
	severity := map[string]int{}
	for _, s := range shippedAlerts(t) {
		label, _ := s.rule.Label("severity")
		severity[s.name()] = ranks[label.Value.Value]
	}
	mutes := map[string][]string{}
	for _, rule := range loaded.InhibitRules {
		sources, targets := named(rule.SourceMatchers, severity), named(rule.TargetMatchers, severity)
		if len(sources) == 0 || len(targets) == 0 || len(rule.Equal) == 0 {
			t.Errorf("%v mutes %v, where %v are equal: %d alerts mute %d", rule.SourceMatchers, rule.TargetMatchers, rule.Equal, len(sources), len(targets))
		}
		for _, source := range sources {
			for _, target := range targets {
				if severity[source] < severity[target] {
					t.Errorf("%s mutes %s, which is worse", source, target)
				}
				mutes[source] = append(mutes[source], target)
			}
		}
	}
	for source := range mutes {
		if circle := reaches(mutes, source, source, nil); circle != nil {
			t.Errorf("alerts that mute each other in a circle: %v", circle)
		}
	}
}

// named are the alerts whose names match; every matcher of the shipped configuration is about
// alertname, or narrows one that is.
func named(matchers common.Matchers, severity map[string]int) []string {
	var names []string
	for name := range severity {
		about := func(m *labels.Matcher) bool { return m.Name == "alertname" }
		if slices.ContainsFunc(matchers, about) && !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return about(m) && !m.Matches(name) }) {
			names = append(names, name)
		}
	}
	return names
}

// reaches returns a way from one alert to another along who mutes whom, or nil.
func reaches(mutes map[string][]string, from, to string, way []string) []string {
	way = append(way, from)
	for _, next := range mutes[from] {
		if next == to {
			return append(way, next)
		}
		if !slices.Contains(way, next) {
			if found := reaches(mutes, next, to, way); found != nil {
				return found
			}
		}
	}
	return nil
}
