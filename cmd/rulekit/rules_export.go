package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/export"
	"github.com/rulekit/rulekit/rules/params"
	"github.com/rulekit/rulekit/rules/terminal"
)

// exportFlags are the flags of rulekit rules export.
type exportFlags struct {
	options        export.Options
	format         string
	set, values    []string
	interval       string
	labels         []string
	resourceLabels []string
	output         string
	force          bool
	// Which alerts, what they are like, objects of Kubernetes, output.
	groups [4]flagGroup
}

// newRulesExport writes the shipped alerts in a form that can be loaded.
func newRulesExport(env *environment) *cobra.Command {
	var flags exportFlags
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the shipped alerts as files of Prometheus, for Kubernetes, or as a Helm chart",
		Long:  "export writes the shipped alerts, with your parameters, in one of these formats:\n\n" + formatTable(),
		Example: `  rulekit rules export > rules.yaml
  rulekit rules export --engine postgresql,redis --set PostgreSQLTooManyConnections.threshold=0.9 --output rules/
  rulekit rules export --format prometheusrule --resource-label release=prometheus | kubectl apply -f -
  rulekit rules export --format helm --output charts/rulekit-rules
  rulekit rules export --format alertmanager`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return flags.run(cmd, env)
		},
	}
	flags.define()
	groupFlags(cmd, flags.groups[:]...)
	completeSelection(cmd)
	complete(cmd, "lang", languages)
	complete(cmd, "format", export.Names)
	return cmd
}

func formatTable() string {
	var b strings.Builder
	for _, f := range export.Formats() {
		fmt.Fprintf(&b, "  %-14s  %s\n", f.Name, f.Summary)
	}
	b.WriteString(`
Without --output they go to standard output: one rule file, or a stream of objects. Into a folder
goes a file an engine; a file there that no export has written, or that was changed since, stays
as it is, and that is an error.

The file of --values is YAML: {ALERT: {PARAMETER: VALUE, enabled: false}}. Of two settings the
later one counts, and --set comes after --values.`)
	return b.String()
}

func (e *exportFlags) define() {
	chosen := selectionFlags(&e.options.Selection)
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	set.StringArrayVar(&e.set, "set", nil, "set a parameter: `ALERT.NAME=VALUE`, repeatable; ALERT may have * and ?")
	set.StringArrayVar(&e.values, "values", nil, "read parameters from this YAML `FILE`, repeatable")
	set.StringVar(&e.options.Language, "lang", "", "the `LANGUAGE` of summaries and descriptions, such as zh-CN (default en)")
	set.StringVar(&e.interval, "interval", "", "evaluate the rules at this `INTERVAL`, such as 1m (default: the server's)")
	set.StringVar(&e.options.RunbookURL, "runbook-url", "", "link to your copy of the runbooks: the `URL` of their folder, or one with {alert} in it")
	set.StringArrayVar(&e.labels, "label", nil, "give every alert the label `NAME=VALUE`, repeatable")
	object := pflag.NewFlagSet("", pflag.ContinueOnError)
	object.StringVar(&e.options.Namespace, "namespace", "", "`NAMESPACE` of the objects")
	object.StringVar(&e.options.Name, "name", export.DefaultName, "`NAME` of the chart, and that the objects' names begin with")
	object.StringArrayVar(&e.resourceLabels, "resource-label", nil, "give the objects the label `NAME=VALUE`, such as one that ruleSelector asks for; repeatable")
	out := pflag.NewFlagSet("", pflag.ContinueOnError)
	out.StringVarP(&e.format, "format", "f", "prometheus", "`FORMAT`: "+strings.Join(export.Names(), ", "))
	out.StringVarP(&e.output, "output", "o", "-", "write into this `FOLDER`, or - for standard output")
	out.BoolVar(&e.force, "force", false, "overwrite files that are in the way")
	e.groups = [4]flagGroup{{"Which alerts", chosen}, {"What they are like", set}, {"Objects of Kubernetes", object}, {"Output", out}}
}

func (e *exportFlags) run(cmd *cobra.Command, env *environment) error {
	format, err := export.Lookup(e.format)
	if err != nil {
		return explainSelection(err)
	}
	if err := e.applies(cmd.Flags(), format); err != nil {
		return err
	}
	if err := checkSelection(cmd.Flags()); err != nil {
		return err
	}
	if e.output == "" {
		return errors.New(`--output "": want a folder, or - for standard output`)
	}
	if e.output == "-" && !format.Joinable() {
		return withHint(fmt.Errorf("--format %s is a folder of files", format.Name), "say where it goes: --output FOLDER")
	}
	if err := e.parse(); err != nil {
		return err
	}
	files, err := format.Write(e.options)
	if err != nil {
		return explainSelection(err)
	}
	if e.output == "-" {
		text, err := format.Join(files)
		if err != nil {
			return err
		}
		_, err = env.stdout.Write(text)
		return err
	}
	return e.writeFolder(env, files)
}

// applies tells of flags that would be for nothing.
func (e *exportFlags) applies(flags *pflag.FlagSet, format *export.Format) error {
	var useless string
	refuse := func(group flagGroup, counts bool) {
		group.flags.VisitAll(func(f *pflag.Flag) {
			if !counts && flags.Changed(f.Name) {
				useless = f.Name
			}
		})
	}
	refuse(e.groups[0], format.Rules)
	refuse(e.groups[1], format.Rules)
	refuse(e.groups[2], format.Kubernetes)
	if useless != "" {
		return fmt.Errorf("--%s has no meaning for --format %s: leave it out", useless, format.Name)
	}
	return nil
}

// parse reads the flags that have a grammar of their own.
func (e *exportFlags) parse() error {
	o := &e.options
	for _, path := range e.values {
		source, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("--values %s: %w", path, rules.WithoutPath(err))
		}
		settings, err := params.ParseValues(path, source)
		if err != nil {
			return err
		}
		o.Settings = append(o.Settings, settings...)
	}
	for _, text := range e.set {
		setting, err := params.ParseSetting(text)
		if err != nil {
			return err
		}
		o.Settings = append(o.Settings, setting)
	}
	if e.interval != "" {
		interval, err := model.ParseDuration(e.interval)
		if err != nil || interval <= 0 {
			return fmt.Errorf("--interval %q: want a duration such as 30s or 1m", e.interval)
		}
		o.Interval = interval
	}
	var err error
	if o.Labels, err = parseLabels("--label", e.labels); err != nil {
		return err
	}
	if o.ResourceLabels, err = parseLabels("--resource-label", e.resourceLabels); err != nil {
		return err
	}
	return o.Check()
}

func parseLabels(flag string, texts []string) ([]export.Label, error) {
	var labels []export.Label
	for _, text := range texts {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("%s %q: want NAME=VALUE", flag, text)
		}
		if slices.ContainsFunc(labels, func(l export.Label) bool { return l.Name == name }) {
			return nil, fmt.Errorf("%s %q: %s is there twice", flag, text, name)
		}
		labels = append(labels, export.Label{Name: name, Value: value})
	}
	return labels, nil
}

// writeFolder writes the files and names them.
func (e *exportFlags) writeFolder(env *environment, files []export.File) error {
	stale, err := export.WriteFolder(e.output, files, e.force)
	foreign := (*export.ForeignError)(nil)
	switch {
	case errors.As(err, &foreign):
		return withHint(err, "--force overwrites it; another --output leaves it alone")
	case err != nil:
		return err
	}
	for _, file := range files {
		fmt.Fprintln(env.stdout, terminal.Safe(filepath.Join(e.output, filepath.FromSlash(file.Path))))
	}
	for _, path := range stale {
		fmt.Fprintf(env.stderr, "%s is of an earlier export: delete it if it is not wanted any more\n",
			terminal.Safe(filepath.Join(e.output, filepath.FromSlash(path))))
	}
	return nil
}
