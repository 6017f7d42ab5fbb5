package report

import (
	"io"

	"github.com/rulekit/rulekit/lint"
)

func init() { formats["gitlab"] = func(Options) Printer { return gitlabPrinter{} } }

// gitlabIssue is an item of a GitLab code quality report
// (https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format).
type gitlabIssue struct {
	Description string         `json:"description"`
	CheckName   string         `json:"check_name"`
	Fingerprint string         `json:"fingerprint"`
	Severity    string         `json:"severity"`
	Location    gitlabLocation `json:"location"`
}

type gitlabLocation struct {
	Path  string      `json:"path"`
	Lines gitlabLines `json:"lines"`
}

type gitlabLines struct {
	Begin int `json:"begin"`
	End   int `json:"end"`
}

// gitlabSeverities are GitLab's words: it has critical and blocker too, which are for what
// endangers more than the file.
var gitlabSeverities = map[lint.Severity]string{lint.Error: "major", lint.Warning: "minor", lint.Info: "info"}

type gitlabPrinter struct{}

func (gitlabPrinter) Print(w io.Writer, result *lint.Result) error {
	issues := make([]gitlabIssue, len(result.Diagnostics))
	known := sources{}
	fingerprints := lint.Fingerprints(result)
	for i := range result.Diagnostics {
		d := &result.Diagnostics[i]
		at := known.place(d.File, d.Span)
		issues[i] = gitlabIssue{
			Description: described(d), CheckName: d.Check, Fingerprint: fingerprints[i],
			Severity: gitlabSeverities[d.Severity],
			Location: gitlabLocation{repositoryPath(d.File.Path), gitlabLines{at.line, at.endLine}},
		}
	}
	return writeJSON(w, issues)
}
