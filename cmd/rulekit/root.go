package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/terminal"
)

// Exit codes of every command.
const (
	exitFine     = 0
	exitFindings = 1
	exitFailed   = 2
)

// environment is all that a command may touch of the process around it, so that the whole
// command line can be run inside a test.
type environment struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	// color is the value of --color.
	color string
}

// style is the look of an output of this process.
func (e *environment) style(w io.Writer) terminal.Style {
	return terminal.Detect(w, e.color, e.getenv)
}

// errFindings is returned by a command that did its work and found something, having said so
// itself: the process ends with exit code 1 and nothing more is printed.
var errFindings = errors.New("findings")

// hintedError is an error with advice on what to do about it.
type hintedError struct {
	err  error
	hint string
}

func (e *hintedError) Error() string { return e.err.Error() }
func (e *hintedError) Unwrap() error { return e.err }

// withHint adds advice to an error; it is printed on a line of its own.
func withHint(err error, hint string) error { return &hintedError{err, hint} }

// run executes one command line and returns the exit code.
func run(ctx context.Context, env environment, args []string) int {
	root := newRoot(&env)
	root.SetArgs(args)
	root.SetIn(env.stdin)
	root.SetOut(env.stdout)
	root.SetErr(env.stderr)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitFine
	case errors.Is(err, errFindings):
		return exitFindings
	}
	message, hint := err.Error(), ""
	if hinted := (*hintedError)(nil); errors.As(err, &hinted) {
		hint = hinted.hint
	} else if first, rest, found := strings.Cut(message, "\n\nDid you mean this?\n\t"); found {
		message, hint = first, "did you mean "+strings.Join(strings.Fields(rest), ", ")+"?"
	}
	style := env.style(env.stderr)
	fmt.Fprintf(env.stderr, "rulekit: %s\n", terminal.Safe(message))
	if hint != "" {
		fmt.Fprintf(env.stderr, "%s %s\n", style.Dim("hint:"), terminal.Safe(hint))
	}
	return exitFailed
}

const (
	groupCheck = "check"
	groupRun   = "run"
	groupHelp  = "help"
)

func newRoot(env *environment) *cobra.Command {
	root := &cobra.Command{
		Use:   "rulekit",
		Short: "Check, test and simulate Prometheus alerting rules, and deliver their alerts",
		Long:  "rulekit checks, tests and simulates Prometheus alerting rules, and delivers their alerts.",
		Example: `  rulekit lint rules/                     find mistakes
  rulekit test testdata/rules/            run unit tests (promtool's files work unchanged)
  rulekit simulate --receiver slack       see what would fire, and who would be told`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SuggestionsMinimumDistance = 2
	root.PersistentFlags().StringVar(&env.color, "color", "auto", "colour the output: auto, always or never")
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		switch env.color {
		case "auto", "always", "never":
			return nil
		}
		return fmt.Errorf("--color %q: want auto, always or never", env.color)
	}
	root.SetFlagErrorFunc(explainFlagError)
	root.AddGroup(
		&cobra.Group{ID: groupCheck, Title: "Check:"},
		&cobra.Group{ID: groupRun, Title: "Run:"},
		&cobra.Group{ID: groupHelp, Title: "Help:"},
	)
	root.SetHelpCommand(newHelp(root))
	root.SetCompletionCommandGroupID(groupHelp)
	root.AddCommand(newAdaptor(env), newConfig(env), newExplain(env), newFakeim(env), newFmt(env), newLint(env), newReceiver(env), newRules(env), newSimulate(env), newTest(env), newVersion(env))
	return root
}

// newHelp is cobra's help command, but that an unknown name is an error.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Help about any command",
		GroupID: groupHelp,
		RunE: func(_ *cobra.Command, args []string) error {
			about, rest, err := root.Find(args)
			if err != nil {
				return err
			}
			if len(rest) > 0 {
				return fmt.Errorf("there is no help about %q", strings.Join(args, " "))
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

// unknownSubcommand says that a command has no such subcommand, and which there are.
func unknownSubcommand(cmd *cobra.Command, name string) error {
	var names []string
	for _, sub := range cmd.Commands() {
		names = append(names, sub.Name())
	}
	hint := "there are " + strings.Join(names, ", ")
	if near := rules.Nearest(name, names); near != "" {
		hint = "did you mean " + near + "?"
	}
	return withHint(fmt.Errorf("there is no command %s %s", cmd.Name(), name), hint)
}

// explainFlagError adds the nearest flag there is to an error about one that is not.
func explainFlagError(cmd *cobra.Command, err error) error {
	unknown := (*pflag.NotExistError)(nil)
	if !errors.As(err, &unknown) {
		return err
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	hint := fmt.Sprintf("%s --help lists the flags", cmd.CommandPath())
	if near := rules.Nearest(unknown.GetSpecifiedName(), known); near != "" {
		hint = fmt.Sprintf("did you mean --%s?", near)
	}
	return withHint(err, hint)
}
