package adaptor

import (
	"fmt"
	"sort"
	"time"
	"unicode/utf8"
)

// shortestAlert is the fewest bytes any channel writes an alert in: it spares trying to encode
// tens of thousands of them.
const shortestAlert = 4

// fit encodes as much of the message as the channel takes in one piece of at most limit bytes.
// Texts are shortened before an alert is left out, and what is left out is said in the
// message: nothing goes missing in silence. It returns the request and the number of alerts
// in it.
func (c *Channel) fit(target Target, message Message, now time.Time, limit int) (Request, int, error) {
	most := min(len(message.Alerts), max(1, limit/shortestAlert))
	if c.MaxAlerts > 0 {
		most = min(most, c.MaxAlerts)
	}
	var failure error
	try := func(alerts, longest int) (Request, bool) {
		request, err := c.Encode(target, message.part(alerts, longest), now)
		if err != nil {
			failure = err
			return Request{}, false
		}
		return request, request.Size <= limit
	}
	for _, longest := range []int{0, 1000, 300} {
		if request, ok := try(most, longest); ok || failure != nil {
			return request, most, failure
		}
	}
	for _, longest := range []int{1000, 300, 100, 30, 8} {
		alerts := sort.Search(most, func(n int) bool { _, ok := try(n+1, longest); return !ok })
		for ; alerts > 0; alerts-- {
			if request, ok := try(alerts, longest); ok {
				return request, alerts, nil
			}
		}
	}
	if failure != nil {
		return Request{}, 0, failure
	}
	return Request{}, 0, fmt.Errorf("a message of %d bytes is too small to say anything", limit)
}

// part is the message with its first alerts only, and with no text longer than the given
// number of characters; 0 leaves the texts as they are.
func (m Message) part(alerts, longest int) Message {
	m.Hidden += len(m.Alerts) - alerts
	m.Alerts = m.Alerts[:alerts:alerts]
	if longest == 0 {
		return m
	}
	cut := func(text string) string {
		short := clip(text, longest)
		m.Shortened = m.Shortened || short != text
		return short
	}
	m.Name, m.Severity = cut(m.Name), cut(m.Severity)
	shown := make([]Alert, alerts)
	for i, a := range m.Alerts {
		a.Title, a.Description, a.Value = cut(a.Title), cut(a.Description), cut(a.Value)
		a.Where, a.Links = shortFields(a.Where, longest, cut), shortLinks(a.Links, longest)
		m.Shortened = m.Shortened || len(a.Where) < len(m.Alerts[i].Where) || len(a.Links) < len(m.Alerts[i].Links)
		shown[i] = a
	}
	m.Alerts = shown
	return m
}

// mostFields is the most labels a shortened alert shows.
const mostFields = 16

func shortFields(fields []Field, longest int, cut func(string) string) []Field {
	short := make([]Field, 0, mostFields)
	for _, f := range fields[:min(len(fields), mostFields, max(1, longest/8))] {
		short = append(short, Field{cut(f.Name), cut(f.Value)})
	}
	return short
}

// shortLinks drops links that are too long: half an address leads nowhere.
func shortLinks(links []Link, longest int) []Link {
	var short []Link
	for _, l := range links {
		if len(l.URL) <= 2*longest {
			short = append(short, l)
		}
	}
	return short
}

// clip cuts a text to a number of characters, the last of which becomes … when it is cut.
func clip(text string, characters int) string {
	if len(text) <= characters || utf8.RuneCountInString(text) <= characters {
		return text
	}
	seen := 0
	for i := range text {
		if seen++; seen == characters {
			return text[:i] + "…"
		}
	}
	return text
}
