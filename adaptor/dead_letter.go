package adaptor

import "time"

// DeadAlert is an alert of a dead letter, as Alertmanager sent it.
type DeadAlert struct {
	Resolved            bool
	Labels, Annotations map[string]string
	// StartsAt is when it began, and EndsAt when it was over, if it was.
	StartsAt, EndsAt time.Time
	// GeneratorURL shows its expression in Prometheus.
	GeneratorURL string
}

// Alerts are the alerts of the dead letter, in the order of its body. The error tells why the
// body cannot be read.
func (d DeadItem) Alerts() ([]DeadAlert, error) {
	p, err := decode(d.Item.Body)
	if err != nil {
		return nil, err
	}
	var alerts []DeadAlert
	for _, a := range p.Alerts {
		alert := DeadAlert{
			Resolved: a.Status == "resolved", Labels: a.Labels, Annotations: a.Annotations,
			StartsAt: a.StartsAt, GeneratorURL: a.GeneratorURL,
		}
		if alert.Resolved {
			alert.EndsAt = a.EndsAt
		}
		alerts = append(alerts, alert)
	}
	return alerts, nil
}

// AlertNames names the alerts of the dead letter, each name once; there are none where the body
// cannot be read.
func (d DeadItem) AlertNames() []string {
	p, err := decode(d.Item.Body)
	if err != nil {
		return nil
	}
	return alertNames(p.Alerts)
}
