package main

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/format"
	"github.com/rulekit/rulekit/rules/terminal"
)

// fmtFlags are the flags of rulekit fmt.
type fmtFlags struct {
	configFlags
	check, diff bool
	stdinName   string
}

// newFmt lays out the PromQL of rule files.
func newFmt(env *environment) *cobra.Command {
	var flags fmtFlags
	cmd := &cobra.Command{
		Use:   "fmt [PATH...]",
		Short: "Format the PromQL of rule files",
		Long: `fmt lays out the expressions of rule files as Prometheus itself does, in place, and prints the names
of the files it changed. Nothing but expressions changes: comments, order and quotes stay. An
expression that fits on a line stays in its style, a longer one becomes a block.

An expression is only changed if Prometheus then reads the same from it. One that holds comments
stays as it is, since Prometheus's formatter drops them. A file with problems is left as it is.

A PATH is a file, a folder (with all below it), a pattern, or - to read standard input and write
standard output. Without a PATH, the paths of .rulekit.yaml are formatted, or ./rules if it exists,
otherwise the current folder. What .rulekit.yaml excludes stays as it is.

The exit code is 0 if all is formatted, 1 with --check if something is not, and 2 if a file could
not be formatted.`,
		Example: `  rulekit fmt rules/
  rulekit fmt --check rules/
  rulekit fmt --diff rules/redis.yaml
  rulekit fmt - < rules/redis.yaml`,
		GroupID: groupCheck,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runFmt(cmd, env, flags, args)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&flags.check, "check", false, "write nothing; name the files that would change, with exit code 1 if there are any")
	f.BoolVar(&flags.diff, "diff", false, "write nothing; show what would change as a unified diff")
	f.StringVar(&flags.stdinName, "stdin-name", "", "`name` of standard input in messages")
	_, knowledge, config := flags.groups()
	f.AddFlag(knowledge.Lookup("enable-feature"))
	f.AddFlag(knowledge.Lookup("dialect"))
	f.AddFlagSet(config)
	return cmd
}

func runFmt(cmd *cobra.Command, env *environment, flags fmtFlags, paths []string) error {
	ctx := cmd.Context()
	e, err := flags.settle(cmd.Flags(), paths)
	if err != nil {
		return err
	}
	f := fmtRun{env: env, flags: flags, stdin: slices.Contains(paths, "-")}
	if f.stdin && len(paths) > 1 {
		return errors.New("- reads standard input and writes standard output: it cannot stand with other paths")
	}
	f.options = rules.Options{
		Dialect: e.Dialect, PromQL: e.promql, Skip: e.Exclude.Match, Stdin: env.stdin, StdinName: flags.stdinName,
	}
	set, err := e.read(ctx, f.options)
	if err != nil {
		return err
	}
	if len(set.Files) == 0 {
		f.note("nothing to format: exclude of %s leaves out all files", e.Path)
		if f.stdin && !flags.check && !flags.diff {
			_, err := io.Copy(env.stdout, env.stdin)
			return err
		}
		return nil
	}
	seen := sameFiles{}
	for _, file := range set.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if seen.again(file.Path) {
			continue
		}
		if err := f.file(file); err != nil {
			return err
		}
	}
	return f.end(len(set.Files))
}

// fmtRun is one run of rulekit fmt: what is to be done, and what was met so far.
type fmtRun struct {
	env     *environment
	flags   fmtFlags
	options rules.Options
	stdin   bool

	changed, formatted, commented, broken int
}

// file formats one file.
func (f *fmtRun) file(file *rules.File) error {
	result, err := format.Format(file, f.options)
	if err != nil {
		f.broken++
		f.note("%v", err)
		return nil
	}
	for _, left := range result.Left {
		at := file.Position(left.Rule.Expr.Span.Start)
		f.note("%s:%d:%d: the expression of %s stays as it is: %s", file.Path, at.Line, at.Column, left.Rule.Name(), left.Reason)
	}
	f.commented += result.Commented
	f.formatted += result.Formatted
	if result.Formatted > 0 {
		f.changed++
	}
	switch {
	case f.flags.diff:
		return writeDiff(f.env.stdout, f.env.style(f.env.stdout), file.Path, file.Source, result.Source)
	case f.stdin && !f.flags.check:
		_, err := f.env.stdout.Write(result.Source)
		return err
	case result.Formatted == 0:
		return nil
	case !f.flags.check:
		if err := replaceFile(file.Path, result.Source); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(f.env.stdout, terminal.Safe(file.Path))
	return err
}

// note tells what is not a result.
func (f *fmtRun) note(message string, args ...any) {
	fmt.Fprintln(f.env.stderr, terminal.Safe(fmt.Sprintf(message, args...)))
}

// end sums up a run over some files.
func (f *fmtRun) end(files int) error {
	verb := "formatted"
	if f.flags.check || f.flags.diff {
		verb = "to format"
	}
	comments := ""
	if f.commented > 0 {
		comments = fmt.Sprintf("; %s with comments left as written", count(f.commented, "expression"))
	}
	if !f.stdin {
		f.note("%s in %s %s%s", count(f.formatted, "expression"), count(f.changed, "file"), verb, comments)
	}
	switch {
	case f.broken > 0:
		return withHint(fmt.Errorf("%s of %d could not be formatted", count(f.broken, "file"), files), "rulekit lint says all that is wrong")
	case f.flags.check && f.changed > 0:
		return errFindings
	}
	return nil
}

// count is a number of things in words.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
