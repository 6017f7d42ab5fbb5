package lint_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/rules"
)

// configureExample does what the configuration in the folder of a check's examples says.
func configureExample(t *testing.T, check string, options *lint.Options) {
	t.Helper()
	config, err := lint.LoadConfig(filepath.Join(examples, check, lint.ConfigName))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if options.Checks, err = config.Select(nil, nil); err != nil {
		t.Fatal(err)
	}
	config.Apply(options)
}

func TestParseConfig(t *testing.T) {
	source := `# how these rules are linted
paths: [rules/, /etc/rules]
exclude: ["rules/vendor/**"]
dialect: thanos
enable_features: [promql-experimental-functions]
metrics: [metrics/]
shipped_metrics: false
target_labels: [namespace, pod]
prometheus: [prometheus.yml]
alertmanager: [alertmanager.yml]
scrape_interval: 15s
evaluation_interval: 30s
fail_on: warning
baseline: known.json
checks:
  missing-summary: off
  missing-runbook: warning
  unused-suppression: {severity: error, require_reason: true}
  lost-label: {enabled: false}
overrides:
  - paths: ["rules/legacy/**", "*.old.yaml"]
    checks: {never-fires: off, missing-summary: on}
`
	config, err := lint.ParseConfig(filepath.Join("repo", lint.ConfigName), []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"repo/rules", "/etc/rules"}, config.Paths); diff != "" {
		t.Error(diff)
	}
	if config.Baseline != "repo/known.json" || config.FailOn != lint.Warning || config.ShippedMetrics || config.Line("fail_on") != 13 || config.Line("nothing") != 0 {
		t.Errorf("got %+v", config)
	}
	var options lint.Options
	config.Apply(&options)
	if options.ScrapeInterval != 15*time.Second || options.EvaluationInterval != 30*time.Second || len(options.TargetLabels) != 2 {
		t.Errorf("got %+v", options)
	}
	for path, excluded := range map[string]bool{
		"repo/rules/vendor/a.yaml": true, "repo/rules/vendor/deep/a.yaml": true, "repo/rules/a.yaml": false, "rules/vendor/a.yaml": false,
	} {
		if config.Exclude.Match(path) != excluded {
			t.Errorf("%s: excluded %t", path, !excluded)
		}
	}
	checks, err := config.Select(nil, []string{"map-dump"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, check := range checks {
		names = append(names, check.Name)
	}
	for name, runs := range map[string]bool{
		"missing-summary": true, "missing-runbook": true, "lost-label": false, "never-fires": true, "map-dump": false,
	} {
		if slices.Contains(names, name) != runs {
			t.Errorf("%s: runs %t", name, !runs)
		}
	}
}

func TestParseConfigMistakes(t *testing.T) {
	for name, test := range map[string]struct {
		source string
		want   []string
	}{
		"unknown key": {"path: [x]\nfail-on: info\n", []string{
			`c.yaml:1: the configuration has no key "path": did you mean paths?`,
			`c.yaml:2: the configuration has no key "fail-on": did you mean fail_on?`,
		}},
		"all keys": {"magic: 1\n", []string{`c.yaml:1: the configuration has no key "magic": it has alertmanager, baseline,`}},
		"twice":    {"dialect: mimir\ndialect: thanos\n", []string{`c.yaml:2: the configuration: the key dialect is there twice`}},
		"types": {"paths: rules\nshipped_metrics: perhaps\nscrape_interval: 15\ndialect: [a]\nfail_on: fatal\nchecks: [a]\n", []string{
			`c.yaml:1: paths: want a list, not "rules"`,
			`c.yaml:2: shipped_metrics: want true or false, not "perhaps"`,
			`c.yaml:3: scrape_interval: want a duration such as 30s, not "15"`,
			`c.yaml:4: dialect: want a text, not a list`,
			`c.yaml:5: fail_on: want error, warning or info, not "fatal"`,
			`c.yaml:6: checks: want a mapping, not a list`,
		}},
		"dialect": {"dialect: loki\n", []string{`c.yaml:1: dialect "loki": want one of prometheus, thanos, mimir`}},
		"pattern": {"exclude: ['[']\n", []string{`c.yaml:1: exclude: "[": want a pattern of paths that start at the folder of .rulekit.yaml`}},
		"check": {"checks:\n  never-fire: off\n  everything: on\n", []string{
			`c.yaml:2: no check is called "never-fire": did you mean never-fires?`,
			`c.yaml:3: no check is called "everything": "rulekit explain" lists the checks`,
		}},
		"setting": {"checks:\n  never-fires: maybe\n  lost-label:\n", []string{
			`c.yaml:2: never-fires: want off, on, info, warning, error, or a mapping, not "maybe"`,
			`c.yaml:3: lost-label: want off, on`,
		}},
		"option": {"checks:\n  unused-suppression: {require_reasons: true, severity: bad}\n  never-fires: {depth: 3}\n", []string{
			`c.yaml:2: unused-suppression: severity: want error, warning or info, not "bad"`,
			`c.yaml:2: unused-suppression has no key "require_reasons": did you mean require_reason?`,
			`c.yaml:3: never-fires has no key "depth": it has no options`,
		}},
		"override": {"overrides:\n  - paths: [a]\n  - checks: {never-fires: off}\n", []string{
			`c.yaml:2: overrides: want paths and checks in each`, `c.yaml:3: overrides: want paths and checks in each`,
		}},
		"override of files": {"overrides:\n  - {paths: [a], checks: {rule-order: {across_groups: true}}}\n", []string{
			`c.yaml:2: rule-order compares files: it has the same options for all of them, under checks`,
		}},
		"alias":      {"paths: &a [x]\nmetrics: *a\n", []string{`c.yaml:2: aliases are not read here: write out what *a stands for`}},
		"documents":  {"paths: [a]\n---\npaths: [b]\n", []string{`c.yaml: want one YAML document, not several`}},
		"no YAML":    {"paths: [\n", []string{`c.yaml: line 1: `}},
		"a list":     {"- a\n", []string{`c.yaml:1: the configuration: want a mapping, not a list`}},
		"not UTF-8":  {"paths: [\xff]\n", []string{`c.yaml: the file is not UTF-8`}},
		"truncated":  {"checks:\n  never-fires: {severity", []string{`c.yaml: `}},
		"many, many": {strings.Repeat("- a\n", 1) + strings.Repeat("- b\n", 100), []string{`c.yaml:1: the configuration: want a mapping`}},
	} {
		config, err := lint.ParseConfig("c.yaml", []byte(test.source))
		if err == nil {
			t.Errorf("%s: read as %+v", name, config)
			continue
		}
		for i, line := range strings.Split(err.Error(), "\n") {
			if i >= len(test.want) || !strings.HasPrefix(line, test.want[i]) {
				t.Errorf("%s: line %d is %q", name, i, line)
			}
		}
	}
	for name, source := range map[string]string{"empty": "", "comment": "# nothing\n", "null": "null\n", "empty keys": "paths:\nchecks:\n"} {
		if _, err := lint.ParseConfig("c.yaml", []byte(source)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestConfigKeepsDefaults proves that options that are set do not change those of the check.
func TestConfigKeepsDefaults(t *testing.T) {
	before := map[string]string{}
	for _, check := range lint.Checks() {
		before[check.Name] = fmt.Sprintf("%+v", check.Options)
	}
	if _, err := lint.ParseConfig("c.yaml", []byte("checks: {unused-suppression: {require_reason: true}}\n")); err != nil {
		t.Fatal(err)
	}
	for _, check := range lint.Checks() {
		if diff := cmp.Diff(before[check.Name], fmt.Sprintf("%+v", check.Options)); diff != "" {
			t.Errorf("%s: %s", check.Name, diff)
		}
	}
}

func TestFindConfig(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "a", "b")
	if err := os.MkdirAll(filepath.Join(root, "a", "repo", ".git"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(root, "wrong"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"a/.rulekit.yaml", "wrong/.rulekit.yml"} {
		if err := os.WriteFile(filepath.Join(root, path), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for folder, want := range map[string]string{deep: filepath.Join(root, "a", lint.ConfigName), filepath.Join(root, "a", "repo"): ""} {
		if got, err := lint.FindConfig(folder); err != nil || got != want {
			t.Errorf("%s: got %q, %v", folder, got, err)
		}
	}
	if _, err := lint.FindConfig(filepath.Join(root, "wrong")); err == nil || !strings.Contains(err.Error(), "rename") {
		t.Errorf("got %v", err)
	}
}

func TestPathPatterns(t *testing.T) {
	for _, test := range []struct {
		pattern, path string
		want          bool
	}{
		{"rules", "rules/a.yaml", true},
		{"rules/", "rules/deep/a.yaml", true},
		{"rules/*.yaml", "rules/a.yaml", true},
		{"rules/*.yaml", "rules/deep/a.yaml", false},
		{"rules/**/a.yaml", "rules/a.yaml", true},
		{"rules/**/a.yaml", "rules/x/y/a.yaml", true},
		{"**/vendor/**", "x/vendor/y/a.yaml", true},
		{"**/vendor/**", "vendored/a.yaml", false},
		{"**", "a.yaml", true},
		{".", "x/a.yaml", true},
		{"*.old.yaml", "x.old.yaml", true},
		{"*.old.yaml", "xoldyaml", false},
		{"a[0-9].yaml", "a5.yaml", true},
		{"a?.yaml", "ab.yaml", true},
		{"../x", "../x/a.yaml", true},
		{strings.Repeat("**/", 50) + "b", strings.Repeat("a/", 200) + "a", false},
	} {
		patterns, err := lint.NewPathPatterns(".", []string{test.pattern})
		if err != nil {
			t.Errorf("%s: %v", test.pattern, err)
		} else if patterns.Match(test.path) != test.want {
			t.Errorf("%s of %s: got %t", test.pattern, test.path, !test.want)
		}
	}
	for _, pattern := range []string{"", "[", "/etc/rules", `a\`} {
		if _, err := lint.NewPathPatterns(".", []string{pattern}); err == nil {
			t.Errorf("%q is taken", pattern)
		}
	}
}

// FuzzParseConfig proves that no configuration makes the reader fail otherwise than by an
// error, and that an error names the file in each of its lines.
func FuzzParseConfig(f *testing.F) {
	for _, seed := range []string{
		"", "paths: [a]\n", "checks:\n  never-fires: {severity: error}\n", "overrides:\n- paths: ['**']\n  checks: {never-fires: off}\n",
		"a: &a [*a]\n", "checks: {unused-suppression: {require_reason: 1}}", "scrape_interval: 1x", "? {a: b}\n: c\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		config, err := lint.ParseConfig("c.yaml", source)
		if err == nil {
			if _, err := config.Select(nil, nil); err != nil {
				t.Error(err)
			}
			return
		}
		if !strings.HasPrefix(err.Error(), "c.yaml:") {
			t.Errorf("the error names no file: %v", err)
		}
	})
}

// TestOverrides proves that settings for some files hold for both scopes of checks.
func TestOverrides(t *testing.T) {
	each := func(name string, scope lint.Scope) *lint.Check {
		return &lint.Check{Name: name, Scope: scope, Severity: lint.Warning, Run: func(p *lint.Pass) {
			for _, file := range p.Files {
				for _, rule := range file.Rules() {
					p.Report(lint.Diagnostic{Rule: rule, Span: rule.NameScalar().Span, Message: "found"})
				}
			}
		}}
	}
	var files []*rules.File
	for _, name := range []string{"old.yaml", "new.yaml", "quiet.yaml"} {
		files = append(files, rules.Parse(name, []byte(ruleFile("A")), rules.Options{}))
	}
	paths := func(pattern string) lint.PathPatterns {
		patterns, err := lint.NewPathPatterns(".", []string{pattern})
		if err != nil {
			t.Fatal(err)
		}
		return patterns
	}
	on, off, info, failure := true, false, lint.Info, lint.Error
	result, err := lint.Run(context.Background(), files, lint.Options{
		Checks:   []*lint.Check{each("alone", lint.OneFile), each("together", lint.AllFiles), each("seldom", lint.OneFile), each("seldom-together", lint.AllFiles)},
		Settings: lint.Settings{"alone": {Severity: &failure}, "seldom": {Enabled: &off}, "seldom-together": {Enabled: &off}},
		Overrides: []lint.Override{
			{Paths: paths("[oq]*.yaml"), Checks: lint.Settings{"alone": {Severity: &info}, "together": {Severity: &info}, "seldom": {Enabled: &on}, "seldom-together": {Enabled: &on}}},
			{Paths: paths("quiet.yaml"), Checks: lint.Settings{"alone": {Enabled: &off}, "together": {Enabled: &off}, "seldom": {Enabled: &off}, "seldom-together": {Enabled: &off}}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range result.Diagnostics {
		got = append(got, fmt.Sprintf("%s %s %s", d.File.Path, d.Check, d.Severity))
	}
	want := []string{
		"old.yaml alone info", "old.yaml seldom warning", "old.yaml seldom-together warning", "old.yaml together info",
		"new.yaml alone error", "new.yaml together warning",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
