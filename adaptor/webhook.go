package adaptor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// payload is the body Alertmanager's webhook sends, version 4
// (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config).
type payload struct {
	GroupKey           string            `json:"groupKey"`
	TruncatedAlerts    uint64            `json:"truncatedAlerts"`
	Status             string            `json:"status"`
	Receiver           string            `json:"receiver"`
	GroupLabels        map[string]string `json:"groupLabels"`
	CommonLabels       map[string]string `json:"commonLabels"`
	CommonAnnotations  map[string]string `json:"commonAnnotations"`
	RouteLabels        map[string]string `json:"routeLabels"`
	ExternalURL        string            `json:"externalURL"`
	NotificationReason string            `json:"notification_reason"`
	Alerts             []payloadAlert    `json:"alerts"`
}

type payloadAlert struct {
	Status       string            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
}

// decode reads a webhook body. Fields it does not know are ignored, for Alertmanager adds
// some now and then. An error means that the body can never be delivered; it is one line that
// names the place.
func decode(body []byte) (payload, error) {
	if tooManyAlerts(body) {
		return payload{}, errTooManyAlerts
	}
	var p payload
	if err := json.Unmarshal(body, &p); err != nil {
		return payload{}, decodeError(err)
	}
	if len(p.Alerts) == 0 {
		return payload{}, errors.New("the body has no alerts, so there is nothing to tell")
	}
	for i, a := range p.Alerts {
		if a.Labels == nil {
			return payload{}, fmt.Errorf("alerts[%d] is no alert: it has no labels", i)
		}
	}
	return p, nil
}

var errTooManyAlerts = fmt.Errorf("the body has more than %d alerts: set max_alerts in Alertmanager's webhook_configs", MaxAlerts)

// tooManyAlerts tells whether a body has more than MaxAlerts alerts, before any of them is
// decoded: one of two bytes becomes a structure of hundreds. Other faults are decode's to tell.
func tooManyAlerts(body []byte) bool {
	// The shortest element of a list is a digit and a comma.
	if len(body) <= 2*MaxAlerts {
		return false
	}
	var counted struct {
		Alerts alertCount `json:"alerts"`
	}
	return errors.Is(json.Unmarshal(body, &counted), errTooManyAlerts)
}

// alertCount reads a list of alerts without keeping it. Its only error is errTooManyAlerts.
type alertCount struct{}

// UnmarshalJSON counts the elements of a list, and ignores what is none.
func (alertCount) UnmarshalJSON(list []byte) error {
	elements := json.NewDecoder(bytes.NewReader(list))
	if first, err := elements.Token(); err != nil || first != json.Delim('[') {
		return nil
	}
	var element json.RawMessage
	for n := 1; elements.More(); n++ {
		if n > MaxAlerts {
			return errTooManyAlerts
		}
		if err := elements.Decode(&element); err != nil {
			return nil
		}
	}
	return nil
}

func decodeError(err error) error {
	var (
		syntax *json.SyntaxError
		kind   *json.UnmarshalTypeError
		date   *time.ParseError
	)
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("the body is not JSON: %w (at byte %d)", err, syntax.Offset)
	case errors.As(err, &kind):
		field := kind.Field
		if field == "" {
			field = "the body"
		}
		return fmt.Errorf("%s is a JSON %s, want %s (at byte %d)", field, kind.Value, jsonName(kind), kind.Offset)
	case errors.As(err, &date):
		return fmt.Errorf("%q is not a time in RFC 3339 form", date.Value)
	}
	return fmt.Errorf("the body is not an Alertmanager webhook message: %w", err)
}

// jsonName is the JSON type that was wanted.
func jsonName(err *json.UnmarshalTypeError) string {
	switch err.Type.Kind().String() {
	case "struct", "map":
		return "an object"
	case "slice":
		return "an array"
	case "uint64":
		return "a number of alerts"
	}
	return "a string"
}
