package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rulekit/rulekit/adaptor"
	"github.com/rulekit/rulekit/rules/terminal"
)

type checkConfigFlags struct {
	config, alertmanager string
	schema               bool
	withoutSecrets       bool
}

// newAdaptorCheckConfig checks a configuration of the adaptor.
func newAdaptorCheckConfig(env *environment) *cobra.Command {
	flags := checkConfigFlags{}
	cmd := &cobra.Command{
		Use:   "check-config",
		Short: "Check a configuration of the adaptor, and Alertmanager's with it",
		Long: `Checks a configuration as the adaptor would read it here, with its environment variables and files of
secrets, and lists its receivers. No message is sent, and no secret is shown. Where the secrets are not at
hand, as in CI, --without-secrets leaves out what only they tell.

With --alertmanager-config it also checks that what Alertmanager posts to the adaptor finds a receiver,
tells of resolved alerts, is not cut, and is not repeated so soon that the repeat is taken for a duplicate.

Exit code 0: no problem. 1: there are problems. 2: a file cannot be read.`,
		Example: `  rulekit adaptor check-config --config adaptor.yaml
  rulekit adaptor check-config --config adaptor.yaml --alertmanager-config alertmanager.yml
  rulekit adaptor check-config --config adaptor.yaml --without-secrets
  rulekit adaptor check-config --schema > adaptor.schema.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if flags.schema {
				_, err := env.stdout.Write(adaptor.Schema())
				return err
			}
			return checkAdaptorConfig(cmd, env, flags)
		},
	}
	configFlag(cmd, &flags.config)
	cmd.Flags().StringVar(&flags.alertmanager, "alertmanager-config", "", "Alertmanager's configuration `FILE`, to be checked with it")
	cmd.Flags().BoolVar(&flags.schema, "schema", false, "print the JSON schema of a configuration and do nothing else")
	cmd.Flags().BoolVar(&flags.withoutSecrets, "without-secrets", false, "do not read files of secrets, and no secrets from the environment")
	return cmd
}

func checkAdaptorConfig(cmd *cobra.Command, env *environment, flags checkConfigFlags) error {
	style := env.style(env.stdout)
	config, err := loadAdaptorConfig(cmd, adaptor.Source{Path: flags.config, Getenv: env.getenv, WithoutSecrets: flags.withoutSecrets})
	if wrong := (*adaptor.ConfigError)(nil); errors.As(err, &wrong) {
		return tellProblems(env, wrong.Problems)
	} else if err != nil {
		return err
	}
	posts := &alertmanagerPosts{path: flags.alertmanager, config: config, adaptorPath: flags.config}
	if flags.alertmanager != "" {
		if err := posts.read(); err != nil {
			return err
		}
	}
	if posts.path != "" && posts.receivers == nil {
		return tellProblems(env, posts.told()) // Alertmanager refuses it
	}
	if err := listReceivers(env, style, config, posts); err != nil {
		return err
	}
	if len(posts.problems) > 0 {
		fmt.Fprintln(env.stdout)
		return tellProblems(env, posts.told())
	}
	fmt.Fprintf(env.stdout, "\n%s, no problem\n", count(len(config.Receivers), "receiver"))
	return nil
}

// tellProblems prints problems and returns what makes the exit code 1.
func tellProblems(env *environment, problems []string) error {
	for _, problem := range problems {
		fmt.Fprintln(env.stdout, terminal.Safe(problem))
	}
	fmt.Fprintf(env.stdout, "\n%s\n", count(len(problems), "problem"))
	return errFindings
}

// listReceivers shows where each receiver's messages go, and how.
func listReceivers(env *environment, style terminal.Style, config *adaptor.Config, posts *alertmanagerPosts) error {
	head := []string{"receiver", "channel", "form", "host", "language", "time zone", "fallback"}
	if posts.path != "" {
		head = append(head, "posted to by")
	}
	var rows [][]string
	for _, r := range config.Receivers {
		form := r.Target.Form
		if form == "" && len(r.Channel.Forms) > 0 {
			form = r.Channel.Forms[0]
		}
		language := "en"
		if r.Style.Locale != nil {
			language = r.Style.Locale.Name
		}
		zone := "UTC"
		if r.Style.Zone != nil {
			zone = r.Style.Zone.String()
		}
		host := r.Target.Host()
		if r.Target.URL == adaptor.Unknown {
			host = "(secret)"
		}
		row := []string{r.Name, r.Channel.Name, form, host, language, zone, r.Fallback}
		if posts.path != "" {
			row = append(row, strings.Join(slices.Compact(posts.receivers[r.Name]), ", "))
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil
	}
	return writeTable(env.stdout, style, head, rows)
}
