package report

import (
	"encoding/xml"
	"io"

	"github.com/rulekit/rulekit/lint"
)

func init() { formats["checkstyle"] = func(Options) Printer { return checkstylePrinter{} } }

type checkstyleReport struct {
	XMLName xml.Name `xml:"checkstyle"`
	// Version is that of the checkstyle whose report this is like. Readers want one.
	Version string           `xml:"version,attr"`
	Files   []checkstyleFile `xml:"file"`
}

type checkstyleFile struct {
	Name   string            `xml:"name,attr"`
	Errors []checkstyleError `xml:"error"`
}

type checkstyleError struct {
	Line     int    `xml:"line,attr"`
	Column   int    `xml:"column,attr"`
	Severity string `xml:"severity,attr"`
	Message  string `xml:"message,attr"`
	Source   string `xml:"source,attr"`
}

type checkstylePrinter struct{}

func (checkstylePrinter) Print(w io.Writer, result *lint.Result) error {
	report := checkstyleReport{Version: "4.3"}
	known := sources{}
	for _, found := range byFile(result) {
		file := checkstyleFile{Name: found.path}
		for _, d := range found.diagnostics {
			at := known.place(d.File, d.Span)
			file.Errors = append(file.Errors, checkstyleError{
				Line: at.line, Column: at.column, Severity: d.Severity.String(),
				Message: described(d), Source: "rulekit." + d.Check,
			})
		}
		report.Files = append(report.Files, file)
	}
	return writeXML(w, report)
}

// writeXML writes a document with the XML declaration. What XML cannot hold, such as control
// characters, becomes the replacement character.
func writeXML(w io.Writer, document any) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(document); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
