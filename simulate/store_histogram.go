package simulate

import (
	"math"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// hintState follows one series as Prometheus's database would cut its histograms into chunks:
// what a reader is told about a counter reset depends on where the chunks begin.
type hintState struct {
	chunk    chunkenc.Chunk
	appender chunkenc.Appender
	minTime  int64
	maxTime  int64
	// nextAt is when the chunk ends at the latest, in milliseconds; predicted tells that it
	// was brought forward because of the chunk's size.
	nextAt    int64
	predicted bool
}

// chunkRange is the longest time one chunk covers in Prometheus's unit tests.
const chunkRange = int64(24 * time.Hour / time.Millisecond)

// float notes a float sample, which ends a chunk of histograms.
func (s *hintState) float() { s.chunk, s.appender = nil, nil }

// histogram notes a histogram and returns the hint that readers get with it. The encoder of
// Prometheus's database decides what a counter reset is.
func (s *hintState) histogram(t int64, fh *histogram.FloatHistogram) histogram.CounterResetHint {
	previous := s.appender
	first := s.chunk == nil || s.full(t)
	if first {
		s.begin(chunkenc.NewFloatHistogramChunk(), t)
		s.predicted = false
		s.appender, _ = s.chunk.Appender()
	} else {
		previous = nil
	}
	s.maxTime = t
	next, recoded, app, err := s.appender.AppendFloatHistogram(previous, 0, t, fh, false)
	if err != nil {
		s.float()
		return histogram.UnknownCounterReset
	}
	s.appender = app
	if next != nil {
		if recoded {
			s.chunk = next
		} else {
			s.begin(next, t)
			first = true
		}
	}
	switch {
	case value.IsStaleNaN(fh.Sum):
		return histogram.UnknownCounterReset
	case fh.CounterResetHint == histogram.GaugeType:
		return histogram.GaugeType
	case first:
		return histogram.UnknownCounterReset
	}
	return histogram.NotCounterReset
}

func (s *hintState) begin(chunk chunkenc.Chunk, t int64) {
	s.chunk, s.minTime, s.maxTime = chunk, t, t
	s.nextAt = rangeEnd(t)
}

// full tells whether the database would begin a new chunk with the sample at t. Chunks are cut
// at their range's end, and earlier when they reach a size (tsdb.memSeries, prometheus 3.16).
func (s *hintState) full(t int64) bool {
	size := len(s.chunk.Bytes())
	rangeStop := s.nextAt
	if s.predicted {
		rangeStop = rangeEnd(s.minTime)
	}
	if !s.predicted && size >= chunkenc.TargetBytesPerHistogramChunk/4 {
		ratio := float64(chunkenc.TargetBytesPerHistogramChunk) / float64(size)
		if parts := float64(s.nextAt-s.minTime) / (float64(s.maxTime-s.minTime+1) * ratio); parts > 1 {
			s.nextAt = int64(float64(s.minTime) + float64(s.nextAt-s.minTime)/math.Floor(parts))
		}
		s.predicted = true
	}
	enough := s.chunk.NumSamples() >= chunkenc.MinSamplesPerHistogramChunk
	return (t >= s.nextAt || size >= 2*chunkenc.TargetBytesPerHistogramChunk) && (t >= rangeStop || enough)
}

func rangeEnd(t int64) int64 { return (t/chunkRange)*chunkRange + chunkRange }
