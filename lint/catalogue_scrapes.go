package lint

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/rulekit/rulekit/rules/scrape"
)

// Scrapes is a catalogue of recorded scrapes. Its zero value is empty. Once it is asked, no more
// may be added.
type Scrapes struct {
	metrics map[string]*scraped
	// families are the labels of all samples of each family: a metric that had none itself
	// has those of its family.
	families map[string]map[string]bool
	// spaces counts the metrics of each name space.
	spaces map[string]int
	// names are the names of all metrics, sorted.
	names []string
}

// scraped is what scrapes have told of a metric.
type scraped struct {
	Metric
	family string
	// values are those of each label, up to one more than MaxValues.
	values map[string]map[string]bool
}

// LoadScrapes reads recorded scrapes: files, and folders with the files in them that end with
// .prom, .txt or .metrics, also with .gz after it. The error names the path, and the line that
// cannot be read.
func LoadScrapes(paths []string) (*Scrapes, error) {
	s := &Scrapes{}
	for _, path := range paths {
		files, err := scrapeFiles(path)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if err := s.load(file); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// load takes in a file, with one scrape or several.
func (s *Scrapes) load(file string) error {
	source, err := scrape.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read metrics: %w", err)
	}
	scrapes, err := scrape.ParseRecording(source)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	touched := map[string]bool{}
	for _, recorded := range scrapes {
		if recorded.OpenMetrics {
			nameCounters(recorded.Families)
		}
		s.take(recorded.Families, touched)
	}
	s.sum(touched)
	return nil
}

// nameCounters names the counters of OpenMetrics of which there is no sample as their samples
// would be named.
func nameCounters(families []scrape.Family) {
	for i := range families {
		if f := &families[i]; f.Type == model.MetricTypeCounter && len(f.Samples) == 0 && !strings.HasSuffix(f.Name, "_total") {
			f.Name += "_total"
		}
	}
}

func scrapeFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: no such file or folder", path)
	case err != nil:
		return nil, fmt.Errorf("read metrics: %w", err)
	case !info.IsDir():
		return []string{path}, nil
	}
	var files []string
	err = filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		plain := strings.TrimSuffix(file, ".gz")
		if err == nil && entry.Type().IsRegular() && slices.Contains([]string{".prom", ".txt", ".metrics"}, filepath.Ext(plain)) {
			files = append(files, file)
		}
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: no recorded scrapes (*.prom, *.txt, *.metrics)", path)
	}
	return files, err
}

// Add takes in the metrics of one scrape.
func (s *Scrapes) Add(families []scrape.Family) {
	touched := map[string]bool{}
	s.take(families, touched)
	s.sum(touched)
}

// take counts the metrics of one scrape in. The families that it touches are to be summed up
// afterwards.
func (s *Scrapes) take(families []scrape.Family, touched map[string]bool) {
	if s.metrics == nil {
		s.metrics, s.spaces, s.families = map[string]*scraped{}, map[string]int{}, map[string]map[string]bool{}
	}
	for _, family := range families {
		touched[family.Name] = true
		seen := s.families[family.Name]
		if seen == nil {
			seen = map[string]bool{}
			s.families[family.Name] = seen
		}
		names := map[string]int{}
		for _, name := range sampleNames(family) {
			names[name] = 0
		}
		for _, sample := range family.Samples {
			name := sample.Labels.Get(model.MetricNameLabel)
			names[name]++
			metric := s.metric(name, family)
			sample.Labels.Range(func(l labels.Label) {
				metric.see(l)
				seen[l.Name] = true
			})
		}
		for name, samples := range names {
			metric := s.metric(name, family)
			metric.Series = max(metric.Series, samples)
		}
	}
}

// sum sums up what is known of the metrics of the families.
func (s *Scrapes) sum(touched map[string]bool) {
	for _, metric := range s.metrics {
		if touched[metric.family] {
			metric.sum(s.families[metric.family])
		}
	}
	if len(s.names) < len(s.metrics) {
		s.names = slices.Sorted(maps.Keys(s.metrics))
	}
}

// sampleNames are the names that a family's samples have in expressions, also where the scrape
// had none at the time.
func sampleNames(family scrape.Family) []string {
	switch family.Type {
	case model.MetricTypeHistogram:
		return []string{family.Name, family.Name + "_bucket", family.Name + "_sum", family.Name + "_count"}
	case model.MetricTypeSummary:
		return []string{family.Name, family.Name + "_sum", family.Name + "_count"}
	}
	if len(family.Samples) > 0 {
		return nil
	}
	return []string{family.Name}
}

// metric returns what is known of a metric of the family, and makes it known.
func (s *Scrapes) metric(name string, family scrape.Family) *scraped {
	kind := BelievedType(name, family.Type)
	known, ok := s.metrics[name]
	if !ok {
		known = &scraped{
			Metric: Metric{Type: kind, Help: family.Help, Unit: family.Unit, Source: Recorded},
			family: family.Name, values: map[string]map[string]bool{},
		}
		s.metrics[name] = known
		s.spaces[nameSpace(name)]++
	}
	if known.Type != kind {
		known.Type = model.MetricTypeUnknown
	}
	return known
}

// see takes in a label of a sample.
func (m *scraped) see(l labels.Label) {
	values := m.values[l.Name]
	if values == nil {
		values = map[string]bool{}
		m.values[l.Name] = values
	}
	if len(values) <= MaxValues {
		values[l.Value] = true
	}
}

// sum puts what was seen into the metric. A metric without samples has the labels of its family.
func (m *scraped) sum(family map[string]bool) {
	m.Labels, m.Values = nil, map[string][]string{}
	for name, values := range m.values {
		m.Labels = append(m.Labels, name)
		if len(values) <= MaxValues {
			m.Values[name] = slices.Sorted(maps.Keys(values))
		}
	}
	slices.Sort(m.Labels)
	if len(m.Labels) == 0 {
		m.Labels = slices.Sorted(maps.Keys(family))
	}
	// Every sample has at least its __name__.
	m.LabelsKnown = len(m.Labels) > 0
}

// sharedSpaces are name spaces that no exporter has for itself, since each program that uses a
// client library, and many programs around Prometheus, add to them; and those of exporters
// that serve what one machine happens to have.
var sharedSpaces = map[string]bool{
	"go": true, "process": true, "promhttp": true, "python": true, "jvm": true, "http": true, "net": true,
	"scrape": true, "grpc": true, "up": true, "prometheus": true,
	"kube": true, "container": true, "node": true, "windows": true,
}

// Metric returns what the scrapes tell of the metric.
func (s *Scrapes) Metric(name string) (Metric, bool) {
	known, ok := s.metrics[name]
	if !ok {
		return Metric{}, false
	}
	return known.Metric, true
}

// All yields all metrics, by name.
func (s *Scrapes) All() iter.Seq2[string, Metric] {
	return func(yield func(string, Metric) bool) {
		for _, name := range s.names {
			if !yield(name, s.metrics[name].Metric) {
				return
			}
		}
	}
}

// Claims tells whether the scrapes are of an exporter that would serve the metric: whether
// they hold at least three metrics of its name space, and that is not one that many share.
func (s *Scrapes) Claims(name string) Source {
	const few = 3
	space := nameSpace(name)
	if space != name && !strings.Contains(name, ":") && !sharedSpaces[space] && s.spaces[space] >= few {
		return Recorded
	}
	return NoSource
}

// Nearest returns the metric of the same name space that was probably meant, or "".
func (s *Scrapes) Nearest(name string) string { return NearestMetric(name, s.names) }
