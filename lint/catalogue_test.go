package lint_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/scrape"
)

func TestCatalogue(t *testing.T) {
	scrapes, err := lint.LoadScrapes([]string{examples + "/unknown-metric/metrics.prom"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"parcel_new": true, "truck_count": false, "go_goroutines": false, "parcel": false, "parcel:depot": false,
	} {
		if got := scrapes.Claims(name) != lint.NoSource; got != want {
			t.Errorf("claims %s: %t", name, got)
		}
	}
	for name, want := range map[string]string{
		"parcel_depot_parcel": "parcel_depot_parcels", "parcel_depot_deliveries_count_total": "parcel_depot_deliveries",
		"parcel_something_else": "",
	} {
		if got := scrapes.Nearest(name); got != want {
			t.Errorf("nearest to %s: %q", name, got)
		}
	}
	metric, ok := scrapes.Metric("parcel_scan_seconds_bucket")
	if diff := cmp.Diff([]string{"__name__", "le", "scanner"}, metric.Labels); !ok || diff != "" || metric.Type != "histogram" {
		t.Errorf("%+v, %t", metric, ok)
	}
}

// TestCatalogueLabels proves that labels are only known where a sample of the family told them.
func TestCatalogueLabels(t *testing.T) {
	families, err := scrape.Parse([]byte(`# TYPE parcel_lost_total counter
# TYPE parcel_late_total counter
parcel_late_total{depot="north"} 1
# TYPE parcel_scan_seconds histogram
parcel_scan_seconds_bucket{depot="north",le="+Inf"} 9
# TYPE parcel_wait_seconds summary
`))
	if err != nil {
		t.Fatal(err)
	}
	scrapes := &lint.Scrapes{}
	scrapes.Add(families)
	buckets := []string{"__name__", "depot", "le"}
	for name, want := range map[string][]string{
		"parcel_lost_total": nil, "parcel_late_total": {"__name__", "depot"}, "parcel_wait_seconds_sum": nil,
		"parcel_scan_seconds": buckets, "parcel_scan_seconds_bucket": buckets, "parcel_scan_seconds_sum": buckets,
	} {
		metric, ok := scrapes.Metric(name)
		if diff := cmp.Diff(want, metric.Labels); !ok || diff != "" || metric.LabelsKnown != (want != nil) {
			t.Errorf("%s: %+v, %t (-want +got):\n%s", name, metric, ok, diff)
		}
	}
}

// TestCatalogueOfRecording proves that of a file with several scrapes all count, and a series in
// each of them once.
func TestCatalogueOfRecording(t *testing.T) {
	scrapes := scrapesOf(t, `# scraped 2026-01-05T08:00:00Z
# HELP parcel_late_total Late parcels.
# TYPE parcel_late_total counter
parcel_late_total{depot="north"} 1
# scraped 2026-01-05T08:00:15Z
# TYPE parcel_late_total counter
parcel_late_total{depot="north"} 2
parcel_late_total{depot="south"} 1
# scraped 2026-01-05T08:00:30Z
# TYPE parcel_lost_total counter
parcel_lost_total{truck="7"} 1
`)
	late, known := scrapes.Metric("parcel_late_total")
	if !known || late.Series != 2 || late.Type != model.MetricTypeCounter || late.Help != "Late parcels." {
		t.Errorf("%+v, %t", late, known)
	}
	if diff := cmp.Diff([]string{"north", "south"}, late.Values["depot"]); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if lost, known := scrapes.Metric("parcel_lost_total"); !known || lost.Series != 1 {
		t.Errorf("%+v, %t", lost, known)
	}
}

// scrapesOf are scrapes in files of the given texts, loaded.
func scrapesOf(t *testing.T, texts ...string) *lint.Scrapes {
	t.Helper()
	folder := t.TempDir()
	for i, text := range texts {
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%d.prom", i)), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	scrapes, err := lint.LoadScrapes([]string{folder})
	if err != nil {
		t.Fatal(err)
	}
	return scrapes
}

// TestCatalogueFacts proves what scrapes tell of a metric beside its labels.
func TestCatalogueFacts(t *testing.T) {
	many := &strings.Builder{}
	for i := range lint.MaxValues + 1 {
		fmt.Fprintf(many, "parcel_belt_speed{belt=\"%d\",hall=\"a\"} 1\n", i)
	}
	scrapes := scrapesOf(t,
		"# TYPE parcel_belt_speed gauge\nparcel_belt_speed{belt=\"x\"} 1\n# TYPE parcel_up gauge\nparcel_up 1\n# TYPE parcel_mood gauge\nparcel_mood 1\n# TYPE parcel_seen_total gauge\nparcel_seen_total 4\n",
		"# TYPE parcel_mood counter\nparcel_mood{of=\"me\"} 1\n"+many.String(),
		"# TYPE parcel_sent counter\n# UNIT parcel_sent_bytes bytes\n# TYPE parcel_sent_bytes counter\nparcel_sent_bytes_total 1\n# EOF\n",
	)
	for name, want := range map[string]lint.Metric{
		"parcel_up":               {Type: "gauge", Labels: []string{"__name__"}, Values: map[string][]string{"__name__": {"parcel_up"}}, Series: 1},
		"parcel_seen_total":       {Type: "unknown", Labels: []string{"__name__"}, Values: map[string][]string{"__name__": {"parcel_seen_total"}}, Series: 1},
		"parcel_mood":             {Type: "unknown", Labels: []string{"__name__", "of"}, Values: map[string][]string{"__name__": {"parcel_mood"}, "of": {"me"}}, Series: 1},
		"parcel_sent_bytes_total": {Type: "counter", Unit: "bytes", Labels: []string{"__name__"}, Values: map[string][]string{"__name__": {"parcel_sent_bytes_total"}}, Series: 1},
		"parcel_belt_speed": {Type: "unknown", Labels: []string{"__name__", "belt", "hall"}, Series: lint.MaxValues + 1,
			Values: map[string][]string{"__name__": {"parcel_belt_speed"}, "hall": {"a"}}},
		// A counter of OpenMetrics is named as its samples will be.
		"parcel_sent_total": {Type: "counter", Values: map[string][]string{}},
	} {
		want.Source, want.LabelsKnown = lint.Recorded, len(want.Labels) > 0
		got, ok := scrapes.Metric(name)
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("%s: %t (-want +got):\n%s", name, ok, diff)
		}
	}
	for _, name := range []string{"parcel_sent", "parcel_sent_bytes"} {
		if _, ok := scrapes.Metric(name); ok {
			t.Errorf("%s is known", name)
		}
	}
}

func TestLoadCompressedScrapes(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	fmt.Fprint(w, "parcel_up 1\n")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for name, content := range map[string][]byte{"a.prom.gz": packed.Bytes(), "notes.gz": []byte("no scrape")} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	scrapes, err := lint.LoadScrapes([]string{folder})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := scrapes.Metric("parcel_up"); !ok {
		t.Error("the metric of a compressed scrape is not known")
	}
	for name, content := range map[string][]byte{"text.prom.gz": []byte("parcel_up 1\n"), "cut.prom.gz": packed.Bytes()[:packed.Len()-6]} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := lint.LoadScrapes([]string{path}); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestNearestMetric(t *testing.T) {
	known := []string{"oven_doors_open", "oven_gas_pressure_bar", "parcel_depot_parcels", "parcel_depot_space_bytes", "parcel_up"}
	for name, want := range map[string]string{
		"parcel_depot_parcel": "parcel_depot_parcels", "parcel_depot_space": "parcel_depot_space_bytes",
		"parcel_north_depot_parcels_total": "parcel_depot_parcels", "parcel_depot_weight": "", "parcel_down": "",
		"oven_gas_flow_bar": "", "ovens_doors_open": "oven_doors_open", "truck_up": "",
	} {
		if got := lint.NearestMetric(name, known); got != want {
			t.Errorf("nearest to %s: %q, want %q", name, got, want)
		}
	}
}

// TestJoinedCatalogues proves which of several catalogues answers.
func TestJoinedCatalogues(t *testing.T) {
	north := scrapesOf(t, "parcel_a 1\nparcel_b 1\nparcel_c 1\n")
	south := scrapesOf(t, "parcel_c{side=\"s\"} 1\nparcel_d 1\nparcel_e 1\noven_a 1\noven_b 1\noven_c 1\npg_up 1\n")
	both := lint.Join(north, south)
	over := lint.Prefer(north, south)
	for _, test := range []struct {
		name      string
		catalogue lint.Catalogue
		known     bool
		claims    lint.Source
	}{
		{"parcel_d", both, true, lint.Recorded},
		{"oven_a", both, true, lint.Recorded},
		// What the first catalogue would know is not asked of the second.
		{"parcel_d", over, false, lint.Recorded},
		{"oven_a", over, true, lint.Recorded},
		{"truck_a", over, false, lint.NoSource},
		{"parcel_a", lint.Join(), false, lint.NoSource},
		{"mysql_up", lint.Prefer(lint.Join(), lint.ShippedMetrics()), true, lint.Shipped},
	} {
		_, known := test.catalogue.Metric(test.name)
		if claims := test.catalogue.Claims(test.name); known != test.known || claims != test.claims {
			t.Errorf("%s: known %t, claimed by %v", test.name, known, claims)
		}
	}
}

// liveCatalogue is a server with a few metrics.
type liveCatalogue map[string]lint.Metric

func (c liveCatalogue) Metric(name string) (lint.Metric, bool) { m, ok := c[name]; return m, ok }
func (c liveCatalogue) Claims(string) lint.Source              { return lint.Live }
func (c liveCatalogue) Nearest(name string) string {
	return lint.NearestMetric(name, []string{"parcel_depot_parcels", "up"})
}

// TestUnknownMetric proves what is found of an expression with each kind of catalogue.
func TestUnknownMetric(t *testing.T) {
	scrapes := scrapesOf(t, "parcel_depot_parcels{depot=\"north\",size=\"small\"} 1\nparcel_depot_parcels{depot=\"north\",size=\"medium\"} 1\nparcel_up 1\nparcel_age_seconds{conveyor=\"a\"} 1\n")
	live := liveCatalogue{
		"up": {Type: model.MetricTypeGauge, Source: lint.Live, LabelsKnown: true, Labels: []string{"__name__", "instance", "job"},
			Values: map[string][]string{"job": {"bakery", "depot"}}},
		"parcel_depot_parcels": {Type: model.MetricTypeGauge, Source: lint.Live},
	}
	for _, test := range []struct {
		catalogue  lint.Catalogue
		expr, want string
	}{
		{scrapes, `parcel_depot_parcel > 1`, "warning: there is no metric parcel_depot_parcel in the recorded scrapes (did you mean parcel_depot_parcels?)"},
		{scrapes, `parcel_depot_parcels_total > 1`, "warning: there is no metric parcel_depot_parcels_total in the recorded scrapes (did you mean parcel_depot_parcels?)"},
		{scrapes, `parcel_weather > 1`, "info: there is no metric parcel_weather in the recorded scrapes (see which name the exporter has for it now, or record a server that serves it)"},
		{scrapes, `absent(parcel_weather)`, ""},
		{scrapes, `parcel_depot_parcels > 1 or parcel_depot_parcels_total > 1`, ""},
		{scrapes, `parcel_up == 0 or parcel_depot_parcels_total > 1`, "warning: there is no metric parcel_depot_parcels_total in the recorded scrapes (did you mean parcel_depot_parcels?)"},
		{scrapes, `truck_up == 0`, ""},
		{scrapes, `{__name__=~"parcel_x|parcel_y"} > 1`, ""},
		{scrapes, `parcel_depot_parcels{colour="red"} > 1`, `warning: parcel_depot_parcels has no label "colour" in the recorded scrapes (it has depot, size)`},
		{scrapes, `parcel_depot_parcels{colour!="red", colour=~".*"} > 1`, ""},
		{scrapes, `parcel_depot_parcels{district="north", pod="x"} > 1`, ""},
		{scrapes, `parcel_depot_parcels{size="meduim"} > 1`, `warning: the label size of parcel_depot_parcels has not been "meduim" in the recorded scrapes (did you mean "medium"?)`},
		{scrapes, `parcel_depot_parcels{size="huge"} > 1`, `info: the label size of parcel_depot_parcels has not been "huge" in the recorded scrapes (seen were "medium", "small")`},
		{scrapes, `parcel_depot_parcels{size=~"hu.*", depot!="south"} > 1`, ""},
		{scrapes, `parcel_depot_parcels{depot="south"} > 1`, ""},
		{scrapes, `sum by (size) (parcel_depot_parcels) / on (szie) sum by (depot) (parcel_depot_parcels)`, ""},
		{scrapes, `parcel_depot_parcels / on (deopt) parcel_depot_parcels`, ""},
		{scrapes, `max without (convejor) (max_over_time(parcel_age_seconds[5m] offset 1h)) > 1`, `warning: the series have no label "convejor" (did you mean conveyor?)`},
		{scrapes, `parcel_age_seconds / on (convejor) parcel_age_seconds`, `warning: the series have no label "convejor" (did you mean conveyor?)`},
		{scrapes, `parcel_a + parcel_b + parcel_c + parcel_d > 1`, "info: 4 of the 4 parcel_ metrics of this file are not in the recorded scrapes (the rules may be for another exporter: record the one that serves them too)"},
		{lint.ShippedMetrics(), `rate(pg_stat_database_deadlocks_total[5m]) > 1`, "warning: there is no metric pg_stat_database_deadlocks_total in the exporters that rulekit knows (did you mean pg_stat_database_deadlocks (postgres_exporter 0.11.1, 0.15.0 and 0.20.1)?)"},
		{lint.ShippedMetrics(), `rate(pg_stat_database_deadlocks_total[5m]) + pg_mine + pg_yours > 1`, ""},
		{lint.ShippedMetrics(), `pg_stat_database_deadlock > 1`, ""},
		{lint.ShippedMetrics(), `pg_stat_activity_count{datnmae="x", stage="prod"} > 1`, `warning: pg_stat_activity_count has no label "datnmae" in the exporters that rulekit knows (did you mean datname?)`},
		{lint.ShippedMetrics(), `mongodb_ss_connections{conn_type="curent"} > 1`, ""},
		{live, `up{job="bakrey"} == 0`, `warning: the label job of up has not been "bakrey" on the Prometheus server (did you mean "bakery"?)`},
		{live, `up{job="truck"} == 0`, ""},
		{live, `up{pod="x"} == 0`, `warning: up has no label "pod" on the Prometheus server (it has instance, job)`},
		{live, `oven_a + oven_b + oven_c > 1`, "info: 3 of the 3 oven_ metrics of this file are not on the Prometheus server (the rules may be for an exporter that this server does not scrape)"},
		{live, `oven_up == 0 and on () ALERTS{alertstate="firing"}`, "warning: there is no metric oven_up on the Prometheus server (see which name the exporter has for it now)"},
	} {
		source := fmt.Sprintf("groups:\n- name: g\n  rules:\n  - record: r\n    expr: %q\n", test.expr)
		check, err := lint.Lookup("unknown-metric")
		if err != nil {
			t.Fatal(err)
		}
		options := lint.Options{Checks: []*lint.Check{check}, Catalogue: test.catalogue, TargetLabels: []string{"district"}}
		result, err := lint.Run(context.Background(), []*rules.File{rules.Parse("r.yaml", []byte(source), rules.Options{})}, options)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range result.Diagnostics {
			got = append(got, fmt.Sprintf("%s: %s (%s)", d.Severity, d.Message, d.Hint))
		}
		if strings.Join(got, "\n") != test.want {
			t.Errorf("%s\ngot  %s\nwant %s", test.expr, strings.Join(got, "\n     "), test.want)
		}
	}
}
