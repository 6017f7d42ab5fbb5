package fakeim

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fault is a trouble to make. With a status it replaces the answer; without one the request is
// answered as ever, after the delay.
type Fault struct {
	Status int
	Header map[string]string
	Body   string
	// Delay passes before the answer, or until the client gives up.
	Delay time.Duration
	// Reset closes the connection without an answer.
	Reset bool
}

// Rule says which calls meet a fault.
type Rule struct {
	Fault Fault
	// Calls is how many meet it; 0 is no end.
	Calls int
	// For is how long from now it lasts; 0 is no end.
	For time.Duration
	// Every makes only each n-th call meet it, Probability only some, chosen by the seed: from
	// 0, which is all as well, to 1.
	Every       int
	Probability float64
	Seed        uint64
}

// activeRule is a rule that is in force.
type activeRule struct {
	Rule
	until       time.Time
	seen, faced int
	random      *rand.Rand
}

// faults are those that are to come.
type faults struct {
	queue []Fault
	rules []*activeRule
}

// Fail makes the next requests meet the given faults, one each, in order.
func (im *IM) Fail(faults ...Fault) {
	im.mu.Lock()
	defer im.mu.Unlock()
	im.faults.queue = append(im.faults.queue, faults...)
}

// Inject puts rules in force, from now on. Of several that concern a call, it meets the first;
// and only one that concerns none meets what Fail has in line.
func (im *IM) Inject(rules ...Rule) {
	now := time.Now()
	im.mu.Lock()
	defer im.mu.Unlock()
	for _, r := range rules {
		active := &activeRule{Rule: r, random: rand.New(rand.NewPCG(r.Seed, 0))}
		if r.For > 0 {
			active.until = now.Add(r.For)
		}
		im.faults.rules = append(im.faults.rules, active)
	}
}

// Down makes the messenger close all connections without an answer, for the given time from now
// on.
func (im *IM) Down(time time.Duration) {
	im.Inject(Rule{Fault: Fault{Reset: true}, For: time})
}

// Mend ends all trouble, also that which Fail has in line.
func (im *IM) Mend() {
	im.mu.Lock()
	defer im.mu.Unlock()
	im.faults = faults{}
}

// Throttled is the fault of a messenger that gets too many messages, in its own words.
func (im *IM) Throttled() Fault { return im.protocol.throttled.fault() }

// Refusal is the answer of a messenger that refuses a message for a reason that lies with
// itself or with the bot, in its own words and most often with HTTP 200. The error names the
// codes there are.
func (im *IM) Refusal(code string) (Fault, error) {
	var codes []string
	for _, r := range im.protocol.refusals {
		if r.code == code {
			return r.answer.fault(), nil
		}
		codes = append(codes, r.code)
	}
	return Fault{}, fmt.Errorf("%s has no refusal %q on command, only %s", im.protocol.name, code, strings.Join(codes, ", "))
}

func (a answer) fault() Fault { return Fault{Status: a.status, Header: a.header, Body: a.body} }

// garbage is an answer that says neither yes nor no.
func garbage() Fault {
	return Fault{Status: http.StatusOK, Header: map[string]string{"Content-Type": "text/html"}, Body: "<html><body>Welcome to the proxy</body></html>"}
}

func (im *IM) nextFault(now time.Time) Fault {
	im.mu.Lock()
	defer im.mu.Unlock()
	im.faults.rules = slices.DeleteFunc(im.faults.rules, func(r *activeRule) bool {
		return (r.Calls > 0 && r.faced >= r.Calls) || (!r.until.IsZero() && !now.Before(r.until))
	})
	for _, r := range im.faults.rules {
		if r.strikes() {
			return r.Fault
		}
	}
	if len(im.faults.queue) == 0 {
		return Fault{}
	}
	fault := im.faults.queue[0]
	im.faults.queue = im.faults.queue[1:]
	return fault
}

// strikes tells whether the next call meets the rule's fault.
func (r *activeRule) strikes() bool {
	r.seen++
	if r.Every > 1 && r.seen%r.Every != 0 {
		return false
	}
	if r.Probability > 0 && r.random.Float64() >= r.Probability {
		return false
	}
	r.faced++
	return true
}
