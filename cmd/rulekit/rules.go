package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/export"
	"github.com/rulekit/rulekit/rules/translation"
)

// newRules is about the alerts that rulekit ships.
func newRules(env *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List, explain and export the alerts that rulekit ships",
		Long: `rules is about the alerts that rulekit ships: it lists them, explains one with the picture of its firing,
and exports them as files of Prometheus, objects of Kubernetes or a Helm chart, with your thresholds.`,
		Example: `  rulekit rules list --engine postgresql,redis
  rulekit rules show PostgreSQLDown
  rulekit rules export --format prometheusrule --set PostgreSQLTooManyConnections.for=5m`,
		GroupID: groupRun,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownSubcommand(cmd, args[0])
		},
	}
	cmd.AddCommand(newRulesList(env), newRulesShow(env), newRulesExport(env))
	return cmd
}

// selectionFlags are the flags that select shipped alerts.
func selectionFlags(s *export.Selection) *pflag.FlagSet {
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.StringSliceVar(&s.Engines, "engine", nil, "only the alerts of these `ENGINES`, such as postgresql,redis")
	f.StringSliceVar(&s.Alerts, "alert", nil, "only the alerts with these `NAMES`, in which * and ? may stand for letters")
	f.StringSliceVar(&s.Severities, "severity", nil, "only alerts that are `critical`, warning or info")
	return f
}

// checkSelection tells of a flag without a name, as a variable of a shell that is not set leaves it:
// it would select everything.
func checkSelection(flags *pflag.FlagSet) error {
	for _, name := range []string{"engine", "alert", "severity"} {
		if values, err := flags.GetStringSlice(name); err == nil && flags.Changed(name) && len(values) == 0 {
			return fmt.Errorf("--%s is empty: want a name, or leave it out", name)
		}
	}
	return nil
}

// completeSelection completes the values of selectionFlags.
func completeSelection(cmd *cobra.Command) {
	complete(cmd, "engine", rules.Engines)
	complete(cmd, "severity", func() []string { return export.Severities })
	complete(cmd, "alert", shippedAlerts)
}

// complete gives a flag the values that a shell proposes for it.
func complete(cmd *cobra.Command, flag string, values func() []string) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return values(), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err)
	}
}

// shippedAlerts are the names of all shipped alerts.
func shippedAlerts() []string {
	files, err := export.Selection{}.Files()
	if err != nil {
		return nil
	}
	var names []string
	for _, file := range files {
		for _, rule := range file.Rules() {
			if rule.IsAlert() {
				names = append(names, rule.Name())
			}
		}
	}
	return names
}

func languages() []string { return translation.Languages() }

// explainSelection adds advice to the errors of a selection.
func explainSelection(err error) error {
	unknown := (*export.UnknownError)(nil)
	switch {
	case errors.As(err, &unknown):
		return withHint(err, unknown.Hint())
	case errors.Is(err, export.ErrNothing):
		return withHint(err, "rulekit rules list shows the alerts there are")
	}
	return err
}
