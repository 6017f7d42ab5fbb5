package simulate

import (
	"fmt"
	"path/filepath"
	"regexp"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/rulekit/rulekit/rules/scrape"
)

// recordedScrape is one scrape of a recording, as the case plays it.
type recordedScrape struct {
	at     time.Time
	values []scrapedValue
}

// scrapedValue is one series of one scrape.
type scrapedValue struct {
	labels    labels.Labels
	value     float64
	perMinute float64
}

// path is where the recording is.
func (in InputScrape) path(c *Case) string {
	if filepath.IsAbs(in.File.Value) {
		return in.File.Value
	}
	return filepath.Join(filepath.Dir(c.Suite.Path), in.File.Value)
}

// recorded reads the recording and applies labels, growth and the shift of times. Growth is
// for what comes after the recording: its last scrape.
func (in InputScrape) recorded(c *Case, start time.Time, cache *scrapeCache) ([]recordedScrape, error) {
	scrapes, err := cache.load(in.path(c))
	if err != nil {
		return nil, err
	}
	growth, err := in.growth()
	if err != nil {
		return nil, err
	}
	recordedAt := in.RecordedAt
	if recordedAt.IsZero() {
		recordedAt = scrapes[0].At
	}
	var shift float64
	if !recordedAt.IsZero() {
		shift = start.Add(in.From).Sub(recordedAt).Seconds()
	}
	all := make([]recordedScrape, len(scrapes))
	for i, s := range scrapes {
		all[i] = recordedScrape{s.At, in.values(s.Families, shift)}
	}
	grow(all[len(all)-1].values, growth)
	for i, g := range growth {
		if !g.used {
			return nil, c.errorAt(in.Growth[i].Selector.Span, fmt.Errorf("growth: no series of %s that is not matched above matches %s", in.File.Value, in.Growth[i].Selector.Value))
		}
	}
	return all, nil
}

// values are the series of one scrape, with the target's labels and times that much later.
func (in InputScrape) values(families []scrape.Family, shift float64) []scrapedValue {
	var values []scrapedValue
	for _, family := range families {
		for _, sample := range family.Samples {
			v := scrapedValue{labels: withTarget(sample.Labels, in.Labels), value: sample.Value}
			if shift != 0 && holdsTime(family.Type, v) {
				v.value += shift
			}
			values = append(values, v)
		}
	}
	return values
}

type growing struct {
	matchers  []*labels.Matcher
	perMinute float64
	used      bool
}

func grow(values []scrapedValue, growth []growing) {
	for k := range values {
		for i := range growth {
			if matchesAll(values[k].labels, growth[i].matchers) {
				values[k].perMinute, growth[i].used = growth[i].perMinute, true
				break
			}
		}
	}
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
