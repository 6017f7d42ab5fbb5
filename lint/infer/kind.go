package infer

import "github.com/prometheus/common/model"

// Metadata tells a metric's type and unit where they are known from more than its name: the
// unknown type and "" where they are not. It may be nil.
type Metadata func(metric string) (kind model.MetricType, unit string)

// Kind is what sort of metric the samples are of.
type Kind int

// The kinds.
const (
	// UnknownKind is anything, such as what arithmetic makes.
	UnknownKind Kind = iota
	// Counter only grows, but for restarts.
	Counter
	// Gauge goes up and down.
	Gauge
	// Bucket is a counter of a classic histogram, one for each le.
	Bucket
	// Summary is a quantile that the exporter worked out.
	Summary
	// Info is 1 always: what it says is in its labels.
	Info
	// Histogram is a native histogram.
	Histogram
)

func (k Kind) String() string {
	return [...]string{"unknown", "counter", "gauge", "bucket", "summary", "info", "histogram"}[k]
}
