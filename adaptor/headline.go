package adaptor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Tone is the colour a message or an alert deserves.
type Tone int

// The tones.
const (
	// ToneResolved is for what is over: green in most messengers.
	ToneResolved Tone = iota
	// ToneInfo is for what is good to know: blue.
	ToneInfo
	// ToneWarning is for what somebody should look at: orange.
	ToneWarning
	// ToneCritical is for what somebody must look at now: red.
	ToneCritical
)

// Tone returns the message's colour by its severity and by whether anything fires.
func (m Message) Tone() Tone {
	if m.Firing == 0 {
		return ToneResolved
	}
	return severityTone(m.Severity)
}

// Tone returns the alert's colour.
func (a Alert) Tone() Tone {
	if a.Resolved {
		return ToneResolved
	}
	return severityTone(a.Severity)
}

func severityTone(severity string) Tone {
	rank := severityRank(severity)
	switch {
	case rank < slices.Index(severities, "warning"):
		return ToneCritical
	case rank < slices.Index(severities, "low"):
		return ToneWarning
	}
	return ToneInfo
}

// over tells whether nothing of the group fires any more.
func (m Message) over() bool {
	return m.Firing == 0 && (m.Truncated == 0 || m.GroupResolved)
}

// words are those of the message's locale.
func (m Message) words() *Locale {
	if m.Locale == nil {
		return english
	}
	return m.Locale
}

// Headline is the message in one line, such as "[FIRING:2 RESOLVED:1] RedisDown (critical)".
func (m Message) Headline() string {
	if m.Title != "" {
		return m.Title + m.partMark()
	}
	return m.Counts() + " " + m.Subject()
}

// Counts says how many alerts of which status the group has, such as "[FIRING:2 RESOLVED:1]".
func (m Message) Counts() string {
	var counts []string
	if m.Firing > 0 {
		counts = append(counts, fmt.Sprintf("%s:%d", m.words().Firing, m.Firing))
	}
	if m.Resolved > 0 {
		counts = append(counts, fmt.Sprintf("%s:%d", m.words().Resolved, m.Resolved))
	}
	return "[" + strings.Join(counts, " ") + "]"
}

// Subject is the name, the severity and the part, such as "RedisDown (critical) 2/3".
func (m Message) Subject() string {
	if m.Severity == "" {
		return m.Name + m.partMark()
	}
	return m.Name + " (" + oneLine(m.Severity) + ")" + m.partMark()
}

// partMark is which part of how many the message is, with a space before it, or nothing.
func (m Message) partMark() string {
	if m.Parts < 2 {
		return ""
	}
	return fmt.Sprintf(" %d/%d", m.Part, m.Parts)
}

// Notes are the lines below the alerts: what the reader should know of the message itself.
func (m Message) Notes() []string {
	words := m.words()
	var notes []string
	if m.Groups > 1 {
		notes = append(notes, fmt.Sprintf(words.Digest, m.Groups))
	}
	if m.Truncated > 0 && m.Part == m.Parts {
		notes = append(notes, words.Truncated.of(m.Truncated))
	}
	if m.Shortened {
		notes = append(notes, words.Shortened)
	}
	if m.FallbackFor != "" {
		notes = append(notes, fmt.Sprintf(words.Fallback, oneLine(m.FallbackFor), clip(oneLine(m.Reason), 120)))
	}
	if !m.Accepted.IsZero() {
		notes = append(notes, fmt.Sprintf(words.Late, m.time(m.Accepted)))
	}
	if m.Unsure {
		notes = append(notes, words.Unsure)
	}
	return notes
}

// time writes a time in the message's zone, and which that is, so that nobody has to guess. It is
// told by its offset: CST is the abbreviation of three zones.
func (m Message) time(t time.Time) string {
	layout := "2006-01-02 15:04:05 -07:00"
	if m.zone() == time.UTC {
		layout = "2006-01-02 15:04:05 UTC"
	}
	return t.In(m.zone()).Format(layout)
}

// zone is the message's time zone.
func (m Message) zone() *time.Location { return cmp.Or(m.Zone, time.UTC) }

// when says since when an alert fires, or from when to when it did.
func (m Message) when(a Alert) string {
	switch {
	case a.StartsAt.IsZero():
		return ""
	case a.Resolved && a.EndsAt.After(a.StartsAt):
		return fmt.Sprintf(m.words().Period, m.time(a.StartsAt), m.time(a.EndsAt), m.words().Duration.of(a.EndsAt.Sub(a.StartsAt)))
	}
	return fmt.Sprintf(m.words().Since, m.time(a.StartsAt))
}

// status says in a word that an alert of the message is over, where others are not or where
// nobody knew of it; else it is empty, for the headline says it.
func (m Message) status(a Alert) string {
	switch {
	case a.FiredToo:
		return m.words().FiredAndResolved
	case a.Resolved && m.Firing > 0:
		return m.words().ResolvedAlert
	}
	return ""
}

// linkTitle is what a link is called.
func (m Message) linkTitle(kind LinkKind) string {
	words := m.words()
	return [...]string{
		LinkRunbook: words.Runbook, LinkDashboard: words.Dashboard, LinkGraph: words.Graph,
		LinkSilence: words.Silence, LinkSilenceAll: words.SilenceAll, LinkAlertmanager: words.Alertmanager,
	}[kind]
}

// Where is what all alerts of the message say of where they are: the labels among the usual
// places that all of them have with one value.
func (m Message) Where() []Field {
	if len(m.Alerts) == 0 {
		return nil
	}
	var shared []Field
	for _, f := range m.Alerts[0].Where {
		if slices.Contains(placeLabels, f.Name) && !slices.ContainsFunc(m.Alerts, func(a Alert) bool { return !slices.Contains(a.Where, f) }) {
			shared = append(shared, f)
		}
	}
	return shared
}
