package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/lint/report"
	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/terminal"
)

func print(t *testing.T, format string, o report.Options, result *lint.Result) string {
	t.Helper()
	printer, err := report.New(format, o)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := printer.Print(&out, result); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// hostile is a finding whose every text could disturb a terminal.
func hostile() *lint.Result {
	const bad = "a\x1b[2Jb\nc\u009b"
	file := &rules.File{Path: bad, Source: []byte(bad)}
	return &lint.Result{Files: 1, Diagnostics: []lint.Diagnostic{{
		Check: "never-fires", Severity: lint.Error, File: file, Span: rules.Span{Start: 0, End: len(bad)},
		Message: bad, Label: bad, Hint: bad,
		Related: []lint.Related{{File: file, Message: bad}, {File: &rules.File{Path: bad}, Message: bad}},
	}}}
}

func TestHostileText(t *testing.T) {
	for _, short := range []bool{true, false} {
		if text := print(t, "text", report.Options{Short: short}, hostile()); strings.ContainsAny(text, "\x1b\u009b") {
			t.Errorf("control characters get through:\n%q", text)
		}
	}
	var parsed map[string]any
	if err := json.Unmarshal([]byte(print(t, "json", report.Options{}, hostile())), &parsed); err != nil {
		t.Error(err)
	}
}

func TestSummary(t *testing.T) {
	file := rules.Parse("x.yaml", []byte("groups: []\n"), rules.Options{})
	finding := func(s lint.Severity) lint.Diagnostic { return lint.Diagnostic{File: file, Severity: s} }
	for want, result := range map[string]*lint.Result{
		"no findings in 0 files (0 rules)\n": {},
		"1 error, 0 warnings in 1 file (2 rules)\n": {
			Files: 1, Rules: 2, Diagnostics: []lint.Diagnostic{finding(lint.Error)},
		},
		"0 errors, 2 warnings, 1 info in 2 files (1 rule)\n": {
			Files: 2, Rules: 1,
			Diagnostics: []lint.Diagnostic{finding(lint.Warning), finding(lint.Warning), finding(lint.Info)},
		},
	} {
		if got := print(t, "text", report.Options{}, result); !strings.HasSuffix(got, want) {
			t.Errorf("got %q, want it to end with %q", got, want)
		}
	}
	onTerminal := report.Options{Style: terminal.Style{Columns: 80}}
	if got := print(t, "text", onTerminal, &lint.Result{Took: 1234e6}); got != "no findings in 0 files (0 rules, 1.2s)\n" {
		t.Errorf("on a terminal: %q", got)
	}
}

func TestUnknownFormat(t *testing.T) {
	_, err := report.New("jsno", report.Options{})
	unknown := (*report.UnknownFormatError)(nil)
	if !errors.As(err, &unknown) || unknown.Nearest != "json" {
		t.Errorf("got %v", err)
	}
}
