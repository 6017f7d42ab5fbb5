package main

import (
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/lint/prometheus"
	"github.com/rulekit/rulekit/lint/report"
)

// lintFlags are the flags of rulekit lint.
type lintFlags struct {
	configFlags
	outputs           []string
	stdinName, base   string
	short, statistics bool
	fix, diff         bool
	writeBaseline     bool
	live              prometheus.Options
}

// configFlags are those flags that say what a configuration can say too.
type configFlags struct {
	file                      string
	none, noShippedMetrics    bool
	enable, disable           []string
	metrics, features         []string
	prometheus, alertmanager  []string
	failOn, dialect, baseline string
}

// groups are the flags in the groups in which help shows them.
func (flags *configFlags) groups() (checks, knowledge, config *pflag.FlagSet) {
	checks, knowledge, config = newFlagSet(), newFlagSet(), newFlagSet()
	checks.StringSliceVar(&flags.enable, "enable", nil, "run only these `checks`")
	checks.StringSliceVar(&flags.disable, "disable", nil, "do not run these `checks`")
	checks.StringVar(&flags.failOn, "fail-on", "error", "least `severity` that gives exit code 1: error, warning or info")
	checks.StringVar(&flags.baseline, "baseline", "", "`file` of known findings, which are not reported")

	knowledge.StringVar(&flags.dialect, "dialect", "prometheus", "`server` the rules are for: prometheus, thanos or mimir")
	knowledge.StringSliceVar(&flags.features, "enable-feature", nil, "PromQL `features` the server has switched on, named as Prometheus names them")
	knowledge.StringSliceVar(&flags.metrics, "metrics", nil, "recorded scrapes (`file or folder`) that say which metrics exist")
	knowledge.BoolVar(&flags.noShippedMetrics, "no-shipped-metrics", false, "do without the metrics of exporters that rulekit knows")
	knowledge.StringSliceVar(&flags.prometheus, "prometheus-config", nil, "configuration `file` of the Prometheus that loads the rules")
	knowledge.StringSliceVar(&flags.alertmanager, "alertmanager-config", nil, "configuration `file` of the Alertmanager that gets the alerts")

	config.StringVar(&flags.file, "config", "", "configuration `file` (default: the nearest .rulekit.yaml, from here upwards)")
	config.BoolVar(&flags.none, "no-config", false, "do without a configuration file")
	return checks, knowledge, config
}

func newFlagSet() *pflag.FlagSet {
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	set.SortFlags = false
	return set
}

// register gives the flags to the command.
func (flags *lintFlags) register(cmd *cobra.Command) {
	checks, knowledge, config := flags.groups()
	checks.BoolVar(&flags.writeBaseline, "write-baseline", false, "make what is found now the known findings, in the file of --baseline")
	checks.StringVar(&flags.base, "base", "", "report only on rules that changed since this git `revision`")

	server := newFlagSet()
	server.StringVar(&flags.live.URL, "prometheus", "", "`URL` of a running Prometheus to ask which metrics exist")
	server.StringVar(&flags.live.HTTPFile, "prometheus-http-config", "", "`file` with the http_config for --prometheus: authorization, TLS")
	server.StringVar(&flags.live.BearerTokenFile, "prometheus-token-file", "", "`file` with the bearer token for --prometheus")
	server.DurationVar(&flags.live.Timeout, "prometheus-timeout", 30*time.Second, "how long --prometheus may take for one answer")

	mending := newFlagSet()
	mending.BoolVar(&flags.fix, "fix", false, "mend what can be mended with certainty, in place")
	mending.BoolVar(&flags.diff, "diff", false, "write nothing; show what --fix would change")

	output := newFlagSet()
	output.StringArrayVarP(&flags.outputs, "output", "o", []string{"text"}, "`format`, to a file with format=FILE (repeatable): "+listed(report.Formats()))
	output.BoolVar(&flags.short, "short", false, "one line for each finding")
	output.BoolVar(&flags.statistics, "statistics", false, "count the findings of each check instead of showing them")
	output.StringVar(&flags.stdinName, "stdin-name", "", "`name` of standard input in findings")

	groupFlags(cmd,
		flagGroup{"What is reported", checks},
		flagGroup{"What lint knows", knowledge},
		flagGroup{"A running Prometheus", server},
		flagGroup{"Mending", mending},
		flagGroup{"Output", output},
		flagGroup{"Configuration", config},
	)
	completeChecks(cmd)
}

// completeChecks lets a shell complete the names of checks.
func completeChecks(cmd *cobra.Command) {
	complete := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return checkNames(), cobra.ShellCompDirectiveNoFileComp
	}
	// The flags exist, so that registering cannot fail.
	_ = cmd.RegisterFlagCompletionFunc("enable", complete)
	_ = cmd.RegisterFlagCompletionFunc("disable", complete)
}

func checkNames() []string {
	var names []string
	for _, c := range lint.Checks() {
		names = append(names, c.Name)
	}
	return names
}
