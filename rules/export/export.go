// Package export writes the shipped rules in the forms in which people load them: files of
// Prometheus, objects of Kubernetes, and a Helm chart. One file a format; each registers itself.
package export

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/rulekit/rulekit/rules"
)

// File is a file to be written: its path inside the folder, with slashes, and its content.
type File struct {
	Path    string
	Content []byte
}

// Options say what is exported, and with what. The zero value is every shipped rule as it is.
type Options struct {
	Selection
	// Interval is the evaluation interval of every group; 0 leaves it to the server.
	Interval model.Duration
	// RunbookURL is where the runbooks are: {alert} in it stands for an alert's name. Without
	// that it is the folder in which the pages are, <Alert>.md. Empty leaves the links alone.
	RunbookURL string
	// Labels are added to every alert, in place of its own of that name.
	Labels []Label
	// Namespace and Name are those of objects of Kubernetes; the engine is appended to the name.
	// ResourceLabels are added to their labels.
	Namespace, Name string
	ResourceLabels  []Label
}

// Label is a label and its value.
type Label struct{ Name, Value string }

// DefaultName is the name of objects of Kubernetes, and of the chart, unless another is given.
const DefaultName = "rulekit-rules"

// Format is a form in which rules are exported.
type Format struct {
	Name string
	// Summary says what it is in a few words.
	Summary string
	// Kubernetes tells that Options.Namespace, Name and ResourceLabels count, and Rules that the
	// others do.
	Kubernetes, Rules bool
	// write makes the files of a folder.
	write func(Options) ([]File, error)
	// join makes one text of the files, for standard output; nil if that cannot be.
	join func([]File) ([]byte, error)
}

// Write returns the files of an export.
func (f *Format) Write(o Options) ([]File, error) {
	if o.Name == "" {
		o.Name = DefaultName
	}
	return f.write(o)
}

// Joinable tells whether the export can be one text.
func (f *Format) Joinable() bool { return f.join != nil }

// Join makes one text of the files that Write returned.
func (f *Format) Join(files []File) ([]byte, error) { return f.join(files) }

var formats []*Format

func register(f Format) bool {
	formats = append(formats, &f)
	return true
}

// Formats are all formats, sorted by name.
func Formats() []*Format {
	sorted := slices.Clone(formats)
	slices.SortFunc(sorted, func(a, b *Format) int { return strings.Compare(a.Name, b.Name) })
	return sorted
}

// Names are the names of the formats, sorted.
func Names() []string {
	var names []string
	for _, f := range Formats() {
		names = append(names, f.Name)
	}
	return names
}

// Lookup returns the format of that name. The error names the nearest.
func Lookup(name string) (*Format, error) {
	for _, f := range formats {
		if f.Name == name {
			return f, nil
		}
	}
	return nil, unknown("format", name, Names())
}

// UnknownError is about a name that there is not.
type UnknownError struct {
	// What is the kind of thing, such as "engine".
	What, Name string
	Known      []string
}

func unknown(what, name string, known []string) error { return &UnknownError{what, name, known} }

func (e *UnknownError) Error() string { return fmt.Sprintf("there is no %s %q", e.What, e.Name) }

// Hint says which name was meant, or which there are.
func (e *UnknownError) Hint() string {
	if near := rules.Nearest(e.Name, e.Known); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	if len(e.Known) > 12 {
		return "rulekit rules list shows all"
	}
	return "there are " + strings.Join(e.Known, ", ")
}
