package simulate

import (
	"context"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"
)

// Querier returns a querier of the samples from mint to maxt, both included, in milliseconds.
func (st *store) Querier(mint, maxt int64) (storage.Querier, error) {
	return &querier{st, mint, maxt}, nil
}

type querier struct {
	store      *store
	mint, maxt int64
}

// Select returns the matching series, always sorted by labels: unsorted ones would make the
// winners of ties in topk and the like a matter of chance.
func (q *querier) Select(_ context.Context, _ bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	mint, maxt := q.mint, q.maxt
	if hints != nil {
		mint, maxt = hints.Start, hints.End
	}
	set := &seriesSet{next: -1}
	for _, s := range q.store.matching(matchers) {
		from, to := s.search(mint), len(s.points)
		if to > 0 && s.points[to-1].t > maxt {
			to = s.search(maxt + 1)
		}
		if from < to {
			set.views = append(set.views, view{s, from, to})
		}
	}
	return set
}

// matching returns the series that all matchers accept, sorted by labels.
func (st *store) matching(matchers []*labels.Matcher) []*series {
	candidates, rest := st.candidates(matchers)
	if len(rest) == 0 {
		return candidates
	}
	var found []*series
	for _, s := range candidates {
		if matchesAll(s.labels, rest) {
			found = append(found, s)
		}
	}
	return found
}

// candidates returns the series with the name that a matcher fixes, and the other matchers.
func (st *store) candidates(matchers []*labels.Matcher) ([]*series, []*labels.Matcher) {
	for i, m := range matchers {
		if m.Name != model.MetricNameLabel || m.Type != labels.MatchEqual {
			continue
		}
		p := st.byName[m.Value]
		if p == nil {
			return nil, nil
		}
		if len(matchers) == 1 {
			return p.sorted(), nil
		}
		rest := make([]*labels.Matcher, 0, len(matchers)-1)
		return p.sorted(), append(append(rest, matchers[:i]...), matchers[i+1:]...)
	}
	return st.all.sorted(), matchers
}

func matchesAll(lset labels.Labels, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(lset.Get(m.Name)) {
			return false
		}
	}
	return true
}

// LabelValues returns the sorted values of a label over the matching series.
func (q *querier) LabelValues(_ context.Context, name string, _ *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	var values []string
	for _, s := range q.store.matching(matchers) {
		if v := s.labels.Get(name); v != "" {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	return slices.Compact(values), nil, nil
}

// LabelNames returns the sorted names of the labels of the matching series.
func (q *querier) LabelNames(_ context.Context, _ *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	var names []string
	for _, s := range q.store.matching(matchers) {
		s.labels.Range(func(l labels.Label) { names = append(names, l.Name) })
	}
	slices.Sort(names)
	return slices.Compact(names), nil, nil
}

// Close does nothing: the store outlives its queriers.
func (q *querier) Close() error { return nil }

// view is the samples of a series that one query sees: those at from up to, not including, to.
type view struct {
	series   *series
	from, to int
}

// Labels returns the labels of the series.
func (v *view) Labels() labels.Labels { return v.series.labels }

// Iterator returns an iterator of the samples, using it again if it came from here.
func (v *view) Iterator(it chunkenc.Iterator) chunkenc.Iterator {
	if own, ok := it.(*sampleIterator); ok {
		*own = sampleIterator{*v, v.from - 1}
		return own
	}
	return &sampleIterator{*v, v.from - 1}
}

type seriesSet struct {
	views []view
	next  int
}

func (s *seriesSet) Next() bool                        { s.next++; return s.next < len(s.views) }
func (s *seriesSet) At() storage.Series                { return &s.views[s.next] }
func (s *seriesSet) Err() error                        { return nil }
func (s *seriesSet) Warnings() annotations.Annotations { return nil }

// millis is a time in milliseconds since 1970. (It is a name of its own because go vet takes
// every Seek(int64) for an io.Seeker's.)
type millis = int64

type sampleIterator struct {
	view
	i int
}

func (it *sampleIterator) kind() chunkenc.ValueType {
	switch {
	case it.i >= it.to:
		return chunkenc.ValNone
	case it.series.histogram(it.i) != nil:
		return chunkenc.ValFloatHistogram
	}
	return chunkenc.ValFloat
}

func (it *sampleIterator) Next() chunkenc.ValueType {
	if it.i < it.to {
		it.i++
	}
	return it.kind()
}

func (it *sampleIterator) Seek(t millis) chunkenc.ValueType {
	if it.i < it.from || it.i < it.to && it.series.points[it.i].t < t {
		it.i = min(max(it.series.search(t), it.i, it.from), it.to)
	}
	return it.kind()
}

func (it *sampleIterator) At() (int64, float64) {
	p := it.series.points[it.i]
	return p.t, p.v
}

// AtHistogram is never asked for: the store keeps histograms with float counts only.
func (it *sampleIterator) AtHistogram(*histogram.Histogram) (int64, *histogram.Histogram) {
	panic("simulate: the store has no histograms with integer counts")
}

// AtFloatHistogram returns a copy, since the query engine works on what it is given.
func (it *sampleIterator) AtFloatHistogram(into *histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	h := it.series.histogram(it.i)
	if into == nil {
		return it.AtT(), h.Copy()
	}
	h.CopyTo(into)
	return it.AtT(), into
}

func (it *sampleIterator) AtT() int64  { return it.series.points[it.i].t }
func (it *sampleIterator) AtST() int64 { return 0 }
func (it *sampleIterator) Err() error  { return nil }
