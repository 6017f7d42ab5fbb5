package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rulekit/rulekit/adaptor/receivers"
	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/terminal"
)

// newReceiver is about who is told of alerts.
func newReceiver(env *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "receiver",
		Short: "Add, list, try and remove who is told of alerts",
		Long: `receiver edits Alertmanager's configuration and the adaptor's together: who is told of which alerts,
and by which messenger. Comments, order and layout of both files stay. Both are checked by the
programs' own parsers before anything is written, and both are written or none.`,
		Example: `  rulekit receiver add feishu dba --url-file feishu-url --secret-file feishu-secret
  rulekit receiver list
  rulekit receiver test dba`,
		GroupID: groupRun,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownSubcommand(cmd, args[0])
		},
	}
	cmd.AddCommand(newReceiverAdd(env), newReceiverAdopt(env), newReceiverList(env), newReceiverRemove(env), newReceiverSMTP(env), newReceiverTest(env))
	return cmd
}

// receiverFiles are the configurations that a command is about.
type receiverFiles struct {
	env                   *environment
	alertmanager, adaptor string
	// create takes the shipped Alertmanager configuration if there is none, and diff writes nothing.
	create, diff bool
}

// flags are those of every command about receivers.
func (f *receiverFiles) flags() *pflag.FlagSet {
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	set.StringVar(&f.alertmanager, "alertmanager-config", "alertmanager.yml", "Alertmanager's configuration `FILE`")
	set.StringVar(&f.adaptor, "adaptor-config", "adaptor.yaml", "configuration `FILE` of rulekit's adaptor")
	return set
}

// diffFlag is the flag of the commands that edit. It has another name that many try first.
func (f *receiverFiles) diffFlag(set *pflag.FlagSet) {
	set.BoolVar(&f.diff, "diff", false, "write nothing; show what would change as a unified diff (also --dry-run)")
	set.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "dry-run" {
			name = "diff"
		}
		return pflag.NormalizedName(name)
	})
}

// read reads both configurations. Files that are not there are those without a source.
func (f *receiverFiles) read() (receivers.Files, error) {
	files := receivers.Files{Getenv: f.env.getenv}
	var err error
	if files.Alertmanager, err = readConfiguration(f.alertmanager); err != nil {
		return files, err
	}
	if files.Adaptor, err = readConfiguration(f.adaptor); err != nil {
		return files, err
	}
	if files.Alertmanager.Source == nil && !f.create {
		return files, withHint(fmt.Errorf("%s: no such file", f.alertmanager),
			"name Alertmanager's configuration with --alertmanager-config; rulekit receiver add --create makes one from that of the shipped rules")
	}
	return files, nil
}

// readConfiguration reads a file, of which there may be none.
func readConfiguration(path string) (receivers.File, error) {
	file := receivers.File{Path: path}
	opened, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return file, nil
	} else if err != nil {
		return file, fmt.Errorf("%s: %w", path, rules.WithoutPath(err))
	}
	defer opened.Close()
	// One byte more than is edited, so that the reader of it can tell.
	source, err := io.ReadAll(io.LimitReader(opened, maxConfiguration+1))
	if err != nil {
		return file, fmt.Errorf("%s: %w", path, rules.WithoutPath(err))
	}
	file.Source = append([]byte{}, source...)
	return file, nil
}

// started are the files as an edit starts from them.
func started(files receivers.Files) receivers.Files {
	if files.Alertmanager.Source == nil {
		files.Alertmanager.Source = rules.BuiltinAlertmanager()
	}
	if files.Adaptor.Source == nil {
		files.Adaptor.Source = []byte(receivers.EmptyAdaptor)
	}
	return files
}

// edit changes the configurations while nobody else does, and tells what was done.
func (f *receiverFiles) edit(ctx context.Context, change func(receivers.Files) (*receivers.Result, error)) (*receivers.Result, error) {
	if seen := (sameFiles{}); seen.again(f.alertmanager) || seen.again(f.adaptor) {
		return nil, withHint(fmt.Errorf("%s cannot be both Alertmanager's configuration and the adaptor's", f.alertmanager),
			"name them with --alertmanager-config and --adaptor-config")
	}
	unlock := func() {}
	if !f.diff {
		var err error
		if unlock, err = lockFolders(ctx, filepath.Dir(f.alertmanager), filepath.Dir(f.adaptor)); err != nil {
			return nil, err
		}
	}
	defer unlock()
	before, err := f.read()
	if err != nil {
		return nil, err
	}
	result, err := change(started(before))
	if err != nil {
		return nil, explainReceiver(err)
	}
	after := result.Files
	pairs := []rewrite{{before.Alertmanager, after.Alertmanager.Source}, {before.Adaptor, after.Adaptor.Source}}
	// The adaptor's file is only made when it is needed.
	if before.Adaptor.Source == nil && string(after.Adaptor.Source) == receivers.EmptyAdaptor {
		pairs = pairs[:1]
	}
	if f.diff {
		return result, f.showDiff(pairs)
	}
	if err := rewriteAll(pairs); err != nil {
		return nil, err
	}
	f.tell(result, before)
	return result, nil
}

// change makes an edit and says what is to be done next.
func (f *receiverFiles) change(ctx context.Context, change func(receivers.Files) (*receivers.Result, error)) error {
	result, err := f.edit(ctx, change)
	if err != nil || f.diff {
		return err
	}
	f.next(result.Changes)
	return nil
}

func (f *receiverFiles) showDiff(pairs []rewrite) error {
	for _, p := range pairs {
		if bytes.Equal(p.before.Source, p.after) {
			continue
		}
		if err := writeDiff(f.env.stdout, f.env.style(f.env.stdout), p.before.Path, p.before.Source, p.after); err != nil {
			return err
		}
	}
	return nil
}

// tell prints what was changed, and where.
func (f *receiverFiles) tell(result *receivers.Result, before receivers.Files) {
	style := f.env.style(f.env.stdout)
	places := make([]string, len(result.Changes))
	width := 0
	for i, c := range result.Changes {
		places[i] = fmt.Sprintf("%s:%d", c.Path, c.Line)
		width = max(width, terminal.Cells(places[i]))
	}
	for i, c := range result.Changes {
		sign := style.Green("+")
		if c.Gone {
			sign = style.Red("-")
		}
		fmt.Fprintf(f.env.stdout, "%s  %s %s\n", terminal.Pad(terminal.Safe(places[i]), width), sign, terminal.Safe(c.What))
	}
	if len(result.Changes) == 0 {
		what := "all"
		if result.Name != "" {
			what = result.Name
		}
		fmt.Fprintf(f.env.stdout, "nothing to change: %s is as asked for\n", terminal.Safe(what))
	}
	if before.Alertmanager.Source == nil {
		f.say("note", f.alertmanager+" is that of the shipped rules: put your own in the place of its receivers mail and heartbeat")
	}
	for _, note := range result.Notes {
		f.say("note", note)
	}
	f.warn(result.Warnings)
}

func (f *receiverFiles) warn(warnings []string) {
	for _, warning := range warnings {
		f.say("warning", warning)
	}
}

// say prints what is not the result.
func (f *receiverFiles) say(kind, text string) {
	style := f.env.style(f.env.stderr)
	look := style.Dim
	if kind == "warning" {
		look = style.Yellow
	}
	fmt.Fprintf(f.env.stderr, "%s %s\n", look(kind+":"), terminal.Safe(text))
}

// next says what makes the change count.
func (f *receiverFiles) next(changed []receivers.Change, more ...string) {
	var steps []string
	touched := map[string]bool{}
	for _, c := range changed {
		touched[c.Path] = true
	}
	if touched[f.alertmanager] {
		steps = append(steps, "curl -X POST http://alertmanager:9093/-/reload    Alertmanager takes "+f.alertmanager)
	}
	if touched[f.adaptor] {
		steps = append(steps, "the adaptor takes "+f.adaptor+" by itself, or when it gets SIGHUP")
	}
	if len(steps) == 0 {
		return
	}
	fmt.Fprintf(f.env.stderr, "next:\n")
	for _, step := range append(steps, more...) {
		fmt.Fprintf(f.env.stderr, "  %s\n", terminal.Safe(step))
	}
}

// explainReceiver puts the advice of an error where it is shown.
func explainReceiver(err error) error {
	if advised := (*receivers.Error)(nil); errors.As(err, &advised) && advised.Hint != "" {
		return withHint(err, advised.Hint)
	}
	return err
}
