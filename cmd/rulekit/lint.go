package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/rules"
)

// newLint finds mistakes in rule files.
func newLint(env *environment) *cobra.Command {
	var flags lintFlags
	cmd := &cobra.Command{
		Use:   "lint [PATH...]",
		Short: "Find mistakes in rule files",
		Long: `lint reads rule files and says what is wrong with them: what Prometheus would refuse, alerts that
can never fire, messages that come out empty, and more. "rulekit explain" lists the checks.

A PATH is a file, a folder (with all below it), a pattern, or - for standard input. Rule files may be
plain, PrometheusRule resources, or inside ConfigMaps and Helm values. Without a PATH, the paths of
.rulekit.yaml are linted, or ./rules if it exists, otherwise the current folder.

A comment "# rulekit:disable CHECK why" in or above a rule keeps a finding from being reported.

The exit code is 0 if nothing was found, 1 if there are findings of the severity of --fail-on or
above (with --diff: if there is something to mend), and 2 if lint could not do its work.`,
		Example: `  rulekit lint rules/
  rulekit lint --disable missing-summary rules/redis.yaml
  rulekit lint --metrics scrapes/ --fail-on warning rules/
  rulekit lint --fix rules/
  rulekit lint --base origin/main
  helm template . | rulekit lint -
  rulekit lint -o text -o json=lint.json`,
		GroupID: groupCheck,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runLint(cmd, env, flags, args)
		},
	}
	flags.register(cmd)
	return cmd
}

// lintRun is one run of rulekit lint.
type lintRun struct {
	*effective
	env     *environment
	flags   lintFlags
	start   time.Time
	outputs []lintOutput
	reading rules.Options
	files   []*rules.File
	options lint.Options

	known *lint.Baseline // nil without a baseline
	base  *gitBase       // nil without --base
	// ofBaseline and mended are how many findings the baseline knows, and how many of its
	// entries are mended.
	ofBaseline, mended int
	unchanged          int // findings that --base leaves out
}

func runLint(cmd *cobra.Command, env *environment, flags lintFlags, paths []string) error {
	r := &lintRun{env: env, flags: flags, start: time.Now()}
	if err := flags.contradict(paths); err != nil {
		return err
	}
	for _, name := range []string{"base", "prometheus"} {
		// An unset variable in a script should not mean to look at less.
		if given := cmd.Flags().Lookup(name); given.Changed && given.Value.String() == "" {
			return fmt.Errorf("--%s: the value is empty", name)
		}
	}
	var err error
	if r.effective, err = flags.settle(cmd.Flags(), paths); err != nil {
		return err
	}
	if r.outputs, err = lintOutputs(env, flags); err != nil {
		return err
	}
	ctx := cmd.Context()
	if err := r.load(ctx); err != nil {
		return err
	}
	switch {
	case flags.writeBaseline:
		return r.writeBaseline(ctx)
	case flags.fix, flags.diff:
		return r.fix(ctx)
	}
	result, err := lint.Run(ctx, r.files, r.options)
	if err != nil {
		return err
	}
	r.keep(r.files, result)
	return r.report(result)
}

// contradict refuses flags that cannot stand together.
func (flags *lintFlags) contradict(paths []string) error {
	stdin := slices.Contains(paths, "-")
	switch {
	case flags.fix && flags.diff:
		return errors.New("--fix writes and --diff does not: choose one")
	case flags.writeBaseline && (flags.fix || flags.diff || flags.base != ""):
		return errors.New("--write-baseline takes all that is found: it cannot stand with --fix, --diff or --base")
	case (flags.writeBaseline || flags.diff) && slices.ContainsFunc(flags.outputs, func(o string) bool { return strings.Contains(o, "=") }):
		return errors.New("--write-baseline and --diff report no findings: --output cannot write them to a file")
	case stdin && len(paths) > 1 && flags.fix:
		return errors.New("--fix prints the mended standard input: - cannot stand with other paths")
	case flags.live.URL == "" && (flags.live.HTTPFile != "" || flags.live.BearerTokenFile != ""):
		return errors.New("--prometheus-http-config and --prometheus-token-file are for the server of --prometheus, which is not given")
	case flags.live.Timeout <= 0:
		return fmt.Errorf("--prometheus-timeout %s: want more than 0s, such as 30s", flags.live.Timeout)
	case stdin && flags.base != "":
		return errors.New("--base compares files with a git revision: standard input has none")
	}
	return nil
}

// load reads all that is needed before linting.
func (r *lintRun) load(ctx context.Context) error {
	r.reading = rules.Options{
		Dialect: r.Dialect, PromQL: r.promql, Skip: r.Exclude.Match, Stdin: r.env.stdin, StdinName: r.flags.stdinName,
	}
	set, err := r.read(ctx, r.reading)
	if err != nil {
		return err
	}
	if r.files = set.Files; len(r.files) == 0 {
		fmt.Fprintf(r.env.stderr, "nothing to lint: exclude of %s leaves out all files\n", r.Path)
	}
	if r.options, err = r.lintOptions(r.files, set.LeftOut); err != nil {
		return err
	}
	if r.flags.live.URL != "" {
		if err := ask(ctx, r.flags.live, r.files, &r.options); err != nil {
			return err
		}
	}
	if r.Baseline != "" {
		if r.known, err = r.readBaseline(); err != nil {
			return err
		}
	}
	if r.flags.base != "" {
		all := append(slices.Clone(r.files), r.options.Wiring.Files()...)
		if r.base, err = newGitBase(ctx, r.flags.base, all, r.reading); err != nil {
			return fmt.Errorf("--base %s: %w", r.flags.base, err)
		}
	}
	return nil
}

// readBaseline reads the known findings. The file may be missing where it is to be written.
func (r *lintRun) readBaseline() (*lint.Baseline, error) {
	known, err := lint.LoadBaseline(r.Baseline)
	switch {
	case errors.Is(err, fs.ErrNotExist) && r.flags.writeBaseline:
		return lint.NewBaseline(r.Baseline)
	case errors.Is(err, fs.ErrNotExist):
		return nil, withHint(err, "--write-baseline makes it")
	}
	return known, err
}

// keep takes out of a result what is not to be reported.
func (r *lintRun) keep(files []*rules.File, result *lint.Result) {
	if r.known != nil {
		r.ofBaseline, r.mended = r.known.Filter(result, r.looked(files))
	}
	if r.base != nil {
		r.unchanged = r.base.filter(append(slices.Clone(files), r.options.Wiring.Files()...), result)
	}
}

// looked is where the run looks for findings: in the files, and in the configurations of servers.
func (r *lintRun) looked(files []*rules.File) lint.Looked {
	return lint.Looked{Files: append(slices.Clone(files), r.options.Wiring.Files()...), Checks: r.checks}
}

// writeBaseline makes what is found the known findings.
func (r *lintRun) writeBaseline(ctx context.Context) error {
	if r.known == nil {
		return withHint(errors.New("--write-baseline needs the name of a file"), "give it with --baseline FILE, or as baseline in "+lint.ConfigName)
	}
	result, err := lint.Run(ctx, r.files, r.options)
	if err != nil {
		return err
	}
	r.known.Refresh(result, r.looked(r.files))
	source, err := r.known.Source()
	if err != nil {
		return err
	}
	if _, err := os.Stat(r.Baseline); errors.Is(err, fs.ErrNotExist) {
		err = os.WriteFile(r.Baseline, source, 0o644)
		if err != nil {
			return fmt.Errorf("write the baseline: %w", err)
		}
	} else if err := replaceFile(r.Baseline, source); err != nil {
		return err
	}
	fmt.Fprintf(r.env.stderr, "%s in %s\n", count(len(r.known.Findings), "known finding"), r.Baseline)
	return nil
}

// report prints a result and says how the command ends.
func (r *lintRun) report(result *lint.Result) error {
	result.Took = time.Since(r.start)
	for _, output := range r.outputs {
		if err := output.write(result); err != nil {
			return err
		}
	}
	if r.ofBaseline > 0 || r.mended > 0 {
		r.noteBaseline()
	}
	if r.unchanged > 0 {
		fmt.Fprintf(r.env.stderr, "%s on what has not changed since %s\n", count(r.unchanged, "finding"), r.flags.base)
	}
	if result.Worst(r.FailOn) {
		return errFindings
	}
	return nil
}

func (r *lintRun) noteBaseline() {
	fmt.Fprintf(r.env.stderr, "%s in the baseline", count(r.ofBaseline, "finding"))
	if r.mended > 0 {
		are, them := "are", "them"
		if r.mended == 1 {
			are, them = "is", "it"
		}
		fmt.Fprintf(r.env.stderr, "; %d of its entries %s mended: --write-baseline drops %s", r.mended, are, them)
	}
	fmt.Fprintln(r.env.stderr)
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
