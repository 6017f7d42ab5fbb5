package adaptor

import (
	"slices"
	"time"
)

// merge makes one message of several notifications of one receiver, in their order. An alert
// that came more than once is shown as it was last; one that fired and was resolved while both
// waited is shown as both.
func merge(messages []Message) Message {
	merged := Message{Groups: len(messages), Compact: true, GroupResolved: true, Style: messages[0].Style}
	at, named, last := map[string]int{}, map[string]bool{}, map[string]int{}
	for i, m := range messages {
		last[m.GroupKey] = i
	}
	var names []string
	for i, m := range messages {
		for _, a := range m.Alerts {
			if i, seen := at[a.id]; seen {
				a.FiredToo = a.Resolved && (!merged.Alerts[i].Resolved || merged.Alerts[i].FiredToo)
				merged.Alerts[i] = a
				continue
			}
			at[a.id] = len(merged.Alerts)
			merged.Alerts = append(merged.Alerts, a)
			if !named[a.Name] {
				named[a.Name] = true
				names = append(names, a.Name)
			}
		}
		merged.add(m)
		// What was left out of a group is what its last notification left out.
		if last[m.GroupKey] == i || m.GroupKey == "" {
			merged.Truncated += m.Truncated
			merged.GroupResolved = merged.GroupResolved && m.GroupResolved
		}
	}
	merged.Name = joinNames(names, merged.words())
	merged.summarize()
	return merged
}

// add takes over what a notification says besides its alerts.
func (m *Message) add(other Message) {
	m.Receiver, m.GroupKey = other.Receiver, other.GroupKey
	m.Unsure = m.Unsure || other.Unsure
	for _, link := range other.Links {
		// A link to silence one group is out of place among others.
		if link.Kind != LinkSilenceAll && !slices.Contains(m.Links, link) {
			m.Links = append(m.Links, link)
		}
	}
	for _, mention := range other.Mentions {
		if !slices.Contains(m.Mentions, mention) {
			m.Mentions = append(m.Mentions, mention)
		}
	}
	if other.FallbackFor != "" {
		m.FallbackFor, m.Reason = other.FallbackFor, other.Reason
	}
	if !other.Accepted.IsZero() && (m.Accepted.IsZero() || other.Accepted.Before(m.Accepted)) {
		m.Accepted = other.Accepted
	}
}

// digestAfter is how long sending what waits one by one may take before it is merged.
const digestAfter = 10 * time.Second

// Bounds of what one digest may be made of. No messenger shows more lines than the first.
const (
	digestItems = 2000
	digestBytes = 4 << 20
)
