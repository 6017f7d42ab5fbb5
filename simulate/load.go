package simulate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/rulekit/rulekit/rules"
)

// maxFileSize is the most bytes a file may have: a test file, one it names, or a configuration.
const maxFileSize = 16 << 20

// noFile is fs.ErrNotExist in words for a person.
type noFile string

func (path noFile) Error() string   { return "there is no file " + string(path) }
func (noFile) Is(target error) bool { return target == fs.ErrNotExist }

// readFile reads a file of limited size.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, noFile(path)
	}
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s is a folder, want a file", path)
	}
	if info.Size() > maxFileSize {
		return nil, fmt.Errorf("%s has %d bytes, more than the limit of %d MiB", path, info.Size(), maxFileSize>>20)
	}
	return os.ReadFile(path)
}

// LoadSuite reads a test file. The error lists everything that is wrong with it, one line
// each, with its place.
func LoadSuite(path string) (*Suite, error) {
	source, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("read test file: %w", err)
	}
	return ParseSuite(path, source)
}

// ruleFiles returns the rule files of a suite. A file that is named but not there is an error;
// a pattern that matches nothing is worth a warning.
func (t *tester) ruleFiles(f *testFile) ([]string, error) {
	var all []string
	for _, pattern := range f.result.Suite.RuleFiles {
		found, err := f.result.Suite.glob(pattern)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			f.result.Warnings = append(f.result.Warnings, Complaint{pattern.Span, fmt.Sprintf("rule_files: no file matches %s", pattern.Value)})
		}
		all = append(all, found...)
	}
	return all, nil
}

func (s *Suite) glob(pattern rules.Scalar) ([]string, error) {
	path := pattern.Value
	if path != "" && !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(s.Path), path)
	}
	at := s.Position(pattern.Span.Start)
	found, err := filepath.Glob(path)
	if err != nil {
		return nil, fmt.Errorf("%s:%d:%d: rule_files: %q: %w", s.Path, at.Line, at.Column, pattern.Value, err)
	}
	if len(found) == 0 && !strings.ContainsAny(path, `*?[`) {
		return nil, fmt.Errorf("%s:%d:%d: rule_files: there is no file %s", s.Path, at.Line, at.Column, path)
	}
	return found, nil
}

// loading is a program that is built once, whoever asks first.
type loading struct {
	once    sync.Once
	program *Program
	err     error
}

// load builds the program of rule files, once a run for each list of files.
func (t *tester) load(paths []string) (*Program, error) {
	paths = withoutRepeats(paths)
	key := strings.Join(paths, "\x00")
	t.programsMu.Lock()
	l := t.programs[key]
	if l == nil {
		l = &loading{}
		t.programs[key] = l
	}
	t.programsMu.Unlock()
	l.once.Do(func() {
		defer func() {
			if r := recover(); r != nil {
				l.err = fmt.Errorf("reading the rule files panicked: %v", r)
			}
		}()
		l.program, l.err = LoadProgram(paths, t.Features)
	})
	return l.program, l.err
}

func withoutRepeats(paths []string) []string {
	var all []string
	for _, path := range paths {
		if path = filepath.Clean(path); !slices.Contains(all, path) {
			all = append(all, path)
		}
	}
	return all
}

// LoadProgram reads rule files, in any form that package rules reads, and builds their program.
func LoadProgram(paths []string, features Features) (*Program, error) {
	var files []*rules.File
	for _, path := range paths {
		source, err := readFile(path)
		if err != nil {
			return nil, fmt.Errorf("read rule file: %w", err)
		}
		files = append(files, rules.Parse(path, source, rules.Options{PromQL: features.Parser()}))
	}
	return NewProgram(files, features)
}

// RuleFilePaths returns the paths of the suite's rule files.
func (s *Suite) RuleFilePaths() ([]string, error) {
	var all []string
	for _, pattern := range s.RuleFiles {
		found, err := s.glob(pattern)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return withoutRepeats(all), nil
}

// discoverable are the keys at the top of a file by which it is known to hold unit tests: rule
// files, and a list of tests that is not empty.
var discoverable = []*regexp.Regexp{regexp.MustCompile(`(?m)^rule_files:`), regexp.MustCompile(`(?m)^tests:[ \t]*($|[^\s\[]|\[[^\]])`)}

// FindSuites returns the test files in a folder and all below it: YAML files that have both
// rule_files and tests (and some in it). Hidden folders are left out.
func FindSuites(folder string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != folder && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules"):
			return filepath.SkipDir
		case entry.IsDir() || !slices.Contains([]string{".yml", ".yaml"}, filepath.Ext(path)):
			return nil
		}
		source, err := readFile(path)
		if err == nil && !slices.ContainsFunc(discoverable, func(r *regexp.Regexp) bool { return !r.Match(source) }) {
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for test files: %w", err)
	}
	return found, nil
}
