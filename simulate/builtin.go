package simulate

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/rulekit/rulekit/rules"
	ruletests "github.com/rulekit/rulekit/testdata/rules"
)

// DefaultAlert is the shipped alert that is shown to who asks for none.
const DefaultAlert = "PostgreSQLTooManyConnections"

// Builtin returns the story of a shipped alert, and the shipped rules it is about. The story is
// the first case of the alert's unit tests, so it cannot drift from the rules. The error names
// the nearest alert that there is.
func Builtin(alert string) (*Case, *Program, error) {
	var known []string
	for _, engine := range rules.Engines() {
		file, err := rules.BuiltinFile(engine)
		if err != nil {
			return nil, nil, err
		}
		for _, rule := range file.Rules() {
			if rule.IsAlert() && rule.Name() == alert {
				return story(engine, alert)
			}
			known = append(known, rule.Name())
		}
	}
	slices.Sort(known)
	return nil, nil, unknownAlert(alert, known)
}

// story reads the first case of an alert's unit tests.
func story(engine, alert string) (*Case, *Program, error) {
	name := path.Join(engine, alert+".yaml")
	source, err := ruletests.Files.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("the shipped alert %s has no story", alert)
	} else if err != nil {
		return nil, nil, err
	}
	suite, err := ParseSuite("built-in "+alert+".yaml", source)
	if err != nil {
		return nil, nil, err
	}
	if len(suite.Cases) == 0 {
		return nil, nil, fmt.Errorf("the unit tests of the shipped alert %s are empty", alert)
	}
	program, err := builtinProgram(suite)
	return suite.Cases[0], program, err
}

// builtinProgram is the program of the shipped rule files that a built-in suite names.
func builtinProgram(suite *Suite) (*Program, error) {
	var files []*rules.File
	for _, pattern := range suite.RuleFiles {
		file, err := rules.BuiltinFile(strings.TrimSuffix(path.Base(pattern.Value), ".yaml"))
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return NewProgram(files, Features{})
}
