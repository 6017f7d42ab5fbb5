package simulate

import (
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"

	"github.com/rulekit/rulekit/rules/scrape"
)

// scrapeCache reads each recorded scrape once. Several goroutines may share it.
type scrapeCache struct {
	mu    sync.Mutex
	files map[string][]scrape.Family
}

func newScrapeCache() *scrapeCache { return &scrapeCache{files: map[string][]scrape.Family{}} }

func (c *scrapeCache) load(path string) ([]scrape.Family, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if families, ok := c.files[path]; ok {
		return families, nil
	}
	source, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("read recorded scrape: %w", err)
	}
	families, err := scrape.Parse(source)
	if err != nil {
		return nil, fmt.Errorf("read recorded scrape %s: %w", path, err)
	}
	c.files[path] = families
	return families, nil
}

// scraped returns the series that the case's recorded scrapes stand for. A series that one
// scrape has and the next has not ends with a staleness marker, as it does in Prometheus.
func (c *Case) scraped(start time.Time, length time.Duration, cache *scrapeCache) ([]inputSeries, error) {
	var all []*scrapedSeries
	byName := map[string]*scrapedSeries{}
	total := 0
	for i, in := range c.Scrapes {
		from, to, err := c.scrapeWindow(i, length)
		if err != nil {
			return nil, err
		}
		values, err := in.values(c, start, cache)
		if err != nil {
			return nil, c.errorAt(nameSpan(in.File, in.Span), err)
		}
		if total += max(0, int((to-from)/c.Interval)) * len(values); total > maxCaseValues {
			return nil, c.errorAt(nameSpan(in.File, in.Span), tooMany(total))
		}
		for _, v := range values {
			name := string(v.labels.Bytes(nil))
			s := byName[name]
			if s == nil {
				s = &scrapedSeries{inputSeries: inputSeries{labels: v.labels}}
				byName[name], all = s, append(all, s)
			}
			s.play(v, playing{start, from, to, c.Interval})
		}
	}
	played := make([]inputSeries, len(all))
	for i, s := range all {
		if s.until <= length {
			s.markStale(start)
		}
		played[i] = s.inputSeries
	}
	return played, nil
}

// scrapeWindow is when the i-th scrape is played: from from up to, but not including, to.
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

// scrapedValue is one series of one scrape.
type scrapedValue struct {
	labels    labels.Labels
	value     float64
	perMinute float64
}

// scrapedSeries is a series being put together from one scrape after the other. It has values
// until, but not at, that time after the case's start.
type scrapedSeries struct {
	inputSeries
	until time.Duration
}

type playing struct {
	start    time.Time
	from, to time.Duration
	interval time.Duration
}

func (s *scrapedSeries) play(v scrapedValue, p playing) {
	// The scrapes happen at multiples of the interval, wherever a window begins.
	first := (p.from + p.interval - 1) / p.interval * p.interval
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

// values reads the scrape and applies labels, growth and the shift of times.
func (in InputScrape) values(c *Case, start time.Time, cache *scrapeCache) ([]scrapedValue, error) {
	path := in.File.Value
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(c.Suite.Path), path)
	}
	families, err := cache.load(path)
	if err != nil {
		return nil, err
	}
	growth, err := in.growth()
	if err != nil {
		return nil, err
	}
	var values []scrapedValue
	for _, family := range families {
		for _, sample := range family.Samples {
			v := scrapedValue{labels: withTarget(sample.Labels, in.Labels), value: sample.Value}
			if holdsTime(family.Type, v) && !in.RecordedAt.IsZero() {
				v.value += start.Add(in.From).Sub(in.RecordedAt).Seconds()
			}
			for i := range growth {
				if matchesAll(v.labels, growth[i].matchers) {
					v.perMinute, growth[i].used = growth[i].perMinute, true
					break
				}
			}
			values = append(values, v)
		}
	}
	for i, g := range growth {
		if !g.used {
			return nil, c.errorAt(in.Growth[i].Selector.Span, fmt.Errorf("growth: no series of %s that is not matched above matches %s", in.File.Value, in.Growth[i].Selector.Value))
		}
	}
	return values, nil
}

type growing struct {
	matchers  []*labels.Matcher
	perMinute float64
	used      bool
}

func (in InputScrape) growth() ([]growing, error) {
	var all []growing
	for _, g := range in.Growth {
		matchers, err := seriesParser().ParseMetricSelector(g.Selector.Value)
		if err != nil {
			return nil, fmt.Errorf("growth %q: %w", g.Selector.Value, err)
		}
		all = append(all, growing{matchers: matchers, perMinute: g.PerMinute})
	}
	return all, nil
}

// withTarget adds the labels of the scraped target; where the series has a label of that name
// itself, it keeps it as exported_<name>, as Prometheus does.
func withTarget(lset, target labels.Labels) labels.Labels {
	b := labels.NewBuilder(lset)
	target.Range(func(l labels.Label) {
		if own := lset.Get(l.Name); own != "" {
			b.Set(model.ExportedLabelPrefix+l.Name, own)
		}
		b.Set(l.Name, l.Value)
	})
	return b.Labels()
}

var timeName = regexp.MustCompile(`(_timestamp|_timestamp_seconds|_time_seconds|_unixtime|_unixtime_seconds)$`)

// Values of a gauge that can be a time in seconds lie between 2001 and 2096.
const (
	earliestTime = 1e9
	latestTime   = 4e9
)

// holdsTime tells whether a sample is a point in time, in seconds since 1970: by its name and
// its size, since nothing else says so.
func holdsTime(kind model.MetricType, v scrapedValue) bool {
	switch kind {
	case model.MetricTypeGauge, model.MetricTypeUnknown, "":
	default:
		return false
	}
	return timeName.MatchString(v.labels.Get(model.MetricNameLabel)) && v.value > earliestTime && v.value < latestTime
}
