// Package receivers edits the receivers of Alertmanager and of the adaptor together: the two
// configurations go in as text and come out as text, and what is not meant to change stays as it
// is, byte for byte. Both are checked by the programs' own parsers, before and after.
package receivers

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/config"

	"github.com/rulekit/rulekit/adaptor"
	"github.com/rulekit/rulekit/adaptor/receivers/yamledit"
)

// File is a configuration and where it is; the path is for errors, and for the files that the
// configuration names.
type File struct {
	Path   string
	Source []byte
}

// Files are the two configurations.
type Files struct {
	Alertmanager, Adaptor File
	// Getenv gives the environment variables that the adaptor's configuration names.
	Getenv func(string) string
}

// EmptyAdaptor is the adaptor's configuration before it has any receivers.
const EmptyAdaptor = "# Receivers of rulekit adaptor, which carries Alertmanager's notifications to messengers.\nreceivers: []\n"

// Result is what an edit came to.
type Result struct {
	// Files are the configurations as they are to be.
	Files Files
	// Name is the receiver that the edit is about, if it is about one.
	Name string
	// Changes are what was changed, none if all was as it should be.
	Changes []Change
	// Notes are what to know about the result, and Warnings what to look into.
	Notes, Warnings []string
}

// Change is one change of a file.
type Change struct {
	Path string
	// Line is where to find it: in the new file, or in the old one if it is gone.
	Line int
	Gone bool
	// What was changed, in words.
	What string
}

// Error is an error with advice.
type Error struct {
	Text, Hint string
}

func (e *Error) Error() string { return e.Text }

func failure(hint, format string, args ...any) error {
	return &Error{fmt.Sprintf(format, args...), hint}
}

// editing is an edit under way.
type editing struct {
	files Files
	// am and im are the texts of Alertmanager's configuration and of the adaptor's, and config and
	// receivers what they say.
	am, im    *yamledit.Document
	config    *config.Config
	receivers *adaptor.Config
	result    Result
	// located finds the lines of the changes, when all are made.
	located []func() int
}

// begin reads both configurations.
func begin(files Files) (*editing, error) {
	e := &editing{files: files}
	var err error
	if e.am, err = yamledit.Parse(files.Alertmanager.Path, files.Alertmanager.Source); err != nil {
		return nil, err
	}
	if e.config, err = loadAlertmanager(files.Alertmanager); err != nil {
		return nil, err
	}
	if e.im, err = yamledit.Parse(files.Adaptor.Path, files.Adaptor.Source); err != nil {
		return nil, err
	}
	if e.receivers, err = e.loadAdaptor(files.Adaptor); err != nil {
		return nil, err
	}
	return e, nil
}

// loadAdaptor reads the adaptor's configuration. Secrets that are not on this machine are told. A
// file that has no receivers yet is none that the adaptor takes, and not wrong.
func (e *editing) loadAdaptor(file File) (*adaptor.Config, error) {
	if e.im.Node("receivers") == nil {
		return &adaptor.Config{}, nil
	}
	read, missing, err := parseAdaptor(file, e.files.Getenv)
	if len(missing) > 0 {
		warning := fmt.Sprintf("%s: not on this machine, and so not checked: %s", file.Path, strings.Join(missing, ", "))
		if !slices.Contains(e.result.Warnings, warning) {
			e.result.Warnings = append(e.result.Warnings, warning)
		}
	}
	return read, err
}

// reload reads the configurations as they are now, and so checks them.
func (e *editing) reload() error {
	e.result.Files = e.files
	e.result.Files.Alertmanager.Source, e.result.Files.Adaptor.Source = e.am.Source(), e.im.Source()
	var err error
	if e.config, err = loadAlertmanager(e.result.Files.Alertmanager); err == nil {
		e.receivers, err = e.loadAdaptor(e.result.Files.Adaptor)
	}
	if err != nil {
		return failure("nothing was written", "the change would break the configuration: %s", err)
	}
	return nil
}

// end checks the configurations and returns what was done.
func (e *editing) end() (*Result, error) {
	if err := e.reload(); err != nil {
		return nil, err
	}
	for i, line := range e.located {
		if line != nil {
			e.result.Changes[i].Line = line()
		}
	}
	slices.SortStableFunc(e.result.Changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(e.order(a.Path), e.order(b.Path)), cmp.Compare(a.Line, b.Line))
	})
	return &e.result, nil
}

// order puts Alertmanager's configuration first.
func (e *editing) order(path string) int {
	if path == e.am.Path() {
		return 0
	}
	return 1
}

// changed notes a change of a document; line finds it when all changes are made.
func (e *editing) changed(d *yamledit.Document, line func() int, format string, args ...any) {
	e.result.Changes = append(e.result.Changes, Change{Path: d.Path(), What: fmt.Sprintf(format, args...)})
	e.located = append(e.located, line)
}

// removed notes that something is to be removed from a line.
func (e *editing) removed(d *yamledit.Document, line int, format string, args ...any) {
	e.result.Changes = append(e.result.Changes, Change{Path: d.Path(), Line: line, Gone: true, What: fmt.Sprintf(format, args...)})
	e.located = append(e.located, nil)
}

// note tells what is good to know.
func (e *editing) note(format string, args ...any) {
	e.result.Notes = append(e.result.Notes, fmt.Sprintf(format, args...))
}

// warn tells what should be looked into.
func (e *editing) warn(format string, args ...any) {
	e.result.Warnings = append(e.result.Warnings, fmt.Sprintf(format, args...))
}

// receiverIndex is the index of a receiver in a document, or -1.
func receiverIndex(d *yamledit.Document, name string) int {
	for i := 0; ; i++ {
		if d.Node("receivers", i) == nil {
			return -1
		}
		if n := d.Node("receivers", i, "name"); n != nil && n.Value == name {
			return i
		}
	}
}

// receiverLine is the line of a receiver in a document, or 0.
func receiverLine(d *yamledit.Document, name string) int {
	if i := receiverIndex(d, name); i >= 0 {
		return d.Line("receivers", i)
	}
	return 0
}

// receiver is a receiver of Alertmanager, or nil.
func (e *editing) receiver(name string) *config.Receiver {
	for i := range e.config.Receivers {
		if e.config.Receivers[i].Name == name {
			return &e.config.Receivers[i]
		}
	}
	return nil
}

// carrier is a receiver of the adaptor, or nil.
func (e *editing) carrier(name string) *adaptor.Receiver {
	for i := range e.receivers.Receivers {
		if e.receivers.Receivers[i].Name == name {
			return &e.receivers.Receivers[i]
		}
	}
	return nil
}

// loadAlertmanager reads a configuration with Alertmanager's own parser.
func loadAlertmanager(file File) (*config.Config, error) {
	read, err := config.Load(string(file.Source))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file.Path, errors.New(withoutAddresses(strings.TrimPrefix(err.Error(), "yaml: "))))
	}
	return read, nil
}

var (
	addressInText = regexp.MustCompile("https?://[^\\s\"'`<>]+")
	quotedInText  = regexp.MustCompile(`(parse|scheme) "(?:[^"\\]|\\.)*"`)
	valueInText   = regexp.MustCompile("(!![a-z]+) `[^`]*`")
)

// withoutAddresses leaves only the hosts of the addresses in an error's text: the rest may be secret,
// and so may be a value that is none.
func withoutAddresses(text string) string {
	text = quotedInText.ReplaceAllString(text, `$1 <secret>`)
	text = valueInText.ReplaceAllString(text, `$1 <secret>`)
	return addressInText.ReplaceAllStringFunc(text, func(address string) string {
		u, err := url.Parse(address)
		if err != nil {
			return "<secret>"
		}
		return u.Scheme + "://" + u.Host + "/<secret>"
	})
}
