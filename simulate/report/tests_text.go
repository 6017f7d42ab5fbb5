package report

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/terminal"
	"github.com/rulekit/rulekit/simulate"
)

// Tests prints results of unit tests as text, a file at a time.
type Tests struct {
	W     io.Writer
	Style terminal.Style
	// Verbose lists the tests that passed, too.
	Verbose bool
	// Err is the first error that W returned.
	Err error
}

// File prints the result of one file.
func (p *Tests) File(f *simulate.FileResult) {
	if f.Err != nil {
		p.printf("%s %s\n", p.Style.Red("✗"), terminal.Safe(f.Path))
		for line := range strings.SplitSeq(f.Err.Error(), "\n") {
			p.printf("    %s\n", terminal.Safe(line))
		}
		p.printf("\n")
		return
	}
	for _, c := range f.Cases {
		switch {
		case !c.Passed():
			p.failed(f, c)
		case p.Verbose:
			where := fmt.Sprintf("%s  %s", place(f, c.Case.Span), p.Style.Dim(fmt.Sprintf("%d of %d rules, %s", c.Evaluated, c.Rules, seconds(c.Elapsed))))
			p.printf("%s %s  %s\n", p.Style.Green("✓"), terminal.Pad(terminal.Safe(c.Case.Title()), 40), where)
		}
	}
}

// Warnings writes what is worth telling about a file, a line each.
func Warnings(w io.Writer, style terminal.Style, f *simulate.FileResult) {
	write := func(complaints []simulate.Complaint) {
		for _, c := range complaints {
			fmt.Fprintf(w, "%s: %s %s\n", place(f, c.Span), style.Yellow("warning:"), terminal.Safe(c.Message))
		}
	}
	write(f.Warnings)
	for _, c := range f.Cases {
		write(c.Warnings)
	}
}

// Foot prints the sum of a run.
func (p *Tests) Foot(r *simulate.Report) {
	n := r.Counts()
	verdict, legend := p.Style.Green("PASS"), ""
	switch {
	case n.Failed+n.Broken > 0:
		verdict, legend = p.Style.Red("FAIL"), "     - expected  + found"
	case n.Passed == 0:
		verdict = p.Style.Yellow("NONE")
	}
	counts := []string{fmt.Sprintf("%d passed", n.Passed)}
	if n.Failed > 0 {
		counts = append(counts, fmt.Sprintf("%d failed", n.Failed))
	}
	if n.Broken > 0 {
		counts = append(counts, fmt.Sprintf("%s unreadable", count(n.Broken, "file")))
	}
	p.printf("%s  %s in %s (%s)%s\n", verdict, strings.Join(counts, ", "), count(n.Files, "file"), seconds(r.Elapsed), p.Style.Dim(legend))
	if left := r.Rules - r.Evaluated; left > 0 {
		p.printf("%s\n", p.Style.Dim(fmt.Sprintf("      %d of %d rules evaluated; no test can see the others (--all-rules evaluates them too)", r.Evaluated, r.Rules)))
	}
}

func (p *Tests) printf(format string, args ...any) {
	if p.Err == nil {
		_, p.Err = fmt.Fprintf(p.W, format, args...)
	}
}

func (p *Tests) failed(f *simulate.FileResult, c *simulate.CaseResult) {
	where := place(f, c.Failures[0].Span)
	title := terminal.Safe(c.Case.Title())
	room := max(p.Style.Width()-terminal.Cells(where)-4, terminal.Cells(title))
	p.printf("%s %s  %s\n", p.Style.Red("✗"), p.Style.Bold(terminal.Pad(title, room)), where)
	for i, failure := range c.Failures {
		if i > 0 && place(f, failure.Span) != where {
			where = place(f, failure.Span)
			p.printf("  %s\n", p.Style.Dim(where))
		}
		p.failure(failure)
	}
	p.printf("\n")
}

func (p *Tests) failure(f simulate.Failure) {
	head := "at " + duration(f.EvalTime) + " "
	if f.Kind == simulate.NotEvaluated {
		head = ""
		if f.EvalTime > 0 {
			head = "at " + duration(f.EvalTime) + ": "
		}
	} else {
		head += terminal.Safe(oneLine(f.Subject)) + ": "
	}
	for i, line := range strings.Split(f.Message, "\n") {
		if i == 0 {
			line = head + line
		}
		p.printf("    %s\n", terminal.Safe(line))
	}
	for _, d := range f.Differences {
		p.difference(d)
	}
	if len(f.States) > 0 {
		p.printf("\n    %s      %s\n", said(f.States), paintStates(p.Style, strip(f)))
	}
}

var captions = map[simulate.DifferenceKind]string{
	simulate.Missing:    "expected, but not found",
	simulate.Unexpected: "found, but not expected",
}

// difference prints the fields of one alert or sample: those that are equal once, the others
// with - for what was expected and + for what was found.
func (p *Tests) difference(d simulate.Difference) {
	p.printf("\n")
	if caption := captions[d.Kind]; caption != "" {
		p.printf("      %s\n", caption)
	}
	width := 9
	for _, f := range d.Fields {
		width = max(width, terminal.Cells(f.Name))
	}
	kind := ""
	for _, f := range d.Fields {
		if f.Kind != kind {
			kind = f.Kind
			p.printf("      %s\n", headings[kind])
		}
		p.field(f, width)
	}
}

var headings = map[string]string{"label": "labels", "annotation": "annotations", "value": "value", "histogram": "histogram"}

func (p *Tests) field(f simulate.Field, width int) {
	name := terminal.Pad(terminal.Safe(f.Name), width)
	if f.Equal() {
		p.printf("        %s   %s\n", name, p.Style.Dim(clip(*f.Expected, p.room(width))))
		return
	}
	if expected, found, from, to := p.aligned(f, width); to > from {
		p.printf("%s\n", p.Style.Red("    -   "+name+"   "+expected))
		p.printf("%s\n", p.Style.Green("    +   "+name+"   "+found))
		p.printf("        %s   %s%s\n", strings.Repeat(" ", width), strings.Repeat(" ", from), p.Style.Yellow(strings.Repeat("^", to-from)))
		return
	}
	p.side("-", name, f.Expected, p.Style.Red, width)
	p.side("+", name, f.Found, p.Style.Green, width)
}

// maxWrapped is the most lines that one value takes.
const maxWrapped = 8

// side prints one side of a field in full, over several lines where it is long.
func (p *Tests) side(sign, name string, value *string, paint func(string) string, width int) {
	if value == nil {
		return
	}
	for i, line := range wrap(visible(*value), p.room(width)) {
		switch {
		case i == maxWrapped:
			p.printf("%s\n", paint("    "+sign+"   "+strings.Repeat(" ", width)+"   …"))
			return
		case i > 0:
			name = strings.Repeat(" ", width)
		}
		p.printf("%s\n", paint("    "+sign+"   "+name+"   "+line))
	}
}

// room is how many cells a value may take beside a name of the given width.
func (p *Tests) room(width int) int { return max(p.Style.Width()-width-11, 20) }

// aligned returns both values cut to the room there is, so that the part that differs stays in
// sight, and the cells of the found value that differ. Where they have little in common, the
// latter are none.
func (p *Tests) aligned(f simulate.Field, width int) (expected, found string, from, to int) {
	if f.Expected == nil || f.Found == nil {
		return "", "", 0, 0
	}
	a, b := []rune(visible(*f.Expected)), []rune(visible(*f.Found))
	prefix := 0
	for prefix < min(len(a), len(b)) && a[prefix] == b[prefix] {
		prefix++
	}
	suffix := 0
	for suffix < min(len(a), len(b))-prefix && a[len(a)-1-suffix] == b[len(b)-1-suffix] {
		suffix++
	}
	marked := (prefix+suffix)*2 >= max(len(a), len(b)) && prefix+suffix > 0
	if cut := prefix - p.room(width)/2; cut > 0 && max(len(a), len(b)) > p.room(width) {
		a, b, prefix = append([]rune("…"), a[cut:]...), append([]rune("…"), b[cut:]...), prefix-cut+1
	}
	expected, found = terminal.Clip(string(a), p.room(width)), terminal.Clip(string(b), p.room(width))
	if !marked {
		return expected, found, 0, 0
	}
	from = terminal.Cells(string(b[:prefix]))
	to = max(terminal.Cells(string(b[:len(b)-suffix])), from+1)
	if to > p.room(width) {
		return expected, found, 0, 0
	}
	return expected, found, from, to
}

// visible writes a value on one line, with nothing in it that a terminal would act on.
func visible(text string) string {
	return terminal.Safe(strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(text))
}

func clip(text string, cells int) string { return terminal.Clip(visible(text), cells) }

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// said puts the last phases of an alert into words.
func said(phases []simulate.Phase) string {
	last := len(phases) - 1
	switch state := phases[last].State; {
	case len(phases) == 1 && state == simulate.Inactive:
		return "never pending or firing until then"
	case state == simulate.Firing && last > 0 && phases[last-1].State == simulate.Pending:
		return fmt.Sprintf("pending since %s, firing since %s", duration(phases[last-1].From), duration(phases[last].From))
	case state == simulate.Inactive:
		return fmt.Sprintf("%s until %s, inactive since", phases[last-1].State, duration(phases[last].From))
	default:
		return fmt.Sprintf("%s since %s", state, duration(phases[last].From))
	}
}

// maxStrip is the most cells a strip of states takes.
const maxStrip = 40

// strip draws the states of an alert up to and including the moment it was looked at.
func strip(f simulate.Failure) string {
	phases := slices.Clone(f.States)
	last := &phases[len(phases)-1]
	length := last.To
	last.To++
	return newGrid(length, 2*f.Step, maxStrip).strip(phases)
}

func place(f *simulate.FileResult, span rules.Span) string {
	if f.Suite == nil {
		return terminal.Safe(f.Path)
	}
	return fmt.Sprintf("%s:%d", terminal.Safe(f.Path), f.Suite.Position(span.Start).Line)
}

func duration(d time.Duration) string { return model.Duration(d).String() }

func seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + "s"
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
