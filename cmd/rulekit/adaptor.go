package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/rulekit/rulekit/adaptor"
)

type adaptorFlags struct {
	config, listen      string
	webConfig           string
	store               storeFlags
	drain               time.Duration
	profiling           bool
	logFormat, logLevel string
}

// newAdaptor serves the webhook adaptor.
func newAdaptor(env *environment) *cobra.Command {
	flags := adaptorFlags{}
	cmd := &cobra.Command{
		Use:   "adaptor",
		Short: "Carry Alertmanager's notifications to Feishu, DingTalk, WeCom and Slack",
		Long: `Serves the webhook that Alertmanager posts to, and carries what it gets to instant messengers.

Each receiver of the configuration is posted to at /api/v1/notify/NAME. What was accepted is on disk, and
is delivered after a restart. The configuration is read again on SIGHUP, POST /-/reload and when one of its
files changes. SIGINT and SIGTERM stop it.`,
		Example: `  rulekit adaptor --config adaptor.yaml
  rulekit adaptor --config adaptor.yaml --listen 127.0.0.1:5001 --log-format json
  rulekit adaptor check-config --config adaptor.yaml --alertmanager-config alertmanager.yml`,
		GroupID: groupRun,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownSubcommand(cmd, args[0])
			}
			return serveAdaptor(cmd, env, flags)
		},
	}
	f := cmd.Flags()
	configFlag(cmd, &flags.config)
	f.StringVar(&flags.listen, "listen", ":5001", "`ADDRESS` to listen on")
	f.StringVar(&flags.webConfig, "web.config.file", "", "`FILE` with TLS and basic authentication, as of every Prometheus exporter")
	f.AddFlagSet(flags.store.flags())
	f.DurationVar(&flags.drain, "drain-timeout", 10*time.Second, "how long to finish what is under way when told to stop")
	f.BoolVar(&flags.profiling, "enable-pprof", false, "serve profiles under /debug/pprof/")
	f.StringVar(&flags.logFormat, "log-format", "text", "form of the log: text or json")
	f.StringVar(&flags.logLevel, "log-level", "info", "least level that is logged: debug, info, warn or error")
	cmd.AddCommand(newAdaptorCheckConfig(env), newAdaptorDLQ(env), newAdaptorRender(env))
	return cmd
}

// configFlag is the flag --config of the adaptor's commands.
func configFlag(cmd *cobra.Command, config *string) {
	cmd.Flags().StringVar(config, "config", "adaptor.yaml", "configuration `FILE`")
}

// memoryLimit is where Go's collector begins to work harder, in bytes. What must be in memory at
// one time is less; without the limit the garbage of a few large notifications is as much again.
const memoryLimit = 80 << 20

func serveAdaptor(cmd *cobra.Command, env *environment, flags adaptorFlags) (err error) {
	logger, err := newLogger(env.stderr, flags.logFormat, flags.logLevel)
	if err != nil {
		return err
	}
	// From here on a hangup is a reload and does not end the process.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	if flags.drain <= 0 {
		return fmt.Errorf("--drain-timeout %s: want a time longer than 0", flags.drain)
	}
	if env.getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	options, err := flags.store.options(cmd, env, logger)
	if err != nil {
		return err
	}
	source := adaptor.Source{Path: flags.config, Getenv: env.getenv}
	config, err := loadAdaptorConfig(cmd, source)
	if err != nil {
		return err
	}
	if len(config.Receivers) == 0 {
		logger.Warn("the configuration has no receivers: every notification will be refused", "config", flags.config)
	}
	listener, err := new(net.ListenConfig).Listen(cmd.Context(), "tcp", flags.listen)
	if err != nil {
		return withHint(err, "choose another address with --listen")
	}
	defer listener.Close()
	options.DedupWindow = config.DedupWindow
	queue, closeQueue, err := openStore(cmd.Context(), options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeQueue()) }()
	if options.Dir != "" {
		stopAdmin, err := adaptor.ServeAdmin(options.Dir, queue, logger)
		if err != nil {
			return err
		}
		defer stopAdmin()
	}
	server, err := adaptor.New(adaptor.Options{
		Config: config, Source: source, Queue: queue,
		DrainTimeout: flags.drain, WebConfig: flags.webConfig, Profiling: flags.profiling, Logger: logger,
	})
	if err != nil {
		return err
	}
	stopReloads := reloadOn(hangups, server)
	defer stopReloads()
	return server.Serve(cmd.Context(), listener)
}

// loadAdaptorConfig reads the adaptor's configuration.
func loadAdaptorConfig(cmd *cobra.Command, source adaptor.Source) (*adaptor.Config, error) {
	config, err := source.Load()
	if errors.Is(err, fs.ErrNotExist) && !cmd.Flags().Changed("config") {
		return nil, withHint(err, "name the configuration with --config; docs/adaptor.md shows one")
	}
	return config, err
}

// reloadOn lets the server read its configuration again on each signal, until the returned
// function is called.
func reloadOn(signals <-chan os.Signal, server *adaptor.Server) (stop func()) {
	stopped, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case s := <-signals:
				_ = server.ReloadSource(s.String()) // which logs the error
			case <-stopped:
				return
			}
		}
	}()
	return func() {
		close(stopped)
		<-done
	}
}

// readableDuration makes a duration of the log 1.2s: JSON has but numbers for it, of nanoseconds.
func readableDuration(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
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
		options.ReplaceAttr = readableDuration
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, fmt.Errorf("--log-format %q: want text or json", format)
}
