package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/spf13/pflag"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/lint/prometheus"
	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/simulate"
)

// effective is what holds for one run of lint: flags win over the configuration file, and that
// over the defaults.
type effective struct {
	*lint.Config
	checks []*lint.Check
	promql parser.Options
	// origins say where values come from that are not the default, by key.
	origins map[string]string
	// wiring tells that the configurations of servers are named, so that none is looked for.
	wiring bool
}

// fromFlags are the keys of the configuration that flags can say too.
var fromFlags = []struct {
	flag, key string
	set       func(*lint.Config, *configFlags) error
}{
	{"dialect", "dialect", func(c *lint.Config, f *configFlags) error { c.Dialect = f.dialect; return nil }},
	{"enable-feature", "enable_features", func(c *lint.Config, f *configFlags) error { c.EnableFeatures = f.features; return nil }},
	{"metrics", "metrics", func(c *lint.Config, f *configFlags) error { c.Metrics = f.metrics; return nil }},
	{"no-shipped-metrics", "shipped_metrics", func(c *lint.Config, f *configFlags) error { c.ShippedMetrics = !f.noShippedMetrics; return nil }},
	{"prometheus-config", "prometheus", func(c *lint.Config, f *configFlags) error { c.Prometheus = f.prometheus; return nil }},
	{"alertmanager-config", "alertmanager", func(c *lint.Config, f *configFlags) error { c.Alertmanager = f.alertmanager; return nil }},
	{"baseline", "baseline", func(c *lint.Config, f *configFlags) error { c.Baseline = f.baseline; return nil }},
	{"fail-on", "fail_on", func(c *lint.Config, f *configFlags) (err error) {
		c.FailOn, err = lint.ParseSeverity(f.failOn)
		return err
	}},
}

// settle reads the configuration and lets the flags have their say. given are the flags as
// they were parsed.
func (flags *configFlags) settle(given *pflag.FlagSet, paths []string) (*effective, error) {
	config, err := flags.load()
	if err != nil {
		return nil, err
	}
	e := &effective{Config: config, origins: map[string]string{}}
	e.wiring = config.Line("prometheus")+config.Line("alertmanager") > 0
	for _, f := range fromFlags {
		if line := config.Line(f.key); line > 0 {
			e.origins[f.key] = fmt.Sprintf("%s:%d", config.Path, line)
		}
		if given.Changed(f.flag) {
			if err := f.set(config, flags); err != nil {
				return nil, fmt.Errorf("--%s: %w", f.flag, err)
			}
			e.origins[f.key] = "--" + f.flag
			e.wiring = e.wiring || strings.HasSuffix(f.flag, "-config")
		}
	}
	if !slices.Contains(rules.Dialects, config.Dialect) {
		return nil, fmt.Errorf("--dialect %q: want %s", config.Dialect, listed(rules.Dialects))
	}
	features, err := simulate.ParseFeatures(config.EnableFeatures)
	if err != nil && given.Changed("enable-feature") {
		return nil, fmt.Errorf("--enable-feature: %w", err)
	} else if err != nil {
		return nil, fmt.Errorf("%s: enable_features: %w", e.origins["enable_features"], err)
	}
	e.promql = features.Parser()
	if e.checks, err = config.Select(flags.enable, flags.disable); err != nil {
		return nil, explainUnknown(err)
	}
	e.forget(flags.enable)
	e.paths(paths)
	return e, nil
}

// load reads the configuration that is named, or the nearest.
func (flags *configFlags) load() (*lint.Config, error) {
	switch {
	case flags.none && flags.file != "":
		return nil, errors.New("--config and --no-config cannot stand together")
	case flags.none:
		return lint.DefaultConfig(), nil
	case flags.file != "":
		config, err := lint.LoadConfig(flags.file)
		if err != nil {
			return nil, fmt.Errorf("--config: %w", err)
		}
		return config, nil
	}
	path, err := lint.FindConfig(".")
	if err != nil {
		return nil, err
	}
	if path == "" {
		return lint.DefaultConfig(), nil
	}
	config, err := lint.LoadConfig(path)
	if err != nil {
		return nil, withHint(err, "docs/config.md describes the file; --no-config does without it")
	}
	return config, nil
}

// forget drops what the configuration says on whether checks run that a flag asks for.
func (e *effective) forget(enabled []string) {
	for _, name := range enabled {
		if setting, ok := e.Checks[name]; ok {
			setting.Enabled = nil
			e.Checks[name] = setting
		}
	}
}

// paths settles what is linted.
func (e *effective) paths(named []string) {
	switch {
	case len(named) > 0:
		e.Paths, e.origins["paths"] = named, "argument"
	case len(e.Paths) > 0:
		e.origins["paths"] = fmt.Sprintf("%s:%d", e.Path, e.Line("paths"))
	default:
		e.Paths = lintPaths(nil)
	}
}

// read reads the rule files. The error tells if it was the configuration that named them.
func (e *effective) read(ctx context.Context, o rules.Options) (*rules.Set, error) {
	set, err := rules.Load(ctx, e.Paths, o)
	if err != nil && e.Line("paths") > 0 && e.origins["paths"] != "argument" {
		return nil, fmt.Errorf("%s: %w", e.said("paths"), err)
	}
	return set, err
}

// lintOptions gathers what lint is to know to lint the files. leftOut are files that were met
// among them and have no rules.
func (e *effective) lintOptions(files []*rules.File, leftOut []string) (lint.Options, error) {
	options := lint.Options{Checks: e.checks}
	e.Apply(&options)
	var catalogue lint.Catalogue = &lint.Scrapes{}
	if len(e.Metrics) > 0 {
		scrapes, err := lint.LoadScrapes(e.Metrics)
		if err != nil {
			return options, fmt.Errorf("%s: %w", e.said("metrics"), err)
		}
		catalogue = scrapes
	}
	if e.ShippedMetrics {
		catalogue = lint.Prefer(catalogue, lint.ShippedMetrics())
	}
	options.Catalogue = catalogue
	var candidates []string
	if !e.wiring {
		candidates = wiringCandidates(files, leftOut)
	}
	wiring, err := lint.LoadWiring(slices.Concat(e.Prometheus, e.Alertmanager), candidates)
	if err != nil {
		return options, err
	}
	options.Wiring = wiring
	return options, nil
}

// ask adds what a running Prometheus knows. It knows all metrics, and nobody knows better.
func ask(ctx context.Context, server prometheus.Options, files []*rules.File, options *lint.Options) error {
	snapshot, err := prometheus.Fetch(ctx, server, lint.MetricsUsed(files))
	if err != nil {
		return fmt.Errorf("--prometheus: %w", err)
	}
	options.Catalogue = lint.Prefer(snapshot, options.Catalogue)
	options.ScrapeInterval = cmp.Or(options.ScrapeInterval, snapshot.ScrapeInterval)
	options.EvaluationInterval = cmp.Or(options.EvaluationInterval, snapshot.EvaluationInterval)
	return nil
}

// wiringCandidates are those of the paths that may be the configuration of the server of all
// files: these are in its folder, or below. Where several servers' rules are linted at once,
// what holds for one of them does not for the others.
func wiringCandidates(files []*rules.File, paths []string) []string {
	top := ""
	for i, file := range files {
		folder := filepath.Dir(file.Path)
		for i > 0 && !isBelow(folder, top) && top != filepath.Dir(top) {
			top = filepath.Dir(top)
		}
		if i == 0 {
			top = folder
		}
	}
	return slices.DeleteFunc(paths, func(path string) bool { return !isBelow(top, filepath.Dir(path)) })
}

// isBelow tells whether a folder is another one or inside it.
func isBelow(folder, other string) bool {
	relative, err := filepath.Rel(other, folder)
	return err == nil && filepath.IsLocal(relative)
}

// said is where a value comes from, for an error about it.
func (e *effective) said(key string) string {
	if strings.HasPrefix(e.origins[key], "--") {
		return e.origins[key]
	}
	return e.origins[key] + ": " + key
}
