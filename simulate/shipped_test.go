package simulate

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rulekit/rulekit/docs"
	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/params"
	ruletests "github.com/rulekit/rulekit/testdata/rules"
)

// shipped is one shipped alert with its unit tests.
type shipped struct {
	engine string
	file   *rules.File
	rule   *rules.Rule
	suite  *Suite
}

func (s shipped) name() string { return s.rule.Name() }

// always tells whether the alert is meant to fire all the time, as a sign of life.
func (s shipped) always() bool { return strings.HasPrefix(s.rule.Expr.Value, "vector(") }

// shippedAlerts are all alerts that are shipped. A missing test file fails the test.
func shippedAlerts(t *testing.T) []shipped {
	t.Helper()
	var all []shipped
	for _, engine := range rules.Engines() {
		file, err := rules.BuiltinFile(engine)
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range file.Problems {
			t.Fatalf("%s: %s", engine, problem.Message)
		}
		for _, rule := range file.Rules() {
			if !rule.IsAlert() {
				continue
			}
			name := path.Join(engine, rule.Name()+".yaml")
			source, err := fs.ReadFile(ruletests.Files, name)
			if err != nil {
				t.Errorf("%s has no unit tests: write testdata/rules/%s, as CONTRIBUTING.md says", rule.Name(), name)
				continue
			}
			suite, err := ParseSuite("../testdata/rules/"+name, source)
			if err != nil {
				t.Errorf("%s: %v", rule.Name(), err)
				continue
			}
			all = append(all, shipped{engine, file, rule, suite})
		}
	}
	return all
}

// expects tells whether a case expects the alert to fire at some time, and whether it looks at
// the alert at all.
func expects(c *Case, alert string) (firing, looks bool) {
	for _, test := range c.AlertTests {
		if test.Alert.Value == alert {
			looks, firing = true, firing || len(test.Expected) > 0
		}
	}
	return firing, looks
}

// TestShippedAlertsAreProven fails for a shipped alert that no unit test sees fire, or none
// sees silent, or whose story does not show it come and go.
func TestShippedAlertsAreProven(t *testing.T) {
	seen := map[string]string{}
	for _, s := range shippedAlerts(t) {
		if other, twice := seen[s.name()]; twice {
			t.Errorf("%s is in %s and in %s", s.name(), other, s.engine)
		}
		seen[s.name()] = s.engine
		fires, silent := false, false
		for _, c := range s.suite.Cases {
			firing, looks := expects(c, s.name())
			fires, silent = fires || firing, silent || looks && !firing
			if len(c.Scrapes) > 0 {
				t.Errorf("%s: %q plays a recorded scrape: that belongs to a recorded-*.yaml, for promtool runs this file too", s.name(), c.Name)
			}
		}
		if !fires {
			t.Errorf("%s: no unit test sees it fire: add a case with exp_alerts to %s", s.name(), s.suite.Path)
		}
		if !silent && !s.always() {
			t.Errorf("%s: no unit test sees it silent from first to last: add a near miss to %s", s.name(), s.suite.Path)
		}
		if len(s.suite.Cases) == 0 || !strings.HasPrefix(s.suite.Cases[0].Name, s.name()+" fires ") {
			t.Errorf("%s: the first case is not its story, %q", s.name(), s.name()+" fires ...")
			continue
		}
		checkStory(t, s)
	}
}

// checkStory plays an alert's story: it is inactive at first and at last, and fires in between.
func checkStory(t *testing.T, s shipped) {
	t.Helper()
	c, program, err := Builtin(s.name())
	if err != nil {
		t.Error(err)
		return
	}
	timeline, _, err := Play(t.Context(), PlayOptions{Case: c, Program: program, Alerts: []string{s.name()}})
	if err != nil {
		t.Errorf("%s: %v", s.name(), err)
		return
	}
	fired := false
	for _, track := range timeline.Alerts {
		first, last := track.Phases[0].State, track.Phases[len(track.Phases)-1].State
		if !s.always() && (first != Inactive || last != Inactive) {
			t.Errorf("%s: its story begins %s and ends %s", s.name(), first, last)
		}
		fired = fired || slices.ContainsFunc(track.Phases, func(p Phase) bool { return p.State == Firing })
	}
	if !fired || len(timeline.Series) == 0 && !s.always() {
		t.Errorf("%s: its story shows it fire: %v, with %d series", s.name(), fired, len(timeline.Series))
	}
}

const runbooks = "https://github.com/rulekit/rulekit/blob/main/docs/runbooks/"

var runbookHeadings = []string{"## Meaning", "## Impact", "## How to look", "## How to mend", "## When it is a false alarm"}

// TestShippedRunbooks fails for an alert without a runbook, and for a runbook without an alert.
func TestShippedRunbooks(t *testing.T) {
	known := map[string]bool{"README": true}
	for _, s := range shippedAlerts(t) {
		known[s.name()] = true
		if link, _ := s.rule.Annotation("runbook_url"); link.Value.Value != runbooks+s.name()+".md" {
			t.Errorf("%s: runbook_url is %q", s.name(), link.Value.Value)
		}
		page, err := docs.Runbooks.ReadFile("runbooks/" + s.name() + ".md")
		if err != nil {
			t.Errorf("%s has no runbook: write docs/runbooks/%[1]s.md", s.name())
			continue
		}
		var headings []string
		for line := range strings.Lines(string(page)) {
			if strings.HasPrefix(line, "## ") {
				headings = append(headings, strings.TrimSpace(line))
			}
		}
		if !slices.Equal(headings, runbookHeadings) || !strings.HasPrefix(string(page), "# "+s.name()+"\n") {
			t.Errorf("%s: the runbook has the headings %q", s.name(), headings)
		}
		if n := strings.Count(string(page), "\n"); n > 90 {
			t.Errorf("%s: the runbook has %d lines, more than a page", s.name(), n)
		}
		checkSettings(t, s, string(page))
	}
	pages, err := fs.Glob(docs.Runbooks, "runbooks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		if name := strings.TrimSuffix(path.Base(page), ".md"); !known[name] {
			t.Errorf("%s: there is no alert %s", page, name)
		}
	}
}

var setting = regexp.MustCompile(`--set ['"]?([A-Za-z0-9]+\.[a-z_0-9]+)=([^'"` + "`" + `\s]+)`)

// checkSettings tries the settings that a runbook proposes.
func checkSettings(t *testing.T, s shipped, page string) {
	t.Helper()
	for _, m := range setting.FindAllStringSubmatch(page, -1) {
		value := m[2]
		if strings.ContainsAny(value, "<.…") && strings.Contains(value, "..") || strings.HasPrefix(value, "<") || value == "…" {
			continue
		}
		parsed, err := params.ParseSetting(m[1] + "=" + value)
		if err == nil && strings.HasPrefix(m[1], s.name()+".") {
			_, err = params.Set([]*rules.File{s.file}, []params.Setting{parsed})
		}
		if err != nil {
			t.Errorf("the runbook of %s proposes %s: %v", s.name(), m[0], err)
		}
	}
}

// TestShippedAnnotations fails for an alert whose labels and texts lack what people need.
func TestShippedAnnotations(t *testing.T) {
	for _, s := range shippedAlerts(t) {
		severity, _ := s.rule.Label("severity")
		if !slices.Contains([]string{"critical", "warning", "info"}, severity.Value.Value) {
			t.Errorf("%s: severity %q", s.name(), severity.Value.Value)
		}
		for _, key := range []string{"summary", "description"} {
			if text, _ := s.rule.Annotation(key); text.Value.Value == "" || strings.Contains(text.Value.Value, "  ") {
				t.Errorf("%s: %s is missing, or has two blanks in a row: %q", s.name(), key, text.Value.Value)
			}
		}
		if _, err := params.Of(s.rule); err != nil {
			t.Error(err)
		}
		if len(params.Explanation(s.rule)) == 0 {
			t.Errorf("%s: no comment above the rule says why it is so", s.name())
		}
	}
}
