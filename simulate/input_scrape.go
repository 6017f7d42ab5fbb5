package simulate

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/value"

	"github.com/rulekit/rulekit/rules/scrape"
)

// maxRecorded is the most of a recording that a simulation shows of its own accord.
const maxRecorded = 24 * time.Hour

// scrapeCache reads each recording once. Several goroutines may share it.
type scrapeCache struct {
	mu    sync.Mutex
	files map[string][]scrape.Scrape
}

func newScrapeCache() *scrapeCache { return &scrapeCache{files: map[string][]scrape.Scrape{}} }

func (c *scrapeCache) load(path string) ([]scrape.Scrape, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if scrapes, ok := c.files[path]; ok {
		return scrapes, nil
	}
	scrapes, err := scrape.Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = noFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read recorded scrape: %w", err)
	}
	c.files[path] = scrapes
	return scrapes, nil
}

// scraped returns the series that the case's recordings stand for. A series that one scrape
// has and the next has not ends with a staleness marker, as it does in Prometheus.
func (c *Case) scraped(start time.Time, length time.Duration, cache *scrapeCache) ([]inputSeries, error) {
	all := played{byName: map[string]*scrapedSeries{}}
	for i, in := range c.Scrapes {
		from, to, err := c.scrapeWindow(i, length)
		if err != nil {
			return nil, err
		}
		scrapes, err := in.recorded(c, start, cache)
		if err != nil {
			return nil, c.errorAt(nameSpan(in.File, in.Span), err)
		}
		window := playing{start, from, to, c.Interval}
		for k, s := range scrapes {
			p := window
			p.from = window.beginOf(scrapes, k)
			if k < len(scrapes)-1 {
				p.to = window.beginOf(scrapes, k+1)
			}
			if err := all.play(s.values, p); err != nil {
				return nil, c.errorAt(nameSpan(in.File, in.Span), err)
			}
		}
	}
	return all.ended(start, length), nil
}

// played are series being put together from one scrape after the other.
type played struct {
	all    []*scrapedSeries
	byName map[string]*scrapedSeries
	// total is how many values they have, about.
	total int
}

func (all *played) play(values []scrapedValue, p playing) error {
	if p.first() >= p.to {
		return nil
	}
	if all.total += int((p.to-p.from)/p.interval) * len(values); all.total > maxCaseValues {
		return tooMany(all.total)
	}
	for _, v := range values {
		name := string(v.labels.Bytes(nil))
		s := all.byName[name]
		if s == nil {
			s = &scrapedSeries{inputSeries: inputSeries{labels: v.labels}}
			all.byName[name], all.all = s, append(all.all, s)
		}
		s.play(v, p)
	}
	return nil
}

// ended returns the series, those that end before the case does with a staleness marker.
func (all *played) ended(start time.Time, length time.Duration) []inputSeries {
	series := make([]inputSeries, len(all.all))
	for i, s := range all.all {
		if s.until <= length {
			s.markStale(start)
		}
		series[i] = s.inputSeries
	}
	return series
}

// recordedLength is until when the recordings move: the last scrape of one is repeated for ever.
func (c *Case) recordedLength(cache *scrapeCache) (time.Duration, error) {
	var length time.Duration
	for i, in := range c.Scrapes {
		scrapes, err := cache.load(in.path(c))
		if err != nil {
			return 0, c.errorAt(nameSpan(in.File, in.Span), err)
		}
		moves := scrapes[len(scrapes)-1].At.Sub(scrapes[0].At).Round(c.Interval)
		switch {
		case in.To != 0:
			moves = min(moves, in.To-in.From)
		case i < len(c.Scrapes)-1:
			moves = min(moves, c.Scrapes[i+1].From-in.From)
		}
		length = max(length, in.From+min(moves, maxRecorded))
	}
	return length, nil
}

// scrapeWindow is when the i-th recording is played: from from up to, but not including, to.
func (c *Case) scrapeWindow(i int, length time.Duration) (from, to time.Duration, err error) {
	in := c.Scrapes[i]
	to = in.To
	last := i == len(c.Scrapes)-1
	switch {
	case to == 0 && last:
		to = length + 1
	case to == 0:
		to = c.Scrapes[i+1].From
	}
	if !last && c.Scrapes[i+1].From < to {
		next := c.Scrapes[i+1]
		return 0, 0, c.errorAt(next.Span, fmt.Errorf("input_scrapes must follow each other: this one begins at %s, before the one above it ends at %s", next.From, to))
	}
	// Nothing is looked at after the end.
	return in.From, min(to, length+1), nil
}

// scrapedSeries is a series being put together from one scrape after the other. It has values
// until, but not at, that time after the case's start.
type scrapedSeries struct {
	inputSeries
	until time.Duration
}

// playing is how a scrape is played: at every interval from from up to, but not including, to.
type playing struct {
	start    time.Time
	from, to time.Duration
	interval time.Duration
}

// beginOf is when the k-th scrape of a recording that is played in this window begins: as long
// after the first as it was then, to the nearest interval.
func (p playing) beginOf(scrapes []recordedScrape, k int) time.Duration {
	after := scrapes[k].at.Sub(scrapes[0].at).Round(p.interval)
	// Compared before it is added: a recording may last for centuries.
	return p.from + min(after, max(p.to-p.from, 0))
}

// first is when the first scrape happens: at a multiple of the interval, wherever it begins.
func (p playing) first() time.Duration {
	return (p.from + p.interval - 1) / p.interval * p.interval
}

func (s *scrapedSeries) play(v scrapedValue, p playing) {
	first := p.first()
	if len(s.samples) > 0 && first > s.until {
		s.markStale(p.start)
	}
	at := first
	for ; at < p.to; at += p.interval {
		grown := v.value + v.perMinute*(at-p.from).Minutes()
		s.samples = append(s.samples, inputSample{t: p.start.Add(at).UnixMilli(), v: grown})
	}
	s.until = at
}

func (s *scrapedSeries) markStale(start time.Time) {
	s.samples = append(s.samples, inputSample{t: start.Add(s.until).UnixMilli(), v: math.Float64frombits(value.StaleNaN)})
}
