package lint

import (
	"cmp"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/rules"
)

// prometheusConfig is what a prometheus.yml says that matters to rules.
type prometheusConfig struct {
	file *rules.File
	// ruleFiles are the patterns of rule files.
	ruleFiles []rules.Scalar
	// The intervals are 1m where the file does not say: Prometheus's default.
	scrapeInterval, evaluationInterval time.Duration
	jobs                               []scrapeJob
	externalLabels                     []rules.Pair
	// relabelsAlerts tells that alerts are relabelled before they are sent.
	relabelsAlerts bool
}

// scrapeJob is one of the scrape_configs.
type scrapeJob struct {
	name     rules.Scalar
	interval time.Duration
	// targetLabels are the labels that relabelling or static targets set.
	targetLabels []string
}

// prometheusKeys are the sections of a prometheus.yml, as its documentation lists them. A file
// with others, such as a file of unit tests, is something else.
var prometheusKeys = []string{
	"global", "runtime", "rule_files", "scrape_config_files", "scrape_configs", "alerting", "remote_write",
	"remote_read", "storage", "tracing", "otlp",
}

func isPrometheus(root *yaml.Node) bool {
	known := func(key string) bool { return slices.Contains(prometheusKeys, key) }
	if slices.ContainsFunc(keys(root), func(key string) bool { return !known(key) }) {
		return false
	}
	global := field(root, "global")
	for _, sign := range []*yaml.Node{
		field(root, "rule_files"), field(root, "scrape_configs"),
		field(global, "scrape_interval"), field(global, "evaluation_interval"), field(global, "external_labels"),
	} {
		if sign != nil {
			return true
		}
	}
	return false
}

// unsaid is an interval that the configuration does not name. It would be Prometheus's own minute,
// if this were all of the configuration; but charts and operators put the global section in later.
const unsaid time.Duration = 0

func readPrometheus(c *configuration) (*prometheusConfig, error) {
	global := field(c.root, "global")
	read := &prometheusConfig{
		file:           c.file,
		ruleFiles:      c.scalars(field(c.root, "rule_files")),
		externalLabels: c.pairs(field(global, "external_labels")),
		relabelsAlerts: relabelsAlerts(field(c.root, "alerting")),
	}
	for _, key := range []string{"rule_files", "scrape_configs"} {
		if n := resolved(field(c.root, key)); n != nil && n.Kind != yaml.SequenceNode && n.ShortTag() != "!!null" {
			return nil, c.errorAt(n, "%s must be a list", key)
		}
	}
	var err error
	if read.scrapeInterval, err = c.interval(field(global, "scrape_interval"), unsaid); err != nil {
		return nil, err
	}
	if read.evaluationInterval, err = c.interval(field(global, "evaluation_interval"), unsaid); err != nil {
		return nil, err
	}
	for _, item := range items(field(c.root, "scrape_configs")) {
		job := scrapeJob{name: c.scalar(field(item, "job_name")), targetLabels: c.targetLabels(item)}
		if job.interval, err = c.interval(field(item, "scrape_interval"), read.scrapeInterval); err != nil {
			return nil, err
		}
		read.jobs = append(read.jobs, job)
	}
	c.blank(map[string]bool{"global": true, "rule_files": true}, map[string]string{"scrape_configs": "job_name"})
	return read, nil
}

// interval is a duration, or the default where there is none.
func (c *configuration) interval(n *yaml.Node, otherwise time.Duration) (time.Duration, error) {
	value := c.scalar(n).Value
	if value == "" {
		return otherwise, nil
	}
	d, err := model.ParseDuration(value)
	if err != nil {
		return 0, c.errorAt(n, "%w", err)
	}
	return cmp.Or(time.Duration(d), otherwise), nil
}

func relabelsAlerts(alerting *yaml.Node) bool {
	if len(items(field(alerting, "alert_relabel_configs"))) > 0 {
		return true
	}
	return slices.ContainsFunc(items(field(alerting, "alertmanagers")), func(to *yaml.Node) bool {
		return len(items(field(to, "alert_relabel_configs"))) > 0
	})
}

// targetLabels are the labels that a scrape configuration sets by name.
func (c *configuration) targetLabels(job *yaml.Node) []string {
	var all []string
	for _, relabelling := range items(field(job, "relabel_configs")) {
		label := c.scalar(field(relabelling, "target_label")).Value
		if model.LegacyValidation.IsValidLabelName(label) && label[0] != '_' {
			all = append(all, label)
		}
	}
	for _, static := range items(field(job, "static_configs")) {
		all = append(all, keys(field(static, "labels"))...)
	}
	return all
}
