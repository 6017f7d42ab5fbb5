package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/lint/report"
	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/simulate"
)

// lintFlags are the flags of rulekit lint.
type lintFlags struct {
	enable, disable, metrics, outputs, features []string
	failOn, stdinName, dialect                  string
	short                                       bool
}

// newLint finds mistakes in rule files.
func newLint(env *environment) *cobra.Command {
	var flags lintFlags
	cmd := &cobra.Command{
		Use:   "lint [PATH...]",
		Short: "Find mistakes in rule files",
		Long: `lint reads rule files and says what is wrong with them: what Prometheus would refuse, alerts that
can never fire, messages that come out empty, and more. "rulekit explain" lists the checks.

A PATH is a file, a folder (with all below it), a pattern, or - for standard input. Rule files may be
plain, PrometheusRule resources, or inside ConfigMaps and Helm values. Without a PATH, ./rules is
linted if it exists, otherwise the current folder.

The exit code is 0 if nothing was found, 1 if there are findings of the severity of --fail-on or
above, and 2 if lint could not do its work.`,
		Example: `  rulekit lint rules/
  rulekit lint --disable missing-summary rules/redis.yaml
  rulekit lint --metrics scrapes/ --fail-on warning rules/
  helm template . | rulekit lint -
  rulekit lint -o text -o json=lint.json`,
		GroupID: groupCheck,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runLint(cmd.Context(), env, flags, args)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&flags.enable, "enable", nil, "run only these `checks`")
	f.StringSliceVar(&flags.disable, "disable", nil, "do not run these `checks`")
	f.StringSliceVar(&flags.metrics, "metrics", nil, "recorded scrapes (`file or folder`) that say which metrics exist")
	f.StringVar(&flags.failOn, "fail-on", "error", "least `severity` that gives exit code 1: error, warning or info")
	f.StringArrayVarP(&flags.outputs, "output", "o", []string{"text"}, "`format`: text or json, to a file with format=FILE (repeatable)")
	f.BoolVar(&flags.short, "short", false, "one line for each finding")
	f.StringSliceVar(&flags.features, "enable-feature", nil, "PromQL `features` the server has switched on, named as Prometheus names them")
	f.StringVar(&flags.stdinName, "stdin-name", "", "`name` of standard input in findings")
	f.StringVar(&flags.dialect, "dialect", "prometheus", "`server` the rules are for: prometheus, thanos or mimir")
	complete := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return checkNames(), cobra.ShellCompDirectiveNoFileComp
	}
	// The flags exist, so that registering cannot fail.
	_ = cmd.RegisterFlagCompletionFunc("enable", complete)
	_ = cmd.RegisterFlagCompletionFunc("disable", complete)
	return cmd
}

func checkNames() []string {
	var names []string
	for _, c := range lint.Checks() {
		names = append(names, c.Name)
	}
	return names
}

func runLint(ctx context.Context, env *environment, flags lintFlags, paths []string) error {
	start := time.Now()
	failOn, err := lint.ParseSeverity(flags.failOn)
	if err != nil {
		return fmt.Errorf("--fail-on: %w", err)
	}
	if dialects := []string{"prometheus", "thanos", "mimir"}; !slices.Contains(dialects, flags.dialect) {
		return fmt.Errorf("--dialect %q: want %s", flags.dialect, strings.Join(dialects, ", "))
	}
	checks, err := lint.Select(flags.enable, flags.disable)
	if err != nil {
		return explainUnknown(err)
	}
	features, err := simulate.ParseFeatures(flags.features)
	if err != nil {
		return fmt.Errorf("--enable-feature: %w", err)
	}
	outputs, err := lintOutputs(env, flags)
	if err != nil {
		return err
	}
	options := lint.Options{Checks: checks}
	if len(flags.metrics) > 0 {
		if options.Catalogue, err = lint.LoadScrapes(flags.metrics); err != nil {
			return fmt.Errorf("--metrics: %w", err)
		}
	}
	set, err := rules.Load(ctx, lintPaths(paths), rules.Options{
		Dialect: flags.dialect, PromQL: features.Parser(), Stdin: env.stdin, StdinName: flags.stdinName,
	})
	if err != nil {
		return err
	}
	result, err := lint.Run(ctx, set.Files, options)
	if err != nil {
		return err
	}
	result.Took = time.Since(start)
	for _, output := range outputs {
		if err := output.write(result); err != nil {
			return err
		}
	}
	if result.Worst(failOn) {
		return errFindings
	}
	return nil
}

// lintPaths is what is linted when nothing is named.
func lintPaths(paths []string) []string {
	if len(paths) > 0 {
		return paths
	}
	if info, err := os.Stat("rules"); err == nil && info.IsDir() {
		return []string{"rules"}
	}
	return []string{"."}
}

// explainUnknown adds to an unknown check what was probably meant.
func explainUnknown(err error) error {
	unknown := (*lint.UnknownCheckError)(nil)
	if !errors.As(err, &unknown) {
		return err
	}
	if unknown.Nearest != "" {
		return withHint(err, fmt.Sprintf("did you mean %s?", unknown.Nearest))
	}
	return withHint(err, `"rulekit explain" lists the checks`)
}

// lintOutput is one place to print to.
type lintOutput struct {
	printer report.Printer
	stdout  io.Writer
	path    string // of a file; empty for stdout
}

func lintOutputs(env *environment, flags lintFlags) ([]lintOutput, error) {
	var outputs []lintOutput
	onStdout := ""
	for _, spec := range flags.outputs {
		format, path, toFile := strings.Cut(spec, "=")
		if toFile && path == "" {
			return nil, fmt.Errorf("--output %q: no file is named after =", spec)
		}
		if !toFile && onStdout != "" {
			return nil, fmt.Errorf("--output %s and --output %s both go to the standard output: add =FILE to one", onStdout, format)
		}
		if !toFile {
			onStdout = format
		}
		options := report.Options{Short: flags.short}
		if !toFile {
			options.Style = env.style(env.stdout)
		}
		printer, err := report.New(format, options)
		if unknown := (*report.UnknownFormatError)(nil); errors.As(err, &unknown) && unknown.Nearest != "" {
			return nil, withHint(fmt.Errorf("--output: %w", err), fmt.Sprintf("did you mean %s?", unknown.Nearest))
		}
		if err != nil {
			return nil, fmt.Errorf("--output: %w", err)
		}
		outputs = append(outputs, lintOutput{printer: printer, stdout: env.stdout, path: path})
	}
	return outputs, nil
}

func (o lintOutput) write(result *lint.Result) (err error) {
	if o.path == "" {
		return o.printer.Print(o.stdout, result)
	}
	file, err := os.Create(o.path)
	if err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return o.printer.Print(file, result)
}
