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

func (a *Analysis) selector(e *parser.VectorSelector) *Result {
	byName := make(map[string][]*labels.Matcher, len(e.LabelMatchers))
	for _, m := range e.LabelMatchers {
		byName[m.Name] = append(byName[m.Name], m)
	}
	named := make(map[string]Label, len(byName))
	for name, matchers := range byName {
		if label := matchedLabel(e, matchers); label != (Label{}) {
			named[name] = label
		}
	}
	out := &Result{Labels: labelsOf(named, Label{}), Values: anything(), Histograms: true}
	// In the order they are written, so that the reason is always the same one.
	for _, m := range e.LabelMatchers {
		if why := contradiction(e, byName[m.Name]); why != nil {
			out.Presence, out.Why = Never, why
			break
		}
		delete(byName, m.Name)
	}
	if e.Anchored || e.Smoothed {
		return out
	}
	if e.Name == "up" {
		out.Values, out.Histograms = whole(0, 1), false
		out.Bound = &Reason{Node: e, Text: "up is 1 for a target that was scraped and 0 for one that was not"}
		return out
	}
	switch kind, _ := a.known(e.Name); kind {
	case Counter, Bucket:
		out.Values = Interval{Lo: 0, Hi: inf, HiOpen: true}
		out.Bound = &Reason{Node: e, Text: "a counter is never negative"}
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

// mostTried bounds the work to find that matchers exclude each other: how many values are tried,
// weighed with the length of what they are tried on.
const mostTried = 1 << 20

// contradiction returns why the matchers of one label exclude each other, or nil.
func contradiction(e *parser.VectorSelector, matchers []*labels.Matcher) *Reason {
	at := func(m *labels.Matcher, text string) *Reason {
		return &Reason{Node: e, Clause: OneMatcher, Matcher: m, Text: text}
	}
	length := 0
	for _, m := range matchers {
		if m.Type == labels.MatchNotRegexp && m.Value == ".*" {
			never := at(m, `every value matches ".*", so none is left`)
			never.Kind = Matchers
			return never
		}
		length += 1 + len(m.Value)
	}
	if len(matchers) < 2 {
		return nil
	}
	asked, values := fewestValues(matchers)
	if asked == nil || len(values)*length > mostTried {
		return nil
	}
	var excluding []*labels.Matcher
	for _, other := range matchers {
		left := passing(other, values)
		if len(left) == 0 && len(excluding) == 0 {
			never := at(other, fmt.Sprintf("and at the same time %s", other))
			never.Kind = Matchers
			never.Because = []*Reason{at(asked, fmt.Sprintf("asks for %s", asked))}
			return never
		}
		if len(left) < len(values) {
			excluding, values = append(excluding, other), left
		}
		if len(values) == 0 {
			break
		}
	}
	if len(values) > 0 {
		return nil
	}
	never := at(asked, "the other matchers leave none of these values")
	never.Kind = Matchers
	for _, other := range excluding {
		never.Because = append(never.Because, at(other, "takes some away"))
	}
	return never
}

// fewestValues returns the matcher that lets the fewest values through, of those whose values can
// be listed.
func fewestValues(matchers []*labels.Matcher) (fewest *labels.Matcher, values []string) {
	for _, m := range matchers {
		if all := finiteValues(m); len(all) > 0 && (fewest == nil || len(all) < len(values)) {
			fewest, values = m, all
		}
	}
	return fewest, values
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

// passing returns the values that the matcher lets through.
func passing(m *labels.Matcher, values []string) []string {
	var left []string
	for _, value := range values {
		if m.Matches(value) {
			left = append(left, value)
		}
	}
	return left
}
