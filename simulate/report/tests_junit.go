package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/rulekit/rulekit/simulate"
)

type suitesXML struct {
	XMLName  xml.Name   `xml:"testsuites"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Time     string     `xml:"time,attr"`
	Suites   []suiteXML `xml:"testsuite"`
}

type suiteXML struct {
	Name     string    `xml:"name,attr"`
	Tests    int       `xml:"tests,attr"`
	Failures int       `xml:"failures,attr"`
	Errors   int       `xml:"errors,attr"`
	Cases    []caseXML `xml:"testcase"`
}

type caseXML struct {
	Name     string       `xml:"name,attr"`
	Class    string       `xml:"classname,attr"`
	File     string       `xml:"file,attr"`
	Line     int          `xml:"line,attr,omitempty"`
	Time     string       `xml:"time,attr"`
	Failures []failureXML `xml:"failure"`
	Errors   []failureXML `xml:"error"`
}

type failureXML struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// TestsJUnit writes results of unit tests as JUnit XML: a suite for each file, a case for each
// test. A file that cannot be read is a suite with one case in error.
func TestsJUnit(w io.Writer, r *simulate.Report) error {
	n := r.Counts()
	out := suitesXML{Tests: n.Passed + n.Failed + n.Broken, Failures: n.Failed, Errors: n.Broken, Time: exact(r.Elapsed.Seconds())}
	for _, f := range r.Files {
		out.Suites = append(out.Suites, suiteOf(f))
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func suiteOf(f *simulate.FileResult) suiteXML {
	suite := suiteXML{Name: f.Path}
	if f.Err != nil {
		suite.Tests, suite.Errors = 1, 1
		broken := failureXML{Message: "the file cannot be read", Type: "error", Text: f.Err.Error()}
		suite.Cases = []caseXML{{Name: f.Path, Class: f.Path, File: f.Path, Time: "0", Errors: []failureXML{broken}}}
		return suite
	}
	for _, c := range f.Cases {
		suite.Tests++
		if !c.Passed() {
			suite.Failures++
		}
		test := caseXML{Name: c.Case.Title(), Class: f.Path, File: f.Path, Line: placeOf(f, c.Case.Span).Line, Time: exact(c.Elapsed.Seconds())}
		for _, failure := range c.Failures {
			var text strings.Builder
			(&Tests{W: &text}).failure(failure)
			message := fmt.Sprintf("%s: %s %s", place(f, failure.Span), failure.Subject, failure.Message)
			test.Failures = append(test.Failures, failureXML{Message: oneLine(message), Type: string(failure.Kind), Text: "\n" + text.String()})
		}
		suite.Cases = append(suite.Cases, test)
	}
	return suite
}

func exact(seconds float64) string { return fmt.Sprintf("%.6f", seconds) }
