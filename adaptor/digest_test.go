package adaptor

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// told is what a merged message says of each alert.
type told struct {
	Name               string
	Resolved, FiredToo bool
}

func group(alerts ...payloadAlert) Message {
	return newMessage(payload{GroupKey: "g", Receiver: "r", Alerts: alerts}, Style{})
}

func alertAt(name, status string, start time.Time) payloadAlert {
	a := payloadAlert{Status: status, Labels: map[string]string{"alertname": name}, StartsAt: start}
	if status == "resolved" {
		a.EndsAt = start.Add(time.Minute)
	}
	return a
}

// TestMerge: every alert is told of once, as it was last, and what came and went is told as both.
func TestMerge(t *testing.T) {
	one, two := time.Unix(1_700_000_000, 0), time.Unix(1_700_001_000, 0)
	tests := []struct {
		name     string
		messages []Message
		want     []told
	}{
		{"two groups", []Message{group(alertAt("A", "firing", one)), group(alertAt("B", "firing", one))},
			[]told{{"A", false, false}, {"B", false, false}}},
		{"the same again", []Message{group(alertAt("A", "firing", one)), group(alertAt("A", "firing", one), alertAt("B", "firing", one))},
			[]told{{"A", false, false}, {"B", false, false}}},
		{"fired and resolved", []Message{group(alertAt("A", "firing", one)), group(alertAt("A", "resolved", one))},
			[]told{{"A", true, true}}},
		{"resolved before and again", []Message{group(alertAt("A", "resolved", one)), group(alertAt("A", "resolved", one))},
			[]told{{"A", true, false}}},
		{"fired, resolved, told again", []Message{group(alertAt("A", "firing", one)), group(alertAt("A", "resolved", one)), group(alertAt("A", "resolved", one))},
			[]told{{"A", true, true}}},
		{"fired anew", []Message{group(alertAt("A", "firing", one)), group(alertAt("A", "resolved", one)), group(alertAt("A", "firing", two))},
			[]told{{"A", false, false}, {"A", true, true}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			merged := merge(test.messages)
			var got []told
			for _, a := range merged.Alerts {
				got = append(got, told{a.Name, a.Resolved, a.FiredToo})
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if merged.Firing+merged.Resolved != len(test.want) || merged.Groups != len(test.messages) || !merged.Compact {
				t.Errorf("counts %d firing, %d resolved of %d groups", merged.Firing, merged.Resolved, merged.Groups)
			}
		})
	}
}

// TestMergeKeepsWhatGroupsSay: what a notification says besides its alerts is not lost in a digest.
func TestMergeKeepsWhatGroupsSay(t *testing.T) {
	first, second := group(alertAt("A", "firing", time.Unix(1, 0))), group(alertAt("B", "firing", time.Unix(1, 0)))
	second.GroupKey = "another"
	first.Truncated, second.Truncated = 3, 4
	first.Mentions = []Mention{{User: "u1"}, {User: "u2"}}
	second.Mentions = []Mention{{User: "u2"}, {All: true}}
	second.FallbackFor, second.Reason = "dba", "gone"
	first.Accepted, second.Accepted = time.Unix(20, 0), time.Unix(10, 0)
	second.Alerts[0].Severity = "critical"
	merged := merge([]Message{first, second})
	if merged.Truncated != 7 || merged.FallbackFor != "dba" || !merged.Accepted.Equal(time.Unix(10, 0)) || merged.Severity != "critical" {
		t.Errorf("got %+v", merged)
	}
	if diff := cmp.Diff([]Mention{{User: "u1"}, {User: "u2"}, {All: true}}, merged.Mentions); diff != "" {
		t.Error(diff)
	}
}
