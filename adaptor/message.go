package adaptor

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Message is what is to be told, before any messenger's form: all alerts of one group, a part of
// them, or the alerts of several groups.
type Message struct {
	// Receiver is Alertmanager's name of its receiver, GroupKey that of the group.
	Receiver, GroupKey string
	// Name is the alert's name; of a group of several, their names.
	Name string
	// Title is what a template made of the headline; empty leaves it to Headline.
	Title string
	// Severity is the worst severity among the firing alerts, or among all when none fires.
	Severity string
	// Alerts are the alerts to show: the firing ones first, each kind in the order it came in.
	Alerts []Alert
	// Firing and Resolved count all alerts of the group that Alertmanager sent, shown or not.
	Firing, Resolved int
	// Truncated is the number of alerts that Alertmanager left out (its max_alerts).
	Truncated uint64
	// GroupResolved tells that Alertmanager calls the whole group resolved, with what it left out.
	GroupResolved bool
	// Links are those of the whole group.
	Links []Link
	// Mentions are the people to be called.
	Mentions []Mention
	// Part is which of Parts messages this is, from 1, when the group did not fit into one.
	Part, Parts int
	// Groups is how many notifications are merged into this message, when there are several.
	Groups int
	// Compact asks for one line an alert.
	Compact bool
	// Shortened tells that texts were cut to make the message fit.
	Shortened bool
	// Unsure tells that the message may have been delivered before.
	Unsure bool
	// Accepted is when Alertmanager sent it, if that is so long ago that it is worth telling.
	Accepted time.Time
	// FallbackFor is the receiver that could not deliver the message, and Reason is why.
	FallbackFor, Reason string
	// Thread is the messenger's name of the group's first message, where one is known.
	Thread string
	Style
}

// Style is the language and the time zone of messages.
type Style struct {
	// Locale has the words, nil for English; Zone is the time zone, nil for UTC.
	Locale *Locale
	Zone   *time.Location
}

// Alert is one alert of a message. Every text may be empty, and then is not shown.
type Alert struct {
	Resolved bool
	// FiredToo tells of a resolved alert that nobody was told of while it fired: both came
	// while the message waited.
	FiredToo bool
	// Name is the alert's name, Severity the label.
	Name, Severity string
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
	// Text is what a template made of the alert, in the markup of the channel; empty leaves it
	// to the markup. It is not shown where the message is compact or the text does not fit.
	Text string
	// id tells the same alert in two notifications.
	id string
}

// Mention is somebody to be called: by the messenger's name of the user, by a mobile number, or
// everybody.
type Mention struct {
	User, Mobile string
	All          bool
}

// Field is a label and its value.
type Field struct{ Name, Value string }

// Link is an address and what to call it.
type Link struct {
	Kind LinkKind
	URL  string
}

// LinkKind is what a link leads to.
type LinkKind int

// The kinds of links, in the order they are shown.
const (
	LinkRunbook LinkKind = iota
	LinkDashboard
	LinkGraph
	LinkSilence
	LinkSilenceAll
	LinkAlertmanager
)

// placeLabels are the labels that say where an alert is, from the widest to the narrowest.
var placeLabels = []string{"cluster", "region", "namespace", "app_kubernetes_io_instance", "job", "node", "instance", "pod", "container"}

// severities are the usual severities, the worst first.
var severities = []string{"emergency", "page", "critical", "error", "high", "major", "warning", "minor", "low", "info", "none"}

// newMessage makes the neutral message of a webhook body, in the receiver's language and time.
func newMessage(p payload, style Style) Message {
	m := Message{Receiver: p.Receiver, GroupKey: p.GroupKey, Truncated: p.TruncatedAlerts, GroupResolved: p.Status == "resolved", Style: style}
	varying := varyingLabels(p.Alerts)
	for name := range p.GroupLabels {
		// They tell the group from others of the same alert.
		varying[name] = varying[name] || name != "severity"
	}
	names := alertNames(p.Alerts)
	m.Name = joinNames(names, m.words())
	for _, a := range p.Alerts {
		shown := newAlert(a, varying, len(names) > 1, m.words())
		if silence, ok := silenceLink(p.ExternalURL, a); ok && !shown.Resolved {
			shown.Links = append(shown.Links, silence)
		}
		m.Alerts = append(m.Alerts, shown)
	}
	if silence, ok := groupSilenceLink(p); ok {
		m.Links = append(m.Links, silence)
	}
	if p.ExternalURL != "" {
		m.Links = append(m.Links, Link{LinkAlertmanager, strings.TrimSuffix(p.ExternalURL, "/") + "/#/alerts?receiver=" + url.QueryEscape(p.Receiver)})
	}
	m.summarize()
	return m
}

// summarize counts the alerts, puts the firing ones first, and finds the worst severity.
func (m *Message) summarize() {
	slices.SortStableFunc(m.Alerts, func(a, b Alert) int { return cmp.Compare(rank(a), rank(b)) })
	m.Firing, m.Resolved, m.Severity = 0, 0, ""
	for _, a := range m.Alerts {
		if a.Resolved {
			m.Resolved++
		} else {
			m.Firing++
		}
		if a.Severity != "" && (m.Firing == 0 || !a.Resolved) && (m.Severity == "" || worse(a.Severity, m.Severity)) {
			m.Severity = a.Severity
		}
	}
}

// alertNames returns the different names of the alerts, in the order they first come in.
func alertNames(alerts []payloadAlert) []string {
	var names []string
	seen := map[string]bool{}
	for _, a := range alerts {
		if name := oneLine(a.Labels["alertname"]); name != "" && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

// alertID tells an alert by its labels and its beginning: it is the same in the notification
// that says that it is over.
func alertID(a payloadAlert) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(a.Labels)) {
		fmt.Fprintf(&b, "%q=%q,", name, a.Labels[name])
	}
	return b.String() + a.StartsAt.UTC().Format(time.RFC3339Nano)
}

func rank(a Alert) int {
	if a.Resolved {
		return 1
	}
	return 0
}

func newAlert(a payloadAlert, varying map[string]bool, named bool, words *Locale) Alert {
	name := cmp.Or(oneLine(a.Labels["alertname"]), words.NoName)
	title := cmp.Or(oneLine(a.Annotations["summary"]), oneLine(a.Annotations["title"]))
	switch {
	case title == "":
		title = name
	case named && !strings.Contains(title, name):
		title = name + ": " + title
	}
	shown := Alert{
		Resolved: a.Status == "resolved", Name: name, Severity: oneLine(a.Labels["severity"]),
		Title:    title,
		Value:    oneLine(a.Annotations["value"]),
		StartsAt: a.StartsAt,
		id:       alertID(a),
	}
	description := cmp.Or(strings.TrimSpace(a.Annotations["description"]), strings.TrimSpace(a.Annotations["message"]))
	if description != title {
		shown.Description = description
	}
	if shown.Resolved {
		shown.EndsAt = a.EndsAt
	}
	shown.Where = where(a.Labels, varying)
	for _, link := range []Link{{LinkRunbook, a.Annotations["runbook_url"]}, {LinkDashboard, a.Annotations["dashboard_url"]}, {LinkGraph, a.GeneratorURL}} {
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
		if value := oneLine(labels[name]); value != "" {
			fields = append(fields, Field{name, value})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if value := oneLine(labels[name]); varying[name] && name != "alertname" && value != "" && !slices.Contains(placeLabels, name) {
			fields = append(fields, Field{oneLine(name), value})
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
func joinNames(names []string, words *Locale) string {
	const most = 3
	switch {
	case len(names) == 0:
		return words.NoName
	case len(names) > most:
		return fmt.Sprintf(words.AndMore, oneLine(strings.Join(names[:most], words.ListSeparator)), len(names)-most)
	}
	return oneLine(strings.Join(names, words.ListSeparator))
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
