package lint

import (
	"errors"
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/rules"
)

// Setting is what a user has said of one check. Its zero value leaves the check as it is.
type Setting struct {
	// Enabled switches the check on or off, where it is not nil.
	Enabled *bool
	// Severity replaces the severity of all findings of the check, where it is not nil.
	Severity *Severity
	// Options replace Check.Options, and are of the same type, where they are not nil.
	Options any
}

// Settings are what a user has said of checks, by name.
type Settings map[string]Setting

// Override is what a user has said of checks for some files.
type Override struct {
	Paths  PathPatterns `yaml:"paths"`
	Checks Settings     `yaml:"checks"`
}

// over returns the setting with what another says more.
func (s Setting) over(more Setting) Setting {
	if more.Enabled != nil {
		s.Enabled = more.Enabled
	}
	if more.Severity != nil {
		s.Severity = more.Severity
	}
	if more.Options != nil {
		s.Options = more.Options
	}
	return s
}

// on tells whether the setting leaves a check on.
func (s Setting) on() bool { return s.Enabled == nil || *s.Enabled }

// optionsOf returns the options of the check that the pass runs. The type is that of its
// Check.Options.
func optionsOf[T any](p *Pass) T {
	for _, options := range []any{p.setting.Options, p.check.Options} {
		if options == nil {
			continue
		}
		typed, ok := options.(T)
		if !ok {
			panic(fmt.Sprintf("lint: options of %s are of type %T", p.check.Name, options))
		}
		return typed
	}
	panic("lint: check " + p.check.Name + " has no options")
}

func (s *Settings) decodeNode(d *configDecoder, about string, n *yaml.Node) {
	*s = Settings{}
	for _, e := range d.mapping(n, about) {
		check, err := Lookup(e.key.Value)
		if unknown := (*UnknownCheckError)(nil); errors.As(err, &unknown) {
			hint := `"rulekit explain" lists the checks`
			if unknown.Nearest != "" {
				hint = fmt.Sprintf("did you mean %s?", unknown.Nearest)
			}
			d.failAt(e.key.Line, "%v: %s", err, hint)
			continue
		}
		(*s)[check.Name] = d.setting(e.value, check)
		if !d.overriding {
			d.lines[about+"."+check.Name] = e.key.Line
		}
	}
	if !d.overriding {
		d.checks = *s
	}
}

func (o *Override) decodeNode(d *configDecoder, about string, n *yaml.Node) {
	// The plain type has no decodeNode of its own.
	type plain Override
	d.overriding = true
	d.structure(n, about, reflect.ValueOf((*plain)(o)).Elem())
	if len(o.Paths.Text) == 0 || len(o.Checks) == 0 {
		d.failAt(n.Line, "%s: want paths and checks in each", about)
	}
}

// setting reads what is said of one check: a word, or a mapping with the check's own options.
func (d *configDecoder) setting(n *yaml.Node, check *Check) Setting {
	if n.Kind == yaml.ScalarNode {
		setting, ok := settingOfWord(n.Value)
		if !ok {
			d.failAt(n.Line, "%s: want off, on, info, warning, error, or a mapping, not %s", check.Name, kindOf(n))
		}
		return setting
	}
	on := true
	setting := Setting{Enabled: &on}
	options := yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: n.Line}
	for _, e := range d.mapping(n, check.Name) {
		switch e.key.Value {
		case "severity":
			severity := check.Severity
			severity.decodeNode(d, check.Name+": severity", e.value)
			setting.Severity = &severity
		case "enabled":
			d.value(e.value, check.Name+": enabled", reflect.ValueOf(&on).Elem())
		default:
			options.Content = append(options.Content, e.key, e.value)
		}
	}
	if len(options.Content) > 0 {
		setting.Options = d.options(&options, check)
	}
	return setting
}

func settingOfWord(word string) (Setting, bool) {
	on := true
	switch word {
	case "on", "true":
	case "off", "false":
		on = false
	default:
		severity, err := ParseSeverity(word)
		return Setting{Enabled: &on, Severity: &severity}, err == nil
	}
	return Setting{Enabled: &on}, true
}

// options reads the options of a check over those that it has already.
func (d *configDecoder) options(n *yaml.Node, check *Check) any {
	base := check.Options
	switch set := d.checks[check.Name].Options; {
	case d.overriding && check.Scope == AllFiles:
		d.failAt(n.Line, "%s compares files: it has the same options for all of them, under checks", check.Name)
		return nil
	case d.overriding && set != nil:
		base = set
	case base == nil:
		base = struct{}{}
	}
	options := reflect.New(reflect.TypeOf(base))
	options.Elem().Set(reflect.ValueOf(base))
	before := len(d.errs)
	d.structure(n, check.Name, options.Elem())
	if len(d.errs) > before {
		return nil
	}
	if v, ok := options.Interface().(interface{ Validate() error }); ok {
		if err := v.Validate(); err != nil {
			d.failAt(n.Line, "%s: %v", check.Name, err)
			return nil
		}
	}
	return options.Elem().Interface()
}

// settings say what holds for each check in each file of a run.
type settings struct {
	base      Settings
	overrides []Override
	// chosen are the overrides of each file, by their index.
	chosen map[*rules.File][]int
}

func newSettings(o Options, files []*rules.File) *settings {
	s := &settings{base: o.Settings, overrides: o.Overrides, chosen: map[*rules.File][]int{}}
	for i, override := range o.Overrides {
		for _, file := range files {
			if override.Paths.Match(file.Path) {
				s.chosen[file] = append(s.chosen[file], i)
			}
		}
	}
	return s
}

// of returns what holds for a check in a file.
func (s *settings) of(check string, file *rules.File) Setting {
	setting := s.base[check]
	for _, i := range s.chosen[file] {
		setting = setting.over(s.overrides[i].Checks[check])
	}
	return setting
}
