package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rulekit/rulekit/adaptor/receivers"
	"github.com/rulekit/rulekit/rules/terminal"
)

// receiverSMTPFlags are the flags of rulekit receiver smtp.
type receiverSMTPFlags struct {
	receiverFiles
	server       receivers.MailServer
	passwordFile string
	requireTLS   bool
	// settings are the flags that change something.
	settings *pflag.FlagSet
}

// newReceiverSMTP sets how Alertmanager sends email.
func newReceiverSMTP(env *environment) *cobra.Command {
	flags := &receiverSMTPFlags{receiverFiles: receiverFiles{env: env}}
	cmd := &cobra.Command{
		Use:   "smtp",
		Short: "Show or set the server that email is sent by",
		Long: `smtp sets the server that Alertmanager sends email by, for all receivers. What no flag names stays
as it is. Without flags, it shows the present settings, but for the password.`,
		Example: `  rulekit receiver smtp
  rulekit receiver smtp --from alerts@example.com --smarthost smtp.example.com:587 --auth-username alerts --auth-password-file smtp-password`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return flags.run(cmd)
		},
	}
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.StringVar(&flags.server.From, "from", "", "`ADDRESS` that email is sent from")
	f.StringVar(&flags.server.Smarthost, "smarthost", "", "`HOST:PORT` of the mail server")
	f.StringVar(&flags.server.Username, "auth-username", "", "`NAME` for the mail server")
	f.StringVar(&flags.passwordFile, "auth-password-file", "", "`FILE` with the password")
	f.StringVar(&flags.server.Identity, "auth-identity", "", "`IDENTITY` for the mail server, where it is not the name")
	f.BoolVar(&flags.requireTLS, "require-tls", true, "send only over TLS; --require-tls=false is for servers inside your network")
	flags.settings = f
	cmd.Flags().AddFlagSet(f)
	cmd.Flags().AddFlagSet(flags.flags())
	flags.diffFlag(cmd.Flags())
	return cmd
}

func (s *receiverSMTPFlags) run(cmd *cobra.Command) error {
	changes := false
	var empty string
	s.settings.VisitAll(func(f *pflag.Flag) {
		if cmd.Flags().Changed(f.Name) {
			changes = true
			if f.Value.String() == "" {
				empty = f.Name
			}
		}
	})
	switch {
	case empty != "":
		return fmt.Errorf("--%s is empty: leave it out, or edit the file by hand to take the setting away", empty)
	case !changes:
		return s.show()
	}
	if cmd.Flags().Changed("require-tls") {
		s.server.RequireTLS = &s.requireTLS
	}
	if s.passwordFile != "" {
		if _, err := receivers.ReadSecret(s.passwordFile); err != nil {
			return fmt.Errorf("--auth-password-file %w", err)
		}
		// Alertmanager looks for it from wherever it runs.
		var err error
		if s.server.PasswordFile, err = filepath.Abs(s.passwordFile); err != nil {
			return fmt.Errorf("--auth-password-file %s: %w", s.passwordFile, err)
		}
	}
	return s.change(cmd.Context(), func(f receivers.Files) (*receivers.Result, error) { return receivers.SetMailServer(f, s.server) })
}

// show shows how email is sent.
func (s *receiverSMTPFlags) show() error {
	if s.diff {
		return errors.New("--diff shows a change: say what is to be set")
	}
	files, err := s.read()
	if err != nil {
		return err
	}
	settings, err := receivers.MailSettings(files.Alertmanager)
	if err != nil {
		return err
	}
	for _, setting := range settings {
		value := setting[1]
		if value == "" {
			value = "-"
		}
		fmt.Fprintf(s.env.stdout, "%s  %s\n", terminal.Pad(setting[0], len("auth identity")), terminal.Safe(value))
	}
	return nil
}
