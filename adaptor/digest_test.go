package adaptor

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rulekit/rulekit/adaptor/fakeim"
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

// TestMergeTruncated: what Alertmanager left out of a group is counted once.
func TestMergeTruncated(t *testing.T) {
	one := group(alertAt("A", "firing", time.Unix(1, 0)))
	one.Truncated = 5
	two := one
	two.Truncated = 3
	if got := merge([]Message{one, two}).Truncated; got != 3 {
		t.Errorf("%d left out", got)
	}
}

// TestGroupLabelsAreShown: two groups of one alert that differ by a label of theirs do not look the same.
func TestGroupLabelsAreShown(t *testing.T) {
	body := `{"receiver":"im","groupKey":"g","groupLabels":{"alertname":"QueueFull","queue":"orders"},"alerts":[
		{"status":"firing","labels":{"alertname":"QueueFull","queue":"orders","dc":"x"}},
		{"status":"firing","labels":{"alertname":"QueueFull","queue":"orders","dc":"y"}}]}`
	p, err := decode([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	request, err := encodeDingTalk(targets["dingtalk"], newMessage(p, Style{}), time.Now())
	if err != nil || !strings.Contains(string(request.Body), "orders") {
		t.Errorf("the message does not say which queue: %v %s", err, request.Body)
	}
}

// TestBrokenInDigest: a notification that breaks the encoder is lost alone, whatever is merged with it.
func TestBrokenInDigest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := *channelOfType("dingtalk")
		broken.Encode = func(target Target, m Message, now time.Time) (Request, error) {
			for _, a := range m.Alerts {
				if a.Name == "Bad" {
					panic("cannot encode")
				}
			}
			return encodeDingTalk(target, m, now)
		}
		b := newBench(t, Options{Config: &Config{Receivers: []Receiver{{Name: "dingtalk", Channel: &broken, Target: targets["dingtalk"]}}}})
		b.ims["dingtalk"].Fail(fakeim.Fault{Status: 503})
		b.post("dingtalk", named("First"))
		synctest.Wait()
		for i := range 60 {
			name := fmt.Sprintf("A%02d", i)
			if i == 30 {
				name = "Bad"
			}
			b.post("dingtalk", named(name))
		}
		time.Sleep(time.Hour)
		b.stop()
		<-b.stopped
		dead := 0
		for _, d := range b.deliveries {
			if d.Outcome == DeadLetter {
				dead++
			}
		}
		if dead != 1 {
			t.Errorf("%d dead letters", dead)
		}
	})
}

// TestDigestAlwaysTooLarge: of a digest that is too large however small it is, no more is reported as
// lost than is.
func TestDigestAlwaysTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Config: toChannel("wecom")})
		b.ims["wecom"].Fail(fakeim.Fault{Delay: time.Second})
		b.post("wecom", named("First"))
		synctest.Wait()
		for range 100 {
			b.ims["wecom"].Fail(fakeim.Fault{Status: 413})
		}
		for i := range 60 {
			b.post("wecom", named(fmt.Sprint("A", i)))
		}
		time.Sleep(48 * time.Hour)
		b.stop()
		<-b.stopped
		letters, _ := b.queue.DeadLetters(t.Context(), "", 100)
		dead := 0
		for _, d := range b.deliveries {
			if d.Outcome == DeadLetter {
				dead++
			}
		}
		if dead != len(letters) {
			t.Errorf("%d dead letters, %d reported", len(letters), dead)
		}
	})
}
