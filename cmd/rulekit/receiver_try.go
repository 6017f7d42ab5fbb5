package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"

	"github.com/rulekit/rulekit/adaptor/receivers"
	"github.com/rulekit/rulekit/rules/terminal"
)

// newReceiverTest tries a receiver.
func newReceiverTest(env *environment) *cobra.Command {
	files := &receiverFiles{env: env}
	options := receivers.TrialOptions{}
	var timeout string
	cmd := &cobra.Command{
		Use:   "test NAME",
		Short: "Send a sample alert to a receiver, and show what the messenger answers",
		Long: `test sends a sample alert, which says that it is a test, to all that a receiver sends to: in the
adaptor's own form and code, or by Alertmanager's own notifiers. It goes straight from this machine:
neither Alertmanager nor the adaptor need to run. Where there is no alertmanager.yml, as in the
adaptor's container, it tries the adaptor's receiver of that name.

The exit code is 0 if all was accepted, 1 if something was refused, and 2 if there was no answer.`,
		Example: `  rulekit receiver test dba
  rulekit receiver test dba --resolved
  rulekit receiver test dba --adaptor-config /etc/rulekit/adaptor.yaml`,
		Args: oneReceiver("test"),
		RunE: func(cmd *cobra.Command, args []string) error {
			wait, err := model.ParseDuration(timeout)
			if err != nil || wait <= 0 || time.Duration(wait) > maxTrial {
				return fmt.Errorf("--timeout %q: want a duration such as 30s, at most %s", timeout, maxTrial)
			}
			options.Timeout = time.Duration(wait)
			files.create = !cmd.Flags().Changed("alertmanager-config")
			sources, err := files.read()
			if err != nil {
				return err
			}
			if sources.Alertmanager.Source == nil {
				sources.Alertmanager.Source = []byte(noAlertmanager)
			}
			trials, warnings, err := receivers.Try(cmd.Context(), started(sources), args[0], options)
			if err != nil {
				return explainReceiver(err)
			}
			files.warn(warnings)
			return showTrials(env, args[0], trials)
		},
		ValidArgsFunction: files.completeNames,
	}
	f := cmd.Flags()
	f.BoolVar(&options.Resolved, "resolved", false, "send that the alert has ended")
	f.StringVar(&timeout, "timeout", "30s", "how `LONG` to wait for an answer")
	f.AddFlagSet(files.flags())
	return cmd
}

// noAlertmanager stands for Alertmanager's configuration where there is none: it sends to nobody.
const noAlertmanager = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"

// maxTrial is the longest wait for an answer.
const maxTrial = 5 * time.Minute

// showTrials shows what came of the samples.
func showTrials(env *environment, name string, trials []receivers.Trial) error {
	style := env.style(env.stdout)
	refused, failed := false, false
	for i, t := range trials {
		if i > 0 {
			fmt.Fprintln(env.stdout)
		}
		way := "Alertmanager's own notifier"
		if t.Via != "" {
			way = "the adaptor's receiver " + t.Via
		}
		line := func(key, value string) {
			if value != "" {
				fmt.Fprintf(env.stdout, "%s  %s\n", style.Dim(terminal.Pad(key, len("verdict"))), terminal.Safe(value))
			}
		}
		line("to", strings.TrimSpace(t.Channel+" "+t.Host)+", by "+way)
		answer := t.Answer
		if t.Status > 0 {
			answer = strings.TrimSuffix(fmt.Sprintf("HTTP %d: %s", t.Status, t.Answer), ": ")
		}
		line("answer", answer)
		switch t.Judgement {
		case receivers.Accepted:
			line("verdict", "accepted")
		case receivers.Refused:
			refused = true
			line("verdict", "refused: "+t.Reason)
		default:
			failed = true
			line("verdict", "not delivered: "+t.Reason)
		}
	}
	switch {
	case refused:
		return errFindings
	case failed:
		return errors.New("no answer: " + name + " could not be tried")
	}
	return nil
}
