package adaptor

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Message is what is to be told, before any messenger's form: all alerts of one group.
type Message struct {
	// Receiver is Alertmanager's name of its receiver, GroupKey that of the group.
	Receiver, GroupKey string
	// Name is the alert's name; of a group of several, their names.
	Name string
	// Severity is the worst severity among the firing alerts, or among all when none fires.
	Severity string
	// Alerts are the alerts to show: the firing ones first, each kind in the order it came in.
	Alerts []Alert
	// Firing and Resolved count all alerts of the group that Alertmanager sent, shown or not.
	Firing, Resolved int
	// Hidden is the number of alerts left out because they did not fit.
	Hidden int
	// Truncated is the number of alerts that Alertmanager left out (its max_alerts).
	Truncated uint64
	// Shortened tells that texts were cut to make the message fit.
	Shortened bool
}

// Alert is one alert of a message. Every text may be empty, and then is not shown.
type Alert struct {
	Resolved bool
	// Title is the summary, or the alert's name where there is none.
	Title       string
	Description string
	// Where are the labels that say what the alert is about.
	Where []Field
	// Value is the annotation "value".
	Value string
	// StartsAt is when the alert began, EndsAt when it was resolved; either may be zero.
	StartsAt, EndsAt time.Time
	Links            []Link
}

// Field is a label and its value.
type Field struct{ Name, Value string }

// Link is an address and what to call it.
type Link struct{ Title, URL string }

// placeLabels are the labels that say where an alert is, from the widest to the narrowest.
var placeLabels = []string{"cluster", "region", "namespace", "app_kubernetes_io_instance", "job", "node", "instance", "pod", "container"}

// severities are the usual severities, the worst first.
var severities = []string{"emergency", "page", "critical", "error", "high", "major", "warning", "minor", "low", "info", "none"}

// newMessage makes the neutral message of a webhook body.
func newMessage(p payload) Message {
	m := Message{Receiver: p.Receiver, GroupKey: p.GroupKey, Truncated: p.TruncatedAlerts}
	varying := varyingLabels(p.Alerts)
	names := alertNames(p.Alerts)
	m.Name = joinNames(names)
	for _, a := range p.Alerts {
		shown := newAlert(a, varying, len(names) > 1)
		m.Alerts = append(m.Alerts, shown)
		if shown.Resolved {
			m.Resolved++
		} else {
			m.Firing++
		}
	}
	for _, a := range p.Alerts {
		if s := a.Labels["severity"]; s != "" && (m.Firing == 0 || a.Status != "resolved") && (m.Severity == "" || worse(s, m.Severity)) {
			m.Severity = s
		}
	}
	slices.SortStableFunc(m.Alerts, func(a, b Alert) int { return cmp.Compare(rank(a), rank(b)) })
	return m
}

// alertNames returns the different names of the alerts, in the order they first come in.
func alertNames(alerts []payloadAlert) []string {
	var names []string
	seen := map[string]bool{}
	for _, a := range alerts {
		if name := a.Labels["alertname"]; name != "" && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

func rank(a Alert) int {
	if a.Resolved {
		return 1
	}
	return 0
}

func newAlert(a payloadAlert, varying map[string]bool, named bool) Alert {
	name := cmp.Or(a.Labels["alertname"], "alert without a name")
	title := cmp.Or(strings.TrimSpace(a.Annotations["summary"]), strings.TrimSpace(a.Annotations["title"]))
	switch {
	case title == "":
		title = name
	case named && !strings.Contains(title, name):
		title = name + ": " + title
	}
	shown := Alert{
		Resolved: a.Status == "resolved", Title: oneLine(title),
		Value:    oneLine(a.Annotations["value"]),
		StartsAt: a.StartsAt,
	}
	description := cmp.Or(strings.TrimSpace(a.Annotations["description"]), strings.TrimSpace(a.Annotations["message"]))
	if description != title {
		shown.Description = description
	}
	if shown.Resolved {
		shown.EndsAt = a.EndsAt
	}
	shown.Where = where(a.Labels, varying)
	for _, link := range []Link{{"Runbook", a.Annotations["runbook_url"]}, {"Dashboard", a.Annotations["dashboard_url"]}, {"Graph", a.GeneratorURL}} {
		if link.URL != "" {
			shown.Links = append(shown.Links, link)
		}
	}
	return shown
}

// where returns the labels that say what an alert is about: the usual places, then every other
// label by which the alerts of the group differ, so that no two of them look the same.
func where(labels map[string]string, varying map[string]bool) []Field {
	var fields []Field
	for _, name := range placeLabels {
		if labels[name] != "" {
			fields = append(fields, Field{name, oneLine(labels[name])})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if varying[name] && name != "alertname" && labels[name] != "" && !slices.Contains(placeLabels, name) {
			fields = append(fields, Field{oneLine(name), oneLine(labels[name])})
		}
	}
	return fields
}

// varyingLabels returns the names of the labels that not all alerts have with one value. A
// single alert has all its labels shown except the severity, which the title has.
func varyingLabels(alerts []payloadAlert) map[string]bool {
	varying := map[string]bool{}
	for _, a := range alerts {
		for name, value := range a.Labels {
			if first, ok := alerts[0].Labels[name]; !ok || first != value || (len(alerts) == 1 && name != "severity") {
				varying[name] = true
			}
		}
		for name := range alerts[0].Labels {
			if _, ok := a.Labels[name]; !ok {
				varying[name] = true
			}
		}
	}
	return varying
}

// joinNames names up to three alerts and counts the others.
func joinNames(names []string) string {
	const most = 3
	switch {
	case len(names) == 0:
		return "alert without a name"
	case len(names) > most:
		return fmt.Sprintf("%s and %d more", oneLine(strings.Join(names[:most], ", ")), len(names)-most)
	}
	return oneLine(strings.Join(names, ", "))
}

// worse tells whether severity a is worse than b. One that is not among the usual is as bad
// as a warning: it was given for a reason.
func worse(a, b string) bool {
	return severityRank(a) < severityRank(b)
}

func severityRank(s string) int {
	if i := slices.Index(severities, strings.ToLower(s)); i >= 0 {
		return i
	}
	return slices.Index(severities, "warning")
}

// Tone is the colour a message deserves.
type Tone int

// The tones.
const (
	// ToneResolved is a message without firing alerts: green in most messengers.
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
	rank := severityRank(m.Severity)
	switch {
	case m.Firing == 0:
		return ToneResolved
	case rank < slices.Index(severities, "warning"):
		return ToneCritical
	case rank < slices.Index(severities, "low"):
		return ToneWarning
	}
	return ToneInfo
}

// Headline is the message in one line, such as "[FIRING:2 RESOLVED:1] RedisDown (critical)".
func (m Message) Headline() string { return m.Counts() + " " + m.Subject() }

// Counts says how many alerts of which status the group has, such as "[FIRING:2 RESOLVED:1]".
func (m Message) Counts() string {
	var counts []string
	if m.Firing > 0 {
		counts = append(counts, fmt.Sprintf("FIRING:%d", m.Firing))
	}
	if m.Resolved > 0 {
		counts = append(counts, fmt.Sprintf("RESOLVED:%d", m.Resolved))
	}
	return "[" + strings.Join(counts, " ") + "]"
}

// Subject is the name and the severity, such as "RedisDown (critical)".
func (m Message) Subject() string {
	if m.Severity == "" {
		return m.Name
	}
	return m.Name + " (" + oneLine(m.Severity) + ")"
}

// Notes are the lines below the alerts: what the message does not show.
func (m Message) Notes() []string {
	var notes []string
	if m.Hidden > 0 {
		notes = append(notes, fmt.Sprintf("… and %s that did not fit into this message", count(uint64(m.Hidden))))
	}
	if m.Truncated > 0 {
		notes = append(notes, fmt.Sprintf("… and %s that Alertmanager left out (max_alerts)", count(m.Truncated)))
	}
	if m.Shortened {
		notes = append(notes, "Long texts were shortened to fit.")
	}
	return notes
}

func count(n uint64) string {
	if n == 1 {
		return "1 more alert"
	}
	return fmt.Sprintf("%d more alerts", n)
}

// oneLine joins the lines of a text and drops what cannot be seen: control characters, and
// those that change the direction of the text after them.
func oneLine(text string) string {
	return strings.Join(strings.Fields(visible(text)), " ")
}

// visible drops control and direction characters, except newlines, and makes the text UTF-8.
func visible(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "�"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t' || r == '\r' || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, text)
}
