// Package lint finds mistakes in rules. Each check is one file of this package; it registers
// itself, and the police test keeps its examples in testdata/lint true.
package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rulekit/rulekit/rules"
)

// Severity says how bad a finding is.
type Severity int

// The severities, from the least.
const (
	// Info is a matter of taste or tidiness.
	Info Severity = iota
	// Warning is probably a mistake, or against good practice.
	Warning
	// Error is certainly a mistake.
	Error
)

var severityNames = [...]string{"info", "warning", "error"}

func (s Severity) String() string { return severityNames[s] }

// ParseSeverity returns the severity of that name.
func ParseSeverity(name string) (Severity, error) {
	for i, known := range severityNames {
		if name == known {
			return Severity(i), nil
		}
	}
	return 0, fmt.Errorf("unknown severity %q: want error, warning or info", name)
}

// Scope says what a check looks at in one pass.
type Scope int

// The scopes.
const (
	// OneFile is a check that looks at each file for itself.
	OneFile Scope = iota
	// AllFiles is a check that compares the files of a run.
	AllFiles
)

// Check is one kind of mistake: what it is called and why it matters, and the function that
// finds it.
type Check struct {
	// Name is the check's name, such as "never-fires". Its file is never_fires.go.
	Name string
	// Summary says in one sentence what is found.
	Summary string
	// Why says, in Markdown, why it is a mistake and what to do instead.
	Why      string
	Severity Severity
	Scope    Scope
	// Off leaves the check out unless it is asked for: it is a policy that not everybody has.
	Off bool
	// Options are the options that the check runs with unless others are set: a struct with
	// yaml tags, or nil for a check that has none. optionsOf gives them to the check.
	Options any
	Run     func(*Pass)
}

var registry = map[string]*Check{}

// register makes a check known. It is called by the init function of the check's file.
func register(c Check) {
	if _, twice := registry[c.Name]; twice {
		panic("lint: check " + c.Name + " is registered twice")
	}
	registry[c.Name] = &c
}

// Checks returns all checks, sorted by name.
func Checks() []*Check {
	names := slices.Sorted(maps.Keys(registry))
	all := make([]*Check, len(names))
	for i, name := range names {
		all[i] = registry[name]
	}
	return all
}

// UnknownCheckError is a name that no check has.
type UnknownCheckError struct {
	Name string
	// Nearest is the check that was probably meant, or "".
	Nearest string
}

func (e *UnknownCheckError) Error() string { return fmt.Sprintf("no check is called %q", e.Name) }

// Lookup returns the check of that name, or an *UnknownCheckError.
func Lookup(name string) (*Check, error) {
	if c, ok := registry[name]; ok {
		return c, nil
	}
	return nil, &UnknownCheckError{
		Name:    name,
		Nearest: rules.Nearest(strings.ToLower(name), slices.Sorted(maps.Keys(registry))),
	}
}

// Select returns the checks to run: those enabled, or all that are not off if none is named,
// without those disabled. A name that no check has is an *UnknownCheckError.
func Select(enable, disable []string) ([]*Check, error) {
	off := map[string]bool{}
	for _, name := range disable {
		if _, err := Lookup(name); err != nil {
			return nil, err
		}
		off[name] = true
	}
	selected := slices.DeleteFunc(Checks(), func(c *Check) bool { return c.Off })
	if len(enable) > 0 {
		selected = nil
		for _, name := range slices.Compact(slices.Sorted(slices.Values(enable))) {
			c, err := Lookup(name)
			if err != nil {
				return nil, err
			}
			selected = append(selected, c)
		}
	}
	return slices.DeleteFunc(selected, func(c *Check) bool { return off[c.Name] }), nil
}
