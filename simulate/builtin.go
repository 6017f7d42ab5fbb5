package simulate

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/rulekit/rulekit/rules"
)

// stories are test files whose cases are each named after the shipped alert they show. They
// run as unit tests too, so they cannot drift from the rules.
//
//go:embed cases/*.yaml
var stories embed.FS

// DefaultAlert is the shipped alert that is shown to who asks for none.
const DefaultAlert = "PostgreSQLTooManyConnections"

// Builtin returns the story of a shipped alert, and the shipped rules it is about. The error
// names the nearest alert that has one.
func Builtin(alert string) (*Case, *Program, error) {
	var known []string
	files, err := stories.ReadDir("cases")
	if err != nil {
		return nil, nil, err
	}
	for _, file := range files {
		source, err := stories.ReadFile(path.Join("cases", file.Name()))
		if err != nil {
			return nil, nil, err
		}
		suite, err := ParseSuite("built-in "+file.Name(), source)
		if err != nil {
			return nil, nil, err
		}
		for _, c := range suite.Cases {
			if c.Name == alert {
				program, err := builtinProgram(suite)
				return c, program, err
			}
			known = append(known, c.Name)
		}
	}
	slices.Sort(known)
	return nil, nil, unknownAlert(alert, known)
}

// builtinProgram is the program of the shipped rule files that a built-in suite names.
func builtinProgram(suite *Suite) (*Program, error) {
	var files []*rules.File
	for _, pattern := range suite.RuleFiles {
		name := path.Base(pattern.Value)
		source, err := fs.ReadFile(rules.Builtin(), name)
		if err != nil {
			return nil, fmt.Errorf("read built-in rules: %w", err)
		}
		files = append(files, rules.Parse("built-in "+name, source, rules.Options{}))
	}
	return NewProgram(files, Features{})
}
