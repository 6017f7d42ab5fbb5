package report

import (
	"encoding/json"
	"io"

	"github.com/rulekit/rulekit/lint"
)

func init() { formats["json"] = func(Options) Printer { return jsonPrinter{} } }

// jsonVersion is raised when the meaning of a field changes or a field goes; new fields do not
// raise it.
const jsonVersion = 1

type jsonReport struct {
	Version     int              `json:"version"`
	Diagnostics []jsonDiagnostic `json:"diagnostics"`
	Summary     jsonSummary      `json:"summary"`
}

type jsonDiagnostic struct {
	Check       string        `json:"check"`
	Severity    string        `json:"severity"`
	Path        string        `json:"path"`
	Line        int           `json:"line"`
	Column      int           `json:"column"`
	EndLine     int           `json:"end_line"`
	EndColumn   int           `json:"end_column"`
	Group       string        `json:"group"`
	Rule        string        `json:"rule"`
	Message     string        `json:"message"`
	Label       string        `json:"label"`
	Hint        string        `json:"hint"`
	Related     []jsonRelated `json:"related"`
	Edits       []jsonEdit    `json:"edits"`
	Fingerprint string        `json:"fingerprint"`
}

type jsonRelated struct {
	Path      string `json:"path"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line"`
	EndColumn int    `json:"end_column"`
	Message   string `json:"message"`
}

// jsonEdit replaces bytes of the file of its finding: a program that applies it needs offsets,
// not columns.
type jsonEdit struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	New   string `json:"new"`
}

type jsonSummary struct {
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
	Infos    int `json:"infos"`
	Fixable  int `json:"fixable"`
	// Suppressed findings are not among the diagnostics.
	Suppressed int `json:"suppressed"`
	Files      int `json:"files"`
	Rules      int `json:"rules"`
}

type jsonPrinter struct{}

func (jsonPrinter) Print(w io.Writer, result *lint.Result) error {
	report := jsonReport{
		Version:     jsonVersion,
		Diagnostics: make([]jsonDiagnostic, len(result.Diagnostics)),
		Summary: jsonSummary{
			Errors: result.Count(lint.Error), Warnings: result.Count(lint.Warning), Infos: result.Count(lint.Info),
			Fixable: fixable(result), Suppressed: result.Suppressed, Files: result.Files, Rules: result.Rules,
		},
	}
	known := sources{}
	fingerprints := lint.Fingerprints(result)
	for i := range result.Diagnostics {
		report.Diagnostics[i] = jsonDiagnosticOf(known, &result.Diagnostics[i])
		report.Diagnostics[i].Fingerprint = fingerprints[i]
	}
	return writeJSON(w, report)
}

func jsonDiagnosticOf(known sources, d *lint.Diagnostic) jsonDiagnostic {
	at := known.place(d.File, d.Span)
	out := jsonDiagnostic{
		Check: d.Check, Severity: d.Severity.String(), Path: d.File.Path,
		Line: at.line, Column: at.column, EndLine: at.endLine, EndColumn: at.endColumn,
		Group: d.GroupName(), Rule: d.RuleName(), Message: d.Message, Label: d.Label, Hint: d.Hint,
		Related: make([]jsonRelated, len(d.Related)), Edits: make([]jsonEdit, len(d.Edits)),
	}
	for i, r := range d.Related {
		at := known.place(r.File, r.Span)
		out.Related[i] = jsonRelated{r.File.Path, at.line, at.column, at.endLine, at.endColumn, r.Message}
	}
	for i, e := range d.Edits {
		out.Edits[i] = jsonEdit{e.Span.Start, e.Span.End, e.New}
	}
	return out
}

// writeJSON writes a document for programs that people can read too.
func writeJSON(w io.Writer, document any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(document)
}
