// Package scrape reads recorded scrapes: what an exporter serves at /metrics, in
// Prometheus's text format or as OpenMetrics, once or at several times.
package scrape

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

// MaxSize is the largest scrape that is read, in bytes.
const MaxSize = 64 << 20

// Family is a metric family: a metric with what the exporter says about it and its samples.
type Family struct {
	// Name is the family's name. The samples of a histogram or summary are named after it
	// (_bucket, _sum, _count), those of an OpenMetrics counter have _total.
	Name string
	// Type is model.MetricTypeUnknown where the exporter gives none.
	Type model.MetricType
	// Help is the exporter's description, or "".
	Help string
	// Unit is the unit of an OpenMetrics family, or "".
	Unit    string
	Samples []Sample
}

// Sample is a value of a series.
type Sample struct {
	// Labels are the series' labels with __name__.
	Labels labels.Labels
	Value  float64
	// Timestamp is the time the exporter gave, in milliseconds since 1970, or nil.
	Timestamp *int64
}

// Parse reads a scrape. A scrape whose last line is # EOF is OpenMetrics, any other is
// Prometheus's text format. The families come in the order of their first line. The error
// names the line that cannot be read.
func Parse(src []byte) ([]Family, error) {
	src, err := clean(src)
	if err != nil {
		return nil, err
	}
	return parse(src, 0)
}

// clean refuses what is no text, or too long, and leaves only \n as the end of a line.
func clean(src []byte) ([]byte, error) {
	if len(src) > MaxSize {
		return nil, fmt.Errorf("the scrape has %d bytes, more than the %d MiB that are read", len(src), MaxSize>>20)
	}
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	if i := bytes.IndexByte(src, 0); i >= 0 {
		return nil, fmt.Errorf("line %d: the scrape is binary: it has a zero byte", lineAt(src, i))
	}
	return bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n")), nil
}

// parse reads a scrape that begins after that many lines of a file.
func parse(src []byte, before int) ([]Family, error) {
	r := reader{index: map[string]int{}}
	symbols := labels.NewSymbolTable()
	var p textparse.Parser
	if isOpenMetrics(src) {
		src = append(bytes.TrimRight(src, "\n"), '\n')
		p = textparse.NewOpenMetricsParser(src, symbols)
	} else {
		p = textparse.NewPromParser(src, symbols, false)
	}
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return r.families, nil
		}
		if err != nil {
			return nil, r.explain(src, before, err)
		}
		r.lines++
		r.add(p, entry)
	}
}

func isOpenMetrics(src []byte) bool {
	src = bytes.TrimRight(src, "\n")
	return bytes.Equal(src[bytes.LastIndexByte(src, '\n')+1:], []byte("# EOF"))
}

type reader struct {
	families []Family
	index    map[string]int
	lines    int // entries read: each is a line that is not empty
}

// family returns the family of that name, and makes it where it is new.
func (r *reader) family(name string) *Family {
	i, ok := r.index[name]
	if !ok {
		i = len(r.families)
		r.index[name] = i
		r.families = append(r.families, Family{Name: name, Type: model.MetricTypeUnknown})
	}
	return &r.families[i]
}

func (r *reader) add(p textparse.Parser, entry textparse.Entry) {
	switch entry {
	case textparse.EntryHelp:
		name, help := p.Help()
		r.family(string(name)).Help = string(help)
	case textparse.EntryType:
		name, kind := p.Type()
		r.family(string(name)).Type = kind
	case textparse.EntryUnit:
		name, unit := p.Unit()
		r.family(string(name)).Unit = string(unit)
	case textparse.EntrySeries:
		_, at, value := p.Series()
		s := Sample{Value: value}
		if at != nil {
			copied := *at
			s.Timestamp = &copied
		}
		p.Labels(&s.Labels)
		f := r.owner(s.Labels.Get(model.MetricNameLabel))
		f.Samples = append(f.Samples, s)
	}
}

// suffixes are what the names of a family's samples may end with, by the family's type.
var suffixes = []struct {
	suffix string
	types  []model.MetricType
}{
	{"_bucket", []model.MetricType{model.MetricTypeHistogram, model.MetricTypeGaugeHistogram}},
	{"_count", []model.MetricType{model.MetricTypeHistogram, model.MetricTypeSummary}},
	{"_sum", []model.MetricType{model.MetricTypeHistogram, model.MetricTypeSummary}},
	{"_gcount", []model.MetricType{model.MetricTypeGaugeHistogram}},
	{"_gsum", []model.MetricType{model.MetricTypeGaugeHistogram}},
	{"_total", []model.MetricType{model.MetricTypeCounter}},
	{"_created", []model.MetricType{model.MetricTypeCounter, model.MetricTypeHistogram, model.MetricTypeSummary}},
	{"_info", []model.MetricType{model.MetricTypeInfo}},
}

// owner returns the family that a sample of that name belongs to.
func (r *reader) owner(sample string) *Family {
	if _, ok := r.index[sample]; ok {
		return r.family(sample)
	}
	for _, s := range suffixes {
		base, ok := strings.CutSuffix(sample, s.suffix)
		i, known := r.index[base]
		if !ok || !known {
			continue
		}
		for _, t := range s.types {
			if r.families[i].Type == t {
				return &r.families[i]
			}
		}
	}
	return r.family(sample)
}

// explain adds the line to an error of the parser. Each entry it gave was a line, and so the
// error is in the next one that is not empty.
func (r *reader) explain(src []byte, before int, err error) error {
	line, entries := before, 0
	for text := range bytes.Lines(src) {
		line++
		if len(bytes.Trim(text, " \t\n")) == 0 {
			continue
		}
		if entries == r.lines {
			break
		}
		entries++
	}
	message, _, _ := strings.Cut(err.Error(), " while parsing: ")
	return fmt.Errorf("line %d: %s", max(line, before+1), message)
}

func lineAt(src []byte, i int) int { return bytes.Count(src[:i], []byte{'\n'}) + 1 }
