package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/rules/terminal"
)

func init() { formats["github"] = func(Options) Printer { return githubPrinter{} } }

// githubLevels are the workflow commands that make an annotation
// (https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands).
var githubLevels = map[lint.Severity]string{lint.Error: "error", lint.Warning: "warning", lint.Info: "notice"}

// A runner turns these escapes back: those of a message, and those of a property, which ends at
// a comma and a colon too.
var (
	githubMessage  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// githubPrinter writes workflow commands, which GitHub Actions shows as annotations.
type githubPrinter struct{}

func (githubPrinter) Print(w io.Writer, result *lint.Result) error {
	out := bufio.NewWriter(w)
	known := sources{}
	for i := range result.Diagnostics {
		d := &result.Diagnostics[i]
		at := known.place(d.File, d.Span)
		position := fmt.Sprintf("line=%d,endLine=%d", at.line, at.endLine)
		if at.line == at.endLine {
			// A runner refuses columns where lines differ.
			position = fmt.Sprintf("line=%d,col=%d,endLine=%d,endColumn=%d", at.line, at.column, at.endLine, at.endColumn)
		}
		fmt.Fprintf(out, "::%s file=%s,%s,title=%s::%s\n", githubLevels[d.Severity],
			githubProperty.Replace(safe(repositoryPath(d.File.Path))), position,
			githubProperty.Replace(safe("rulekit "+d.Check)), githubMessage.Replace(safe(described(d))))
	}
	return out.Flush()
}

// safe keeps control characters and what is not UTF-8 out of a log.
func safe(text string) string { return terminal.Safe(strings.ToValidUTF8(text, "\uFFFD")) }
