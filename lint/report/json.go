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
	Check     string `json:"check"`
	Severity  string `json:"severity"`
	Path      string `json:"path"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line"`
	EndColumn int    `json:"end_column"`
	Group     string `json:"group"`
	Rule      string `json:"rule"`
	Message   string `json:"message"`
	Hint      string `json:"hint"`
}

type jsonSummary struct {
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
	Infos    int `json:"infos"`
	Files    int `json:"files"`
	Rules    int `json:"rules"`
}

type jsonPrinter struct{}

func (jsonPrinter) Print(w io.Writer, result *lint.Result) error {
	report := jsonReport{
		Version:     jsonVersion,
		Diagnostics: make([]jsonDiagnostic, len(result.Diagnostics)),
		Summary: jsonSummary{
			Errors: result.Count(lint.Error), Warnings: result.Count(lint.Warning), Infos: result.Count(lint.Info),
			Files: result.Files, Rules: result.Rules,
		},
	}
	known := sources{}
	for i, d := range result.Diagnostics {
		line, column := known.of(d.File).Position(d.Span.Start)
		endLine, endColumn := known.of(d.File).Position(d.Span.End)
		report.Diagnostics[i] = jsonDiagnostic{
			Check: d.Check, Severity: d.Severity.String(), Path: d.File.Path,
			Line: line, Column: column, EndLine: endLine, EndColumn: endColumn,
			Group: d.GroupName(), Rule: d.RuleName(), Message: d.Message, Hint: d.Hint,
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(report)
}
