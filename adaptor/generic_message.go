package adaptor

import (
	"slices"
	"strings"
	"time"
)

// genericMessage is a message as JSON, and the data of the templates that make other JSON. Its
// fields do not change their meaning; new ones may come.
type genericMessage struct {
	// Version is that of the fields, "1".
	Version string `json:"version"`
	// Status is firing, or resolved when nothing of the group fires any more.
	Status string `json:"status"`
	// Title is the headline, such as "[FIRING:2] RedisDown (critical)".
	Title    string `json:"title"`
	Name     string `json:"name"`
	Severity string `json:"severity,omitempty"`
	// Receiver is Alertmanager's receiver, GroupKey its name of the group.
	Receiver string `json:"receiver,omitempty"`
	GroupKey string `json:"group_key,omitempty"`
	// Firing and Resolved count the group's alerts; Truncated those that Alertmanager left out.
	Firing    int    `json:"firing"`
	Resolved  int    `json:"resolved"`
	Truncated uint64 `json:"truncated,omitempty"`
	// Alerts are those of this part, the firing ones first.
	Alerts   []genericAlert    `json:"alerts"`
	Links    map[string]string `json:"links,omitempty"`
	Mentions []genericMention  `json:"mentions,omitempty"`
	// Part is which of Parts messages this is, when there are several.
	Part  int `json:"part,omitempty"`
	Parts int `json:"parts,omitempty"`
	// Groups is how many notifications are merged into one.
	Groups int `json:"groups,omitempty"`
	// Unsure tells that the message may come a second time.
	Unsure bool `json:"unsure,omitempty"`
	// Shortened tells that texts were cut.
	Shortened bool `json:"shortened,omitempty"`
	// Accepted is when Alertmanager sent it, if that is long ago.
	Accepted *time.Time `json:"accepted,omitempty"`
	// FallbackFor is the receiver that could not deliver it, Reason why.
	FallbackFor string `json:"fallback_for,omitempty"`
	Reason      string `json:"reason,omitempty"`
	// Notes say the above in the receiver's language.
	Notes []string `json:"notes,omitempty"`

	message Message
}

type genericAlert struct {
	// Status is firing or resolved.
	Status      string `json:"status"`
	Name        string `json:"name"`
	Severity    string `json:"severity,omitempty"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	// Where are the labels that say what the alert is about.
	Where    map[string]string `json:"where,omitempty"`
	Value    string            `json:"value,omitempty"`
	StartsAt *time.Time        `json:"starts_at,omitempty"`
	EndsAt   *time.Time        `json:"ends_at,omitempty"`
	// Links are by their kinds: runbook, dashboard, graph and silence.
	Links map[string]string `json:"links,omitempty"`
	// Text is what the receiver's template made of the alert.
	Text string `json:"text,omitempty"`
}

type genericMention struct {
	User   string `json:"user,omitempty"`
	Mobile string `json:"mobile,omitempty"`
	All    bool   `json:"all,omitempty"`
}

// genericLinks are the names of links.
var genericLinks = [...]string{
	LinkRunbook: "runbook", LinkDashboard: "dashboard", LinkGraph: "graph", LinkSilence: "silence", LinkSilenceAll: "silence_all", LinkAlertmanager: "alertmanager",
}

func newGenericMessage(m Message) genericMessage {
	g := genericMessage{
		Version: "1", Status: "firing", Title: oneLine(m.Headline()), Name: m.Name, Severity: m.Severity,
		Receiver: visible(m.Receiver), GroupKey: visible(m.GroupKey),
		Firing: m.Firing, Resolved: m.Resolved, Truncated: m.Truncated, Links: newGenericLinks(m.Links),
		Part: m.Part, Parts: m.Parts, Groups: m.Groups, Unsure: m.Unsure, Shortened: m.Shortened,
		Accepted: timeOrNil(m.Accepted), FallbackFor: oneLine(m.FallbackFor), Reason: oneLine(m.Reason), Notes: m.Notes(),
		Alerts: []genericAlert{}, message: m,
	}
	if m.over() {
		g.Status = "resolved"
	}
	for _, a := range m.Alerts {
		g.Alerts = append(g.Alerts, newGenericAlert(a))
	}
	for _, p := range m.Mentions {
		g.Mentions = append(g.Mentions, genericMention(p))
	}
	return g
}

func newGenericAlert(a Alert) genericAlert {
	g := genericAlert{
		Status: "firing", Name: a.Name, Severity: a.Severity, Title: a.Title, Description: visible(a.Description),
		Where: map[string]string{}, Value: a.Value, StartsAt: timeOrNil(a.StartsAt), EndsAt: timeOrNil(a.EndsAt),
		Links: newGenericLinks(a.Links), Text: a.Text,
	}
	if a.Resolved {
		g.Status = "resolved"
	}
	for _, f := range a.Where {
		g.Where[f.Name] = f.Value
	}
	return g
}

// newGenericLinks are links by their kinds; of two of a kind, the first.
func newGenericLinks(links []Link) map[string]string {
	named := map[string]string{}
	for _, l := range slices.Backward(links) {
		named[genericLinks[l.Kind]] = visible(l.URL)
	}
	return named
}

// timeOrNil is nil for no time, and for one of a year that JSON cannot have.
func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() || t.UTC().Year() < 0 || t.UTC().Year() > 9999 {
		return nil
	}
	t = t.UTC()
	return &t
}

// Text is the whole message in plain text.
func (g genericMessage) Text() string {
	k, m := weComMarkup(weComText), g.message
	parts := append([]string{oneLine(m.Headline())}, k.blocks(m, genericBytes)...)
	if links := k.links(m, m.Links); links != "" {
		parts = append(parts, links)
	}
	if notes := m.Notes(); len(notes) > 0 {
		parts = append(parts, strings.Join(notes, "\n"))
	}
	return strings.Join(parts, "\n\n")
}
