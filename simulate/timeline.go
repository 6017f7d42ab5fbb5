// Package simulate plays series through alerting rules and an Alertmanager on a virtual clock.
// Unit tests of rules are simulations with expectations, so both share one engine.
package simulate

import (
	"time"

	"github.com/prometheus/common/model"
)

// Timeline is what a simulation saw, from its first instant to its last. All times in it
// count from Start.
type Timeline struct {
	// Start is the virtual instant the simulation began at.
	Start time.Time
	// Step is the time between two evaluations, Length the whole time that was played.
	Step, Length time.Duration
	// Series are the input series worth showing: those the played alerts read.
	Series []SeriesTrack
	// Alerts has one track for each alert that was ever pending or firing, sorted by rule and
	// labels; a rule that never had one has a single track without labels.
	Alerts []AlertTrack
	// Notifications are all attempts to tell somebody, sorted by time, receiver and group key.
	Notifications []Notification
}

// SeriesTrack is the values of one input series, one at each step; NaN where there is none.
type SeriesTrack struct {
	// Labels include the metric's name, as __name__.
	Labels model.LabelSet
	Values []float64
}

// State is the state of an alert, in Prometheus's words.
type State string

// The states of an alert.
const (
	Inactive State = "inactive"
	Pending  State = "pending"
	Firing   State = "firing"
)

// AlertTrack is the life of one alert: its phases follow each other without a gap and cover
// the whole timeline.
type AlertTrack struct {
	Rule   string
	Labels model.LabelSet
	Phases []Phase
}

// Phase is a stretch of time in one state, from From up to, but not including, To.
type Phase struct {
	State    State
	From, To time.Duration
}

// Batch is what Prometheus sends to Alertmanager at one instant, after external labels and
// alert relabelling.
type Batch struct {
	At     time.Duration
	Alerts []*model.Alert
}

// StatusMuted is the status of a notification that Alertmanager held back.
const StatusMuted = "muted"

// Notification is what Alertmanager did to tell one receiver about one group at one flush.
type Notification struct {
	// At is when the first attempt began.
	At       time.Duration
	Receiver string
	// Integration is Alertmanager's name of the integration: "slack", "email", "webhook" ...,
	// and Index its place among those of the same name; a muted notification has none.
	Integration string
	Index       int
	// Status is "firing", "resolved" or StatusMuted: nobody was told, and Reason says why.
	Status string
	// Reason is why Alertmanager sent it, in its own words: "first notification", "new alerts
	// added", "some alerts resolved", "all alerts resolved", "repeat interval elapsed"; or why
	// it did not: "inhibited by X", "mute time interval X", "outside of active time interval X".
	// A muted notification is recorded when it begins and when its alerts or reason change.
	Reason   string
	GroupKey string
	Alerts   []*model.Alert
	// Attempts is how often delivery was tried. Alertmanager backs off at random between two
	// attempts, so this number and the times of all but the first delivery differ a little
	// from run to run whenever it is above 1.
	Attempts int
	// Error is why the last attempt failed, or empty.
	Error string
	// Deliveries are the messages that reached an endpoint because of this notification.
	Deliveries []Delivery
}

// Delivery is one message as an endpoint received it.
type Delivery struct {
	At time.Duration
	// Channel is the kind of endpoint: "slack", "email", "feishu", "dingtalk", "wecom", or
	// "webhook" for one that is none of these.
	Channel string
	URL     string
	Body    string
	// Text is the message as a person would see it.
	Text string
	// Error is the endpoint's refusal, or empty.
	Error string
}
