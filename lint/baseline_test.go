package lint_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/rules"
)

// lintRules lints one file with a check that finds every rule.
func lintRules(t *testing.T, path, source string) (*rules.File, *lint.Result) {
	t.Helper()
	file := rules.Parse(path, []byte(source), rules.Options{})
	result, err := lint.Run(context.Background(), []*rules.File{file}, lint.Options{Checks: []*lint.Check{everyRule}})
	if err != nil {
		t.Fatal(err)
	}
	return file, result
}

// names are the rules that the findings of a result are about.
func names(result *lint.Result) string {
	var all []string
	for i := range result.Diagnostics {
		all = append(all, result.Diagnostics[i].RuleName())
	}
	return strings.Join(all, " ")
}

func ruleFile(names ...string) string {
	source := "groups:\n- name: g\n  rules:\n"
	for _, name := range names {
		source += "  - {alert: " + name + ", expr: up}\n"
	}
	return source
}

func TestBaseline(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "rules.yaml")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	known, err := lint.NewBaseline(filepath.Join(folder, "known.json"))
	if err != nil {
		t.Fatal(err)
	}
	file, result := lintRules(t, path, ruleFile("A", "B", "B"))
	looked := lint.Looked{Files: []*rules.File{file}, Checks: []*lint.Check{everyRule}}
	known.Refresh(result, looked)
	source, err := known.Source()
	if err != nil {
		t.Fatal(err)
	}
	if known, err = lint.ParseBaseline(filepath.Join(folder, "known.json"), source); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		rules       []string
		want        string
		known, gone int
	}{
		{[]string{"A", "B", "B"}, "", 3, 0},
		{[]string{"B", "X", "B", "A"}, "X", 3, 0},
		{[]string{"A", "B"}, "", 2, 1},
		{[]string{"B", "B", "B"}, "B", 2, 1},
		{[]string{"X"}, "X", 0, 3},
	} {
		file, result := lintRules(t, path, ruleFile(test.rules...))
		looked := lint.Looked{Files: []*rules.File{file}, Checks: []*lint.Check{everyRule}}
		ofBaseline, mended := known.Filter(result, looked)
		if got := names(result); got != test.want || ofBaseline != test.known || mended != test.gone {
			t.Errorf("%v: reported %q, %d known, %d mended", test.rules, got, ofBaseline, mended)
		}
		// A run that does not look for them does not miss them.
		result.Diagnostics = nil
		if _, mended := known.Filter(result, lint.Looked{Files: looked.Files}); mended > 0 {
			t.Errorf("%v: %d mended where no check ran", test.rules, mended)
		}
	}
	_, result = lintRules(t, path, ruleFile("A"))
	known.Refresh(result, looked)
	if len(known.Findings) != 1 {
		t.Errorf("%d findings are kept", len(known.Findings))
	}
}

func TestParseBaseline(t *testing.T) {
	for name, test := range map[string]struct{ source, want string }{
		"empty":     {"", "known.json: not a baseline: EOF"},
		"truncated": {`{"version": 1, "findings": [{"fing`, "known.json: not a baseline: unexpected EOF"},
		"type":      {`{"version": "1"}`, "known.json: not a baseline: json: cannot unmarshal string into Go struct field Baseline.version of type int"},
		"key":       {`{"version": 1, "finding": []}`, `known.json: not a baseline: json: unknown field "finding"`},
		"version":   {`{"findings": []}`, "known.json: a baseline of version 0, and this rulekit reads version 1"},
		"more":      {`{"version": 1, "findings": []} {}`, "known.json: not a baseline: something stands behind its end"},
		"nameless":  {`{"version": 1, "findings": [{"check": "a"}]}`, "known.json: not a baseline: finding 1 has no fingerprint"},
	} {
		_, err := lint.ParseBaseline("known.json", []byte(test.source))
		if err == nil || cmp.Diff(test.want, err.Error()) != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestBaselineRelated is about findings that compare files: they stay known in whatever folder lint is
// started, and are not mended where the other file was not looked at.
func TestBaselineRelated(t *testing.T) {
	folder := t.TempDir()
	result := func(at string) (a, b *rules.File, found *lint.Result) {
		a, b = &rules.File{Path: filepath.Join(at, "a.yaml")}, &rules.File{Path: filepath.Join(at, "b.yaml")}
		return a, b, &lint.Result{Diagnostics: []lint.Diagnostic{{
			Check: everyRule.Name, File: b, Message: "is also in " + a.Path, Related: []lint.Related{{File: a}},
		}}}
	}
	for _, name := range []string{"a.yaml", "b.yaml"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	known, err := lint.NewBaseline(filepath.Join(folder, "known.json"))
	if err != nil {
		t.Fatal(err)
	}
	checks := []*lint.Check{everyRule}
	a, b, found := result(folder)
	known.Refresh(found, lint.Looked{Files: []*rules.File{a, b}, Checks: checks})
	if diff := cmp.Diff([]string{"a.yaml"}, known.Findings[0].Related); diff != "" {
		t.Error(diff)
	}
	t.Chdir(folder)
	_, _, found = result("")
	if n, mended := known.Filter(found, lint.Looked{Files: []*rules.File{a, b}, Checks: checks}); n != 1 || mended != 0 {
		t.Errorf("from the folder itself %d findings are known, and %d mended", n, mended)
	}
	for _, test := range []struct {
		files  []*rules.File
		mended int
	}{
		{[]*rules.File{a}, 0},
		{[]*rules.File{b}, 0},
		{[]*rules.File{a, b}, 1},
	} {
		if _, mended := known.Filter(&lint.Result{}, lint.Looked{Files: test.files, Checks: checks}); mended != test.mended {
			t.Errorf("with %d files, %d are mended, want %d", len(test.files), mended, test.mended)
		}
	}
	if err := os.Remove("a.yaml"); err != nil {
		t.Fatal(err)
	}
	if _, mended := known.Filter(&lint.Result{}, lint.Looked{Files: []*rules.File{b}, Checks: checks}); mended != 1 {
		t.Error("the other file is gone, and the finding not mended")
	}
}

func FuzzParseBaseline(f *testing.F) {
	f.Add([]byte(`{"version": 1, "findings": [{"fingerprint": "00", "check": "a", "path": "b", "message": "c"}]}`))
	f.Add([]byte(`{"version": 1, "findings": null}`))
	f.Fuzz(func(t *testing.T, source []byte) {
		known, err := lint.ParseBaseline("known.json", source)
		if err != nil {
			return
		}
		written, err := known.Source()
		if err != nil {
			t.Fatal(err)
		}
		again, err := lint.ParseBaseline("known.json", written)
		if err != nil || len(again.Findings) != len(known.Findings) {
			t.Errorf("cannot be read again: %v\n%s", err, written)
		}
	})
}

func TestChanges(t *testing.T) {
	before := []*rules.File{
		rules.Parse("a.yaml", []byte(ruleFile("A", "B", "B")), rules.Options{}),
		rules.Parse("gone.yaml", []byte(ruleFile("G")), rules.Options{}),
	}
	for name, test := range map[string]struct{ source, want string }{
		"nothing":         {ruleFile("A", "B", "B"), ""},
		"order":           {ruleFile("B", "A", "B"), ""},
		"from a file":     {ruleFile("G", "A"), ""},
		"one more":        {ruleFile("A", "A", "B", "B"), "A"},
		"style":           {"groups:\n- rules:\n  - expr: 'up' # comment\n    alert: A\n  name: g\n", ""},
		"expression":      {"groups:\n- name: g\n  rules: [{alert: A, expr: up == 0}, {alert: B, expr: up}]\n", "A"},
		"label":           {"groups:\n- name: g\n  rules: [{alert: A, expr: up, labels: {a: b}}]\n", "A"},
		"annotation":      {"groups:\n- name: g\n  rules: [{alert: A, expr: up, annotations: {a: b}}]\n", "A"},
		"for":             {"groups:\n- name: g\n  rules: [{alert: A, expr: up, for: 1m}]\n", "A"},
		"group's label":   {"groups:\n- name: g\n  labels: {a: b}\n  rules: [{alert: A, expr: up}]\n", "A"},
		"interval":        {"groups:\n- name: g\n  interval: 1m\n  rules: [{alert: A, expr: up}]\n", "A"},
		"name of a group": {"groups:\n- name: h\n  rules: [{alert: A, expr: up}]\n", "A"},
	} {
		file, result := lintRules(t, "a.yaml", test.source)
		left := len(result.Diagnostics)
		left -= lint.NewChanges(before, []*rules.File{file}).Filter(result)
		if got := names(result); got != test.want || left != len(result.Diagnostics) {
			t.Errorf("%s: %q", name, got)
		}
	}
	_, result := lintRules(t, "a.yaml", ruleFile("X"))
	if lint.NewChanges(before, nil).Filter(result); len(result.Diagnostics) > 0 {
		t.Error("reports on a file that has not changed")
	}
}
