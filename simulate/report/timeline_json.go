package report

import (
	"encoding/json"
	"io"

	"github.com/prometheus/common/model"

	"github.com/rulekit/rulekit/simulate"
)

// timelineJSON is the document that simulate -o json prints; docs/simulate.md describes it.
// Times are seconds from the start of the simulation.
type timelineJSON struct {
	Version       int                `json:"version"`
	Alerts        []alertJSON        `json:"alerts"`
	Notifications []notificationJSON `json:"notifications"`
}

type alertJSON struct {
	Rule   string         `json:"rule"`
	Labels model.LabelSet `json:"labels"`
	Phases []phaseJSON    `json:"phases"`
}

type notificationJSON struct {
	At       float64             `json:"at"`
	Receiver string              `json:"receiver"`
	Status   string              `json:"status"`
	Reason   string              `json:"reason"`
	Error    string              `json:"error,omitempty"`
	GroupKey string              `json:"group_key"`
	Alerts   []notifiedAlertJSON `json:"alerts"`
	Channel  string              `json:"channel"`
	Request  *requestJSON        `json:"request"`
	Text     string              `json:"text"`
	// Attempts is how often delivery was tried, where that is not once.
	Attempts int `json:"attempts,omitempty"`
	// More holds the further messages when one notification needed several.
	More []deliveryJSON `json:"more,omitempty"`
}

type notifiedAlertJSON struct {
	Status      string         `json:"status"`
	Labels      model.LabelSet `json:"labels"`
	Annotations model.LabelSet `json:"annotations"`
}

type requestJSON struct {
	URL  string `json:"url"`
	Body string `json:"body"`
}

type deliveryJSON struct {
	Channel string      `json:"channel"`
	Request requestJSON `json:"request"`
	Text    string      `json:"text"`
	Error   string      `json:"error,omitempty"`
}

// TimelineJSON writes a timeline for machines. The same timeline gives the same bytes.
func TimelineJSON(w io.Writer, t *simulate.Timeline) error {
	doc := timelineJSON{Version: 1, Alerts: []alertJSON{}, Notifications: []notificationJSON{}}
	for _, a := range t.Alerts {
		labels := a.Labels
		if labels == nil {
			labels = model.LabelSet{}
		}
		track := alertJSON{Rule: a.Rule, Labels: labels, Phases: []phaseJSON{}}
		for _, p := range a.Phases {
			track.Phases = append(track.Phases, phaseJSON{p.State, p.From.Seconds(), p.To.Seconds()})
		}
		doc.Alerts = append(doc.Alerts, track)
	}
	for _, n := range t.Notifications {
		doc.Notifications = append(doc.Notifications, newNotificationJSON(n, t))
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(doc)
}

func newNotificationJSON(n simulate.Notification, t *simulate.Timeline) notificationJSON {
	doc := notificationJSON{
		At: n.At.Seconds(), Receiver: n.Receiver, Status: n.Status, Reason: n.Reason, Error: n.Error,
		GroupKey: n.GroupKey, Alerts: []notifiedAlertJSON{},
	}
	for _, a := range n.Alerts {
		status := string(model.AlertFiring)
		if a.ResolvedAt(t.Start.Add(n.At)) {
			status = string(model.AlertResolved)
		}
		doc.Alerts = append(doc.Alerts, notifiedAlertJSON{status, a.Labels, a.Annotations})
	}
	if n.Attempts > 1 {
		doc.Attempts = n.Attempts
	}
	for i, d := range n.Deliveries {
		request := requestJSON{d.URL, d.Body}
		if i == 0 {
			doc.Channel, doc.Request, doc.Text = d.Channel, &request, d.Text
			continue
		}
		doc.More = append(doc.More, deliveryJSON{d.Channel, request, d.Text, d.Error})
	}
	return doc
}
