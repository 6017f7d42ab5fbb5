package lint

import (
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/rulekit/rulekit/rules"
)

// MetricsUsed returns the metrics that rules select by name, and for each the labels that its
// selectors match, sorted: what a catalogue is asked for.
func MetricsUsed(files []*rules.File) map[string][]string {
	uses := map[string][]string{}
	for _, file := range files {
		for _, rule := range file.Rules() {
			if rule.AST == nil {
				continue
			}
			forMetrics(rule, func(use metricUse) {
				matched := uses[use.name]
				for _, m := range use.selector.LabelMatchers {
					if m.Name != model.MetricNameLabel && !slices.Contains(matched, m.Name) {
						matched = append(matched, m.Name)
					}
				}
				uses[use.name] = matched
			})
		}
	}
	for _, matched := range uses {
		slices.Sort(matched)
	}
	return uses
}

// BelievedType is the type of a metric that its exporter declares to be of a type. Exporters that
// pass on what a server tells call its counters gauges for want of knowledge: a gauge whose name
// says total may be either.
func BelievedType(name string, declared model.MetricType) model.MetricType {
	if declared == model.MetricTypeGauge && strings.HasSuffix(name, "_total") {
		return model.MetricTypeUnknown
	}
	return declared
}
