package adaptor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

// messengersRates are the rates of the channels, and a few that are harder to keep.
func messengersRates() map[string][]Rate {
	rates := map[string][]Rate{
		"one in a second":     {{1, time.Second}},
		"twenty in a minute":  {{20, time.Minute}},
		"two rates":           {{5, time.Second}, {100, time.Minute}},
		"eleven in a minute":  {{11, time.Minute}},
		"two rates, in doubt": {{3, time.Second}, {10, 10 * time.Second}},
	}
	for _, c := range Channels() {
		rates[c.Name] = c.Rates
	}
	return rates
}

// TestLimiterKeepsEveryWindow: whenever calls are asked for, however long they take, and wherever
// within a call the messenger counts it, no window holds more than the rate.
func TestLimiterKeepsEveryWindow(t *testing.T) {
	for name, rates := range messengersRates() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(1, 2))
				l := newLimiter(rates)
				var counted []time.Time
				for range 500 {
					if err := l.acquire(t.Context()); err != nil {
						t.Fatal(err)
					}
					arrives := time.Duration(random.Int64N(int64(300 * time.Millisecond)))
					time.Sleep(1 + arrives)
					counted = append(counted, time.Now())
					time.Sleep(1 + time.Duration(random.Int64N(int64(300*time.Millisecond))))
					l.called(time.Now())
					l.release()
					if random.IntN(50) == 0 {
						time.Sleep(time.Duration(random.Int64N(int64(2 * time.Minute))))
					}
				}
				for _, rate := range rates {
					if problem := overRate(counted, rate); problem != "" {
						t.Error(problem)
					}
				}
			})
		})
	}
}

// overRate tells where calls are too close together for a rate.
func overRate(calls []time.Time, rate Rate) string {
	for i := rate.Messages; i < len(calls); i++ {
		if took := calls[i].Sub(calls[i-rate.Messages]); took < rate.Per {
			return fmt.Sprintf("%d calls within %s, where %d are allowed in %s (call %d)", rate.Messages+1, took, rate.Messages, rate.Per, i)
		}
	}
	return ""
}

// TestLimiterPace: half of a period's messages go at once, none waits for long after that, and
// what a rate allows is used.
func TestLimiterPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter([]Rate{{20, time.Minute}})
		began, longest := time.Now(), time.Duration(0)
		for i := range 200 {
			asked := time.Now()
			if err := l.acquire(t.Context()); err != nil {
				t.Fatal(err)
			}
			l.called(time.Now())
			l.release()
			longest = max(longest, time.Since(asked))
			if i == 9 && time.Since(began) > 0 {
				t.Errorf("the first ten took %s", time.Since(began))
			}
		}
		if longest > 7*time.Second {
			t.Errorf("one message waited %s", longest)
		}
		if took := time.Since(began); took > 11*time.Minute {
			t.Errorf("200 messages took %s at 20 a minute", took)
		}
	})
}

// TestLimiterMemory: calls of an earlier process count, and a messenger that asks for silence
// gets it.
func TestLimiterMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter([]Rate{{2, time.Minute}})
		now := time.Now()
		l.restore([]time.Time{now.Add(-2 * time.Minute), now.Add(-50 * time.Second), now.Add(-20 * time.Second)}, now)
		if wait := l.wait(now); wait < 10*time.Second || wait > 11*time.Second {
			t.Errorf("wait %s after a restart", wait)
		}
		l.pause(now.Add(time.Hour))
		l.pause(now.Add(time.Minute))
		if wait := l.wait(now); wait != time.Hour {
			t.Errorf("wait %s when muted", wait)
		}
	})
}

// TestLimiterBacklog: how long what waits would take one by one.
func TestLimiterBacklog(t *testing.T) {
	now := time.Now()
	for _, test := range []struct {
		rates    []Rate
		waiting  int
		min, max time.Duration
	}{
		{nil, 10_000, 0, 0},
		{[]Rate{{1, time.Second}}, 1, 0, 0},
		{[]Rate{{1, time.Second}}, 11, 10 * time.Second, 11 * time.Second},
		{[]Rate{{20, time.Minute}}, 10, 0, 0},
		{[]Rate{{20, time.Minute}}, 20, 30 * time.Second, 31 * time.Second},
		{[]Rate{{5, time.Second}, {100, time.Minute}}, 100, 30 * time.Second, 60 * time.Second},
	} {
		if got := newLimiter(test.rates).backlog(test.waiting, now); got < test.min || got > test.max {
			t.Errorf("%v: %d waiting take %s, want %s to %s", test.rates, test.waiting, got, test.min, test.max)
		}
	}
}

// TestLimiterClockSetBack: a clock that was set back does not block a bot.
func TestLimiterClockSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter([]Rate{{20, time.Minute}})
		var calls []time.Time
		for i := range 20 {
			calls = append(calls, time.Now().Add(time.Hour+time.Duration(i)*time.Second))
		}
		l.restore(calls, time.Now())
		if wait := l.wait(time.Now()); wait > 2*time.Minute {
			t.Errorf("blocked for %s", wait)
		}
	})
}

// TestSharedBotOverRestarts: what one receiver of a bot has sent counts for the other after a restart.
func TestSharedBotOverRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := sharedBot()
		queue := NewMemoryQueue(MemoryLimits{})
		var calls []time.Time
		for _, name := range []string{"one", "two"} {
			b := newBench(t, Options{Config: config, Queue: keepOpen{queue}, DrainTimeout: time.Second})
			for i := range 10 {
				b.post(name, named(fmt.Sprint("A", i)))
			}
			synctest.Wait()
			if name == "two" {
				for i := range 10 {
					b.post("one", named(fmt.Sprint("C", i)))
				}
				time.Sleep(10 * time.Minute)
			}
			b.stop()
			<-b.stopped
			for _, r := range b.ims["wecom"].Received() {
				calls = append(calls, r.At)
			}
			if name == "one" {
				b := newBench(t, Options{Config: config, Queue: keepOpen{queue}, DrainTimeout: time.Second})
				for i := range 10 {
					b.post("two", named(fmt.Sprint("B", i)))
				}
				synctest.Wait()
				b.stop()
				<-b.stopped
				for _, r := range b.ims["wecom"].Received() {
					calls = append(calls, r.At)
				}
			}
		}
		slices.SortFunc(calls, time.Time.Compare)
		if problem := overRate(calls, Rate{20, time.Minute}); problem != "" {
			t.Error(problem)
		}
	})
}

// TestReloadOfRates: a messenger that wants no calls gets none when its rates change.
func TestReloadOfRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := &Config{}
		for _, name := range []string{"one", "two"} {
			config.Receivers = append(config.Receivers, Receiver{Name: name, Channel: channelOfType("wecom"), Target: targets["wecom"]})
		}
		b := newBench(t, Options{Config: config})
		b.ims["wecom"].Fail(fakeim.Fault{Status: 429, Header: map[string]string{"Retry-After": "1800"}})
		b.post("one", named("A"))
		synctest.Wait()
		b.post("two", named("B"))
		time.Sleep(time.Minute)
		changed := &Config{Receivers: slices.Clone(config.Receivers)}
		for i := range changed.Receivers {
			changed.Receivers[i].Rates = []Rate{{19, time.Minute}}
		}
		b.Reload(changed)
		time.Sleep(time.Hour)
		b.stop()
		<-b.stopped
		received := b.ims["wecom"].Received()
		if wait := received[1].At.Sub(received[0].At); wait < 30*time.Minute {
			t.Errorf("a call after %s, and half an hour was asked for", wait)
		}
	})
}
