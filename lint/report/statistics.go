package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/rules/terminal"
)

// maxStatisticsFiles is the number of files that statistics name.
const maxStatisticsFiles = 10

// tally is how many findings have the same check and severity.
type tally struct {
	check          string
	severity       lint.Severity
	count, fixable int
}

// tallies count the findings, most first.
func tallies(result *lint.Result) []*tally {
	type kind struct {
		check    string
		severity lint.Severity
	}
	known := map[kind]*tally{}
	var all []*tally
	for i := range result.Diagnostics {
		d := &result.Diagnostics[i]
		t := known[kind{d.Check, d.Severity}]
		if t == nil {
			t = &tally{check: d.Check, severity: d.Severity}
			known[kind{d.Check, d.Severity}] = t
			all = append(all, t)
		}
		t.count++
		if len(d.Edits) > 0 {
			t.fixable++
		}
	}
	slices.SortFunc(all, func(a, b *tally) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(b.severity, a.severity), cmp.Compare(a.check, b.check))
	})
	return all
}

// statistics are a table of the checks that found something, and the files in which most was
// found.
func (p textPrinter) statistics(result *lint.Result) string {
	if len(result.Diagnostics) == 0 {
		return ""
	}
	var b strings.Builder
	rows := tallies(result)
	width := len("check")
	for _, t := range rows {
		width = max(width, terminal.Cells(oneLine(t.check)))
	}
	columns := "%s  %s  %7s  %7s\n"
	b.WriteString(p.Style.Bold(strings.TrimSuffix(fmt.Sprintf(columns, terminal.Pad("check", width), "severity", "count", "fixable"), "\n")) + "\n")
	for _, t := range rows {
		mended := ""
		if t.fixable > 0 {
			mended = strconv.Itoa(t.fixable)
		}
		severity := p.look(t.severity)(t.severity.String()) + strings.Repeat(" ", len("severity")-len(t.severity.String()))
		line := fmt.Sprintf(columns, terminal.Pad(oneLine(t.check), width), severity, strconv.Itoa(t.count), mended)
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	files := byFile(result)
	slices.SortStableFunc(files, func(a, b findings) int { return cmp.Compare(len(b.diagnostics), len(a.diagnostics)) })
	fmt.Fprintf(&b, "\n%s\n", p.Style.Bold("files with most findings"))
	for _, f := range files[:min(len(files), maxStatisticsFiles)] {
		fmt.Fprintf(&b, "%7d  %s\n", len(f.diagnostics), oneLine(f.path))
	}
	if more := len(files) - maxStatisticsFiles; more > 0 {
		fmt.Fprintf(&b, "%7s  and %s\n", "", plural(more, "more file"))
	}
	return b.String() + "\n"
}
