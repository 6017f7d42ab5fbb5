package main

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rulekit/rulekit/adaptor"
	"github.com/rulekit/rulekit/adaptor/receivers"
	"github.com/rulekit/rulekit/rules/export"
)

// receiverAddFlags are the flags of rulekit receiver add.
type receiverAddFlags struct {
	receiverFiles
	spec receivers.Spec
	via  string
	// Where secrets are: files, and environment variables.
	urlFile, secretFile, tokenFile, urlEnv, secretEnv string
	// Where it sends to, which alerts it gets, files.
	groups [3]flagGroup
}

// newReceiverAdd adds a receiver.
func newReceiverAdd(env *environment) *cobra.Command {
	flags := &receiverAddFlags{receiverFiles: receiverFiles{env: env}}
	cmd := &cobra.Command{
		Use:   "add TYPE [NAME]",
		Short: "Add a receiver, with a route to it",
		Long: `add makes sure that a receiver is there: in Alertmanager's configuration, with a route to it, and in
the adaptor's. The same command again changes nothing.

TYPE is ` + strings.Join(receivers.Kinds(), ", ") + `. Alertmanager sends email, slack and
webhook itself, and all others by way of rulekit's adaptor; with --via adaptor it also sends slack and
webhook that way. Without a NAME, one is made up.

The new route stands in front of those that take its alerts and end the search, and lets the alerts
go on: other receivers get what they got before.`,
		Example: `  rulekit receiver add feishu dba --url-file feishu-url --secret-file feishu-secret
  rulekit receiver add dingtalk oncall --url-file dingtalk-url --cluster pg-a --cluster pg-b --severity critical,warning
  rulekit receiver add slack ops --url-file slack-url --channel '#ops' --match 'namespace=~"shop-.*"'
  rulekit receiver add email --to dba@example.com --severity critical
  rulekit receiver add wecom all --url-env WECOM_URL --default`,
		Args: receiverAddArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return flags.run(cmd, args)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return receivers.Kinds(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	flags.define()
	groupFlags(cmd, flags.groups[:]...)
	// A set of flags that is added to another keeps its aliases to itself.
	cmd.Flags().SetNormalizeFunc(flags.groups[2].flags.GetNormalizeFunc())
	complete(cmd, "severity", func() []string { return export.Severities })
	complete(cmd, "via", func() []string { return []string{"alertmanager", "adaptor"} })
	return cmd
}

func receiverAddArgs(_ *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return withHint(errors.New("say which messenger: rulekit receiver add TYPE [NAME]"), "there are "+strings.Join(receivers.Kinds(), ", "))
	case len(args) > 2:
		return fmt.Errorf("want TYPE and NAME, not %q", args)
	}
	return nil
}

func (a *receiverAddFlags) define() {
	s := &a.spec
	to := pflag.NewFlagSet("", pflag.ContinueOnError)
	to.StringVar(&a.urlFile, "url-file", "", "`FILE` with the address of the webhook")
	to.StringVar(&a.urlEnv, "url-env", "", "environment `VARIABLE` with the address, for the adaptor")
	to.StringVar(&a.secretFile, "secret-file", "", "`FILE` with the key for signatures, if the bot checks them")
	to.StringVar(&a.secretEnv, "secret-env", "", "environment `VARIABLE` with the key for signatures, for the adaptor")
	to.StringVar(&a.tokenFile, "token-file", "", "`FILE` with the token of a Slack bot, instead of an address")
	to.StringVar(&s.Channel, "channel", "", "Slack `CHANNEL`")
	to.StringVar(&s.Username, "username", "", "`NAME` that Slack shows as the sender")
	to.StringArrayVar(&s.To, "to", nil, "email `ADDRESS`, repeatable")
	to.StringVar(&a.via, "via", "", "`WHO` sends to slack or webhook: alertmanager (the default) or adaptor")
	to.BoolVar(&s.Gateway, "gateway", false, "the address is on another host than the messenger's own")
	gets := pflag.NewFlagSet("", pflag.ContinueOnError)
	gets.StringSliceVar(&s.Routing.Clusters, "cluster", nil, "only alerts of this `CLUSTER` (label app_kubernetes_io_instance), repeatable")
	gets.StringSliceVar(&s.Routing.Severities, "severity", nil, "only alerts that are `critical`, warning or info, repeatable")
	gets.StringArrayVar(&s.Routing.Matchers, "match", nil, "only alerts that this `MATCHER` matches, such as team=\"db\", repeatable")
	gets.BoolVar(&s.Routing.Default, "default", false, "all alerts that no route takes, in place of the present default receiver")
	gets.BoolVar(&s.Routing.Exclusive, "exclusive", false, "keep those alerts from the receivers that got them before")
	set := a.flags()
	set.StringVar(&s.AdaptorURL, "adaptor-url", "", "`URL` where Alertmanager reaches the adaptor (default: that of other receivers, or "+receivers.DefaultAdaptorURL+")")
	set.BoolVar(&s.Replace, "replace", false, "change a receiver of that name that has other settings")
	set.BoolVar(&a.create, "create", false, "make Alertmanager's configuration from that of the shipped rules, if it is not there")
	a.diffFlag(set)
	a.groups = [3]flagGroup{{"Where it sends to", to}, {"Which alerts it gets", gets}, {"Files", set}}
}

func (a *receiverAddFlags) run(cmd *cobra.Command, args []string) error {
	a.spec.Kind = args[0]
	if len(args) > 1 {
		a.spec.Name = args[1]
		if a.spec.Name == "" {
			return errors.New("the name is empty: leave it out, and one is made up")
		}
	}
	if err := a.complete(cmd.Flags()); err != nil {
		return err
	}
	result, err := a.edit(cmd.Context(), func(files receivers.Files) (*receivers.Result, error) { return receivers.Add(files, a.spec) })
	if err != nil || a.diff {
		return err
	}
	a.next(result.Changes, "rulekit receiver test "+result.Name+a.elsewhere())
	return nil
}

// complete reads what the flags name.
func (a *receiverAddFlags) complete(flags *pflag.FlagSet) error {
	for _, name := range []string{"cluster", "severity"} {
		if values, err := flags.GetStringSlice(name); err == nil && flags.Changed(name) && len(values) == 0 {
			return fmt.Errorf("--%s is empty: want a name, or leave it out", name)
		}
	}
	switch a.via {
	case "", "alertmanager":
	case "adaptor":
		a.spec.ViaAdaptor = true
	default:
		return fmt.Errorf("--via %q: want alertmanager or adaptor", a.via)
	}
	if u, err := url.Parse(a.spec.AdaptorURL); a.spec.AdaptorURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "") {
		return fmt.Errorf("--adaptor-url: want an address such as %s", receivers.DefaultAdaptorURL)
	}
	for _, c := range []struct {
		flag, file, variable string
		into                 *receivers.Credential
	}{{"url", a.urlFile, a.urlEnv, &a.spec.URL}, {"secret", a.secretFile, a.secretEnv, &a.spec.Secret}, {"token", a.tokenFile, "", &a.spec.Token}} {
		if err := a.credential(c.flag, c.file, c.variable, c.into); err != nil {
			return err
		}
	}
	return a.applies(flags)
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// credential reads a secret from where two flags say that it is.
func (a *receiverAddFlags) credential(flag, file, variable string, into *receivers.Credential) error {
	var err error
	switch {
	case file != "" && variable != "":
		return fmt.Errorf("--%s-file and --%s-env are both given: leave one out", flag, flag)
	case variable != "" && !variableName.MatchString(variable):
		return withHint(fmt.Errorf("--%s-env takes the name of an environment variable", flag), "secrets themselves are never given in flags")
	case variable != "":
		into.Variable, into.Value = variable, adaptor.Secret(strings.TrimSpace(a.env.getenv(variable)))
	case strings.Contains(file, "://"):
		return withHint(fmt.Errorf("--%s-file takes the name of a file that holds it", flag), "secrets themselves are never given in flags, where others can see them")
	case file != "":
		into.File = file
		if into.Value, err = receivers.ReadSecret(file); err != nil {
			return fmt.Errorf("--%s-file %w", flag, err)
		}
	}
	return nil
}

// applies tells of flags that would be for nothing.
func (a *receiverAddFlags) applies(flags *pflag.FlagSet) error {
	kind := a.spec.Kind
	isWebhook := kind != "email"
	byAlertmanager := kind == "slack" || kind == "webhook"
	byAdaptor := isWebhook && (!byAlertmanager || a.spec.ViaAdaptor)
	for _, group := range []struct {
		names []string
		fits  bool
		of    string
	}{
		{[]string{"url-file", "url-env", "gateway"}, isWebhook, "a webhook"},
		{[]string{"secret-file", "secret-env"}, byAdaptor && kind != "webhook", "a bot of the adaptor"},
		{[]string{"token-file", "channel"}, kind == "slack", "slack"},
		{[]string{"username"}, kind == "slack" && !a.spec.ViaAdaptor, "slack that Alertmanager sends"},
		{[]string{"via"}, byAlertmanager, "slack and webhook"},
		{[]string{"to"}, !isWebhook, "email"},
	} {
		for _, name := range group.names {
			if flags.Changed(name) && !group.fits {
				return fmt.Errorf("--%s is for %s, not for this %s receiver: leave it out", name, group.of, kind)
			}
		}
	}
	return nil
}

// elsewhere repeats the flags that say where the files are.
func (f *receiverFiles) elsewhere() string {
	text := ""
	if f.alertmanager != "alertmanager.yml" {
		text += " --alertmanager-config " + f.alertmanager
	}
	if f.adaptor != "adaptor.yaml" {
		text += " --adaptor-config " + f.adaptor
	}
	return text
}
