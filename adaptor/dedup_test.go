package adaptor

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// said is a webhook body of one group: alerts are names, those in capitals fire.
func saying(reason string, alerts ...string) string {
	var all []string
	for _, name := range alerts {
		status := "firing"
		if name == strings.ToLower(name) {
			status = "resolved"
		}
		all = append(all, fmt.Sprintf(`{"status":%q,"labels":{"alertname":%q},"startsAt":"2026-01-05T00:00:00Z","endsAt":"2026-01-05T00:01:00Z"}`,
			status, strings.ToUpper(name)))
	}
	return fmt.Sprintf(`{"receiver":"im","groupKey":"g","notification_reason":%q,"alerts":[%s]}`, reason, strings.Join(all, ","))
}

// TestDuplicates: what is posted again within the window is delivered once, and what says
// something new, or the same again after something else, is delivered.
func TestDuplicates(t *testing.T) {
	type step struct {
		body string
		// wait is the time before it, and again tells that it is a duplicate.
		wait  time.Duration
		again bool
	}
	tests := map[string][]step{
		"posted again":       {{saying("", "A"), 0, false}, {saying("", "A"), time.Second, true}, {saying("", "A"), time.Minute, true}},
		"in another order":   {{saying("", "A", "B"), 0, false}, {saying("", "B", "A"), 0, true}},
		"a repeat":           {{saying("", "A"), 0, false}, {saying("", "A"), 2 * time.Minute, false}},
		"a repeat that says": {{saying("first notification", "A"), 0, false}, {saying("repeat interval elapsed", "A"), time.Minute, false}},
		"one more":           {{saying("", "A"), 0, false}, {saying("", "A", "B"), 0, false}},
		"resolved":           {{saying("", "A"), 0, false}, {saying("", "a"), 0, false}, {saying("", "a"), 0, true}},
		"fires again":        {{saying("", "A"), 0, false}, {saying("", "a"), 30 * time.Second, false}, {saying("", "A"), 30 * time.Second, false}, {saying("", "A"), 0, true}},
		"to and fro": {{saying("", "A"), 0, false}, {saying("", "a"), time.Second, false}, {saying("", "A"), time.Second, false},
			{saying("", "a"), time.Second, false}, {saying("", "A"), time.Second, false}},
		"other labels":   {{named("A"), 0, false}, {strings.ReplaceAll(named("A"), `"A"`, `"B"`), 0, false}},
		"fewer left out": {{`{"truncatedAlerts":1,` + named("A")[1:], 0, false}, {named("A"), 0, false}},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{Config: allReceivers()})
				for i, step := range steps {
					time.Sleep(step.wait)
					want := map[bool]string{true: "duplicate", false: "accepted"}[step.again]
					if status, answer := b.post("feishu", step.body); status != 200 || answer != want {
						t.Errorf("step %d: %d %s, want %s", i, status, answer, want)
					}
				}
				if status, answer := b.post("wecom", steps[0].body); status != 200 || answer != "accepted" {
					t.Errorf("another receiver: %d %s", status, answer)
				}
				b.stop()
				<-b.stopped
			})
		})
	}
}

// TestKeysOutliveTheProcess: a post whose answer got lost in a crash is known again.
func TestKeysOutliveTheProcess(t *testing.T) {
	p, err := decode([]byte(saying("", "A")))
	if err != nil {
		t.Fatal(err)
	}
	other, err := decode([]byte(saying("", "a")))
	if err != nil {
		t.Fatal(err)
	}
	before, after := newKeys(), newKeys()
	before.process, after.process = 1, 2
	window := DefaultDedupWindow
	if first := before.of("ops", p, window); first != after.of("ops", p, window) {
		t.Error("the same notification has another key after a restart")
	}
	// The keys of what is said again must not meet those of the process before.
	seen := map[string]bool{}
	for _, k := range []*keys{before, after} {
		for range 3 {
			k.of("ops", other, window)
			key := k.of("ops", p, window)
			if seen[key] {
				t.Errorf("key %s comes twice", key)
			}
			seen[key] = true
		}
	}
}

// TestKeysForget: what is remembered is bounded by what was said within two windows.
func TestKeysForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKeys()
		for i := range 1000 {
			p, err := decode([]byte(named(fmt.Sprint("A", i))))
			if err != nil {
				t.Fatal(err)
			}
			k.of("ops", p, time.Minute)
			time.Sleep(time.Second)
		}
		if len(k.groups) > 121 {
			t.Errorf("%d groups are remembered", len(k.groups))
		}
		for i := range 200 {
			p, err := decode([]byte(saying(fmt.Sprint(i), "A")))
			if err != nil {
				t.Fatal(err)
			}
			k.of("ops", p, time.Hour)
		}
		for _, recent := range k.groups {
			if len(recent.seen) > mostSeen {
				t.Errorf("%d notifications of a group are remembered", len(recent.seen))
			}
		}
	})
}

// TestDuplicatesAtTheEdge: what is said again when the window ends is no duplicate, although the queue
// began to count a moment later.
func TestDuplicatesAtTheEdge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &slowPut{Queue: NewMemoryQueue(MemoryLimits{})}
		b := newBench(t, Options{Config: allReceivers(), Queue: slow})
		began := time.Now()
		b.post("feishu", saying("", "A"))
		time.Sleep(time.Minute)
		b.post("feishu", saying("", "a"))
		time.Sleep(time.Until(began.Add(DefaultDedupWindow + time.Millisecond)))
		if _, answer := b.post("feishu", saying("", "A")); answer != "accepted" {
			t.Errorf("what fires again is a %s", answer)
		}
		b.stop()
		<-b.stopped
	})
}

// slowPut is a queue that takes a while for the first item.
type slowPut struct {
	Queue
	puts int
}

func (q *slowPut) Put(ctx context.Context, item Item) (bool, error) {
	if q.puts++; q.puts == 1 {
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	return q.Queue.Put(ctx, item)
}
