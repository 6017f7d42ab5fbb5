package simulate

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
)

// store keeps the series of one run in memory. To the rules and the query engine it behaves as
// Prometheus's own database does: same order of series, same refusals, same counter-reset
// hints. It serves one run, which is one goroutine, and takes no locks.
type store struct {
	byHash map[uint64][]*series
	byName map[string]*posting
	all    posting
	// maxTime is the time of the newest sample, in milliseconds.
	maxTime int64
}

// appendWindow is how far behind the newest sample of the whole store a sample may lie. It is
// half of the block range that Prometheus's unit tests run with (24 h).
const appendWindow = int64(12 * time.Hour / time.Millisecond)

func newStore() *store {
	return &store{byHash: map[uint64][]*series{}, byName: map[string]*posting{}, maxTime: math.MinInt64}
}

// posting is a list of series that is sorted by labels when it is read.
type posting struct {
	series []*series
	dirty  bool
}

func (p *posting) add(s *series) {
	p.dirty = p.dirty || len(p.series) > 0 && labels.Compare(p.series[len(p.series)-1].labels, s.labels) > 0
	p.series = append(p.series, s)
}

func (p *posting) sorted() []*series {
	if p.dirty {
		slices.SortFunc(p.series, func(a, b *series) int { return labels.Compare(a.labels, b.labels) })
		p.dirty = false
	}
	return p.series
}

// series is the samples of one label set, in order of time.
type series struct {
	labels labels.Labels
	points []point
	// histograms is nil until the series has its first histogram; from then on it is as long
	// as points, with nil for every float.
	histograms []*histogram.FloatHistogram
	hints      hintState
}

// point is a sample: its time in milliseconds and, unless it is a histogram, its value.
type point struct {
	t int64
	v float64
}

func (s *series) last() (p point, h *histogram.FloatHistogram, ok bool) {
	if len(s.points) == 0 {
		return point{}, nil, false
	}
	i := len(s.points) - 1
	return s.points[i], s.histogram(i), true
}

func (s *series) histogram(i int) *histogram.FloatHistogram {
	if s.histograms == nil {
		return nil
	}
	return s.histograms[i]
}

// search returns the index of the first sample at or after t.
func (s *series) search(t int64) int {
	i, _ := slices.BinarySearchFunc(s.points, t, func(p point, t int64) int {
		switch {
		case p.t < t:
			return -1
		case p.t > t:
			return 1
		}
		return 0
	})
	return i
}

func (s *series) append(sample sample) {
	if sample.h == nil && value.IsStaleNaN(sample.v) {
		if _, h, ok := s.last(); ok && h != nil {
			sample.h = &histogram.FloatHistogram{Sum: sample.v}
		}
	}
	s.points = append(s.points, point{sample.t, sample.v})
	if sample.h == nil {
		if s.histograms != nil {
			s.histograms = append(s.histograms, nil)
		}
		s.hints.float()
		return
	}
	for len(s.histograms) < len(s.points)-1 {
		s.histograms = append(s.histograms, nil)
	}
	kept := sample.h.Copy()
	kept.CounterResetHint = s.hints.histogram(sample.t, kept)
	s.histograms = append(s.histograms, kept)
}

// getOrCreate returns the series of a label set, which may hold empty values.
func (st *store) getOrCreate(lset labels.Labels) (*series, error) {
	lset = lset.WithoutEmpty()
	hash := lset.Hash()
	for _, s := range st.byHash[hash] {
		if labels.Equal(s.labels, lset) {
			return s, nil
		}
	}
	if lset.IsEmpty() {
		return nil, fmt.Errorf("a series needs at least one label")
	}
	if name, twice := lset.HasDuplicateLabelNames(); twice {
		return nil, fmt.Errorf("series %s has label %q twice", lset, name)
	}
	s := &series{labels: lset}
	st.byHash[hash] = append(st.byHash[hash], s)
	name := lset.Get(model.MetricNameLabel)
	p := st.byName[name]
	if p == nil {
		p = &posting{}
		st.byName[name] = p
	}
	p.add(s)
	st.all.add(s)
	return s, nil
}

// AppenderV2 returns an appender; its samples are seen by queries once it was committed.
func (st *store) AppenderV2(context.Context) storage.AppenderV2 {
	return &appender{store: st}
}

type sample struct {
	series *series
	t      int64
	v      float64
	h      *histogram.FloatHistogram
}

// appender collects samples of one transaction. As in Prometheus, Append refuses what does not
// fit the samples committed before, while of samples that clash within one transaction the
// first one wins without an error.
type appender struct {
	store   *store
	samples []sample
}

// Append adds a sample. It returns storage.ErrOutOfOrderSample, storage.ErrOutOfBounds or an
// error that is storage.ErrDuplicateSampleForTimestamp as Prometheus's database does.
func (a *appender) Append(_ storage.SeriesRef, lset labels.Labels, _, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, _ storage.AOptions) (storage.SeriesRef, error) {
	if h != nil {
		fh = h.ToFloat(nil)
	}
	if fh != nil {
		if err := fh.Validate(); err != nil {
			return 0, err
		}
	}
	if a.store.maxTime != math.MinInt64 && t < a.store.maxTime-appendWindow {
		return 0, storage.ErrOutOfBounds
	}
	s, err := a.store.getOrCreate(lset)
	if err != nil {
		return 0, err
	}
	if err := s.accepts(t, v, fh); err != nil {
		return 0, err
	}
	a.samples = append(a.samples, sample{s, t, v, fh})
	return 0, nil
}

// accepts tells whether a sample may follow those that the series already has.
func (s *series) accepts(t int64, v float64, fh *histogram.FloatHistogram) error {
	last, lastHistogram, ok := s.last()
	switch {
	case !ok || t > last.t:
		return nil
	case t < last.t:
		return storage.ErrOutOfOrderSample
	case fh != nil:
		if !fh.Equals(lastHistogram) {
			return storage.ErrDuplicateSampleForTimestamp
		}
	case lastHistogram != nil:
		return storage.NewDuplicateHistogramToFloatErr(t, v)
	case math.Float64bits(last.v) != math.Float64bits(v):
		return storage.NewDuplicateFloatErr(t, last.v, v)
	}
	return nil
}

// Commit makes the samples visible.
func (a *appender) Commit() error {
	for _, sample := range a.samples {
		if last, _, ok := sample.series.last(); ok && sample.t <= last.t {
			continue
		}
		sample.series.append(sample)
		a.store.maxTime = max(a.store.maxTime, sample.t)
	}
	a.samples = nil
	return nil
}

// Rollback forgets the samples.
func (a *appender) Rollback() error {
	a.samples = nil
	return nil
}
