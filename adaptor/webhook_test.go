package adaptor

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

// listOf is a webhook body with the given number of alerts, each as given.
func listOf(n int, alert string) string {
	return `{"alerts":[` + strings.Repeat(alert+",", n-1) + alert + `]}`
}

// TestTooManyAlerts: a notification has a bounded number of alerts, however small they are.
func TestTooManyAlerts(t *testing.T) {
	server, err := New(Options{Config: allReceivers()})
	if err != nil {
		t.Fatal(err)
	}
	const tooMany = "the body has more than 10000 alerts: set max_alerts in Alertmanager's webhook_configs"
	tests := []struct {
		name, body string
		status     int
		answer     string
	}{
		{"as many as may be", listOf(MaxAlerts, `{"labels":{}}`), http.StatusOK, "accepted"},
		{"one more", listOf(MaxAlerts+1, "{}"), http.StatusRequestEntityTooLarge, tooMany},
		{"as many as fit", listOf(MaxBody/3-10, "{}"), http.StatusRequestEntityTooLarge, tooMany},
		{"of a wrong type", listOf(MaxAlerts+1, "5"), http.StatusRequestEntityTooLarge, tooMany},
		{"in other letters", strings.Replace(listOf(MaxAlerts+1, "{}"), "alerts", "ALERTS", 1), http.StatusRequestEntityTooLarge, tooMany},
		{"in the first of two lists", strings.Replace(listOf(MaxAlerts+1, "{}"), "]}", `],"alerts":[{}]}`, 1), http.StatusRequestEntityTooLarge, tooMany},
		{"not JSON after them", strings.TrimSuffix(listOf(MaxAlerts+1, "{}"), "}"), http.StatusBadRequest, "the body is not JSON: unexpected end of JSON input (at byte 30014)"},
		{"many commas in one", listOf(1, `{"labels":{"a":"`+strings.Repeat(",", 3*MaxAlerts)+`"}}`), http.StatusOK, "accepted"},
		{"no list", `{"alerts":"` + strings.Repeat("{},", MaxAlerts) + `"}`, http.StatusBadRequest, "alerts is a JSON string, want an array (at byte 30012)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, answer := post(server.Handler(), http.MethodPost, NotifyPath+"slack", strings.NewReader(test.body))
			if status != test.status || answer != test.answer {
				t.Errorf("got %d %q, want %d %q", status, answer, test.status, test.answer)
			}
		})
	}
}

// TestTooManyAlertsAreNotDecoded: the largest body of the smallest alerts costs next to no
// memory; decoded it would be some hundred times its size.
func TestTooManyAlertsAreNotDecoded(t *testing.T) {
	body := []byte(listOf(MaxBody/3-10, "{}"))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := decode(body)
	runtime.ReadMemStats(&after)
	if !errors.Is(err, errTooManyAlerts) {
		t.Errorf("got error %v", err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > MaxBody {
		t.Errorf("it took %d bytes", took)
	}
}

// manyNames is as many alerts as a notification may have, each of its own name.
func manyNames() payload {
	var p payload
	for i := range MaxAlerts {
		p.Alerts = append(p.Alerts, payloadAlert{Labels: map[string]string{"alertname": fmt.Sprintf("Alert%05d", i)}})
	}
	return p
}

// TestAlertNames: each name counts once, and the first to come are told.
func TestAlertNames(t *testing.T) {
	p := manyNames()
	p.Alerts = append(p.Alerts, p.Alerts...)
	if got := newMessage(p, Style{}).Name; got != "Alert00000, Alert00001, Alert00002 and 9997 more" {
		t.Errorf("got %q", got)
	}
}

// BenchmarkMessage measures the message of the most alerts, all of different names. Its cost
// grows with their number, not with its square.
func BenchmarkMessage(b *testing.B) {
	p := manyNames()
	for b.Loop() {
		newMessage(p, Style{})
	}
}
