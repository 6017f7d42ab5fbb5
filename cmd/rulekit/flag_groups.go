package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagGroup are flags that help shows together.
type flagGroup struct {
	title string
	flags *pflag.FlagSet
}

// groupFlags gives a command its flags, and a help that shows them in groups.
func groupFlags(cmd *cobra.Command, groups ...flagGroup) {
	for _, group := range groups {
		cmd.Flags().AddFlagSet(group.flags)
	}
	cmd.SetUsageFunc(func(cmd *cobra.Command) error {
		out := cmd.OutOrStderr()
		fmt.Fprintf(out, "Usage:\n  %s\n\nExamples:\n%s\n", cmd.UseLine(), cmd.Example)
		rest := pflag.NewFlagSet("", pflag.ContinueOnError)
		grouped := map[string]bool{}
		for _, group := range groups {
			fmt.Fprintf(out, "\n%s:\n%s", group.title, group.flags.FlagUsages())
			group.flags.VisitAll(func(f *pflag.Flag) { grouped[f.Name] = true })
		}
		add := func(f *pflag.Flag) {
			if !grouped[f.Name] {
				grouped[f.Name] = true
				rest.AddFlag(f)
			}
		}
		cmd.LocalFlags().VisitAll(add)
		cmd.InheritedFlags().VisitAll(add)
		_, err := fmt.Fprintf(out, "\nOther flags:\n%s", rest.FlagUsages())
		return err
	})
}
