package simulate

import (
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/rulekit/rulekit/rules"
)

// Suite is a file of unit tests in promtool's format, with rulekit's additions.
type Suite struct {
	Path string
	// Source is the file as it is on disk. All spans count bytes in it.
	Source []byte
	// RuleFiles are patterns of rule files, relative to the suite's folder.
	RuleFiles []rules.Scalar
	// EvaluationInterval is the time between two evaluations.
	EvaluationInterval time.Duration
	// GroupOrder are names of groups in the order they are evaluated in.
	GroupOrder []rules.Scalar
	// FuzzyCompare lets sample values differ in the last bit.
	FuzzyCompare bool
	Cases        []*Case
}

// Case is one test: series, and what the rules are expected to make of them.
type Case struct {
	Suite *Suite
	Span  rules.Span
	// Name may be empty; Index counts the suite's cases from 0.
	Name  string
	Index int
	// Interval is the time between two samples of an input series.
	Interval time.Duration
	Series   []InputSeries
	Scrapes  []InputScrape
	// Start is when the case begins. HasStart tells whether the file says so.
	Start          time.Time
	HasStart       bool
	ExternalLabels labels.Labels
	ExternalURL    string
	AlertTests     []AlertTest
	ExprTests      []ExprTest
}

// Title is the case's name, or one made of its number, as promtool makes it.
func (c *Case) Title() string {
	if c.Name != "" {
		return c.Name
	}
	return fmt.Sprintf("unnamed#%d", c.Index)
}

// Position returns where a byte offset of the suite is, as editors count.
func (s *Suite) Position(offset int) rules.Position { return rules.PositionOf(s.Source, offset) }

// InputSeries is a series in Prometheus's notation: a selector and a sequence of values.
type InputSeries struct {
	Span           rules.Span
	Series, Values rules.Scalar
}

// InputScrape plays a recorded scrape of an exporter: each of its series has the recorded
// value at every interval from From up to, but not including, To.
type InputScrape struct {
	Span rules.Span
	// File is relative to the suite's folder.
	File rules.Scalar
	// From and To count from the case's start. To is 0 where the scrape lasts until the next
	// one in the list begins, or, for the last, until the end.
	From, To time.Duration
	// Labels are added to every series, as a scrape configuration adds them.
	Labels labels.Labels
	// Growth lets series move, which a single scrape cannot show.
	Growth []Growth
	// RecordedAt is when the scrape was recorded. Gauges that hold a time are shifted so that
	// they are as old in the case as they were then. Zero leaves them as they are.
	RecordedAt time.Time
}

// Growth is how much the matching series of a scrape grow in a minute.
type Growth struct {
	Selector  rules.Scalar
	PerMinute float64
}

// AlertTest expects exactly the given alerts of one name to be firing at a time.
type AlertTest struct {
	Span     rules.Span
	EvalTime time.Duration
	Alert    rules.Scalar
	Expected []ExpectedAlert
}

// ExpectedAlert is an alert with all its labels, without alertname, and all its annotations.
type ExpectedAlert struct {
	Span                rules.Span
	Labels, Annotations map[string]string
}

// ExprTest expects an expression to give exactly the given samples at a time.
type ExprTest struct {
	Span     rules.Span
	EvalTime time.Duration
	Expr     rules.Scalar
	Expected []ExpectedSample
}

// ExpectedSample is a sample; where Histogram is given, Value does not count.
type ExpectedSample struct {
	Span              rules.Span
	Labels, Histogram rules.Scalar
	Value             float64
}

// lastEvaluation is the latest time anything is expected of a case, from its start.
func (c *Case) lastEvaluation() time.Duration {
	var last time.Duration
	for _, t := range c.AlertTests {
		last = max(last, t.EvalTime)
	}
	for _, t := range c.ExprTests {
		last = max(last, t.EvalTime)
	}
	return last
}
