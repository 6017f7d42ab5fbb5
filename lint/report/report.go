// Package report prints what lint found, one file a format.
package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/terminal"
)

// Printer writes a result in one format.
type Printer interface {
	Print(w io.Writer, result *lint.Result) error
}

// Options says how to print. The zero value is text without colour.
type Options struct {
	Style terminal.Style
	// Short is one line for each finding, in text.
	Short bool
}

// formats are the formats by name; each file of a format adds its own.
var formats = map[string]func(Options) Printer{}

// Formats are the names of the formats.
func Formats() []string { return slices.Sorted(maps.Keys(formats)) }

// UnknownFormatError is a name that no format has.
type UnknownFormatError struct {
	Name string
	// Nearest is the format that was probably meant, or "".
	Nearest string
}

func (e *UnknownFormatError) Error() string {
	return fmt.Sprintf("unknown output format %q: want %s", e.Name, strings.Join(Formats(), " or "))
}

// New returns the printer of a format, or an *UnknownFormatError.
func New(format string, o Options) (Printer, error) {
	if make, ok := formats[format]; ok {
		return make(o), nil
	}
	return nil, &UnknownFormatError{Name: format, Nearest: rules.Nearest(format, Formats())}
}

// sources keeps the line index of each file that is printed from.
type sources map[*rules.File]*terminal.Source

func (s sources) of(f *rules.File) *terminal.Source {
	if s[f] == nil {
		s[f] = terminal.NewSource(f.Source)
	}
	return s[f]
}
