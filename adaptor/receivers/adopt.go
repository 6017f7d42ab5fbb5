package receivers

import (
	"slices"

	"github.com/rulekit/rulekit/adaptor/receivers/yamledit"
)

// Adopt mends what KubeBlocks wrote about receivers of the adaptor: the ends of alerts are told,
// and no alert is left out. Without names it mends all receivers.
func Adopt(files Files, names ...string) (*Result, error) {
	e, err := begin(files)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if e.receiver(name) == nil {
			return nil, e.unknown(name)
		}
	}
	wanted := settings{set: []yamledit.Entry{{Key: "send_resolved", Value: yamledit.Bool(true)}}, unset: []string{"max_alerts"}}
	for i, r := range e.config.Receivers {
		if len(names) > 0 && !slices.Contains(names, r.Name) {
			continue
		}
		for k, w := range r.WebhookConfigs {
			path := []any{"receivers", i, "webhook_configs", k}
			if _, _, ok := notifyTarget(string(w.URL)); !ok {
				continue
			}
			differences := wanted.differences(e.am, "", path...)
			if len(differences) == 0 {
				continue
			}
			line := func() int { return receiverLine(e.am, r.Name) }
			if !w.SendResolved() {
				e.changed(e.am, line, "receiver %s: tells when alerts end (send_resolved: true)", r.Name)
			}
			if w.MaxAlerts > 0 {
				e.changed(e.am, line, "receiver %s: leaves no alerts out (max_alerts was %d)", r.Name, w.MaxAlerts)
			}
			if err := wanted.apply(e.am, path...); err != nil {
				return nil, err
			}
		}
	}
	return e.end()
}
