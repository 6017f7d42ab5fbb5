package params

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rulekit/rulekit/rules"
)

// Set returns the files with parameters changed, in the expressions, in for, in the annotations
// that repeat them and in their declarations, and without the alerts that are switched off.
// Of several settings for one parameter the last counts. The error is about settings that
// name no alert or parameter, or whose value does not fit, all of them at once.
func Set(files []*rules.File, settings []Setting) ([]*rules.File, error) {
	s := setter{settings: settings, used: make([]bool, len(settings)), known: map[string][]string{}}
	changed := make([]*rules.File, len(files))
	for i, file := range files {
		changed[i] = s.file(file)
	}
	s.unused()
	if len(s.errs) > 0 {
		return nil, joined(s.errs)
	}
	return changed, nil
}

// maxErrors is how many mistakes are told of at once.
const maxErrors = 10

// joined is one error of several, with a line each.
func joined(errs []error) error {
	if more := len(errs) - maxErrors; more > 0 {
		errs = append(slices.Clone(errs[:maxErrors]), fmt.Errorf("and %d more mistakes", more))
	}
	return errors.Join(errs...)
}

type setter struct {
	settings []Setting
	used     []bool
	errs     []error
	// known are the parameters of each alert.
	known map[string][]string
}

func (s *setter) fail(err error) { s.errs = append(s.errs, err) }

func (s *setter) file(file *rules.File) *rules.File {
	var edits []rules.Edit
	off := map[*rules.Rule]bool{}
	for _, rule := range file.Rules() {
		if !rule.IsAlert() {
			continue
		}
		params, err := Of(rule)
		if err != nil {
			s.fail(err)
			continue
		}
		names := []string{Enabled}
		for _, p := range params {
			names = append(names, p.Name)
			if setting, ok := s.find(rule, p.Name); ok {
				edit, err := p.set(setting.Value)
				if err != nil {
					s.fail(fmt.Errorf("%s: %w", setting.about(rule, p.Name), err))
				}
				edits = append(edits, edit...)
			}
		}
		s.known[rule.Name()] = names
		if setting, ok := s.find(rule, Enabled); ok {
			off[rule] = setting.Value == "false"
		}
	}
	if len(s.errs) > 0 {
		return nil
	}
	source, err := rules.Apply(file.Source, edits)
	if err != nil {
		s.fail(fmt.Errorf("%s: %w", file.Path, err))
		return nil
	}
	// Rules keep their order, so that those to be dropped are found again by it.
	var gone []bool
	for _, rule := range file.Rules() {
		gone = append(gone, off[rule])
	}
	changed := rules.Parse(file.Path, source, rules.Options{})
	if len(changed.Problems) > len(file.Problems) {
		problem, where := changed.Problems[0], file.Path
		if problem.Rule != nil {
			where = problem.Rule.Name()
		}
		s.fail(fmt.Errorf("%s: Prometheus would refuse what the settings make of it: %s", where, problem.Message))
		return nil
	}
	return keep(changed, gone)
}

// find returns the last setting of a parameter of an alert.
func (s *setter) find(rule *rules.Rule, name string) (found Setting, ok bool) {
	for i, setting := range s.settings {
		if setting.Name == name && setting.matches(rule.Name()) {
			s.used[i], found, ok = true, setting, true
		}
	}
	return found, ok
}

// unused reports the settings that were for nothing.
func (s *setter) unused() {
	if len(s.errs) > 0 {
		return
	}
	var alerts []string
	for name := range s.known {
		alerts = append(alerts, name)
	}
	for i, setting := range s.settings {
		if s.used[i] {
			continue
		}
		names, known := s.known[setting.Alert]
		switch {
		case known:
			s.fail(fmt.Errorf("%s: %s has no parameter %q: %s", setting.Origin, setting.Alert, setting.Name, suggest(setting.Name, names)))
		case !setting.exact():
			s.fail(fmt.Errorf("%s: no alert whose name matches %s has a parameter %q", setting.Origin, setting.Alert, setting.Name))
		default:
			near := ""
			if n := rules.Nearest(setting.Alert, alerts); n != "" {
				near = ": did you mean " + n + "?"
			}
			s.fail(fmt.Errorf("%s: there is no alert %s%s", setting.Origin, setting.Alert, near))
		}
	}
}

func suggest(name string, names []string) string {
	if near := rules.Nearest(name, names); near != "" {
		return "did you mean " + near + "?"
	}
	return "it has " + strings.Join(names, ", ")
}

// set returns the edits that give the parameter another value.
func (p *Param) set(text string) ([]rules.Edit, error) {
	literal, value, err := p.literal(text)
	if err != nil {
		return nil, err
	}
	var edits []rules.Edit
	for _, place := range p.places {
		edits = append(edits, rules.Edit{Span: place, New: literal})
	}
	var declared []string
	for _, t := range p.Texts {
		changed := t.with(text, value)
		declared = append(declared, changed)
		for _, a := range p.Rule.Annotations {
			places, err := t.places(a.Value)
			if err != nil {
				return nil, err
			}
			// Only the number and its unit change, so that a line break elsewhere in the text stays.
			for _, place := range places {
				edits = append(edits, rules.Edit{Span: place.Span, New: strings.TrimSuffix(strings.TrimPrefix(changed, t.before), t.after)})
			}
		}
	}
	if !p.declared.IsZero() {
		edits = append(edits, rules.Edit{Span: p.declared, New: declarationOf(p.Name, literal, declared)})
	}
	return edits, nil
}

// Redeclare returns the edit of the parameter's declaration that gives it other texts, in the
// same order; ok is false for one that is not declared.
func (p *Param) Redeclare(texts []string) (edit rules.Edit, ok bool) {
	if p.declared.IsZero() {
		return rules.Edit{}, false
	}
	return rules.Edit{Span: p.declared, New: declarationOf(p.Name, p.Literal, texts)}, true
}

func declarationOf(name, literal string, texts []string) string {
	words := []string{"# param", name, literal}
	for _, t := range texts {
		words = append(words, strconv.Quote(t))
	}
	return strings.Join(words, " ")
}
