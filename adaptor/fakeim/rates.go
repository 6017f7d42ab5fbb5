package fakeim

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// limit is how many calls a messenger takes of one bot, or for one channel.
type limit struct {
	// windows bound the calls in any span of time, to the nanosecond.
	windows []window
	// burst calls may come at once; in the long run there is one every so often.
	burst int
	every time.Duration
	// mute is how long nothing is taken after a call too many.
	mute time.Duration
	// refused calls count as well.
	refused bool
}

// window is a number of calls in a span of time.
type window struct {
	calls int
	span  time.Duration
}

// meterKey is what a meter counts the calls of: a bot's token, or a channel.
type meterKey struct {
	limit *limit
	of    string
}

// meter counts the calls of one bot.
type meter struct {
	// calls are the times of the latest that count, oldest first.
	calls []time.Time
	// due is when the burst would be spent wholly.
	due   time.Time
	muted time.Time
}

// maxMeters is how many meters there may be before those that are idle are thrown away.
const maxMeters = 1000

// NoRates makes the messenger take messages as fast as they come, for tests that are about
// something else.
func (im *IM) NoRates() {
	im.mu.Lock()
	defer im.mu.Unlock()
	im.noRates = true
}

// take counts a call and returns 0, or returns how long it is until another can be taken.
func (im *IM) take(l *limit, of string) time.Duration {
	now := time.Now()
	im.mu.Lock()
	defer im.mu.Unlock()
	if im.noRates {
		return 0
	}
	key := meterKey{l, of}
	m := im.meters[key]
	if m == nil {
		im.forgetIdle(now)
		m = &meter{}
		im.meters[key] = m
	}
	return m.take(l, now)
}

func (m *meter) take(l *limit, now time.Time) time.Duration {
	if wait := m.muted.Sub(now); wait > 0 {
		return wait
	}
	wait := m.wait(l, now)
	if wait > 0 && l.mute > 0 {
		m.muted = now.Add(l.mute)
		return l.mute
	}
	if wait > 0 && !l.refused {
		return wait
	}
	most := 0
	for _, w := range l.windows {
		most = max(most, w.calls)
	}
	m.calls = append(m.calls, now)
	m.calls = slices.Delete(m.calls, 0, max(0, len(m.calls)-most))
	if m.due.Before(now) {
		m.due = now
	}
	m.due = m.due.Add(l.every)
	return wait
}

// wait is how long it is until no window is full and the burst is not spent.
func (m *meter) wait(l *limit, now time.Time) time.Duration {
	wait := time.Duration(0)
	for _, w := range l.windows {
		if len(m.calls) >= w.calls {
			wait = max(wait, w.span-now.Sub(m.calls[len(m.calls)-w.calls]))
		}
	}
	if l.burst > 0 {
		wait = max(wait, m.due.Add(-time.Duration(l.burst-1)*l.every).Sub(now))
	}
	return wait
}

// forgetIdle throws away the meters that have nothing left to say, if there are many.
func (im *IM) forgetIdle(now time.Time) {
	if len(im.meters) < maxMeters {
		return
	}
	for key, m := range im.meters {
		longest := key.limit.mute
		for _, w := range key.limit.windows {
			longest = max(longest, w.span)
		}
		last := slices.MaxFunc([]time.Time{m.due, m.muted}, time.Time.Compare)
		if n := len(m.calls); now.Sub(last) > 0 && (n == 0 || now.Sub(m.calls[n-1]) > longest) {
			delete(im.meters, key)
		}
	}
}

// later is an answer with a Retry-After header (RFC 9110, section 10.2.3), in whole seconds.
func later(a answer, wait time.Duration) answer {
	header := map[string]string{"Retry-After": fmt.Sprint(max(1, int((wait+time.Second-1)/time.Second)))}
	for name, value := range a.header {
		if http.CanonicalHeaderKey(name) != "Retry-After" {
			header[name] = value
		}
	}
	a.header = header
	return a
}
