package lint

import (
	"strings"

	"github.com/prometheus/common/model"
)

// Catalogue answers what is known of metrics. It may be asked by several at once.
type Catalogue interface {
	// Metric returns what is known of a metric, as it is named in expressions.
	Metric(name string) (Metric, bool)
	// Claims returns what would know of a metric of that name if it existed, or NoSource where
	// nothing can tell.
	Claims(name string) Source
	// Nearest returns the known metric that was probably meant by the name, or "".
	Nearest(name string) string
}

// Source is where knowledge of metrics comes from, which says how far it goes.
type Source int

// The sources.
const (
	// NoSource knows nothing.
	NoSource Source = iota
	// Shipped is what rulekit brings of widely used exporters. Other versions and configurations
	// of an exporter may serve more metrics, labels and values.
	Shipped
	// Recorded is a scrape of the user's own exporter. The labels of the scrape configuration
	// are not in it, and of values it has those of one moment.
	Recorded
	// Live is a server: it knows all metrics, all their labels and the values of the last time.
	Live
)

// String names the source, as in "has no such label in the recorded scrapes".
func (s Source) String() string {
	return [...]string{"nothing", "the exporters that rulekit knows", "the recorded scrapes", "the Prometheus server"}[s]
}

// Metric is a metric of an exporter.
type Metric struct {
	Type model.MetricType
	Help string
	// Unit is that of an OpenMetrics # UNIT line, or "".
	Unit string
	// Labels are the names of the labels that the exporter gives it, sorted, if LabelsKnown is
	// set: an exporter that has named a metric but served no sample of it has not told them.
	// From a live server they are those of the stored series, with the labels of targets.
	Labels      []string
	LabelsKnown bool
	// Values are the values that were seen of a label, sorted. A label of which more than
	// MaxValues were seen, or that was not looked at, is not there.
	Values map[string][]string
	// Series is the most samples that the metric had in one scrape: 1 is a single object, 0 is
	// not known.
	Series int
	// Source is where this comes from, and Exporter who serves it, such as "redis_exporter
	// 1.88.0", or "".
	Source   Source
	Exporter string
}

// MaxValues is how many values of a label a catalogue keeps.
const MaxValues = 50

// Join makes one catalogue of several of the same standing: a metric exists if one of them
// knows it.
func Join(catalogues ...Catalogue) Catalogue {
	if len(catalogues) == 1 {
		return catalogues[0]
	}
	return peers(catalogues)
}

type peers []Catalogue

func (p peers) Metric(name string) (Metric, bool) {
	for _, c := range p {
		if metric, ok := c.Metric(name); ok {
			return metric, true
		}
	}
	return Metric{}, false
}

func (p peers) Claims(name string) Source {
	most := NoSource
	for _, c := range p {
		most = max(most, c.Claims(name))
	}
	return most
}

func (p peers) Nearest(name string) string {
	for _, c := range p {
		if near := c.Nearest(name); near != "" {
			return near
		}
	}
	return ""
}

// Prefer makes a catalogue that asks the second only for what the first does not claim.
func Prefer(first, second Catalogue) Catalogue { return &preferred{first, second} }

type preferred struct{ first, second Catalogue }

func (p *preferred) Metric(name string) (Metric, bool) {
	if metric, ok := p.first.Metric(name); ok {
		return metric, true
	}
	if p.first.Claims(name) != NoSource {
		return Metric{}, false
	}
	return p.second.Metric(name)
}

func (p *preferred) Claims(name string) Source {
	if by := p.first.Claims(name); by != NoSource {
		return by
	}
	return p.second.Claims(name)
}

func (p *preferred) Nearest(name string) string {
	if near := p.first.Nearest(name); near != "" || p.first.Claims(name) != NoSource {
		return near
	}
	return p.second.Nearest(name)
}

// nameSpace is the part of a metric's name that says whose it is.
func nameSpace(name string) string {
	space, _, _ := strings.Cut(name, "_")
	return space
}
