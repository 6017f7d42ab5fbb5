package report

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/rules/terminal"
)

func init() {
	formats["text"] = func(o Options) Printer { return textPrinter{o} }
	formats["short"] = func(o Options) Printer {
		o.Short = true
		return textPrinter{o}
	}
}

// textPrinter writes findings for people. The first line of each is made for editors and grep.
type textPrinter struct{ Options }

func (p textPrinter) Print(w io.Writer, result *lint.Result) error {
	out := bufio.NewWriter(w)
	if p.Statistics {
		out.WriteString(p.statistics(result))
	} else {
		p.findings(out, result)
	}
	out.WriteString(p.summary(result))
	return out.Flush()
}

func (p textPrinter) findings(out *bufio.Writer, result *lint.Result) {
	known := sources{}
	for i := range result.Diagnostics {
		d := &result.Diagnostics[i]
		out.WriteString(p.headline(known, d))
		if !p.Short {
			out.WriteString(p.details(known, d) + "\n")
		}
	}
}
func (p textPrinter) headline(known sources, d *lint.Diagnostic) string {
	line, column := known.of(d.File).Position(d.Span.Start)
	place := fmt.Sprintf("%s:%d:%d:", oneLine(d.File.Path), line, column)
	severity := p.look(d.Severity)(d.Severity.String() + ":")
	return fmt.Sprintf("%s %s %s %s\n", p.Style.Bold(place), severity, oneLine(d.Message), p.Style.Dim("["+d.Check+"]"))
}

// oneLine makes a text fit for one line of a terminal.
func oneLine(text string) string {
	return terminal.Safe(strings.NewReplacer("\n", `\n`, "\t", " ").Replace(text))
}

func (p textPrinter) look(s lint.Severity) func(string) string {
	switch s {
	case lint.Error:
		return p.Style.Red
	case lint.Warning:
		return p.Style.Yellow
	}
	return p.Style.Blue
}

// details are the source with the finding underlined, other files' places, and what to do.
func (p textPrinter) details(known sources, d *lint.Diagnostic) string {
	var b strings.Builder
	marks := []terminal.Mark{{
		Start: d.Span.Start, End: d.Span.End, Label: d.Label, Primary: true, Look: p.look(d.Severity),
	}}
	var elsewhere []lint.Related
	for _, related := range d.Related {
		if related.File != d.File {
			elsewhere = append(elsewhere, related)
			continue
		}
		marks = append(marks, p.secondary(related))
	}
	if len(d.File.Source) > 0 {
		b.WriteString(p.Style.Snippet(known.of(d.File), marks...))
	}
	for _, related := range elsewhere {
		line, column := known.of(related.File).Position(related.Span.Start)
		fmt.Fprintf(&b, "  %s %s:%d:%d\n", p.Style.Dim("-->"), oneLine(related.File.Path), line, column)
		b.WriteString(p.Style.Snippet(known.of(related.File), p.secondary(related)))
	}
	line, _ := known.of(d.File).Position(d.Span.End)
	indent := strings.Repeat(" ", len(strconv.Itoa(line))+1)
	if d.Hint != "" {
		fmt.Fprintf(&b, "%s%s %s\n", indent, p.Style.Bold("= help:"), oneLine(d.Hint))
	}
	fmt.Fprintf(&b, "%s%s rulekit explain %s\n", indent, p.Style.Bold("= see: "), d.Check)
	return b.String()
}

func (p textPrinter) secondary(r lint.Related) terminal.Mark {
	return terminal.Mark{Start: r.Span.Start, End: r.Span.End, Label: r.Message, Look: p.Style.Blue}
}

func (p textPrinter) summary(result *lint.Result) string {
	errors, warnings, infos := result.Count(lint.Error), result.Count(lint.Warning), result.Count(lint.Info)
	scope := fmt.Sprintf("in %s (%s)", plural(result.Files, "file"), plural(result.Rules, "rule"))
	if p.Style.Columns > 0 {
		// Only on a terminal: what is kept in a file should be the same every time.
		scope = fmt.Sprintf("in %s (%s, %.1fs)", plural(result.Files, "file"), plural(result.Rules, "rule"), result.Took.Seconds())
	}
	suppressed := ""
	if result.Suppressed > 0 {
		suppressed = fmt.Sprintf("; %d suppressed", result.Suppressed)
	}
	if errors+warnings+infos == 0 {
		return fmt.Sprintf("no findings %s%s\n", scope, suppressed)
	}
	counts := []string{plural(errors, "error"), plural(warnings, "warning")}
	if infos > 0 {
		counts = append(counts, plural(infos, "info"))
	}
	if n := fixable(result); n > 0 {
		scope += fmt.Sprintf("; %d can be mended with --fix", n)
	}
	return fmt.Sprintf("%s %s%s\n", p.Style.Bold(strings.Join(counts, ", ")), scope, suppressed)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
