package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

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
	const bad = "a\x1b[2Jb\r\nc\u009b,\xff:]]>\x00<&%0A::error::"
	file := &rules.File{Path: bad, Source: []byte(bad)}
	return &lint.Result{Files: 1, Diagnostics: []lint.Diagnostic{{
		Check: "never-fires", Severity: lint.Error, File: file, Span: rules.Span{Start: 0, End: len(bad)},
		Message: bad, Label: bad, Hint: bad, Edits: []lint.Edit{{Span: rules.Span{Start: 1, End: 2}, New: bad}},
		Related: []lint.Related{{File: file, Message: bad}, {File: &rules.File{Path: bad}, Message: bad}},
	}}}
}

// TestHostileText keeps text that could disturb its reader out of every format.
func TestHostileText(t *testing.T) {
	for _, format := range report.Formats() {
		out := print(t, format, report.Options{}, hostile())
		if strings.ContainsAny(out, "\x00\x1b") || !utf8.ValidString(out) {
			t.Errorf("%s: control characters or broken text get through:\n%q", format, out)
		}
		switch format {
		case "json", "gitlab", "sarif":
			var parsed any
			if err := json.Unmarshal([]byte(out), &parsed); err != nil {
				t.Errorf("%s: %v", format, err)
			}
		case "junit", "checkstyle":
			if err := xml.Unmarshal([]byte(out), new(struct{})); err != nil {
				t.Errorf("%s: %v\n%s", format, err, out)
			}
		case "github", "short":
			if want := map[string]int{"github": 1, "short": 2}[format]; strings.Count(out, "\n") != want {
				t.Errorf("%s: want %d lines:\n%s", format, want, out)
			}
			fallthrough
		case "text":
			if strings.Contains(out, "\u009b") {
				t.Errorf("%s: control characters get through:\n%q", format, out)
			}
		default:
			t.Errorf("%s: a new format needs a case here", format)
		}
	}
	statistics := print(t, "text", report.Options{Statistics: true}, hostile())
	if strings.ContainsAny(statistics, "\x1b\u009b") {
		t.Errorf("control characters get through:\n%q", statistics)
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
		"1 error, 1 warning in 1 file (1 rule); 1 can be mended with --fix\n": {
			Files: 1, Rules: 1,
			Diagnostics: []lint.Diagnostic{finding(lint.Error), {File: file, Severity: lint.Warning, Edits: []lint.Edit{{New: "x"}}}},
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

// TestSuppressed shows how many findings comments keep back, also where nothing is left.
func TestSuppressed(t *testing.T) {
	for want, result := range map[string]*lint.Result{
		"no findings in 1 file (2 rules); 3 suppressed\n": {Files: 1, Rules: 2, Suppressed: 3},
		"no findings in 1 file (2 rules)\n":               {Files: 1, Rules: 2},
	} {
		if got := print(t, "short", report.Options{}, result); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	result := hostile()
	result.Suppressed = 1
	if got := print(t, "short", report.Options{}, result); !strings.HasSuffix(got, "; 1 can be mended with --fix; 1 suppressed\n") {
		t.Errorf("got %q", got)
	}
	if got := print(t, "json", report.Options{}, result); !strings.Contains(got, `"suppressed": 1,`) {
		t.Errorf("got %s", got)
	}
}

// TestJUnitNamesFiles proves that there is a test for each file, and one if there is no file.
func TestJUnitNamesFiles(t *testing.T) {
	file := &rules.File{Path: "./b.yaml", Source: []byte("x")}
	result := &lint.Result{Files: 3, Paths: []string{"a.yaml", "./b.yaml", "c.yaml"}, Diagnostics: []lint.Diagnostic{
		{Check: "never-fires", File: file, Message: "m"}, {Check: "short-for", File: file, Message: "n"},
	}}
	out := print(t, "junit", report.Options{}, result)
	for _, want := range []string{`tests="4" failures="2"`, `<testsuite name="a.yaml" tests="1" failures="0"`, `<testsuite name="b.yaml" tests="2" failures="2"`, `<testsuite name="c.yaml"`} {
		if strings.Count(out, want) != 1 {
			t.Errorf("%s is not there once:\n%s", want, out)
		}
	}
	if out := print(t, "junit", report.Options{}, &lint.Result{}); !strings.Contains(out, `tests="1" failures="0"`) {
		t.Errorf("no test without files:\n%s", out)
	}
}
