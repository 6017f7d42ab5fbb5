package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"

	"github.com/spf13/cobra"

	"github.com/rulekit/rulekit/adaptor"
)

type adaptorFlags struct {
	config, listen      string
	logFormat, logLevel string
}

// newAdaptor serves the webhook adaptor.
func newAdaptor(env *environment) *cobra.Command {
	flags := adaptorFlags{}
	cmd := &cobra.Command{
		Use:   "adaptor",
		Short: "Carry Alertmanager's notifications to Feishu, DingTalk, WeCom and Slack",
		Long: `Serves the webhook that Alertmanager posts to, and carries what it gets to instant messengers.

Each receiver of the configuration is posted to at /api/v1/notify/NAME. Stops on SIGINT and SIGTERM,
after it has delivered what waits.`,
		Example: `  rulekit adaptor --config adaptor.yaml
  rulekit adaptor --config adaptor.yaml --listen 127.0.0.1:5001 --log-format json`,
		GroupID: groupRun,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			logger, err := newLogger(env.stderr, flags.logFormat, flags.logLevel)
			if err != nil {
				return err
			}
			config, err := adaptor.LoadConfig(flags.config, env.getenv)
			if errors.Is(err, fs.ErrNotExist) && !cmd.Flags().Changed("config") {
				return withHint(err, "name the configuration with --config; docs/adaptor.md shows one")
			} else if err != nil {
				return err
			}
			if len(config.Receivers) == 0 {
				logger.Warn("the configuration has no receivers: every notification will be refused", "config", flags.config)
			}
			server, err := adaptor.New(adaptor.Options{Config: config, Logger: logger})
			if err != nil {
				return err
			}
			listener, err := new(net.ListenConfig).Listen(cmd.Context(), "tcp", flags.listen)
			if err != nil {
				return withHint(err, "choose another address with --listen")
			}
			return server.Serve(cmd.Context(), listener)
		},
	}
	f := cmd.Flags()
	f.StringVar(&flags.config, "config", "adaptor.yaml", "configuration `FILE`")
	f.StringVar(&flags.listen, "listen", ":5001", "`ADDRESS` to listen on")
	f.StringVar(&flags.logFormat, "log-format", "text", "form of the log: text or json")
	f.StringVar(&flags.logLevel, "log-level", "info", "least level that is logged: debug, info, warn or error")
	return cmd
}

// newLogger returns a logger to w in the given form.
func newLogger(w io.Writer, format, level string) (*slog.Logger, error) {
	options := &slog.HandlerOptions{}
	least := slog.LevelInfo
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("--log-level %q: want debug, info, warn or error", level)
	}
	options.Level = least
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, fmt.Errorf("--log-format %q: want text or json", format)
}
