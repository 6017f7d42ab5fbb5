package adaptor

import (
	"slices"
	"strings"
	"time"
)

// factor takes out of the alerts what all of them have, so that a message with little space says
// it once. It returns that as an alert, and the alerts without it. A single alert shares nothing
// with others, and texts of templates stay as they are.
func (m Message) factor() (shared Alert, rest []Alert) {
	if len(m.Alerts) < 2 || slices.ContainsFunc(m.Alerts, func(a Alert) bool { return a.Text != "" }) {
		return Alert{}, m.Alerts
	}
	rest = slices.Clone(m.Alerts)
	for _, text := range []func(*Alert) *string{
		func(a *Alert) *string { return &a.Name },
		func(a *Alert) *string { return &a.Title },
		func(a *Alert) *string { return &a.Description },
		func(a *Alert) *string { return &a.Value },
	} {
		factorText(&shared, rest, text)
	}
	first := m.Alerts[0]
	if !slices.ContainsFunc(m.Alerts, func(a Alert) bool { return m.when(a) != m.when(first) }) {
		shared.Resolved, shared.StartsAt, shared.EndsAt = first.Resolved, first.StartsAt, first.EndsAt
		for i := range rest {
			rest[i].StartsAt = time.Time{}
		}
	}
	shared.Where = inAll(m.Alerts, func(a Alert) []Field { return a.Where })
	shared.Links = inAll(m.Alerts, func(a Alert) []Link { return a.Links })
	for i := range rest {
		rest[i].Where = without(rest[i].Where, shared.Where)
		rest[i].Links = without(rest[i].Links, shared.Links)
	}
	return shared, rest
}

// factorText moves a text that all alerts have to the shared one.
func factorText(shared *Alert, alerts []Alert, text func(*Alert) *string) {
	first := *text(&alerts[0])
	for i := range alerts {
		if *text(&alerts[i]) != first {
			return
		}
	}
	*text(shared) = first
	for i := range alerts {
		*text(&alerts[i]) = ""
	}
}

// inAll returns what the lists of all alerts have, in the order of the first.
func inAll[T comparable](alerts []Alert, list func(Alert) []T) []T {
	all := slices.Clone(list(alerts[0]))
	for _, a := range alerts[1:] {
		all = slices.DeleteFunc(all, func(element T) bool { return !slices.Contains(list(a), element) })
	}
	return all
}

// without returns a copy of a list without the given elements.
func without[T comparable](list, remove []T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(element T) bool { return slices.Contains(remove, element) })
}

// summary writes an alert, less what it shares with the others, in a line.
func (k markup) summary(m Message, a Alert) string {
	var parts []string
	if a.Name != "" {
		parts = append(parts, k.bold(k.text(a.Name)))
	}
	if title := compactTitle(a); title != "" {
		parts = append(parts, k.text(title))
	}
	if where := k.plainWhere(m, notInTitle(a)); where != "" {
		parts = append(parts, where)
	}
	if a.Value != "" {
		parts = append(parts, m.words().Value+": "+k.text(a.Value))
	}
	mark := toneMarks[a.Tone()] + " "
	if status := m.status(a); status != "" {
		mark += status + " · "
	}
	return mark + strings.Join(parts, " · ")
}

// plainWhere writes labels in one line, without the markup that takes more space than they.
func (k markup) plainWhere(m Message, where []Field) string {
	var written []string
	for _, f := range where {
		written = append(written, k.text(f.Name)+": "+k.text(f.Value))
	}
	return strings.Join(written, m.words().ListSeparator)
}

// statusMark is an alert's tone, and its status where the tone does not tell.
func statusMark(m Message, a Alert) string {
	mark := toneMarks[a.Tone()]
	if status := m.status(a); status != "" {
		mark += " " + status
	}
	return mark
}

// compactTitle is what an alert's title says besides its name.
func compactTitle(a Alert) string {
	if a.Title == a.Name {
		return ""
	}
	return strings.TrimPrefix(a.Title, a.Name+": ")
}

// notInTitle are the labels that an alert's title does not tell.
func notInTitle(a Alert) []Field {
	return slices.DeleteFunc(slices.Clone(a.Where), func(f Field) bool { return strings.Contains(a.Title, f.Value) })
}
