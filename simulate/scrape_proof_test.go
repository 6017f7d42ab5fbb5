package simulate

import (
	"os"
	"path/filepath"
	"testing"
)

// A comparison inside of a join makes it unique: without it the expression is ambiguous, which
// must not be taken for a lack of data.
func TestSilenceOfAJoin(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"a.prom": "info_x{pod=\"a\",phase=\"Running\"} 1\ninfo_x{pod=\"a\",phase=\"Failed\"} 0\nuse_x{pod=\"a\"} 3\n",
		"rules.yaml": "groups:\n- name: g\n  rules:\n" +
			"  - {alert: Busy, expr: use_x * on(pod) (info_x == 1) > 5}\n" +
			"  - {alert: Missing, expr: use_x * on(pod) (nowhere_x == 1) > 5}\n",
		"suite.yaml": "rule_files: [rules.yaml]\ntests:\n- input_scrapes: [{file: a.prom}]\n  alert_rule_test:\n" +
			"  - {eval_time: 5m, alertname: Busy, exp_alerts: []}\n" +
			"  - {eval_time: 5m, alertname: Missing, exp_alerts: []}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	report := Test(t.Context(), []string{filepath.Join(dir, "suite.yaml")}, TestOptions{})
	failures := report.Files[0].Cases[0].Failures
	if len(failures) != 1 || failures[0].Kind != NothingProven || failures[0].Subject != "Missing" {
		t.Errorf("want that only the silence of Missing proves nothing, got %+v", failures)
	}
}

// A scrape that would be played as more values than memory holds is refused before it is.
func TestScrapePlayedTooOften(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.prom"), []byte("a 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	suite := "rule_files: []\ntests:\n- interval: 1ms\n  input_scrapes: [{file: a.prom, to: 8760h}]\n" +
		"  promql_expr_test: [{expr: a, eval_time: 8760h, exp_samples: []}]\n"
	path := filepath.Join(dir, "suite.yaml")
	if err := os.WriteFile(path, []byte(suite), 0o600); err != nil {
		t.Fatal(err)
	}
	failures := Test(t.Context(), []string{path}, TestOptions{}).Files[0].Cases[0].Failures
	if len(failures) != 1 || failures[0].Kind != NotEvaluated {
		t.Errorf("want one failure that says so, got %+v", failures)
	}
}
