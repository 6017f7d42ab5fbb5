package lint

import (
	"embed"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/prometheus/common/model"
)

// shippedFiles are made of the recorded scrapes in testdata/exporters by the test of this file.
//
//go:embed shipped/*.tsv
var shippedFiles embed.FS

// shippedExporters are the exporters that rulekit knows, by the name spaces they have.
var shippedExporters = map[string]string{
	"alertmanager": "alertmanager",
	"kafka":        "kafka_exporter",
	"mongodb":      "mongodb_exporter",
	"mysql":        "mysqld_exporter",
	"mysqld":       "mysqld_exporter",
	"node":         "node_exporter",
	"pg":           "postgres_exporter",
	"postgres":     "postgres_exporter",
	"prometheus":   "prometheus",
	"redis":        "redis_exporter",
}

// shippedCatalogue reads the metrics of an exporter when it is first asked for one of them.
type shippedCatalogue map[string]func() map[string]Metric

// ShippedMetrics returns the catalogue that rulekit brings: the metrics that widely used
// exporters serve in the versions that were recorded. Making it costs nothing; each exporter is
// read when one of its metrics is first asked for.
//
// Exporters serve more than was recorded: other collectors, other versions, queries of their
// users. The catalogue therefore claims only names that are near certainly mistaken: those that
// no known version serves, while all serve the same name with or without _total, or with a unit.
func ShippedMetrics() Catalogue { return shipped }

var shipped = func() shippedCatalogue {
	files := map[string]func() map[string]Metric{}
	for _, exporter := range shippedExporters {
		if files[exporter] == nil {
			files[exporter] = sync.OnceValue(func() map[string]Metric { return readShipped(exporter) })
		}
	}
	spaces := shippedCatalogue{}
	for space, exporter := range shippedExporters {
		spaces[space] = files[exporter]
	}
	return spaces
}()

// Metric returns what is known of the metric.
func (c shippedCatalogue) Metric(name string) (Metric, bool) {
	metrics, ok := c[nameSpace(name)]
	if !ok {
		return Metric{}, false
	}
	metric, ok := metrics()[name]
	return metric, ok
}

// Claims returns Shipped for names that are not served but under another suffix.
func (c shippedCatalogue) Claims(name string) Source {
	if _, known := c.Metric(name); known || c.Nearest(name) != "" {
		return Shipped
	}
	return NoSource
}

// Nearest returns the metric that has the same name but for its suffix, or "".
func (c shippedCatalogue) Nearest(name string) string {
	metrics, ok := c[nameSpace(name)]
	if !ok {
		return ""
	}
	for _, other := range renamings(name) {
		if _, known := metrics()[other]; known {
			return other
		}
	}
	return ""
}

// The columns of a shipped catalogue. Its first line names the exporter and all its versions,
// its second line the columns.
const (
	shippedName = iota
	shippedType
	shippedUnit
	shippedSeries
	// shippedVersions are those that serve the metric, or * for all.
	shippedVersions
	// shippedLabels are divided by commas, or - where they are not known.
	shippedLabels
	shippedHelp
	shippedColumns
)

// readShipped reads the catalogue of an exporter. The test of this file proves that each can be
// read.
func readShipped(exporter string) map[string]Metric {
	source, err := shippedFiles.ReadFile("shipped/" + exporter + ".tsv")
	if err != nil {
		panic(err)
	}
	title, rest, _ := strings.Cut(string(source), "\n")
	_, rest, _ = strings.Cut(rest, "\n")
	every := versionList(strings.TrimPrefix(title, "# "))
	metrics := make(map[string]Metric, strings.Count(rest, "\n"))
	labels := map[string][]string{}
	for line := range strings.Lines(rest) {
		columns := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", shippedColumns)
		metric := Metric{
			Type: model.MetricType(columns[shippedType]), Unit: columns[shippedUnit], Help: columns[shippedHelp],
			Source: Shipped, Exporter: every,
		}
		metric.Series, _ = strconv.Atoi(columns[shippedSeries])
		if versions := columns[shippedVersions]; versions != "*" {
			metric.Exporter = versionList(exporter + " " + versions)
		}
		if names := columns[shippedLabels]; names != "-" {
			if labels[names] == nil {
				labels[names] = labelNames(names)
			}
			metric.Labels, metric.LabelsKnown = labels[names], true
		}
		metrics[columns[shippedName]] = metric
	}
	return metrics
}

// labelNames are the names in a column of labels, and the __name__ that every series has.
func labelNames(column string) []string {
	names := map[string]bool{model.MetricNameLabel: true}
	if column != "" {
		for name := range strings.SplitSeq(column, ",") {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// versionList writes an exporter and its versions for people.
func versionList(text string) string {
	words := strings.Fields(text)
	if len(words) < 3 {
		return text
	}
	return words[0] + " " + strings.Join(words[1:len(words)-1], ", ") + " and " + words[len(words)-1]
}
