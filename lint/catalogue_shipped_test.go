package lint_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"

	"github.com/rulekit/rulekit/lint"
)

// recorded says of which recorded scrapes a shipped catalogue is made: patterns of files in
// testdata/exporters by the exporter's version, and the name spaces that it has for itself.
type recorded struct {
	exporter string
	spaces   []string
	versions []recordedVersion
}

type recordedVersion struct{ version, pattern string }

var recordings = []recorded{
	{"alertmanager", []string{"alertmanager"}, []recordedVersion{{"0.25.0", "alertmanager-0.25.0*"}}},
	{"kafka_exporter", []string{"kafka"}, []recordedVersion{{"1.9.0", "*_kafka_exporter-1.9.0*"}}},
	{"mongodb_exporter", []string{"mongodb"}, []recordedVersion{{"0.53.0", "*_mongodb_exporter-0.53.0*"}}},
	{"mysqld_exporter", []string{"mysql", "mysqld"}, []recordedVersion{
		{"0.14.0", "*_mysqld_exporter-0.14.0*"}, {"0.20.0", "*_mysqld_exporter-0.20.0*"}}},
	{"node_exporter", []string{"node"}, []recordedVersion{{"1.5.0", "node_exporter-1.5.0*"}}},
	{"postgres_exporter", []string{"pg", "postgres"}, []recordedVersion{
		{"0.11.1", "*_postgres_exporter-0.11.1*"}, {"0.15.0", "*_postgres_exporter-0.15.0*"}, {"0.20.1", "*_postgres_exporter-0.20.1*"}}},
	{"prometheus", []string{"prometheus"}, []recordedVersion{{"2.42.0", "prometheus-2.42.0*"}}},
	{"redis_exporter", []string{"redis"}, []recordedVersion{
		{"1.45.0", "*_redis_exporter-1.45.0*"}, {"1.88.0", "*_redis_exporter-1.88.0*"}}},
}

// misdeclared are metrics that are not what their exporters declare them to be: gauges that only
// grow, for which rate() is right, and counters that hold a time.
var misdeclared = regexp.MustCompile(`_offset(_sum|_bytes)?$|_lsn(_bytes)?$|_xlog_|_defrag_(key_)?(hits|misses)$|_lazyfreed_objects$|` +
	`_last_id$|_resyncs?_|_nf_conntrack_stat_|_wal_segment_current$|_watermark$|_head_max_time|_stats_reset(_total)?$`)

// TestShippedCatalogues proves that the shipped catalogues are what the recorded scrapes tell.
func TestShippedCatalogues(t *testing.T) {
	for _, r := range recordings {
		t.Run(r.exporter, func(t *testing.T) {
			golden(t, filepath.Join("shipped", r.exporter+".tsv"), shippedFile(t, r))
		})
	}
	shipped, err := filepath.Glob("shipped/*")
	if err != nil || len(shipped) != len(recordings) {
		t.Errorf("%d files in shipped/, want %d: %v", len(shipped), len(recordings), err)
	}
}

func shippedFile(t *testing.T, r recorded) []byte {
	t.Helper()
	var all []string
	var names []string
	byVersion := map[string]*lint.Scrapes{}
	for _, v := range r.versions {
		names = append(names, v.version)
		files, err := filepath.Glob("../testdata/exporters/" + v.pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no scrapes of %s %s: %v", r.exporter, v.version, err)
		}
		if byVersion[v.version], err = lint.LoadScrapes(files); err != nil {
			t.Fatal(err)
		}
		all = append(all, files...)
	}
	scrapes, err := lint.LoadScrapes(all)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "# %s %s\n# metric\ttype\tunit\tseries\tversions\tlabels\thelp\n", r.exporter, strings.Join(names, " "))
	metrics := maps.Collect(scrapes.All())
	for _, name := range slices.Sorted(maps.Keys(metrics)) {
		if space, _, _ := strings.Cut(name, "_"); !slices.Contains(r.spaces, space) {
			continue
		}
		versions := slices.DeleteFunc(slices.Clone(names), func(v string) bool {
			_, served := byVersion[v].Metric(name)
			return !served
		})
		column := strings.Join(versions, " ")
		if len(versions) == len(names) {
			column = "*"
		}
		fmt.Fprintln(&out, shippedLine(name, column, metrics[name]))
	}
	return out.Bytes()
}

func shippedLine(name, versions string, m lint.Metric) string {
	if misdeclared.MatchString(name) {
		m.Type = model.MetricTypeUnknown
	}
	labels := "-"
	if m.LabelsKnown {
		labels = strings.Join(slices.DeleteFunc(slices.Clone(m.Labels), func(l string) bool { return l == model.MetricNameLabel }), ",")
	}
	help := strings.Join(strings.Fields(m.Help), " ")
	const longest = 80
	if runes := []rune(help); len(runes) > longest {
		help = string(runes[:longest-1]) + "…"
	}
	return fmt.Sprintf("%s\t%s\t%s\t%d\t%s\t%s\t%s", name, m.Type, m.Unit, m.Series, versions, labels, help)
}

// TestShipped proves what the shipped catalogue claims and what it leaves open.
func TestShipped(t *testing.T) {
	catalogue := lint.ShippedMetrics()
	for name, near := range map[string]string{
		"pg_stat_database_deadlocks_total":        "pg_stat_database_deadlocks",
		"pg_stat_bgwriter_checkpoints_req":        "pg_stat_bgwriter_checkpoints_req_total",
		"node_filesystem_avail":                   "node_filesystem_avail_bytes",
		"prometheus_rule_evaluation_failures":     "prometheus_rule_evaluation_failures_total",
		"pg_my_own_query":                         "",
		"pg_stat_database_deadlock":               "",
		"mysql_global_status_of_the_next_version": "",
		"kafka_consumergroup_lag_seconds":         "",
		"kafka_server_kafkaserver_brokerstate":    "",
		"parcel_depot_parcels":                    "",
		"redis":                                   "",
	} {
		if got := catalogue.Nearest(name); got != near {
			t.Errorf("nearest to %s: %q, want %q", name, got, near)
		}
		if claims := catalogue.Claims(name) == lint.Shipped; claims != (near != "") {
			t.Errorf("claims %s: %t", name, claims)
		}
		if _, known := catalogue.Metric(name); known {
			t.Errorf("%s is known", name)
		}
	}
	metric, ok := catalogue.Metric("pg_replication_lag_seconds")
	if !ok || metric.Type != model.MetricTypeGauge || metric.Exporter != "postgres_exporter 0.15.0 and 0.20.1" || metric.Series != 1 {
		t.Errorf("%+v, %t", metric, ok)
	}
	if metric, _ := catalogue.Metric("pg_settings_max_connections"); !slices.Contains(metric.Labels, "server") || metric.Source != lint.Shipped {
		t.Errorf("%+v", metric)
	}
	if metric, _ := catalogue.Metric("redis_rdb_saves_total"); metric.Type != model.MetricTypeUnknown {
		t.Errorf("a total that is declared a gauge is taken for a %s", metric.Type)
	}
}

// TestShippedSize keeps the catalogues small: they are in every rulekit.
func TestShippedSize(t *testing.T) {
	total := int64(0)
	for _, r := range recordings {
		info, err := os.Stat(filepath.Join("shipped", r.exporter+".tsv"))
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	if most := int64(1 << 20); total > most {
		t.Errorf("%d bytes", total)
	}
}

func BenchmarkShippedMetrics(b *testing.B) {
	for b.Loop() {
		lint.ShippedMetrics().Metric("mysql_up")
	}
}
