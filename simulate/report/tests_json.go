package report

import (
	"encoding/json"
	"io"

	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/simulate"
)

// testsVersion is the version of the JSON of test results. It changes when a field changes its
// meaning or goes; new fields do not change it.
const testsVersion = 1

type testsJSON struct {
	Version int             `json:"version"`
	Files   []testFileJSON  `json:"files"`
	Summary testSummaryJSON `json:"summary"`
}

type testSummaryJSON struct {
	Files          int     `json:"files"`
	Broken         int     `json:"broken_files"`
	Passed         int     `json:"passed"`
	Failed         int     `json:"failed"`
	Warnings       int     `json:"warnings"`
	Rules          int     `json:"rules"`
	EvaluatedRules int     `json:"evaluated_rules"`
	Seconds        float64 `json:"seconds"`
}

type testFileJSON struct {
	Path     string          `json:"path"`
	Error    string          `json:"error,omitempty"`
	Warnings []complaintJSON `json:"warnings"`
	Tests    []testJSON      `json:"tests"`
}

type placeJSON struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

type complaintJSON struct {
	placeJSON
	Message string `json:"message"`
}

type testJSON struct {
	Name  string `json:"name"`
	Index int    `json:"index"`
	placeJSON
	Passed         bool            `json:"passed"`
	Seconds        float64         `json:"seconds"`
	Rules          int             `json:"rules"`
	EvaluatedRules int             `json:"evaluated_rules"`
	Failures       []failureJSON   `json:"failures"`
	Warnings       []complaintJSON `json:"warnings"`
}

type failureJSON struct {
	Kind simulate.FailureKind `json:"kind"`
	placeJSON
	EvalTime    float64          `json:"eval_time"`
	Subject     string           `json:"subject,omitempty"`
	Message     string           `json:"message"`
	Expected    int              `json:"expected"`
	Found       int              `json:"found"`
	Differences []differenceJSON `json:"differences"`
	States      []phaseJSON      `json:"states"`
}

type differenceJSON struct {
	Kind   simulate.DifferenceKind `json:"kind"`
	Line   int                     `json:"line,omitempty"`
	Fields []fieldJSON             `json:"fields"`
}

type fieldJSON struct {
	Kind     string  `json:"kind"`
	Name     string  `json:"name,omitempty"`
	Expected *string `json:"expected"`
	Found    *string `json:"found"`
}

type phaseJSON struct {
	State simulate.State `json:"state"`
	From  float64        `json:"from"`
	To    float64        `json:"to"`
}

// TestsJSON writes results of unit tests as JSON; docs/test.md describes it. Times are in
// seconds.
func TestsJSON(w io.Writer, r *simulate.Report) error {
	n := r.Counts()
	out := testsJSON{Version: testsVersion, Files: []testFileJSON{}, Summary: testSummaryJSON{
		Files: n.Files, Broken: n.Broken, Passed: n.Passed, Failed: n.Failed, Warnings: n.Warnings,
		Rules: r.Rules, EvaluatedRules: r.Evaluated, Seconds: r.Elapsed.Seconds(),
	}}
	for _, f := range r.Files {
		out.Files = append(out.Files, fileOf(f))
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(out)
}

func fileOf(f *simulate.FileResult) testFileJSON {
	out := testFileJSON{Path: f.Path, Warnings: complaintsOf(f, f.Warnings), Tests: []testJSON{}}
	if f.Err != nil {
		out.Error = f.Err.Error()
	}
	for _, c := range f.Cases {
		test := testJSON{
			Name: c.Case.Title(), Index: c.Case.Index, placeJSON: placeOf(f, c.Case.Span),
			Passed: c.Passed(), Seconds: c.Elapsed.Seconds(), Rules: c.Rules, EvaluatedRules: c.Evaluated,
			Failures: []failureJSON{}, Warnings: complaintsOf(f, c.Warnings),
		}
		for _, failure := range c.Failures {
			test.Failures = append(test.Failures, failureOf(f, failure))
		}
		out.Tests = append(out.Tests, test)
	}
	return out
}

func failureOf(file *simulate.FileResult, f simulate.Failure) failureJSON {
	out := failureJSON{
		Kind: f.Kind, placeJSON: placeOf(file, f.Span), EvalTime: f.EvalTime.Seconds(), Subject: f.Subject,
		Message: f.Message, Expected: f.Expected, Found: f.Found, Differences: []differenceJSON{}, States: []phaseJSON{},
	}
	for _, d := range f.Differences {
		difference := differenceJSON{Kind: d.Kind, Fields: []fieldJSON{}}
		if !d.Span.IsZero() {
			difference.Line = placeOf(file, d.Span).Line
		}
		for _, field := range d.Fields {
			difference.Fields = append(difference.Fields, fieldJSON(field))
		}
		out.Differences = append(out.Differences, difference)
	}
	for _, phase := range f.States {
		out.States = append(out.States, phaseJSON{phase.State, phase.From.Seconds(), phase.To.Seconds()})
	}
	return out
}

func complaintsOf(f *simulate.FileResult, complaints []simulate.Complaint) []complaintJSON {
	out := []complaintJSON{}
	for _, c := range complaints {
		out = append(out, complaintJSON{placeOf(f, c.Span), c.Message})
	}
	return out
}

func placeOf(f *simulate.FileResult, span rules.Span) placeJSON {
	if f.Suite == nil {
		return placeJSON{}
	}
	at := f.Suite.Position(span.Start)
	return placeJSON{at.Line, at.Column}
}
