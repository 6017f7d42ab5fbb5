package simulate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/teststorage"
)

// TestStoreBehavesAsTSDB appends the same random samples to the store and to Prometheus's own
// database, and compares every refusal and everything that can be read back.
func TestStoreBehavesAsTSDB(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 2))
			reference, own := teststorage.New(t), newStore()
			now := int64(random.IntN(1000))
			for range 300 {
				theirs, ours := reference.AppenderV2(t.Context()), own.AppenderV2(t.Context())
				seen := map[string]bool{}
				for range 1 + random.IntN(6) {
					lset, at := randomSeries(random), now+int64(random.IntN(3)-1)*15_000
					if seen[lset.String()] {
						continue
					}
					seen[lset.String()] = true
					if random.IntN(40) == 0 {
						at -= 13 * 3600_000
					}
					v, fh := randomValue(random, at)
					_, wantErr := theirs.Append(0, lset, 0, at, v, nil, copyOf(fh), storage.AOptions{RejectOutOfOrder: true})
					_, gotErr := ours.Append(0, lset, 0, at, v, nil, copyOf(fh), storage.AOptions{RejectOutOfOrder: true})
					if (wantErr == nil) != (gotErr == nil) || wantErr != nil && kindOf(wantErr) != kindOf(gotErr) {
						t.Fatalf("append %s @%d %v %v: TSDB says %v, the store says %v", lset, at, v, fh, wantErr, gotErr)
					}
				}
				if err := theirs.Commit(); err != nil {
					t.Fatal(err)
				}
				if err := ours.Commit(); err != nil {
					t.Fatal(err)
				}
				now += int64(random.IntN(4)) * 15_000
			}
			for _, window := range [][2]int64{{0, now + 1}, {now / 3, now / 2}, {now - 300_000, now}} {
				for _, matchers := range testMatchers() {
					want, got := dump(t, reference, window, matchers), dump(t, own, window, matchers)
					if diff := cmp.Diff(want, got); diff != "" {
						t.Fatalf("window %v, matchers %v (-TSDB +store):\n%s", window, matchers, diff)
					}
				}
			}
		})
	}
}

func testMatchers() [][]*labels.Matcher {
	return [][]*labels.Matcher{
		{labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, "m0")},
		{labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, "m1"), labels.MustNewMatcher(labels.MatchNotEqual, "a", "1")},
		{labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, "m.+")},
		{labels.MustNewMatcher(labels.MatchEqual, "b", ""), labels.MustNewMatcher(labels.MatchRegexp, "a", ".+")},
		{labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, "absent")},
	}
}

func randomSeries(random *rand.Rand) labels.Labels {
	b := labels.NewScratchBuilder(3)
	b.Add(model.MetricNameLabel, fmt.Sprintf("m%d", random.IntN(3)))
	b.Add("a", []string{"", "1", "2"}[random.IntN(3)])
	if random.IntN(2) == 0 {
		b.Add("b", "x")
	}
	b.Sort()
	return b.Labels()
}

func randomValue(random *rand.Rand, t int64) (float64, *histogram.FloatHistogram) {
	switch random.IntN(12) {
	case 0:
		return math.Float64frombits(value.StaleNaN), nil
	case 1:
		return math.NaN(), nil
	case 2, 3, 4:
		return float64(random.IntN(3)), nil
	}
	growth := float64(t/15_000) + float64(random.IntN(2))
	if random.IntN(10) == 0 {
		growth = 1
	}
	fh := &histogram.FloatHistogram{
		Schema: 0, ZeroThreshold: 0.001, ZeroCount: 1, Count: 1 + 2*growth, Sum: growth,
		PositiveSpans:   []histogram.Span{{Offset: 0, Length: 2}},
		PositiveBuckets: []float64{growth, growth},
	}
	switch random.IntN(8) {
	case 0:
		fh.CounterResetHint = histogram.GaugeType
	case 1:
		fh.PositiveSpans[0].Length, fh.Count = 3, fh.Count+1
		fh.PositiveBuckets = append(fh.PositiveBuckets, 1)
	}
	return 0, fh
}

func copyOf(fh *histogram.FloatHistogram) *histogram.FloatHistogram {
	if fh == nil {
		return nil
	}
	return fh.Copy()
}

// kindOf groups the errors that callers tell apart.
func kindOf(err error) string {
	for _, known := range []error{storage.ErrOutOfOrderSample, storage.ErrOutOfBounds, storage.ErrDuplicateSampleForTimestamp} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "other"
}

func dump(t *testing.T, q storage.Queryable, window [2]int64, matchers []*labels.Matcher) []string {
	t.Helper()
	querier, err := q.Querier(window[0], window[1])
	if err != nil {
		t.Fatal(err)
	}
	defer querier.Close()
	var lines []string
	var it chunkenc.Iterator
	set := querier.Select(context.Background(), true, nil, matchers...)
	for set.Next() {
		it = set.At().Iterator(it)
		for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
			line := fmt.Sprintf("%s @%d ", set.At().Labels(), it.AtT())
			if kind == chunkenc.ValFloat {
				_, v := it.At()
				line += fmt.Sprintf("%x", math.Float64bits(v))
			} else {
				_, h := it.AtFloatHistogram(nil)
				line += fmt.Sprintf("%s %x hint %d", h.TestExpression(), math.Float64bits(h.Sum), h.CounterResetHint)
			}
			lines = append(lines, line)
		}
	}
	if set.Err() != nil {
		t.Fatal(set.Err())
	}
	return lines
}
