package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"

	"github.com/rulekit/rulekit/adaptor"
	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/simulate"
	"github.com/rulekit/rulekit/simulate/report"
)

// simulateFlags are the flags of rulekit simulate.
type simulateFlags struct {
	run          string
	alerts       []string
	rules        []string
	receiver     string
	prometheus   string
	alertmanager string
	adaptor      string
	duration     string
	output       string
}

func newSimulate(env *environment) *cobra.Command {
	var flags simulateFlags
	cmd := &cobra.Command{
		Use:   "simulate [CASE]",
		Short: "Show a firing from the first bad sample to the message on a phone",
		Long: `Plays the series of a unit test through its rules, and what fires through the real Alertmanager
on a virtual clock, to the message as the receiver would see it. Nothing leaves the process.

CASE is a unit-test file; without one, a built-in example is played.`,
		Example: `  rulekit simulate --receiver slack                    play the built-in PostgreSQL example
  rulekit simulate --alert PostgreSQLDown --receiver feishu
  rulekit simulate failover.yaml --run primary         play a case of your own
  rulekit simulate failover.yaml --alertmanager-config alertmanager.yml --duration 6h`,
		GroupID: groupCheck,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runSimulate(cmd, env, flags, args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&flags.run, "run", "", "play the first case whose name matches this `REGEXP`")
	f.StringArrayVar(&flags.alerts, "alert", nil, "play only the alert `NAME`, repeatable; without CASE: the shipped alert to show")
	f.StringArrayVar(&flags.rules, "rules", nil, "play the rules in `FILE` instead of those the case names, repeatable")
	f.StringVar(&flags.receiver, "receiver", "", "show what the receiver `NAME` gets")
	f.StringVar(&flags.prometheus, "prometheus-config", "", "take rule_files, external_labels, evaluation_interval and alert_relabel_configs from a prometheus.yml `FILE`")
	f.StringVar(&flags.alertmanager, "alertmanager-config", "", "Alertmanager configuration `FILE` (default: a built-in one)")
	f.StringVar(&flags.adaptor, "adaptor-config", "", "configuration `FILE` of rulekit's adaptor (default: a built-in one)")
	f.StringVar(&flags.duration, "duration", "", "how `LONG` to play, such as 6h (default: as long as the case's series last)")
	f.StringVarP(&flags.output, "output", "o", "text", "`FORMAT`: text or json")
	return cmd
}

func runSimulate(cmd *cobra.Command, env *environment, flags simulateFlags, args []string) error {
	if flags.output != "text" && flags.output != "json" {
		return fmt.Errorf("--output %q: want text or json", flags.output)
	}
	options, err := story(cmd, env, flags, args)
	if err != nil {
		return err
	}
	configuration, err := alertmanagerConfiguration(flags)
	if err != nil {
		return err
	}
	outside, err := newWorld(env, flags, configuration)
	if err != nil {
		return err
	}
	timeline, batches, err := simulate.Play(cmd.Context(), options)
	if err == nil {
		timeline.Notifications, err = simulate.Notify(cmd.Context(), simulate.NotifyOptions{
			Configuration: configuration, Start: timeline.Start, Length: timeline.Length, Batches: batches, Hosts: outside.hosts,
		})
	}
	switch {
	case cmd.Context().Err() != nil:
		return errors.New("interrupted")
	case err != nil:
		return err
	}
	if flags.output == "json" {
		return report.TimelineJSON(env.stdout, timeline)
	}
	picture := report.Picture{Timeline: timeline, Title: options.Case.Title(), Receiver: flags.receiver, Style: env.style(env.stdout)}
	_, err = picture.WriteTo(env.stdout)
	return err
}

// simulatedPrometheus is the address of Prometheus in links.
const simulatedPrometheus = "http://prometheus:9090"

// story finds what to play: a case, its rules and for how long.
func story(cmd *cobra.Command, env *environment, flags simulateFlags, args []string) (simulate.PlayOptions, error) {
	options := simulate.PlayOptions{Alerts: flags.alerts, ExternalURL: simulatedPrometheus}
	paths := flags.rules
	if flags.prometheus != "" {
		p, err := simulate.ReadPrometheus(flags.prometheus, env.getenv)
		if err != nil {
			return options, err
		}
		options.EvaluationInterval, options.ExternalLabels, options.AlertRelabel = p.EvaluationInterval, p.ExternalLabels, p.AlertRelabel
		if len(paths) == 0 {
			paths = p.RuleFiles
		}
	}
	if flags.duration != "" {
		length, err := model.ParseDuration(flags.duration)
		if err != nil || length <= 0 {
			return options, fmt.Errorf("--duration %q: want a duration such as 90m or 6h", flags.duration)
		}
		options.Length = time.Duration(length)
	}
	var err error
	switch {
	case len(args) == 0:
		err = builtinStory(&options, flags, len(paths) > 0)
	default:
		options.Case, err = chooseCase(cmd, args[0], flags.run)
		if err == nil && len(paths) == 0 {
			paths, err = options.Case.Suite.RuleFilePaths()
		}
	}
	if err == nil && len(paths) > 0 {
		options.Program, err = simulate.LoadProgram(paths, simulate.Features{})
	}
	return options, err
}

// builtinStory is that of a shipped alert. With rules of the user's own it is the example's
// series, played through whatever alerts these have.
func builtinStory(options *simulate.PlayOptions, flags simulateFlags, ownRules bool) error {
	alert := simulate.DefaultAlert
	switch {
	case flags.run != "":
		return errors.New("--run chooses a case of a unit-test file: name one")
	case ownRules:
	case len(flags.alerts) > 1:
		return withHint(errors.New("without a case, only one --alert can be shown"), "name a unit-test file to play")
	case len(flags.alerts) == 1:
		alert = flags.alerts[0]
	default:
		options.Alerts = []string{alert}
	}
	var err error
	options.Case, options.Program, err = simulate.Builtin(alert)
	return err
}

// chooseCase reads a test file and picks the case to play.
func chooseCase(cmd *cobra.Command, path, run string) (*simulate.Case, error) {
	wanted, err := regexp.Compile(run)
	if err != nil {
		return nil, fmt.Errorf("--run %q: %w", run, err)
	}
	suite, err := simulate.LoadSuite(path)
	if err != nil {
		return nil, err
	}
	var matching []*simulate.Case
	var titles []string
	for _, c := range suite.Cases {
		titles = append(titles, c.Title())
		if wanted.MatchString(c.Name) {
			matching = append(matching, c)
		}
	}
	switch {
	case len(suite.Cases) == 0:
		return nil, fmt.Errorf("%s has no tests", path)
	case len(matching) == 0:
		return nil, withHint(fmt.Errorf("%s has no test whose name matches %q", path, run), "its tests are: "+strings.Join(titles, ", "))
	case len(matching) > 1:
		cmd.PrintErrf("playing the first of %d tests, %q: --run chooses another\n", len(matching), matching[0].Title())
	}
	return matching[0], nil
}

func alertmanagerConfiguration(flags simulateFlags) (*simulate.Configuration, error) {
	configuration := simulate.BuiltinConfiguration()
	if flags.alertmanager != "" {
		var err error
		if configuration, err = simulate.ReadConfiguration(flags.alertmanager); err != nil {
			return nil, err
		}
	}
	if flags.receiver == "" {
		return configuration, nil
	}
	selected, err := configuration.Select(flags.receiver)
	if unknown := (*simulate.UnknownReceiverError)(nil); errors.As(err, &unknown) {
		if near := rules.Nearest(unknown.Name, unknown.Known); near != "" {
			return nil, withHint(err, fmt.Sprintf("did you mean %s?", near))
		}
	}
	return selected, err
}

// newWorld chooses the adaptor's configuration and where Alertmanager finds the adaptor.
func newWorld(env *environment, flags simulateFlags, configuration *simulate.Configuration) (*world, error) {
	w := &world{names: []string{"adaptor"}}
	var err error
	if flags.adaptor == "" {
		w.receivers, err = adaptor.ParseConfig("built-in adaptor configuration", []byte(simulatedReceivers), env.getenv)
		return w, err
	}
	w.names = append(w.names, configuration.WebhookHosts(adaptor.NotifyPath)...)
	w.receivers, err = adaptor.LoadConfig(flags.adaptor, env.getenv)
	return w, err
}
