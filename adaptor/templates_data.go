package adaptor

import (
	"reflect"
	"slices"
	"strings"
	"time"

	alertmanager "github.com/prometheus/alertmanager/template"
)

// groupData is what a title's template gets. Its fields are those of Alertmanager's notification
// data (https://prometheus.io/docs/alerting/latest/notifications/), and a few more.
type groupData struct {
	// Receiver is Alertmanager's receiver.
	Receiver string `json:"receiver"`
	// Status is "firing" where any alert fires, else "resolved".
	Status string `json:"status"`
	// Alerts are the firing alerts, then the resolved ones.
	Alerts alertList `json:"alerts"`
	// GroupLabels, CommonLabels and CommonAnnotations are Alertmanager's.
	GroupLabels       alertmanager.KV `json:"groupLabels"`
	CommonLabels      alertmanager.KV `json:"commonLabels"`
	CommonAnnotations alertmanager.KV `json:"commonAnnotations"`
	// RouteLabels are those of the route, empty before Alertmanager 0.33.
	RouteLabels alertmanager.KV `json:"routeLabels"`
	// ExternalURL is Alertmanager's address.
	ExternalURL string `json:"externalURL"`
	// NotificationReason is why Alertmanager sent it, empty before 0.32.
	NotificationReason string `json:"notification_reason"`
	// GroupKey is Alertmanager's name of the group.
	GroupKey string `json:"groupKey"`
	// TruncatedAlerts is the number of alerts that Alertmanager left out.
	TruncatedAlerts uint64 `json:"truncatedAlerts"`
	// Severity is the worst severity among the alerts that fire.
	Severity string `json:"severity"`
	// Headline is the built-in headline.
	Headline string `json:"headline"`
}

// String is what the group prints as.
func (g *groupData) String() string { return g.Headline }

// alertList are the alerts of a group.
type alertList []*alertData

// Firing are the alerts that fire.
func (l alertList) Firing() alertList { return l.of("firing") }

// Resolved are the alerts that are over.
func (l alertList) Resolved() alertList { return l.of("resolved") }

func (l alertList) of(status string) alertList {
	return slices.DeleteFunc(slices.Clone(l), func(a *alertData) bool { return a.Status != status })
}

// alertData is what an alert's template gets.
type alertData struct {
	// Status is "firing" or "resolved".
	Status string `json:"status"`
	// Labels and Annotations are those of the alert.
	Labels      alertmanager.KV `json:"labels"`
	Annotations alertmanager.KV `json:"annotations"`
	// StartsAt is when it began, and EndsAt when it was resolved, in the receiver's time zone.
	StartsAt time.Time `json:"startsAt"`
	EndsAt   time.Time `json:"endsAt"`
	// GeneratorURL is the address of the expression's graph.
	GeneratorURL string `json:"generatorURL"`
	// Fingerprint is Alertmanager's name of the alert.
	Fingerprint string `json:"fingerprint"`
	// Name is the label alertname, Severity the label severity, Value the annotation value.
	Name     string `json:"name"`
	Severity string `json:"severity"`
	Value    string `json:"value"`
	// Mark is a coloured sign of the severity.
	Mark string `json:"mark"`
	// SilenceURL is the address of Alertmanager's form for a silence of the alert.
	SilenceURL string `json:"silenceURL"`

	group *groupData
	text  func() string
}

// Group is the alert's group.
func (a *alertData) Group() *groupData { return a.group }

// Text is the built-in text of the alert, in the channel's markup.
func (a *alertData) Text() markupText { return markupText(a.text()) }

// String is what the alert prints as.
func (a *alertData) String() string { return a.Name }

// markupText is text in the channel's markup, which is printed as it is.
type markupText string

// newGroupData returns the data of a message that was made of p. Its alerts are in the message's
// order.
func newGroupData(m *Message, p payload, k markup) *groupData {
	g := &groupData{
		Receiver: p.Receiver, Status: "resolved", GroupKey: p.GroupKey, Severity: m.Severity, Headline: m.Headline(),
		GroupLabels: p.GroupLabels, CommonLabels: p.CommonLabels, CommonAnnotations: p.CommonAnnotations, RouteLabels: p.RouteLabels,
		ExternalURL: p.ExternalURL, NotificationReason: p.NotificationReason, TruncatedAlerts: p.TruncatedAlerts,
	}
	if m.Firing > 0 {
		g.Status = "firing"
	}
	byID := map[string]payloadAlert{}
	for _, a := range p.Alerts {
		byID[alertID(a)] = a
	}
	builtIn := *m
	for _, shown := range m.Alerts {
		a := byID[shown.id]
		data := &alertData{
			Status: "firing", Labels: a.Labels, Annotations: a.Annotations,
			StartsAt: inZone(a.StartsAt, m.zone()), EndsAt: inZone(a.EndsAt, m.zone()), GeneratorURL: a.GeneratorURL, Fingerprint: a.Fingerprint,
			Name: a.Labels["alertname"], Severity: a.Labels["severity"], Value: a.Annotations["value"],
			Mark: toneMarks[shown.Tone()], group: g,
			text: func() string { return k.alert(builtIn, shown) },
		}
		if shown.Resolved {
			data.Status = "resolved"
		}
		for _, link := range shown.Links {
			if link.Kind == LinkSilence {
				data.SilenceURL = link.URL
			}
		}
		g.Alerts = append(g.Alerts, data)
	}
	return g
}

// inZone converts a time, but that of no time.
func inZone(t time.Time, zone *time.Location) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(zone)
}

// dataNames are the names that a template can use after the dot.
func dataNames(data any) []string {
	var names []string
	structure := reflect.TypeOf(data)
	for i := range structure.NumMethod() {
		if name := structure.Method(i).Name; name != "String" {
			names = append(names, name)
		}
	}
	if structure.Kind() == reflect.Pointer {
		structure = structure.Elem()
	}
	for i := range structure.NumField() {
		if field := structure.Field(i); field.IsExported() {
			names = append(names, field.Name)
		}
	}
	slices.SortFunc(names, strings.Compare)
	return names
}
