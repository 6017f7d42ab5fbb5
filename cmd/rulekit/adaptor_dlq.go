package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rulekit/rulekit/adaptor"
	"github.com/rulekit/rulekit/rules/terminal"
)

// dlqFlags are those of every command that looks after dead letters.
type dlqFlags struct {
	store    storeFlags
	receiver string
	all      bool
	raw      bool
	output   string
}

// newAdaptorDLQ looks after the notifications that were given up.
func newAdaptorDLQ(env *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dlq",
		Short: "Look after the notifications that could not be delivered",
		Long: `dlq lists, shows, replays and drops dead letters: notifications that a messenger refused for good, or
that were given up. It asks the adaptor that runs on the data directory, or opens the directory where none
runs. The last 10 000 dead letters of the last 30 days are kept.`,
		Example: `  rulekit adaptor dlq list
  rulekit adaptor dlq show 12
  rulekit adaptor dlq replay --all --receiver dba`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownSubcommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(newDLQList(env), newDLQShow(env), newDLQReplay(env), newDLQDrop(env))
	return cmd
}

func newDLQList(env *environment) *cobra.Command {
	flags := dlqFlags{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the dead letters, the oldest first",
		Example: `  rulekit adaptor dlq list
  rulekit adaptor dlq list --receiver dba -o json
  rulekit adaptor dlq list --nats-url nats://nats:4222`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return flags.open(cmd, env, func(ctx context.Context, letters adaptor.DeadLetters) error {
				all := []listedDead{}
				others, err := eachDeadLetter(ctx, letters, flags.receiver, func(d adaptor.DeadItem) {
					names := d.AlertNames()
					d.Item.Body = nil // of thousands, they would not fit into memory
					all = append(all, listedDead{d, names})
				})
				if err != nil {
					return err
				}
				if flags.output == "json" {
					return printDeadJSON(env.stdout, all)
				}
				if len(all) == 0 {
					defer hintOthers(env, others)
				}
				return printDeadTable(env, all)
			})
		},
	}
	flags.add(cmd)
	flags.addReceiver(cmd)
	flags.addOutput(cmd)
	return cmd
}

func newDLQShow(env *environment) *cobra.Command {
	flags := dlqFlags{}
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show a dead letter with its alerts in full",
		Example: `  rulekit adaptor dlq show 12
  rulekit adaptor dlq show 12 --raw > webhook.json
  rulekit adaptor render --receiver dba --payload webhook.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if flags.raw && cmd.Flags().Changed("output") {
				return errors.New("--raw and --output are both set: choose one")
			}
			return flags.open(cmd, env, func(ctx context.Context, letters adaptor.DeadLetters) error {
				d, err := deadLetter(ctx, letters, args[0])
				switch {
				case err != nil:
					return err
				case flags.raw:
					_, err := fmt.Fprintln(env.stdout, string(bytes.TrimRight(d.Item.Body, "\n")))
					return err
				case flags.output == "json":
					return printDeadJSON(env.stdout, []listedDead{{d, d.AlertNames()}})
				}
				return printDead(env, d)
			})
		},
	}
	flags.add(cmd)
	flags.addOutput(cmd)
	cmd.Flags().BoolVar(&flags.raw, "raw", false, "print the webhook body as it was posted, and nothing else")
	return cmd
}

func newDLQReplay(env *environment) *cobra.Command {
	flags := dlqFlags{}
	cmd := &cobra.Command{
		Use:   "replay {ID... | --all}",
		Short: "Put dead letters back into the lines of their receivers",
		Long: `replay puts dead letters at the end of the lines of their receivers. A running adaptor delivers them, else
the next one does. Of one that was delivered in part only the rest is sent.`,
		Example: `  rulekit adaptor dlq replay 12 13
  rulekit adaptor dlq replay --all
  rulekit adaptor dlq replay --all --receiver dba`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return flags.change(cmd, env, args, "put back", adaptor.DeadLetters.Replay)
		},
	}
	flags.add(cmd)
	flags.addReceiver(cmd)
	cmd.Flags().BoolVar(&flags.all, "all", false, "replay all dead letters, or all of --receiver")
	return cmd
}

func newDLQDrop(env *environment) *cobra.Command {
	flags := dlqFlags{}
	cmd := &cobra.Command{
		Use:   "drop {ID... | --all}",
		Short: "Forget dead letters",
		Example: `  rulekit adaptor dlq drop 12 13
  rulekit adaptor dlq drop --all --receiver retired`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return flags.change(cmd, env, args, "dropped", adaptor.DeadLetters.Drop)
		},
	}
	flags.add(cmd)
	flags.addReceiver(cmd)
	cmd.Flags().BoolVar(&flags.all, "all", false, "drop all dead letters, or all of --receiver")
	return cmd
}

func (f *dlqFlags) add(cmd *cobra.Command) { cmd.Flags().AddFlagSet(f.store.flags()) }

func (f *dlqFlags) addReceiver(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.receiver, "receiver", "", "only those of the receiver of this `NAME`")
}

func (f *dlqFlags) addOutput(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&f.output, "output", "o", "text", "`FORMAT`: text or json")
	complete(cmd, "output", func() []string { return []string{"text", "json"} })
}

// open opens the dead letters for the time of a call.
func (f *dlqFlags) open(cmd *cobra.Command, env *environment, use func(context.Context, adaptor.DeadLetters) error) (err error) {
	if f.output != "" && f.output != "text" && f.output != "json" {
		return fmt.Errorf("--output %q: want text or json", f.output)
	}
	logger := slog.New(slog.NewTextHandler(env.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	options, err := f.store.options(cmd, env, logger)
	if err != nil {
		return err
	}
	opening, cancel := context.WithTimeout(cmd.Context(), openTimeout)
	defer cancel()
	letters, closer, err := adaptor.OpenDeadLetters(opening, options)
	if errors.Is(err, fs.ErrNotExist) {
		return withHint(err, "name the data directory of the adaptor with --data-dir")
	} else if err != nil {
		return err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(cmd.Context()), closeTimeout)
		defer cancel()
		err = errors.Join(err, closer(closing))
	}()
	return use(cmd.Context(), letters)
}

// change replays or drops the dead letters of the IDs, or all.
func (f *dlqFlags) change(cmd *cobra.Command, env *environment, ids []string, done string, one func(adaptor.DeadLetters, context.Context, string) error) error {
	switch {
	case f.all && len(ids) > 0:
		return errors.New("--all and IDs are both given: choose one")
	case !f.all && len(ids) == 0:
		return withHint(errors.New("which dead letters?"), "name their IDs, which dlq list shows, or give --all")
	case !f.all && f.receiver != "":
		return errors.New("--receiver is for --all")
	}
	return f.open(cmd, env, func(ctx context.Context, letters adaptor.DeadLetters) error {
		if f.all {
			others, err := eachDeadLetter(ctx, letters, f.receiver, func(d adaptor.DeadItem) { ids = append(ids, d.ID) })
			if err != nil {
				return err
			}
			if len(ids) == 0 {
				defer hintOthers(env, others)
			}
		}
		changed, problems := 0, []error(nil)
		for _, id := range ids {
			err := one(letters, ctx, id)
			if err == nil {
				changed++
				continue
			}
			problems = append(problems, fmt.Errorf("%s: %w", id, err))
			if !errors.Is(err, adaptor.ErrNoDeadLetter) {
				break
			}
		}
		fmt.Fprintf(env.stdout, "%s %s\n", count(changed, "dead letter"), done)
		return errors.Join(problems...)
	})
}

// deadPage is how many dead letters are asked for at a time.
const deadPage = 20

// hintOthers tells who has dead letters, when the receiver that was asked for has none: its name
// may be mistyped.
func hintOthers(env *environment, others []string) {
	if len(others) > 0 {
		names := terminal.Safe(oneLineOf(strings.Join(others, ", ")))
		fmt.Fprintf(env.stderr, "%s there are dead letters of %s\n", env.style(env.stderr).Dim("hint:"), names)
	}
}

// eachDeadLetter calls a function for each dead letter of a receiver, or of all. The others are
// the receivers whose dead letters were passed over.
func eachDeadLetter(ctx context.Context, letters adaptor.DeadLetters, receiver string, do func(adaptor.DeadItem)) (others []string, err error) {
	for after := ""; ; {
		page, err := letters.DeadLetters(ctx, after, deadPage)
		if err != nil || len(page) == 0 {
			slices.Sort(others)
			return others, err
		}
		for _, d := range page {
			after = d.ID
			if receiver == "" || d.Item.Receiver == receiver {
				do(d)
			} else if !slices.Contains(others, d.Item.Receiver) {
				others = append(others, d.Item.Receiver)
			}
		}
	}
}

// deadLetter returns the dead letter of an ID. The IDs are numbers, so it is the first after the
// number before.
func deadLetter(ctx context.Context, letters adaptor.DeadLetters, id string) (adaptor.DeadItem, error) {
	if n, err := strconv.ParseUint(id, 10, 64); err == nil && n > 0 {
		after := ""
		if n > 1 {
			after = strconv.FormatUint(n-1, 10)
		}
		page, err := letters.DeadLetters(ctx, after, 1)
		if err != nil {
			return adaptor.DeadItem{}, err
		}
		if len(page) == 1 && page[0].ID == id {
			return page[0], nil
		}
	}
	return adaptor.DeadItem{}, withHint(fmt.Errorf("%s: %w", id, adaptor.ErrNoDeadLetter), "dlq list shows those there are")
}
