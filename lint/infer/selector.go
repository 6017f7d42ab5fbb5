package infer

import (
	"fmt"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/strutil"
)

func unquoted(text string) string {
	if plain, err := strutil.Unquote(text); err == nil {
		return plain
	}
	return text
}

func selector(e *parser.VectorSelector) *Result {
	out := &Result{Labels: Labels{named: map[string]Label{}}, Values: anything(), Histograms: true}
	byName := map[string][]*labels.Matcher{}
	for _, m := range e.LabelMatchers {
		byName[m.Name] = append(byName[m.Name], m)
	}
	for name, matchers := range byName {
		out.Labels.named[name] = matchedLabel(e, matchers)
	}
	// In the order they are written, so that the reason is always the same one.
	for _, m := range e.LabelMatchers {
		if why := contradiction(e, byName[m.Name]); why != nil {
			out.Presence, out.Why = Never, why
			break
		}
	}
	if e.Name == "up" && !e.Anchored && !e.Smoothed {
		out.Values, out.Histograms = whole(0, 1), false
		out.Bound = &Reason{Node: e, Text: "up is 1 for a target that was scraped and 0 for one that was not"}
	}
	return out
}

// matchedLabel is what the matchers of one label say of it.
func matchedLabel(e *parser.VectorSelector, matchers []*labels.Matcher) Label {
	out := Label{}
	for _, m := range matchers {
		switch {
		case m.Type == labels.MatchEqual && m.Value == "":
			return Label{State: Gone, Why: &Reason{Node: e, Clause: OneMatcher, Matcher: m, Text: "selects only series without this label"}}
		case m.Type == labels.MatchEqual:
			out.State, out.Value, out.Known = Certain, m.Value, true
		case !m.Matches(""):
			out.State = Certain
		}
	}
	return out
}

// contradiction returns why the matchers of one label exclude each other, or nil.
func contradiction(e *parser.VectorSelector, matchers []*labels.Matcher) *Reason {
	at := func(m *labels.Matcher, text string) *Reason {
		return &Reason{Node: e, Clause: OneMatcher, Matcher: m, Text: text}
	}
	for _, m := range matchers {
		if m.Type == labels.MatchNotRegexp && m.Value == ".*" {
			never := at(m, `every value matches ".*", so none is left`)
			never.Kind = Matchers
			return never
		}
	}
	for _, m := range matchers {
		values := finiteValues(m)
		if len(values) == 0 {
			continue
		}
		for _, other := range matchers {
			if other == m || anyMatches(other, values) {
				continue
			}
			never := at(other, fmt.Sprintf("and at the same time %s", other))
			never.Kind = Matchers
			never.Because = []*Reason{at(m, fmt.Sprintf("asks for %s", m))}
			return never
		}
	}
	return nil
}

// finiteValues lists the values a matcher lets through, if they can be listed.
func finiteValues(m *labels.Matcher) []string {
	switch m.Type {
	case labels.MatchEqual:
		return []string{m.Value}
	case labels.MatchRegexp:
		return m.SetMatches()
	}
	return nil
}

func anyMatches(m *labels.Matcher, values []string) bool {
	for _, value := range values {
		if m.Matches(value) {
			return true
		}
	}
	return false
}
