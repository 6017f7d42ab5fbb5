package adaptor

import (
	"fmt"
	"sort"
	"time"
)

// mostParts is how many full messages one notification may become. A group that needs more is
// written with one line an alert: nobody reads the sixth, and the bot's rate is for others too.
const mostParts = 5

// shortestAlert is the fewest bytes any channel writes an alert in: it spares trying to encode
// tens of thousands of them.
const shortestAlert = 4

// encoder writes messages to one target, each within a limit.
type encoder struct {
	channel *Channel
	target  Target
	// limit is the most that Request.Size may be, in bytes.
	limit int
	now   time.Time
	// first is the alert with which the receiver's first message of a notification begins, which
	// mentions people.
	first int
}

// newEncoder returns an encoder that signs for the instant now.
func newEncoder(channel *Channel, target Target, now time.Time) encoder {
	return encoder{channel: channel, target: target, limit: channel.MaxBytes, now: now}
}

// plan cuts a message into parts at alert borders, from an alert on. It returns the message,
// which is compact where full parts would be too many, and for each part the number of alerts
// up to its end. The parts that follow one that was sent are the same as when all were planned.
func (e encoder) plan(m Message, from int) (Message, []int, error) {
	m = m.bounded(2 * e.channel.MaxBytes)
	ends, err := e.ends(m, 0, mostParts)
	if err == nil && len(ends) > mostParts {
		m.Compact = true
	} else if from == 0 || err != nil {
		return m, ends, err
	}
	ends, err = e.ends(m, from, len(m.Alerts))
	return m, ends, err
}

// ends cuts a message into parts; it stops when they are more than most.
func (e encoder) ends(m Message, from, most int) ([]int, error) {
	var ends []int
	for from < len(m.Alerts) && len(ends) <= most {
		alerts, err := e.most(m, from)
		if err != nil {
			return nil, err
		}
		from += alerts
		ends = append(ends, from)
	}
	return ends, nil
}

// widestPart stands for part numbers that are not known yet: it is as wide as any can be.
const widestPart = 9999

// most is how many alerts from the given one on fit into one part; a single alert counts as
// fitting, for it can be shortened.
func (e encoder) most(m Message, from int) (int, error) {
	bound := min(len(m.Alerts)-from, max(1, e.limit/shortestAlert))
	if e.channel.MaxAlerts > 0 && !m.Compact {
		bound = min(bound, e.channel.MaxAlerts)
	}
	var failure error
	fits := func(alerts int) bool {
		probe := e.part(m, from, from+alerts, widestPart, widestPart)
		if from == 0 && alerts == len(m.Alerts) {
			probe.Part, probe.Parts = 0, 0
		}
		// By the time it is sent, or sent again, it may have to say so: the parts stay the same.
		probe.Unsure, probe.Accepted = true, e.now
		request, err := e.channel.Encode(e.target, probe, e.now)
		if err != nil {
			failure = err
		}
		return err == nil && request.Size <= e.limit
	}
	// Most messages fit as they are; of those that do not, few alerts fit.
	if fits(bound) || failure != nil {
		return bound, failure
	}
	tried := 1
	for tried*2 < bound && fits(tried*2) {
		tried *= 2
	}
	upper := min(tried*2, bound)
	more := sort.Search(upper-tried, func(n int) bool { return !fits(tried + n + 1) })
	return max(1, min(tried+more, bound)), failure
}

// part is Message.part, which mentions people where this is the first of the receiver.
func (e encoder) part(m Message, from, to, part, parts int) Message {
	mentions := m.Mentions
	if m = m.part(from, to, part, parts); from == e.first {
		m.Mentions = mentions
	}
	return m
}

// part is the message with the alerts from one to another, as one part of so many. Only the
// first part mentions people.
func (m Message) part(from, to, part, parts int) Message {
	if from > 0 {
		m.Mentions = nil
	}
	m.Alerts = m.Alerts[from:to:to]
	m.Part, m.Parts = part, parts
	return m
}

// encode writes a message of which at least one alert must fit. Where that alone is too large,
// its longest texts are shortened until it is not, and the message says so.
func (e encoder) encode(m Message) (Request, error) {
	request, err := e.channel.Encode(e.target, m, e.now)
	if err != nil || request.Size <= e.limit {
		return request, err
	}
	short := m.shortenable()
	for range maxShortenings {
		if !short.shorten(request.Size, request.Size-e.limit) {
			break
		}
		request, err = e.channel.Encode(e.target, *short.Message, e.now)
		if err != nil || request.Size <= e.limit {
			return request, err
		}
	}
	return Request{}, fmt.Errorf("a message of %d bytes is too small to say anything", e.limit)
}
