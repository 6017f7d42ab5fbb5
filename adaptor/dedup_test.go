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

// TestKeysOutliveTheProcess: what was accepted by the process before, or by another adaptor at the
// same store, counts as if this one had.
func TestKeysOutliveTheProcess(t *testing.T) {
	fires, ends := saying("", "A"), saying("", "a")
	type step struct {
		process int
		body    string
		again   bool
	}
	tests := map[string][]step{
		"an answer that got lost":         {{0, fires, false}, {1, fires, true}, {2, fires, true}},
		"one of many answers":             {{0, fires, false}, {0, ends, false}, {0, fires, false}, {1, fires, true}},
		"fires again after a crash":       {{0, fires, false}, {0, ends, false}, {1, fires, false}, {1, fires, true}, {2, fires, true}, {2, ends, false}},
		"two processes take turns":        {{0, fires, false}, {1, ends, false}, {0, fires, false}, {1, ends, false}, {0, ends, true}, {0, fires, false}, {1, fires, true}},
		"one for the rest of the process": {{0, fires, false}, {0, ends, false}, {0, fires, false}, {1, ends, false}, {1, fires, false}, {0, fires, true}},
	}
	for _, store := range queueStores {
		for name, steps := range tests {
			t.Run(store.name+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					queue := store.open(t, MemoryLimits{})
					processes := []*keys{newKeys(queue), newKeys(queue), newKeys(queue)}
					for i, step := range steps {
						time.Sleep(time.Second)
						p, err := decode([]byte(step.body))
						queue.check(err)
						key := processes[step.process].of("ops", p, DefaultDedupWindow)
						if again := queue.keyed("ops", key); again != step.again {
							t.Errorf("step %d: duplicate %v, want %v", i, again, step.again)
						}
					}
				})
			})
		}
	}
}

// TestKeysInFlight: what is being put is what was said last, though the queue does not have it yet,
// and even if another adaptor, whose clock is ahead, stored what was said before.
func TestKeysInFlight(t *testing.T) {
	for _, ahead := range []time.Duration{0, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			queue := aheadQueue{NewMemoryQueue(MemoryLimits{}), ahead}
			k := newKeys(queue)
			var put []string
			for _, body := range []string{saying("", "A"), saying("", "a"), saying("", "a"), saying("", "A")} {
				p, err := decode([]byte(body))
				if err != nil {
					t.Fatal(err)
				}
				put = append(put, k.of("ops", p, DefaultDedupWindow))
				if len(put) == 1 {
					if _, err := queue.Put(t.Context(), Item{Receiver: "ops", Key: put[0]}); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(time.Second)
			}
			if put[1] != put[2] {
				t.Errorf("%s ahead: the same, posted again before it was stored, has the keys %s and %s", ahead, put[1], put[2])
			}
			if put[3] == put[0] {
				t.Errorf("%s ahead: what is said again after something else has the same key %s", ahead, put[3])
			}
		})
	}
}

// aheadQueue is a queue whose items were stored by a clock that is ahead.
type aheadQueue struct {
	Queue
	ahead time.Duration
}

func (q aheadQueue) Latest(receiver, group string) (string, time.Time) {
	key, at := q.Queue.Latest(receiver, group)
	return key, at.Add(q.ahead)
}

// TestDedupWindowReload: a new window counts at once.
func TestDedupWindowReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := allReceivers()
		b := newBench(t, Options{Config: config})
		post := func(after, window time.Duration, want string) {
			t.Helper()
			changed := *config
			changed.DedupWindow = window
			b.Reload(&changed)
			time.Sleep(after)
			if _, answer := b.post("feishu", saying("", "A")); answer != want {
				t.Errorf("after %s with a window of %s: %s, want %s", after, window, answer, want)
			}
		}
		post(0, 0, "accepted")
		post(time.Minute, 30*time.Second, "accepted")
		post(20*time.Second, 30*time.Second, "duplicate")
		post(7*time.Minute, 10*time.Minute, "duplicate")
		post(3*time.Minute, 10*time.Minute, "accepted")
		b.stop()
		<-b.stopped
	})
}

// TestKeysForget: what is remembered is bounded by what was said within two windows.
func TestKeysForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKeys(NewMemoryQueue(MemoryLimits{}))
		for i := range 1000 {
			p, err := decode([]byte(strings.Replace(saying("", "A"), `"groupKey":"g"`, fmt.Sprintf(`"groupKey":"%d"`, i), 1)))
			if err != nil {
				t.Fatal(err)
			}
			k.of("ops", p, time.Minute)
			time.Sleep(time.Second)
		}
		if len(k.groups) < 60 || len(k.groups) > 131 {
			t.Errorf("%d groups are remembered", len(k.groups))
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
