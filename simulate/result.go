package simulate

import (
	"time"

	"github.com/rulekit/rulekit/rules"
)

// Report is the result of a run of unit tests.
type Report struct {
	Files []*FileResult
	// Rules is how many rules were loaded; Evaluated is how many of them some case reached.
	Rules, Evaluated int
	// Elapsed is how long the run took.
	Elapsed time.Duration
}

// Counts sums a report up.
type Counts struct {
	Files, Passed, Failed, Warnings int
	// Broken are files that could not be read; none of their tests was run.
	Broken int
}

// Counts counts what is in the report.
func (r *Report) Counts() Counts {
	var n Counts
	for _, f := range r.Files {
		n.Files++
		n.Warnings += len(f.Warnings)
		if f.Err != nil {
			n.Broken++
		}
		for _, c := range f.Cases {
			n.Warnings += len(c.Warnings)
			if c.Passed() {
				n.Passed++
			} else {
				n.Failed++
			}
		}
	}
	return n
}

// FileResult is the result of one test file.
type FileResult struct {
	Path string
	// Suite is nil where the file could not be read; Err says why.
	Suite *Suite
	Err   error
	// Warnings are about the file as a whole.
	Warnings []Complaint
	// Cases has the results of the cases that were run, in order of their place.
	Cases []*CaseResult
}

// CaseResult is the result of one test.
type CaseResult struct {
	Case     *Case
	Failures []Failure
	Warnings []Complaint
	Elapsed  time.Duration
	// Evaluated is how many of the Rules that were loaded had to be evaluated.
	Evaluated, Rules int

	program *Program
	reached map[*programRule]bool
}

// Passed tells whether nothing failed.
func (c *CaseResult) Passed() bool { return len(c.Failures) == 0 }

// FailureKind says what did not hold.
type FailureKind string

// What can fail in a test.
const (
	// AlertsDiffer is that other alerts were firing than expected.
	AlertsDiffer FailureKind = "alerts"
	// SamplesDiffer is that an expression gave other samples than expected.
	SamplesDiffer FailureKind = "samples"
	// NothingProven is that an alert was silent because its expression had no value at all.
	NothingProven FailureKind = "nothing proven"
	// NotEvaluated is an error that kept the test from being evaluated.
	NotEvaluated FailureKind = "error"
)

// Failure is one expectation that did not hold.
type Failure struct {
	Kind FailureKind
	// Span is the expectation's place in the test file.
	Span     rules.Span
	EvalTime time.Duration
	// Subject is the alert's name or the expression.
	Subject string
	// Message says in one line what is wrong.
	Message string
	// Expected and Found count alerts or samples; Differences pair them up.
	Expected, Found int
	Differences     []Difference
	// States is the strongest state of the alert from the start to EvalTime, a
	// phase each; empty where there is no such alert. Step is the time between two evaluations.
	States []Phase
	Step   time.Duration
}

// DifferenceKind says how one alert or sample differs.
type DifferenceKind string

// How an alert or sample can differ.
const (
	Missing    DifferenceKind = "missing"
	Unexpected DifferenceKind = "unexpected"
	Changed    DifferenceKind = "changed"
)

// Difference is one alert or sample that differs from what was expected.
type Difference struct {
	Kind DifferenceKind
	// Span is the place of what was expected; zero for an unexpected one.
	Span   rules.Span
	Fields []Field
}

// Field is one label, annotation or value of an alert or sample. Expected or Found is nil where
// that side has no such field.
type Field struct {
	// Kind is "label", "annotation", "value" or "histogram".
	Kind, Name      string
	Expected, Found *string
}

// Equal tells whether both sides have the field, with one value.
func (f Field) Equal() bool {
	return f.Expected != nil && f.Found != nil && *f.Expected == *f.Found
}
