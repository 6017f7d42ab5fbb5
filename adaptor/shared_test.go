package adaptor

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestFactor: what all alerts have is taken out of them, and nothing is lost.
func TestFactor(t *testing.T) {
	at := time.Date(2026, 1, 5, 0, 3, 0, 0, time.UTC)
	runbook := Link{LinkRunbook, "https://runbooks.example"}
	one := Alert{
		Name: "A", Title: "same", Description: "one", Value: "1", StartsAt: at, Where: []Field{{"ns", "demo"}, {"pod", "p-1"}},
		Links: []Link{runbook, {LinkSilence, "https://one"}},
	}
	two := Alert{
		Name: "A", Title: "same", Description: "two", Value: "1", StartsAt: at, Where: []Field{{"ns", "demo"}, {"pod", "p-2"}},
		Links: []Link{runbook},
	}
	shared, rest := Message{Alerts: []Alert{one, two}}.factor()
	wantShared := Alert{Name: "A", Title: "same", Value: "1", StartsAt: at, Where: []Field{{"ns", "demo"}}, Links: []Link{runbook}}
	wantRest := []Alert{
		{Description: "one", Where: []Field{{"pod", "p-1"}}, Links: []Link{{LinkSilence, "https://one"}}},
		{Description: "two", Where: []Field{{"pod", "p-2"}}},
	}
	same := cmp.Options{cmp.AllowUnexported(Alert{}), cmpopts.EquateEmpty()}
	if diff := cmp.Diff(wantShared, shared, same); diff != "" {
		t.Errorf("shared (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantRest, rest, same); diff != "" {
		t.Errorf("rest (-want +got):\n%s", diff)
	}

	two.Resolved, two.EndsAt = true, at.Add(time.Hour)
	if shared, rest := (Message{Alerts: []Alert{one, two}}).factor(); !shared.StartsAt.IsZero() || rest[0].StartsAt != at || rest[1].EndsAt != two.EndsAt {
		t.Errorf("times that differ are shared: %+v %+v", shared, rest)
	}
	two.Text = "a template's"
	for _, alerts := range [][]Alert{{one}, {one, two}} {
		if shared, rest := (Message{Alerts: alerts}).factor(); !cmp.Equal(shared, Alert{}, same) || !cmp.Equal(rest, alerts, same) {
			t.Errorf("%d alerts share %+v", len(alerts), shared)
		}
	}
}
