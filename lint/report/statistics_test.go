package report_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/lint/report"
	"github.com/rulekit/rulekit/rules"
)

func TestStatistics(t *testing.T) {
	result := &lint.Result{Files: 20, Rules: 99}
	add := func(path, check string, severity lint.Severity, edits int) {
		file := &rules.File{Path: path}
		result.Diagnostics = append(result.Diagnostics, lint.Diagnostic{
			Check: check, Severity: severity, File: file, Edits: make([]lint.Edit, edits),
		})
	}
	for i := range 12 {
		add(fmt.Sprintf("rules/%02d.yaml", i), "never-fires", lint.Error, 0)
	}
	add("rules/x.yaml", "redundant-for", lint.Info, 1)
	add("rules/x.yaml", "unknown-metric", lint.Warning, 0)
	result.Diagnostics[13].File = result.Diagnostics[12].File
	add("rules/y.yaml", "redundant-for", lint.Info, 2)
	add("rules/z.yaml", "never-fires", lint.Warning, 0)
	want := `check           severity    count  fixable
never-fires     error          12
redundant-for   info            2        2
never-fires     warning         1
unknown-metric  warning         1

files with most findings
      2  rules/x.yaml
      1  rules/00.yaml
      1  rules/01.yaml
      1  rules/02.yaml
      1  rules/03.yaml
      1  rules/04.yaml
      1  rules/05.yaml
      1  rules/06.yaml
      1  rules/07.yaml
      1  rules/08.yaml
         and 5 more files

12 errors, 2 warnings, 2 infos in 20 files (99 rules); 2 can be mended with --fix
`
	if diff := cmp.Diff(want, print(t, "text", report.Options{Statistics: true}, result)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := print(t, "text", report.Options{Statistics: true}, &lint.Result{}); got != "no findings in 0 files (0 rules)\n" {
		t.Errorf("got %q", got)
	}
}
