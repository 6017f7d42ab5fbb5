package simulate

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/marker"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/provider"
	"github.com/prometheus/common/model"
)

// muteWatch is the pipeline of one receiver; it records which alerts the pipeline holds back.
// It reads the marks that Alertmanager's own stages leave for its API.
type muteWatch struct {
	pipeline notify.Stage
	receiver string
	groups   marker.GroupMarker
	alerts   provider.Alerts
	recorder *recorder
}

// Exec implements notify.Stage.
func (w *muteWatch) Exec(ctx context.Context, l *slog.Logger, alerts ...*alert.Alert) (context.Context, []*alert.Alert, error) {
	out, left, err := w.pipeline.Exec(ctx, l, alerts...)
	group, _ := notify.GroupKey(ctx)
	route, _ := notify.RouteID(ctx)
	byReason := map[string][]*alert.Alert{}
	for _, a := range alerts {
		if reason := w.reason(ctx, route, group, a, len(left) == 0 && err == nil); reason != "" && !a.Resolved() {
			byReason[reason] = append(byReason[reason], a)
		}
	}
	w.recorder.muted(w.receiver, route, group, byReason)
	return out, left, err
}

// reason tells why an alert was held back; it is empty for one that was not. The mark of a
// group is only fresh when the pipeline let nothing through.
func (w *muteWatch) reason(ctx context.Context, route, group string, a *alert.Alert, nothingLeft bool) string {
	if marks, ok := marker.FromContext(ctx); ok {
		status := marks.Status(a.Fingerprint())
		if len(status.InhibitedBy) > 0 {
			return "inhibited by " + strings.Join(w.names(status.InhibitedBy), ", ")
		}
		if len(status.SilencedBy) > 0 {
			return "silenced"
		}
	}
	if intervals, isMuted := w.groups.Muted(route, group); nothingLeft && isMuted {
		if active, _ := notify.ActiveTimeIntervalNames(ctx); slices.Equal(active, intervals) {
			return "outside of active time interval " + strings.Join(intervals, ", ")
		}
		return "mute time interval " + strings.Join(intervals, ", ")
	}
	return ""
}

// names returns the alert names of fingerprints.
func (w *muteWatch) names(fingerprints []string) []string {
	var names []string
	for _, text := range fingerprints {
		name := text
		if fp, err := model.ParseFingerprint(text); err == nil {
			if a, err := w.alerts.Get(fp); err == nil {
				name = a.Name()
			}
		}
		names = append(names, name)
	}
	return names
}
