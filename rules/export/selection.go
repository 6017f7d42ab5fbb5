package export

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/params"
	"github.com/rulekit/rulekit/rules/translation"
)

// Selection says which of the shipped alerts are meant, in which language and with which
// parameters. The zero value is all of them as they are.
type Selection struct {
	// Engines, Alerts and Severities select: an alert has to be of one of each list that is not
	// empty. Alerts are names, in which * stands for any letters and ? for one.
	Engines, Alerts, Severities []string
	// Settings change parameters and switch alerts off.
	Settings []params.Setting
	// Language is that of the annotations; empty is English.
	Language string
}

// Severities are those of the shipped alerts, the worst first.
var Severities = []string{"critical", "warning", "info"}

// ErrNothing is returned for a selection that no alert is in.
var ErrNothing = errors.New("no alert is selected")

// Files returns the shipped rule files with the selected alerts, in order of their engines and
// without those of which none is selected. The name of a file is its engine's.
func (s Selection) Files() ([]*rules.File, error) {
	var all []*rules.File
	for _, engine := range rules.Engines() {
		file, err := rules.BuiltinFile(engine)
		if err != nil {
			return nil, err
		}
		all = append(all, file)
	}
	if err := s.check(all); err != nil {
		return nil, err
	}
	for i, file := range all {
		if s.Language == "" || !s.hasEngine(file) {
			continue
		}
		translated, err := translation.Translate(file, s.Language)
		if err != nil {
			return nil, err
		}
		all[i] = translated
	}
	// A setting may be about an alert that is not selected: it is no mistake then.
	if len(s.Settings) > 0 {
		set, err := params.Set(all, s.Settings)
		if err != nil {
			return nil, err
		}
		all = set
	}
	var selected []*rules.File
	for _, file := range all {
		if !s.hasEngine(file) {
			continue
		}
		file = tidy(params.Keep(file, s.wants))
		if slices.ContainsFunc(file.Rules(), (*rules.Rule).IsAlert) {
			selected = append(selected, file)
		}
	}
	if len(selected) == 0 {
		return nil, ErrNothing
	}
	return selected, nil
}

// tidy takes the empty lines off a file's end that rules have left which stood there.
func tidy(file *rules.File) *rules.File {
	text := bytes.TrimRight(file.Source, "\n")
	if len(file.Source)-len(text) <= 1 {
		return file
	}
	return rules.Parse(file.Path, append(bytes.Clone(text), '\n'), rules.Options{})
}

func (s Selection) hasEngine(file *rules.File) bool {
	return len(s.Engines) == 0 || slices.Contains(s.Engines, EngineOf(file))
}

// EngineOf is the engine that a shipped rule file is about.
func EngineOf(file *rules.File) string { return strings.TrimSuffix(path.Base(file.Path), ".yaml") }

// SeverityOf is the severity of an alert.
func SeverityOf(rule *rules.Rule) string {
	severity, _ := rule.Label("severity")
	return severity.Value.Value
}

// check tells of names that there are not.
func (s Selection) check(files []*rules.File) error {
	for _, engine := range s.Engines {
		if !slices.Contains(rules.Engines(), engine) {
			return unknown("engine", engine, rules.Engines())
		}
	}
	for _, severity := range s.Severities {
		if !slices.Contains(Severities, severity) {
			return unknown("severity", severity, Severities)
		}
	}
	var names []string
	for _, file := range files {
		for _, rule := range file.Rules() {
			if rule.IsAlert() {
				names = append(names, rule.Name())
			}
		}
	}
	for _, pattern := range s.Alerts {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("%q is no pattern of alert names: * stands for any letters, ? for one", pattern)
		}
		if !slices.ContainsFunc(names, func(name string) bool { return matches(pattern, name) }) {
			return unknown("alert", pattern, names)
		}
	}
	if s.Language != "" && !slices.Contains(translation.Languages(), s.Language) {
		return unknown("language", s.Language, translation.Languages())
	}
	return nil
}

func (s Selection) wants(rule *rules.Rule) bool {
	if !rule.IsAlert() {
		return true
	}
	named := func(pattern string) bool { return matches(pattern, rule.Name()) }
	return (len(s.Alerts) == 0 || slices.ContainsFunc(s.Alerts, named)) &&
		(len(s.Severities) == 0 || slices.Contains(s.Severities, SeverityOf(rule)))
}

func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}
