package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rulekit/rulekit/simulate"
	"github.com/rulekit/rulekit/simulate/report"
)

type testFlags struct {
	run      []string
	outputs  []string
	features []string
	verbose  bool
	allRules bool
}

func newTest(env *environment) *cobra.Command {
	var flags testFlags
	cmd := &cobra.Command{
		Use:   "test [PATH...]",
		Short: "Run unit tests of rules",
		Long: `Runs unit tests of rules, in the format of promtool's test files.

PATH is a test file, a folder or a pattern; without one, all test files below the current folder
are run. A YAML file in a folder is a test file when it has both rule_files and tests.`,
		Example: `  rulekit test                                     run all tests below this folder
  rulekit test testdata/rules/ --run 'lag|switch'  run the tests whose name matches
  rulekit test -o text -o junit=report.xml         print the results and keep them for CI`,
		GroupID: groupCheck,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runTest(cmd, env, flags, args)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&flags.run, "run", nil, "run the tests whose name matches this regular expression (repeatable)")
	f.StringArrayVarP(&flags.outputs, "output", "o", []string{"text"}, "text, json or junit, to a file with =FILE (repeatable)")
	f.StringSliceVar(&flags.features, "enable-feature", nil, "PromQL features, named as Prometheus names them")
	f.BoolVarP(&flags.verbose, "verbose", "v", false, "list the tests that pass, too")
	f.BoolVar(&flags.allRules, "all-rules", false, "evaluate also the rules that no test can see")
	return cmd
}

// testMemoryPercent lets the heap of a run of unit tests, which is small and short-lived, grow
// further between two collections than Go does by default.
const testMemoryPercent = 400

func runTest(cmd *cobra.Command, env *environment, flags testFlags, args []string) error {
	options, err := flags.options()
	if err != nil {
		return err
	}
	sinks, err := parseOutputs(flags.outputs)
	if err != nil {
		return err
	}
	paths, err := testPaths(args)
	if err != nil {
		return err
	}
	if env.getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(testMemoryPercent))
	}
	results := simulate.Test(cmd.Context(), paths, options)
	if err := cmd.Context().Err(); err != nil {
		return errors.New("interrupted")
	}
	for _, f := range results.Files {
		report.Warnings(env.stderr, env.style(env.stderr), f)
	}
	n := results.Counts()
	unreadable := n.Broken > 0 && n.Broken == n.Files
	for _, sink := range sinks {
		if unreadable && sink.format == "text" {
			continue
		}
		if err := sink.write(env, flags, results); err != nil {
			return err
		}
	}
	switch {
	case unreadable:
		return errUnreadable(results)
	case n.Failed+n.Broken > 0:
		return errFindings
	case len(flags.run) > 0 && n.Passed == 0:
		fmt.Fprintf(env.stderr, "rulekit: no test has a name that matches %s\n", strings.Join(flags.run, " or "))
		return errFindings
	case n.Passed == 0:
		fmt.Fprintln(env.stderr, "rulekit: nothing was tested")
		return errFindings
	}
	return nil
}

func (flags testFlags) options() (simulate.TestOptions, error) {
	options := simulate.TestOptions{AllRules: flags.allRules}
	for _, text := range flags.run {
		wanted, err := regexp.Compile(text)
		if err != nil {
			return options, fmt.Errorf("--run %q: %w", text, err)
		}
		options.Run = append(options.Run, wanted)
	}
	var err error
	options.Features, err = simulate.ParseFeatures(flags.features)
	return options, err
}

// testSink is where results go, and in which format.
type testSink struct{ format, path string }

func parseOutputs(outputs []string) ([]testSink, error) {
	var sinks []testSink
	stdout := ""
	for _, text := range outputs {
		format, path, _ := strings.Cut(text, "=")
		if !slices.Contains([]string{"text", "json", "junit"}, format) {
			return nil, fmt.Errorf("--output %q: want text, json or junit, or one of them with =FILE", text)
		}
		if path == "" && stdout != "" {
			return nil, fmt.Errorf("--output %s and --output %s both go to the standard output: add =FILE to one", stdout, text)
		}
		if path == "" {
			stdout = text
		}
		sinks = append(sinks, testSink{format, path})
	}
	return sinks, nil
}

func (s testSink) write(env *environment, flags testFlags, results *simulate.Report) (err error) {
	w := env.stdout
	if s.path != "" {
		file, err := os.Create(s.path)
		if err != nil {
			return fmt.Errorf("write results: %w", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		w = file
	}
	switch s.format {
	case "json":
		return report.TestsJSON(w, results)
	case "junit":
		return report.TestsJUnit(w, results)
	}
	return writeText(env, w, flags, results)
}

func writeText(env *environment, w io.Writer, flags testFlags, results *simulate.Report) error {
	text := &report.Tests{W: w, Style: env.style(w), Verbose: flags.verbose}
	for _, f := range results.Files {
		text.File(f)
	}
	text.Foot(results)
	return text.Err
}

// errUnreadable is the error of a run in which no file could be read.
func errUnreadable(results *simulate.Report) error {
	var errs []string
	for _, f := range results.Files {
		if f.Err != nil {
			errs = append(errs, f.Err.Error())
		}
	}
	return errors.New(strings.Join(errs, "\n"))
}

// testPaths returns the test files that the arguments name.
func testPaths(args []string) ([]string, error) {
	folders := args
	if len(args) == 0 {
		folders = []string{"."}
	}
	var all []string
	for _, arg := range folders {
		found, err := suitesAt(arg)
		if err != nil {
			return nil, err
		}
		for _, path := range found {
			if !slices.Contains(all, path) {
				all = append(all, path)
			}
		}
	}
	return all, nil
}

// suitesAt returns the test files that one argument names: a file, a folder, or a pattern.
func suitesAt(arg string) ([]string, error) {
	info, err := os.Stat(arg)
	if errors.Is(err, fs.ErrNotExist) {
		found, err := filepath.Glob(arg)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", arg, err)
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("there is no file or folder %s", arg)
		}
		return found, nil
	}
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{arg}, nil
	}
	found, err := simulate.FindSuites(arg)
	if err == nil && len(found) == 0 {
		err = withHint(fmt.Errorf("no test files in %s", arg), "a test file is a YAML file with rule_files and tests; docs/test.md describes it")
	}
	return found, err
}
