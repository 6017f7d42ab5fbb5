package main

import (
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rulekit/rulekit/adaptor/fakeim"
	"github.com/rulekit/rulekit/rules/terminal"
)

type fakeimFlags struct {
	listen  string
	fail    []string
	keep    int
	noRates bool
	quiet   bool
}

// newFakeim serves fakes of the messengers.
func newFakeim(env *environment) *cobra.Command {
	flags := fakeimFlags{}
	cmd := &cobra.Command{
		Use:   "fakeim",
		Short: "Pretend to be the messengers, and show what they would show",
		Long:  fakeimLong(),
		Example: `  rulekit fakeim                                   then point the adaptor at the addresses it prints
  rulekit fakeim --fail throttle:3                 each messenger throttles its first three messages
  rulekit fakeim --fail slack/status,status=503,every=2 --quiet`,
		GroupID: groupRun,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if flags.keep < 1 {
				return fmt.Errorf("--keep %d: want at least 1", flags.keep)
			}
			options := fakeim.ServerOptions{Keep: flags.keep, NoRates: flags.noRates}
			if !flags.quiet {
				options.Observe = func(r fakeim.Received) { printReceived(env.stdout, env.style(env.stdout), r) }
			}
			server := fakeim.NewServer(options)
			for _, text := range flags.fail {
				trouble, err := fakeim.ParseTrouble(text)
				if err == nil {
					err = server.Make(trouble)
				}
				if err != nil {
					return withHint(fmt.Errorf("--fail: %w", err), "rulekit fakeim --help lists what there is")
				}
			}
			listener, err := new(net.ListenConfig).Listen(cmd.Context(), "tcp", flags.listen)
			if err != nil {
				return withHint(err, "choose another address with --listen")
			}
			printAddresses(env.stdout, server, listener.Addr())
			return server.Serve(cmd.Context(), listener)
		},
	}
	f := cmd.Flags()
	f.StringVar(&flags.listen, "listen", "127.0.0.1:5002", "`ADDRESS` to listen on; whoever can reach it can post and read")
	f.StringArrayVar(&flags.fail, "fail", nil, "make `TROUBLE` from the start: [MESSENGER/]KIND[:COUNT][,NAME=VALUE]...; may be given several times")
	f.IntVar(&flags.keep, "keep", 200, "`NUMBER` of messages to keep")
	f.BoolVar(&flags.noRates, "no-rates", false, "take messages as fast as they come")
	f.BoolVarP(&flags.quiet, "quiet", "q", false, "do not print messages, show them on the page only")
	return cmd
}

func fakeimLong() string {
	var kinds strings.Builder
	for _, kind := range fakeim.TroubleKinds {
		fmt.Fprintf(&kinds, "  %-9s %s\n", kind.Name, kind.What)
	}
	return `Serves fakes of Feishu, DingTalk, WeCom and Slack, and a receiver of any webhook, at the paths of
the real ones. They refuse what the real ones refuse, in their words, and keep their rates. A page
shows each message as the messenger would, and so does the terminal, in plain text.

Kinds of trouble, for --fail and for POST /-/fault:
` + kinds.String() + `
every=N makes only each N-th call meet it, probability=P some, for=TIME ends it; docs/fakeim.md has
more. Stops on SIGINT and SIGTERM.`
}

// printAddresses says where messages are shown, and what to put into the adaptor's configuration.
func printAddresses(out io.Writer, server *fakeim.Server, address net.Addr) {
	host := address.String()
	if tcp, ok := address.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		host = net.JoinHostPort("127.0.0.1", fmt.Sprint(tcp.Port))
	}
	fmt.Fprintf(out, "Messages are shown at http://%s/\n\nIn adaptor.yaml:\n\n  receivers:\n", host)
	for _, receiver := range server.Receivers("http://" + host) {
		fmt.Fprintf(out, "  %s\n", receiver.YAML())
	}
	fmt.Fprintln(out)
}

// printReceived writes a request and what a person would see of it.
func printReceived(out io.Writer, style terminal.Style, r fakeim.Received) {
	outcome := style.Green("accepted")
	switch {
	case r.Status == 0:
		outcome = style.Red("connection closed, on command")
	case r.Injected:
		outcome = style.Red(fmt.Sprintf("HTTP %d, on command", r.Status))
	case !r.OK:
		outcome = style.Red(fmt.Sprintf("refused: HTTP %d %s", r.Status, terminal.Safe(strings.TrimSpace(r.Answer))))
	}
	fmt.Fprintf(out, "%s %s %s\n", style.Dim(r.At.Format(time.TimeOnly)), r.Channel, outcome)
	if r.Note != "" {
		fmt.Fprintf(out, "    (%s)\n", r.Note)
	}
	for line := range strings.SplitSeq(r.Text, "\n") {
		fmt.Fprintln(out, strings.TrimRight("    "+terminal.Safe(line), " "))
	}
	fmt.Fprintln(out)
}
