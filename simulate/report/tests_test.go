package report

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/terminal"
	"github.com/rulekit/rulekit/simulate"
)

// testReport is a report with one of everything that can be printed.
func testReport(t *testing.T) *simulate.Report {
	t.Helper()
	suite, err := simulate.ParseSuite("rules/redis.test.yaml", []byte("tests:\n- name: replica lag pages after 5m\n- name: 主从切换\n- name: quiet\n"))
	if err != nil {
		t.Fatal(err)
	}
	at := func(line string) rules.Span {
		start := bytes.Index(suite.Source, []byte(line))
		return rules.Span{Start: start, End: start + len(line)}
	}
	value := func(s string) *string { return &s }
	same := func(kind, name, v string) simulate.Field {
		return simulate.Field{Kind: kind, Name: name, Expected: &v, Found: &v}
	}
	lag := simulate.Failure{
		Kind: simulate.AlertsDiffer, Span: at("- name: replica"), EvalTime: 6 * time.Minute, Subject: "RedisReplicaLag",
		Message: "2 alerts expected, 2 found, 3 fields differ", Expected: 2, Found: 2, Step: time.Minute,
		Differences: []simulate.Difference{
			{Kind: simulate.Changed, Span: at("- name: replica"), Fields: []simulate.Field{
				same("label", "alertname", "RedisReplicaLag"),
				{Kind: "label", Name: "severity", Expected: value("critical"), Found: value("warning")},
				{Kind: "label", Name: "team", Found: value("db")},
				same("annotation", "summary", "a\x1b[31m lags\nby 42s"),
				{Kind: "annotation", Name: "description", Expected: value("The replica redis-1 of cluster shop in namespace demo has lagged behind its primary by 42s for at least 5 minutes."), Found: value("The replica redis-1 of cluster shop in namespace demo has lagged behind its primary by 43s for at least 5 minutes.")},
			}},
			{Kind: simulate.Missing, Span: at("- name: replica"), Fields: []simulate.Field{{Kind: "label", Name: "pod", Expected: value("redis-2")}}},
			{Kind: simulate.Unexpected, Fields: []simulate.Field{{Kind: "annotation", Name: "description", Found: value("A text that is so long that it takes more than one line, however wide the terminal of whoever reads it may be, and then some.")}}},
		},
		States: []simulate.Phase{{State: simulate.Inactive, To: time.Minute}, {State: simulate.Pending, From: time.Minute, To: 6 * time.Minute}, {State: simulate.Firing, From: 6 * time.Minute, To: 6 * time.Minute}},
	}
	samples := simulate.Failure{
		Kind: simulate.SamplesDiffer, Span: at("- name: 主从"), Subject: "sum(\n  up\n)", Message: "1 sample expected, 1 found, 1 field differs", Expected: 1, Found: 1,
		Differences: []simulate.Difference{{Kind: simulate.Changed, Span: at("- name: 主从"), Fields: []simulate.Field{{Kind: "value", Expected: value("0.3"), Found: value("0.30000000000000004")}}}},
	}
	broken := simulate.Failure{Kind: simulate.NotEvaluated, Span: at("- name: 主从"), EvalTime: 90 * time.Second, Subject: "x", Message: "redis.yaml:3:5: rule x: many-to-many matching not allowed"}
	return &simulate.Report{
		Elapsed: 1234 * time.Millisecond, Rules: 12, Evaluated: 5,
		Files: []*simulate.FileResult{
			{Path: suite.Path, Suite: suite, Warnings: []simulate.Complaint{{Span: at("tests"), Message: "rule_files: no file matches *.yml"}}, Cases: []*simulate.CaseResult{
				{Case: suite.Cases[0], Failures: []simulate.Failure{lag}, Elapsed: 40 * time.Millisecond, Rules: 12, Evaluated: 3},
				{Case: suite.Cases[1], Failures: []simulate.Failure{samples, broken}, Rules: 12, Evaluated: 2},
				{Case: suite.Cases[2], Elapsed: 12 * time.Millisecond, Rules: 12, Evaluated: 1},
			}},
			{Path: "broken.yaml", Err: errors.New("broken.yaml:1:1: unknown key \"test\" in the test file; did you mean \"tests\"?")},
		},
	}
}

func TestPrintersOfTests(t *testing.T) {
	r := testReport(t)
	text := func(style terminal.Style) []byte {
		var b bytes.Buffer
		printer := &Tests{W: &b, Style: style, Verbose: true}
		for _, f := range r.Files {
			Warnings(&b, style, f)
			printer.File(f)
		}
		printer.Foot(r)
		return b.Bytes()
	}
	var asJSON, asJUnit bytes.Buffer
	if err := errors.Join(TestsJSON(&asJSON, r), TestsJUnit(&asJUnit, r)); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][]byte{
		"tests.txt":        text(terminal.Style{Columns: 80}),
		"tests-colour.txt": text(terminal.Style{Columns: 120, Color: true}),
		"tests.json":       asJSON.Bytes(),
		"tests.xml":        asJUnit.Bytes(),
	} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestPrintersReturnErrorsOfWriting(t *testing.T) {
	r := testReport(t)
	printer := &Tests{W: failing{}}
	printer.Foot(r)
	for name, err := range map[string]error{"text": printer.Err, "json": TestsJSON(failing{}, r), "junit": TestsJUnit(failing{}, r)} {
		if err == nil {
			t.Errorf("%s: the error of writing was lost", name)
		}
	}
}
