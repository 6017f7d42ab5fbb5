package simulate

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"

	"github.com/rulekit/rulekit/rules"
)

// inputSeries is a series that is given rather than computed, with its samples in order.
type inputSeries struct {
	labels  labels.Labels
	samples []inputSample
}

type inputSample struct {
	t int64
	v float64
	h *histogram.FloatHistogram
}

var appendOptions storage.AOptions

// The most values that one input series, and all of a case together, may have. They stop a
// slip such as 1x1000000000 from taking all memory.
const (
	maxInputValues = 3_000_000
	maxCaseValues  = 20_000_000
)

// Complaint is something worth telling about a place in a suite.
type Complaint struct {
	Span    rules.Span
	Message string
}

// input returns everything the case is given: its series in Prometheus's notation and its
// scrapes, which last until the given time after the case's start unless they say otherwise.
func (c *Case) input(start time.Time, length time.Duration, scrapes *scrapeCache) ([]inputSeries, []Complaint, error) {
	if err := c.checkSize(); err != nil {
		return nil, nil, err
	}
	var all []inputSeries
	var complaints []Complaint
	places := map[string]int{}
	for _, in := range c.Series {
		series, err := in.parse(start, c.Interval)
		if err != nil {
			return nil, nil, c.errorAt(nameSpan(in.Series, in.Span), err)
		}
		name := string(series.labels.Bytes(nil))
		if place, twice := places[name]; twice {
			complaints = append(complaints, Complaint{in.Span, fmt.Sprintf("series %s is given twice; only the last one counts", series.labels)})
			all[place] = series
			continue
		}
		places[name] = len(all)
		all = append(all, series)
	}
	recorded, err := c.scraped(start, length, scrapes)
	if err != nil {
		return nil, nil, err
	}
	for _, series := range recorded {
		if _, twice := places[string(series.labels.Bytes(nil))]; twice {
			return nil, nil, c.errorAt(c.Scrapes[0].Span, fmt.Errorf("series %s is given by input_series as well as by input_scrapes", series.labels))
		}
	}
	return append(all, recorded...), complaints, nil
}

// placedError is an error with a place in a suite.
type placedError struct {
	suite *Suite
	span  rules.Span
	err   error
}

func (e *placedError) Unwrap() error { return e.err }

func (e *placedError) Error() string {
	at := e.suite.Position(e.span.Start)
	return fmt.Sprintf("%s:%d:%d: %s", e.suite.Path, at.Line, at.Column, e.err)
}

func (c *Case) errorAt(span rules.Span, err error) error {
	if placed := (*placedError)(nil); errors.As(err, &placed) {
		return err
	}
	return &placedError{c.Suite, span, err}
}

func (in InputSeries) parse(start time.Time, interval time.Duration) (inputSeries, error) {
	lset, values, err := in.values()
	if err != nil {
		return inputSeries{}, err
	}
	series := inputSeries{labels: lset, samples: make([]inputSample, 0, len(values))}
	at := start
	for _, v := range values {
		if !v.Omitted {
			series.samples = append(series.samples, inputSample{at.UnixMilli(), v.Value, v.Histogram})
		}
		at = at.Add(interval)
	}
	return series, nil
}

func (in InputSeries) values() (labels.Labels, []parser.SequenceValue, error) {
	text := strings.TrimSpace(in.Series.Value) + " " + strings.TrimSpace(in.Values.Value)
	lset, values, err := seriesParser().ParseSeriesDesc(text)
	if err != nil {
		return labels.EmptyLabels(), nil, fmt.Errorf("input series %s: %w", in.Series.Value, err)
	}
	return lset, values, nil
}

// length is how long the case's input lasts.
func (c *Case) length() (time.Duration, error) {
	if err := c.checkSize(); err != nil {
		return 0, err
	}
	length := c.lastEvaluation()
	for _, in := range c.Series {
		_, values, err := in.values()
		if err != nil {
			return 0, c.errorAt(nameSpan(in.Series, in.Span), err)
		}
		length = max(length, time.Duration(max(len(values)-1, 0))*c.Interval)
	}
	for _, in := range c.Scrapes {
		length = max(length, in.From, in.To)
	}
	return length, nil
}

// checkSize refuses a case whose series have too many values, before any is made.
func (c *Case) checkSize() error {
	total := 0
	for _, in := range c.Series {
		n := countValues(in.Values.Value)
		if total += n; n > maxInputValues {
			return c.errorAt(nameSpan(in.Values, in.Span), fmt.Errorf("input series %s has more than %d values", in.Series.Value, maxInputValues))
		}
	}
	if total > maxCaseValues {
		return c.errorAt(c.Series[0].Span, fmt.Errorf("the input series have %d values together, more than the limit of %d", total, maxCaseValues))
	}
	return nil
}

var repetition = regexp.MustCompile(`x(\d+)`)

// tooMany is the error of a case whose scrapes would be played as too many values.
func tooMany(total int) error {
	return fmt.Errorf("the scrapes are played as %d values or more, above the limit of %d: play less of them, or with a longer interval", total, maxCaseValues)
}

// countValues is about how many values a sequence stands for.
func countValues(values string) int {
	total := 0
	for _, match := range repetition.FindAllStringSubmatch(values, -1) {
		n, err := strconv.Atoi(match[1])
		if err != nil || n > maxInputValues {
			return maxInputValues + 1
		}
		total += n
	}
	return total
}
