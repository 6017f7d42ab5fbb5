// Package report prints what lint found, one file a format.
package report

import (
	"fmt"
	"io"
	"maps"
	"path/filepath"
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
	// Statistics counts the findings of each check and file instead of showing them, in text.
	Statistics bool
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
	return fmt.Sprintf("unknown output format %q: want one of %s", e.Name, strings.Join(Formats(), ", "))
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

// place is a span as editors count it: from 1, columns in characters, the end behind the last
// character.
type place struct{ line, column, endLine, endColumn int }

func (s sources) place(f *rules.File, span rules.Span) place {
	var p place
	p.line, p.column = s.of(f).Position(span.Start)
	p.endLine, p.endColumn = s.of(f).Position(span.End)
	return p
}

// described is what a finding says, in one line, for formats that have one text for all of it.
func described(d *lint.Diagnostic) string {
	if d.Hint == "" {
		return d.Message
	}
	return d.Message + "; " + d.Hint
}

// repositoryPath is a path as forges write it: with slashes, and without a ./ before it.
func repositoryPath(path string) string { return filepath.ToSlash(filepath.Clean(path)) }

// findings are those of one file.
type findings struct {
	path        string
	diagnostics []*lint.Diagnostic
}

// byFile are the findings of each file that has any, in their order.
func byFile(result *lint.Result) []findings {
	var all []findings
	for i := range result.Diagnostics {
		d := &result.Diagnostics[i]
		if k := len(all) - 1; k < 0 || all[k].diagnostics[0].File != d.File {
			all = append(all, findings{path: repositoryPath(d.File.Path)})
		}
		last := &all[len(all)-1]
		last.diagnostics = append(last.diagnostics, d)
	}
	return all
}

// fixable is the number of findings that --fix mends.
func fixable(result *lint.Result) int {
	n := 0
	for i := range result.Diagnostics {
		if len(result.Diagnostics[i].Edits) > 0 {
			n++
		}
	}
	return n
}
