package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rulekit/rulekit/docs"
	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/rules/terminal"
)

// newExplain shows the page of a check.
func newExplain(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:   "explain [CHECK]",
		Short: "Say what a check finds, why it matters, and what to do",
		Long:  "explain shows the page of a check of rulekit lint, with an example. Without a name it lists the checks.",
		Example: `  rulekit explain
  rulekit explain never-fires`,
		GroupID: groupHelp,
		Args:    cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return checkNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			style := env.style(env.stdout)
			if len(args) == 0 {
				return listChecks(env.stdout, style)
			}
			check, err := lint.Lookup(args[0])
			if err != nil {
				return explainUnknown(err)
			}
			page, err := docs.Checks.ReadFile("checks/" + check.Name + ".md")
			if err != nil {
				return fmt.Errorf("read the page of %s: %w", check.Name, err)
			}
			return showPage(env.stdout, style, string(page))
		},
	}
}

func listChecks(w io.Writer, style terminal.Style) error {
	width := 0
	for _, check := range lint.Checks() {
		width = max(width, len(check.Name))
	}
	var b strings.Builder
	for _, check := range lint.Checks() {
		fmt.Fprintf(&b, "%s  %s  %s\n", style.Bold(terminal.Pad(check.Name, width)), terminal.Pad(check.Severity.String(), 7), check.Summary)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// showPage writes a page of Markdown as plain text: headings without their signs, examples
// indented.
func showPage(w io.Writer, style terminal.Style, page string) error {
	var b strings.Builder
	code := false
	for line := range strings.Lines(page) {
		line = strings.TrimRight(line, "\n")
		heading := strings.TrimLeft(line, "#")
		switch {
		case strings.HasPrefix(line, "<!--"):
			continue
		case strings.HasPrefix(line, "```"):
			code = !code
			continue
		case code && line != "":
			line = "    " + line
		case !code && heading != line:
			line = style.Bold(strings.TrimSpace(heading))
		}
		b.WriteString(line + "\n")
	}
	_, err := io.WriteString(w, strings.TrimLeft(b.String(), "\n"))
	return err
}
