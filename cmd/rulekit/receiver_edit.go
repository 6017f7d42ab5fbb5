package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rulekit/rulekit/adaptor/receivers"
)

// newReceiverRemove removes a receiver.
func newReceiverRemove(env *environment) *cobra.Command {
	files := &receiverFiles{env: env}
	cmd := &cobra.Command{
		Use:   "remove NAME",
		Short: "Remove a receiver, with the routes to it",
		Long: `remove takes a receiver out of both configurations, with the routes to it and the comments that
belong to them. The files of its secrets stay.`,
		Example: `  rulekit receiver remove dba
  rulekit receiver remove dba --diff`,
		Args: oneReceiver("remove"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return files.change(cmd.Context(), func(f receivers.Files) (*receivers.Result, error) { return receivers.Remove(f, args[0]) })
		},
		ValidArgsFunction: files.completeNames,
	}
	cmd.Flags().AddFlagSet(files.flags())
	files.diffFlag(cmd.Flags())
	return cmd
}

// newReceiverAdopt mends what KubeBlocks wrote.
func newReceiverAdopt(env *environment) *cobra.Command {
	files := &receiverFiles{env: env}
	cmd := &cobra.Command{
		Use:   "adopt [NAME...]",
		Short: "Mend receivers that KubeBlocks wrote",
		Long: `adopt mends how Alertmanager posts to the adaptor, where KubeBlocks wrote it: receivers are told when
alerts end (send_resolved), and no alert is left out of a message (max_alerts). Without a NAME it
mends all receivers of the adaptor.`,
		Example: `  rulekit receiver adopt --adaptor-config config.yml
  rulekit receiver adopt receiver-x7k2p --diff`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return files.change(cmd.Context(), func(f receivers.Files) (*receivers.Result, error) { return receivers.Adopt(f, args...) })
		},
		ValidArgsFunction: files.completeNames,
	}
	cmd.Flags().AddFlagSet(files.flags())
	files.diffFlag(cmd.Flags())
	return cmd
}

// oneReceiver wants the name of one receiver.
func oneReceiver(command string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 1 && args[0] != "" {
			return nil
		}
		return withHint(fmt.Errorf("want the name of one receiver: rulekit receiver %s NAME", command), "rulekit receiver list shows those there are")
	}
}

// completeNames proposes the names of receivers.
func (f *receiverFiles) completeNames(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	files, err := f.read()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	listed, _, err := receivers.List(started(files))
	var names []string
	for _, l := range listed {
		if err == nil && !strings.HasPrefix(l.Name, "-") {
			names = append(names, l.Name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
