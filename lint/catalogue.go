package lint

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/scrape"
)

// Catalogue answers what is known of metrics.
type Catalogue interface {
	// Metric returns what is known of a metric, as it is named in expressions.
	Metric(name string) (Metric, bool)
	// Claims tells whether a metric of that name would be known if it existed.
	Claims(name string) bool
	// Nearest returns the known metric that was probably meant by the name, or "".
	Nearest(name string) string
}

// Metric is a metric of an exporter.
type Metric struct {
	Type model.MetricType
	Help string
	// Labels are the names of the labels that the exporter gives it, if LabelsKnown is set:
	// an exporter that has named a metric but served no sample of it has not told them.
	Labels      []string
	LabelsKnown bool
}

// Scrapes is a catalogue of recorded scrapes. Its zero value is empty.
type Scrapes struct {
	metrics map[string]*scraped
	// families are the labels of all samples of each family: a metric that had none itself
	// has those of its family.
	families map[string]map[string]bool
	// spaces counts the metrics of each name space, the part of a name up to the first _.
	spaces map[string]int
}

type scraped struct {
	kind   model.MetricType
	help   string
	labels map[string]bool
	family string
}

// LoadScrapes reads recorded scrapes: files, and folders with the files in them that end with
// .prom, .txt or .metrics. The error names the path, and the line that cannot be read.
func LoadScrapes(paths []string) (*Scrapes, error) {
	s := &Scrapes{}
	for _, path := range paths {
		files, err := scrapeFiles(path)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			source, err := readScrape(file)
			if err != nil {
				return nil, fmt.Errorf("read metrics: %w", err)
			}
			families, err := scrape.Parse(source)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			s.Add(families)
		}
	}
	return s, nil
}

// readScrape reads a file that is not larger than a scrape may be.
func readScrape(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: not a regular file", path)
	case info.Size() > scrape.MaxSize:
		return nil, fmt.Errorf("%s: %d bytes, more than the %d that a scrape may have", path, info.Size(), scrape.MaxSize)
	}
	return os.ReadFile(path)
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
		if err == nil && entry.Type().IsRegular() && slices.Contains([]string{".prom", ".txt", ".metrics"}, filepath.Ext(file)) {
			files = append(files, file)
		}
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: no recorded scrapes (*.prom, *.txt, *.metrics)", path)
	}
	return files, err
}

// Add takes in the metrics of a scrape.
func (s *Scrapes) Add(families []scrape.Family) {
	if s.metrics == nil {
		s.metrics, s.spaces, s.families = map[string]*scraped{}, map[string]int{}, map[string]map[string]bool{}
	}
	for _, family := range families {
		for _, name := range sampleNames(family) {
			s.metric(name, family)
		}
		if s.families[family.Name] == nil {
			s.families[family.Name] = map[string]bool{}
		}
		for _, sample := range family.Samples {
			metric := s.metric(sample.Labels.Get(model.MetricNameLabel), family)
			sample.Labels.Range(func(l labels.Label) {
				metric.labels[l.Name], s.families[family.Name][l.Name] = true, true
			})
		}
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

func (s *Scrapes) metric(name string, family scrape.Family) *scraped {
	known, ok := s.metrics[name]
	if !ok {
		known = &scraped{kind: family.Type, help: family.Help, labels: map[string]bool{}, family: family.Name}
		s.metrics[name] = known
		s.spaces[nameSpace(name)]++
	}
	return known
}

// nameSpace is the part of a metric's name that says whose it is.
func nameSpace(name string) string {
	space, _, _ := strings.Cut(name, "_")
	return space
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
	// Every sample has at least its __name__.
	names := known.labels
	if len(names) == 0 {
		names = s.families[known.family]
	}
	return Metric{Type: known.kind, Help: known.help, Labels: slices.Sorted(maps.Keys(names)), LabelsKnown: len(names) > 0}, true
}

// Claims tells whether the scrapes are of an exporter that would serve the metric: whether
// they hold at least three metrics of its name space, and that is not one that many share.
func (s *Scrapes) Claims(name string) bool {
	const few = 3
	space := nameSpace(name)
	return space != name && !strings.Contains(name, ":") && !sharedSpaces[space] && s.spaces[space] >= few
}

// Nearest returns the metric that shares the most words with the name, if that is most of them.
func (s *Scrapes) Nearest(name string) string {
	if near := rules.Nearest(name, slices.Sorted(maps.Keys(s.metrics))); near != "" {
		return near
	}
	const enough = 0.7
	best, score := "", enough
	for _, known := range slices.Sorted(maps.Keys(s.metrics)) {
		if shared := sharedWords(name, known); shared > score {
			best, score = known, shared
		}
	}
	return best
}

// sharedWords is the share, from 0 to 1, of the words of both names that the other has too.
func sharedWords(a, b string) float64 {
	words, all := map[string]int{}, 0
	for word := range strings.SplitSeq(a, "_") {
		words[word]++
		all++
	}
	shared := 0
	for word := range strings.SplitSeq(b, "_") {
		all++
		if words[word] > 0 {
			words[word]--
			shared++
		}
	}
	return 2 * float64(shared) / float64(all)
}
