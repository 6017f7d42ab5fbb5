package receivers

import (
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/pkg/labels"
	promlabels "github.com/prometheus/prometheus/model/labels"
)

// matchersOf are the conditions of a route, in whatever form they are written.
func matchersOf(r *config.Route) []*labels.Matcher {
	all := slices.Clone([]*labels.Matcher(r.Matchers))
	add := func(kind labels.MatchType, name, value string) {
		// Alertmanager has accepted them.
		if m, err := labels.NewMatcher(kind, name, value); err == nil {
			all = append(all, m)
		}
	}
	for name, value := range r.Match {
		add(labels.MatchEqual, name, value)
	}
	for name, value := range r.MatchRE {
		add(labels.MatchRegexp, name, value.String())
	}
	slices.SortFunc(all, func(a, b *labels.Matcher) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// sameMatchers tells whether two lists of conditions mean the same, as far as it can be told.
func sameMatchers(a, b []*labels.Matcher) bool {
	return slices.Equal(meanings(a), meanings(b))
}

// meanings are forms of matchers that are equal if the matchers mean the same: a regular expression
// that is a list of values is that list, in order.
func meanings(matchers []*labels.Matcher) []string {
	var all []string
	for _, m := range matchers {
		text := m.String()
		if values := valuesOf(m); values != nil {
			slices.Sort(values)
			text = m.Name + " in " + strings.Join(slices.Compact(values), "\x00")
		}
		all = append(all, text)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// valuesOf are all values that a matcher accepts, or nil if they cannot be listed.
func valuesOf(m *labels.Matcher) []string {
	switch m.Type {
	case labels.MatchEqual:
		return []string{m.Value}
	case labels.MatchRegexp:
		if read, err := promlabels.NewMatcher(promlabels.MatchRegexp, m.Name, m.Value); err == nil {
			return slices.Clone(read.SetMatches())
		}
	}
	return nil
}

// mayOverlap tells whether one alert can match both lists of conditions.
func mayOverlap(a, b []*labels.Matcher) bool {
	return !apart(a, b) && !apart(b, a)
}

// apart tells whether no value that one list of conditions accepts for a label is accepted by the
// other.
func apart(a, b []*labels.Matcher) bool {
	for _, m := range a {
		values := valuesOf(m)
		if values == nil {
			continue
		}
		accepted := func(value string) bool {
			return !slices.ContainsFunc(b, func(other *labels.Matcher) bool { return other.Name == m.Name && !other.Matches(value) })
		}
		if !slices.ContainsFunc(values, accepted) {
			return true
		}
	}
	return false
}

// labelNames are the labels that conditions look at.
func labelNames(matchers []*labels.Matcher) []string {
	var names []string
	for _, m := range matchers {
		names = append(names, m.Name)
	}
	return names
}
