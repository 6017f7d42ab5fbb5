package simulate

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/rules"
)

// Prometheus is what of Prometheus's own configuration matters to a simulation: how rules are
// evaluated and what becomes of their alerts before they are sent.
type Prometheus struct {
	// RuleFiles are the paths that the patterns of rule_files lead to.
	RuleFiles []string
	// EvaluationInterval is that of groups that have none; Prometheus's default is a minute.
	EvaluationInterval time.Duration
	ExternalLabels     labels.Labels
	// AlertRelabel are alerting.alert_relabel_configs.
	AlertRelabel []*relabel.Config
}

// prometheusFile is the part of a prometheus.yml that is read. What it says about scraping and
// storage is nothing to a simulation and may be wrong without being noticed here.
type prometheusFile struct {
	Global struct {
		EvaluationInterval model.Duration    `yaml:"evaluation_interval"`
		ExternalLabels     map[string]string `yaml:"external_labels"`
	} `yaml:"global"`
	RuleFiles []string `yaml:"rule_files"`
	Alerting  struct {
		AlertRelabelConfigs []*relabel.Config `yaml:"alert_relabel_configs"`
	} `yaml:"alerting"`
}

// prometheusKeys are the keys at the top of a prometheus.yml
// (https://prometheus.io/docs/prometheus/latest/configuration/configuration/).
var prometheusKeys = []string{
	"global", "runtime", "rule_files", "scrape_config_files", "scrape_configs", "alerting",
	"remote_write", "remote_read", "otlp", "storage", "tracing",
}

// ReadPrometheus reads a prometheus.yml. Environment variables in external labels come from
// getenv. The error names the file and, where it is known, the line; it is an error, too, if no
// file matches any pattern of rule_files.
func ReadPrometheus(path string, getenv func(string) string) (*Prometheus, error) {
	source, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("read Prometheus configuration: %w", err)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(source, &root); err != nil {
		return nil, yamlError(path, err)
	}
	if root.Kind == 0 || root.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s: not a Prometheus configuration: it needs rule_files", path)
	}
	for i := 0; i < len(root.Content[0].Content); i += 2 {
		if key := root.Content[0].Content[i]; !slices.Contains(prometheusKeys, key.Value) {
			return nil, fmt.Errorf("%s:%d: unknown key %q%s", path, key.Line, key.Value, didYouMean(key.Value, prometheusKeys))
		}
	}
	var file prometheusFile
	if err := root.Decode(&file); err != nil {
		return nil, yamlError(path, err)
	}
	return file.resolve(path, getenv)
}

func didYouMean(word string, known []string) string {
	if near := rules.Nearest(word, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

func (f prometheusFile) resolve(path string, getenv func(string) string) (*Prometheus, error) {
	p := &Prometheus{
		EvaluationInterval: time.Duration(f.Global.EvaluationInterval),
		AlertRelabel:       f.Alerting.AlertRelabelConfigs,
	}
	if p.EvaluationInterval == 0 {
		p.EvaluationInterval = time.Minute
	}
	external := map[string]string{}
	for name, value := range f.Global.ExternalLabels {
		external[name] = os.Expand(value, func(variable string) string {
			if variable == "$" {
				return "$"
			}
			return getenv(variable)
		})
	}
	p.ExternalLabels = labels.FromMap(external)
	for i, c := range p.AlertRelabel {
		if c == nil {
			return nil, fmt.Errorf("%s: alert_relabel_configs: entry %d is empty", path, i+1)
		}
		if err := c.Validate(model.UTF8Validation); err != nil {
			return nil, fmt.Errorf("%s: alert_relabel_configs: entry %d: %w", path, i+1, err)
		}
	}
	for _, pattern := range f.RuleFiles {
		if !filepath.IsAbs(pattern) {
			pattern = filepath.Join(filepath.Dir(path), pattern)
		}
		found, err := filepath.Glob(pattern)
		if err != nil {
			return nil, fmt.Errorf("%s: rule_files: %q: %w", path, pattern, err)
		}
		p.RuleFiles = append(p.RuleFiles, found...)
	}
	if p.RuleFiles = withoutRepeats(p.RuleFiles); len(p.RuleFiles) == 0 {
		return nil, fmt.Errorf("%s: rule_files lead to no file, looked for from %s", path, filepath.Dir(path))
	}
	return p, nil
}
