package adaptor

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// limiter keeps one bot within its rates, whatever the time of its last calls, and lets one
// call run at a time. A messenger counts a call when it arrives, somewhere between its beginning
// and its end: as the end of the old and the beginning of the new count here, no window of the
// messenger's ever holds more calls than it may.
type limiter struct {
	rates []Rate
	*botCalls
}

// botCalls are the calls of one bot, whatever its rates are or were.
type botCalls struct {
	// turn holds a token while a call is prepared and made; its holder owns what follows.
	turn chan struct{}
	// calls are the ends of the latest calls, the oldest first.
	calls []time.Time
	// muted is until when the messenger wants no calls.
	muted time.Time
}

func newLimiter(rates []Rate) *limiter {
	return &limiter{rates, &botCalls{turn: make(chan struct{}, 1)}}
}

// limiters have the calls of all bots. They outlive the receivers that share them.
type limiters struct {
	mu    sync.Mutex
	byBot map[string]*botCalls
}

// of returns the limiter of a receiver's bot. Where the rates are not what they were, what is known
// of its calls stays.
func (l *limiters) of(r *Receiver) *limiter {
	bot := r.bot()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byBot == nil {
		l.byBot = map[string]*botCalls{}
	}
	if l.byBot[bot] == nil {
		l.byBot[bot] = newLimiter(nil).botCalls
	}
	return &limiter{r.rates(), l.byBot[bot]}
}

// rates are those of the receiver's bot.
func (r *Receiver) rates() []Rate {
	if len(r.Rates) > 0 {
		return r.Rates
	}
	return r.Channel.Rates
}

// bot tells one bot from another. It holds secrets.
func (r *Receiver) bot() string {
	bot := fmt.Sprintf("%s %q", r.Channel.Name, string(r.Target.URL))
	for _, name := range slices.Sorted(maps.Keys(r.Target.Params)) {
		bot += fmt.Sprintf(" %s=%q", name, string(r.Target.Params[name]))
	}
	return bot
}

// pacedFrom is from how many messages a period on a rate is spread: below that it is too short to
// matter.
const pacedFrom = 10

// acquire waits until a call may be made. The holder ends it with release.
func (l *limiter) acquire(ctx context.Context) error {
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		wait := l.wait(time.Now())
		if wait <= 0 {
			return nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			<-l.turn
			return ctx.Err()
		}
	}
}

// release ends what acquire began.
func (l *limiter) release() { <-l.turn }

// called records a call that ended now; the holder calls it.
func (l *limiter) called(now time.Time) { l.keep(append(l.calls, now)) }

// keep keeps as many of the calls as any rates may look back on.
func (l *limiter) keep(calls []time.Time) {
	l.calls = slices.Delete(calls, 0, max(0, len(calls)-maxRateMessages))
}

// pause keeps the bot from being called for a while; the holder calls it.
func (l *limiter) pause(until time.Time) {
	if until.After(l.muted) {
		l.muted = until
	}
}

// restore adds the calls that another process made, an earlier one or one that delivered meanwhile,
// and tells whether there are any; the holder calls it. Those of this process are known, also
// where their beginnings were recorded.
func (l *limiter) restore(calls []time.Time, now time.Time) bool {
	// The clock may have been set back since: a call to come says nothing.
	calls = slices.DeleteFunc(slices.Clone(calls), now.Before)
	if len(calls) == 0 || len(l.calls) > 0 && !calls[len(calls)-1].After(l.calls[len(l.calls)-1]) {
		return false
	}
	all := slices.Clone(l.calls)
	for _, call := range calls {
		if !slices.ContainsFunc(l.calls, call.Equal) {
			all = append(all, call)
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	l.keep(all)
	return true
}

// memory is how many calls the rates look back on.
func (l *limiter) memory() int {
	most := 0
	for _, rate := range l.rates {
		most = max(most, rate.Messages)
	}
	return most
}

// wait is how long it is until a call may be made.
func (l *limiter) wait(now time.Time) time.Duration {
	wait := l.muted.Sub(now)
	for _, rate := range l.rates {
		wait = max(wait, l.waitFor(rate, now))
	}
	return wait
}

// waitFor is wait for one of the rates. Half of its messages may go at once; the other half is
// spread over the rest of the period, so that in a storm no message waits for a whole one.
func (l *limiter) waitFor(rate Rate, now time.Time) time.Duration {
	recent := l.recent(rate, now)
	used := len(recent)
	switch {
	case used >= rate.Messages:
		return recent[used-rate.Messages].Add(rate.window()).Sub(now)
	case rate.Messages < pacedFrom || used < rate.burst():
		return 0
	}
	oldest, last := recent[0], recent[used-1]
	pause := oldest.Add(rate.window()).Sub(last) / time.Duration(rate.Messages-used+1)
	return last.Add(max(pause, rate.pace())).Sub(now)
}

// recent are the calls that still count for a rate.
func (l *limiter) recent(rate Rate, now time.Time) []time.Time {
	first, _ := slices.BinarySearchFunc(l.calls, now.Add(-rate.window()), time.Time.Compare)
	return l.calls[first:]
}

// backlog is how long it takes to make a number of calls, when one may be made now.
func (l *limiter) backlog(calls int, now time.Time) time.Duration {
	longest := time.Duration(0)
	for _, rate := range l.rates {
		free := max(1, rate.burst()-len(l.recent(rate, now)))
		if calls > free {
			longest = max(longest, time.Duration(calls-free)*rate.pace())
		}
	}
	return longest
}

// window is the period with a margin for clocks that do not agree on its length.
func (r Rate) window() time.Duration { return r.Per + r.Per/100 }

// pace is the even distance of messages at this rate.
func (r Rate) pace() time.Duration { return r.window() / time.Duration(r.Messages) }

// burst is how many messages may go at once.
func (r Rate) burst() int {
	if r.Messages < pacedFrom {
		return r.Messages
	}
	return r.Messages / 2
}
