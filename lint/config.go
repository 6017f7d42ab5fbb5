package lint

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/rulekit/rulekit/rules"
)

// ConfigName is the name of the file that says how a repository is linted.
const ConfigName = ".rulekit.yaml"

// MaxConfigSize is the largest configuration that is read, in bytes.
const MaxConfigSize = 1 << 20

// Config is what a configuration file says; DefaultConfig says nothing. Paths in it are as
// seen from the current folder once it is read; in the file they start at the file's folder.
type Config struct {
	// Path is the file it was read from, or "".
	Path string `yaml:"-"`

	// Paths is what is linted when nothing is named.
	Paths []string `yaml:"paths"`
	// Exclude are patterns of files that are not linted.
	Exclude PathPatterns `yaml:"exclude"`
	// Dialect is the server the rules are for: see rules.Options.
	Dialect string `yaml:"dialect"`
	// EnableFeatures are PromQL features that the server has switched on.
	EnableFeatures []string `yaml:"enable_features"`
	// Metrics are recorded scrapes.
	Metrics []string `yaml:"metrics"`
	// ShippedMetrics tells whether the catalogues that rulekit brings are used.
	ShippedMetrics bool `yaml:"shipped_metrics"`
	// TargetLabels are labels that the scrape configuration adds.
	TargetLabels []string `yaml:"target_labels"`
	// Prometheus and Alertmanager are configurations of the servers.
	Prometheus   []string `yaml:"prometheus"`
	Alertmanager []string `yaml:"alertmanager"`
	// ScrapeInterval and EvaluationInterval are those of the server.
	ScrapeInterval     model.Duration `yaml:"scrape_interval"`
	EvaluationInterval model.Duration `yaml:"evaluation_interval"`
	// FailOn is the least severity that makes the run fail.
	FailOn Severity `yaml:"fail_on"`
	// Baseline is the file of the findings that are known.
	Baseline string `yaml:"baseline"`
	// Checks are what is said of checks, by name.
	Checks Settings `yaml:"checks"`
	// Overrides are what is said of checks for some files. A later one wins.
	Overrides []Override `yaml:"overrides"`

	// lines are the lines of the keys that the file has.
	lines map[string]int
}

// DefaultConfig is what holds where there is no configuration.
func DefaultConfig() *Config {
	return &Config{ShippedMetrics: true, FailOn: Error, Dialect: "prometheus"}
}

// Line is the line of a key at the top of the file, or of a check (as "checks.never-fires"), or
// 0 if the file does not have it.
func (c *Config) Line(key string) int { return c.lines[key] }

// FindConfig returns the path of the configuration that holds for a folder: the one in it or
// in the nearest folder above it. It looks no further up than the root of a git repository.
// Without a configuration it returns "".
func FindConfig(folder string) (string, error) {
	start, err := filepath.Abs(folder)
	if err != nil {
		return "", fmt.Errorf("look for %s: %w", ConfigName, err)
	}
	for here := start; ; here = filepath.Dir(here) {
		path := filepath.Join(here, ConfigName)
		if relative, err := filepath.Rel(start, path); err == nil {
			path = filepath.Join(folder, relative)
		}
		if isFile(path) {
			return path, nil
		}
		if wrong := strings.TrimSuffix(path, ".yaml") + ".yml"; isFile(wrong) {
			return "", fmt.Errorf("%s: the configuration is called %s: rename the file", wrong, ConfigName)
		}
		if _, err := os.Stat(filepath.Join(here, ".git")); err == nil || here == filepath.Dir(here) {
			return "", nil
		}
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// LoadConfig reads a configuration. The error names the file and, a line each, all that is
// wrong in it.
func LoadConfig(path string) (*Config, error) {
	source, err := readLimited(path, MaxConfigSize)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return ParseConfig(path, source)
}

// readLimited reads a regular file that has at most so many bytes.
func readLimited(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, rules.WithoutPath(err)
	}
	defer file.Close()
	source, err := io.ReadAll(io.LimitReader(file, limit+1))
	switch {
	case err != nil:
		return nil, rules.WithoutPath(err)
	case int64(len(source)) > limit:
		return nil, fmt.Errorf("the file is larger than %d MiB", limit>>20)
	}
	return source, nil
}

// ParseConfig reads the source of a configuration; path is its name in errors, and its folder
// is where the paths in it start. The error tells, a line each, all that is wrong.
func ParseConfig(path string, source []byte) (*Config, error) {
	c := DefaultConfig()
	c.Path = path
	d := &configDecoder{path: path, folder: filepath.Dir(path)}
	d.document(source, c)
	if err := d.joined(); err != nil {
		return nil, err
	}
	for _, paths := range [][]string{c.Paths, c.Metrics, c.Prometheus, c.Alertmanager} {
		for i := range paths {
			paths[i] = d.from(paths[i])
		}
	}
	if c.Baseline != "" {
		c.Baseline = d.from(c.Baseline)
	}
	return c, nil
}

// from is a path of the file as seen from the current folder.
func (d *configDecoder) from(path string) string {
	if filepath.IsAbs(path) || strings.Contains(path, "://") {
		return path
	}
	return filepath.Join(d.folder, path)
}

// validate checks what the types of the fields do not say.
func (c *Config) validate(d *configDecoder) {
	known := false
	for _, dialect := range rules.Dialects {
		known = known || dialect == c.Dialect
	}
	if !known {
		d.failAt(c.lines["dialect"], "dialect %q: want one of %s", c.Dialect, strings.Join(rules.Dialects, ", "))
	}
}

// Select returns the checks to run: those that are named, or if none is those that are on,
// without those that are disabled. A name that no check has is an *UnknownCheckError.
func (c *Config) Select(enable, disable []string) ([]*Check, error) {
	if len(enable) > 0 {
		return Select(enable, disable)
	}
	named, err := Select(nil, disable)
	if err != nil {
		return nil, err
	}
	wanted := map[*Check]bool{}
	for _, check := range named {
		wanted[check] = true
	}
	for _, check := range Checks() {
		if enabled := c.Checks[check.Name].Enabled; enabled != nil {
			wanted[check] = *enabled
		}
		for _, override := range c.Overrides {
			if enabled := override.Checks[check.Name].Enabled; enabled != nil && *enabled {
				wanted[check] = true
			}
		}
	}
	for _, name := range disable {
		wanted[registry[name]] = false
	}
	var selected []*Check
	for _, check := range Checks() {
		if wanted[check] {
			selected = append(selected, check)
		}
	}
	return selected, nil
}

// Apply fills in what the configuration says of how to lint, except for the checks to run, the
// catalogue and the wiring, which take reading files.
func (c *Config) Apply(o *Options) {
	o.Settings, o.Overrides, o.TargetLabels = c.Checks, c.Overrides, c.TargetLabels
	o.ScrapeInterval = time.Duration(c.ScrapeInterval)
	o.EvaluationInterval = time.Duration(c.EvaluationInterval)
}
