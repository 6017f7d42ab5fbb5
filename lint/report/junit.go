package report

import (
	"encoding/xml"
	"fmt"
	"io"

	"github.com/rulekit/rulekit/lint"
)

func init() { formats["junit"] = func(Options) Printer { return junitPrinter{} } }

type junitReport struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr,omitempty"`
	Line    int           `xml:"line,attr,omitempty"`
	Failure *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// junitPrinter writes a suite for each file: a failed test for each finding in it, or one passed
// test. A report without any test is an error to many readers, so that no file is a passed test too.
type junitPrinter struct{}

func (junitPrinter) Print(w io.Writer, result *lint.Result) error {
	report := junitReport{Name: "rulekit lint"}
	known := sources{}
	files := byFile(result)
	if len(result.Paths) == 0 && len(files) == 0 {
		report.Suites = append(report.Suites, junitPassed("rulekit lint", "no files", ""))
		report.Tests++
	}
	found := map[string]bool{}
	for _, f := range files {
		found[f.path] = true
	}
	for _, path := range result.Paths {
		if path = repositoryPath(path); !found[path] {
			report.Suites = append(report.Suites, junitPassed(path, "no findings", path))
			report.Tests++
		}
	}
	for _, found := range files {
		suite := junitSuite{Name: found.path, Tests: len(found.diagnostics), Failures: len(found.diagnostics)}
		for _, d := range found.diagnostics {
			suite.Cases = append(suite.Cases, junitCaseOf(known, found.path, d))
		}
		report.Suites = append(report.Suites, suite)
		report.Failures += suite.Failures
		report.Tests += suite.Tests
	}
	return writeXML(w, report)
}

func junitPassed(suite, name, file string) junitSuite {
	return junitSuite{Name: suite, Tests: 1, Cases: []junitCase{{Name: name, Class: suite, File: file}}}
}

func junitCaseOf(known sources, path string, d *lint.Diagnostic) junitCase {
	at := known.place(d.File, d.Span)
	name := fmt.Sprintf("%s in line %d", d.Check, at.line)
	if rule := d.RuleName(); rule != "" {
		name += ": " + rule
	}
	text := fmt.Sprintf("%s:%d:%d: %s: %s\n", path, at.line, at.column, d.Severity, d.Message)
	if d.Hint != "" {
		text += "help: " + d.Hint + "\n"
	}
	return junitCase{
		Name: name, Class: path, File: path, Line: at.line,
		Failure: &junitFailure{Message: d.Message, Type: d.Severity.String(), Text: text},
	}
}
