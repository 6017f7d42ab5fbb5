package lint

import (
	"fmt"
	"sort"
	"strings"

	"github.com/rulekit/rulekit/rules"
)

// Changes are the rules and files that differ from an earlier state.
type Changes struct {
	rules map[*rules.Rule]bool
	files map[*rules.File]bool
	// placed are the rules of the changed files by their place.
	placed map[*rules.File][]*rules.Rule
}

// NewChanges compares changed files with what was there before. A rule is the same if its
// group, its name and all that it says are, wherever it stood: one that was moved has not
// changed.
func NewChanges(before, changed []*rules.File) *Changes {
	c := &Changes{rules: map[*rules.Rule]bool{}, files: map[*rules.File]bool{}, placed: map[*rules.File][]*rules.Rule{}}
	known := map[string]int{}
	for _, file := range before {
		for _, rule := range file.Rules() {
			known[ruleContent(rule)]++
		}
	}
	for _, file := range changed {
		c.files[file] = true
		c.placed[file] = file.Rules()
		for _, rule := range c.placed[file] {
			content := ruleContent(rule)
			if known[content]--; known[content] < 0 {
				c.rules[rule] = true
			}
		}
	}
	return c
}

// Filter takes out of a result the findings that have to do with nothing that changed, and
// returns how many these are.
func (c *Changes) Filter(result *Result) int {
	var kept []Diagnostic
	for _, d := range result.Diagnostics {
		if c.concern(&d) {
			kept = append(kept, d)
		}
	}
	left := len(result.Diagnostics) - len(kept)
	result.Diagnostics = kept
	return left
}

func (c *Changes) concern(d *Diagnostic) bool {
	if d.Rule != nil && c.rules[d.Rule] {
		return true
	}
	switch rule := c.ruleAt(d.File, d.Span.Start); {
	case rule != nil && c.rules[rule]:
		return true
	case d.Rule == nil && rule == nil && c.files[d.File]:
		return true
	}
	for _, related := range d.Related {
		if rule := c.ruleAt(related.File, related.Span.Start); rule != nil && c.rules[rule] {
			return true
		}
	}
	return false
}

// ruleAt is the rule of a changed file that a place is in, or nil.
func (c *Changes) ruleAt(file *rules.File, at int) *rules.Rule {
	all := c.placed[file]
	i := sort.Search(len(all), func(i int) bool { return all[i].Span.Start > at })
	if i == 0 || at >= all[i-1].Span.End {
		return nil
	}
	return all[i-1]
}

// ruleContent is all that a rule says, and its group says of it, without how it is written.
func ruleContent(r *rules.Rule) string {
	var b strings.Builder
	part := func(key string, s rules.Scalar) { fmt.Fprintf(&b, "%s=%d:%s\n", key, len(s.Value), s.Value) }
	part("group", r.Group.Name)
	part("interval", r.Group.Interval.Scalar)
	part("query_offset", r.Group.QueryOffset.Scalar)
	part("limit", r.Group.LimitScalar)
	part("alert", r.Alert)
	part("record", r.Record)
	part("expr", r.Expr)
	part("for", r.For.Scalar)
	part("keep_firing_for", r.KeepFiringFor.Scalar)
	for _, pair := range sortedPairs(r.EffectiveLabels()) {
		part("label "+pair.Key.Value, pair.Value)
	}
	for _, pair := range sortedPairs(r.Annotations) {
		part("annotation "+pair.Key.Value, pair.Value)
	}
	return b.String()
}

func sortedPairs(pairs []rules.Pair) []rules.Pair {
	sorted := append([]rules.Pair(nil), pairs...)
	sort.SliceStable(sorted, func(i, k int) bool { return sorted[i].Key.Value < sorted[k].Key.Value })
	return sorted
}
