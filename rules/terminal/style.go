// Package terminal is how rulekit's text reaches people: colour, width, cells and source
// snippets. It only lays text out; what is said is its callers' affair.
package terminal

import (
	"io"
	"os"
	"strings"

	"github.com/clipperhouse/displaywidth"
	"golang.org/x/term"
)

// Style is how text may look on one output. Its zero value is text without colour, 100 cells
// wide.
type Style struct {
	// Color allows ANSI colours. Nothing is ever said by colour alone.
	Color bool
	// Columns is the width of the output in cells; 0 stands for 100.
	Columns int
}

// defaultColumns is the width of an output that has none, such as a pipe.
const defaultColumns = 100

// Detect returns the style of an output. Mode is "auto", "always" or "never"; auto means
// colour on a terminal unless NO_COLOR (https://no-color.org) is set or TERM is "dumb".
func Detect(w io.Writer, mode string, getenv func(string) string) Style {
	style := Style{Color: mode == "always"}
	file, isFile := w.(*os.File)
	if !isFile || !term.IsTerminal(int(file.Fd())) {
		return style
	}
	if columns, _, err := term.GetSize(int(file.Fd())); err == nil {
		style.Columns = columns
	}
	if mode == "auto" {
		style.Color = getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
	}
	return style
}

// Width is the number of cells a line may have.
func (s Style) Width() int {
	if s.Columns <= 0 {
		return defaultColumns
	}
	return s.Columns
}

func (s Style) paint(code, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Bold, Dim, Red, Green, Yellow and Blue return the text in that look.
func (s Style) Bold(text string) string   { return s.paint("1", text) }
func (s Style) Dim(text string) string    { return s.paint("2", text) }
func (s Style) Red(text string) string    { return s.paint("31", text) }
func (s Style) Green(text string) string  { return s.paint("32", text) }
func (s Style) Yellow(text string) string { return s.paint("33", text) }
func (s Style) Blue(text string) string   { return s.paint("34", text) }

// Cells is how many cells the text takes on a terminal: wide characters take two.
func Cells(text string) int { return displaywidth.String(text) }

// Pad appends spaces until the text is the given number of cells wide.
func Pad(text string, cells int) string {
	return text + strings.Repeat(" ", max(0, cells-Cells(text)))
}

// Clip shortens the text to the given number of cells, ending it with … when something is cut.
func Clip(text string, cells int) string {
	if Cells(text) <= cells {
		return text
	}
	return displaywidth.TruncateString(text, cells, "…")
}

// Safe returns the text fit for a terminal: control characters, which could move the cursor
// or change its colours, become visible escapes. Tabs and newlines stay.
func Safe(text string) string {
	if !strings.ContainsFunc(text, isControl) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if isControl(r) {
			b.WriteString("\\x" + string("0123456789abcdef"[r>>4&15]) + string("0123456789abcdef"[r&15]))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isControl(r rune) bool {
	return (r < 0x20 && r != '\n' && r != '\t') || (r >= 0x7f && r < 0xa0)
}
