package params

import (
	"fmt"
	"path"
	"strings"

	"github.com/rulekit/rulekit/rules"
)

// Enabled is the name under which a setting switches an alert off: its value is then false.
const Enabled = "enabled"

// Setting gives a parameter another value.
type Setting struct {
	// Alert is an alert's name, in which * stands for any letters and ? for one.
	Alert string
	// Name is the parameter's, or Enabled; Value is its new value.
	Name, Value string
	// Origin says where the setting was written, for errors: "--set X.y=1", "values.yaml:3".
	Origin string
}

// ParseSetting reads "ALERT.NAME=VALUE".
func ParseSetting(text string) (Setting, error) {
	key, value, ok := strings.Cut(text, "=")
	alert, name, dot := strings.Cut(key, ".")
	s := Setting{Alert: alert, Name: name, Value: strings.TrimSpace(value), Origin: "--set " + text}
	if !ok || !dot || alert == "" || name == "" || s.Value == "" {
		return s, fmt.Errorf("--set %q: want ALERT.PARAMETER=VALUE, such as PostgreSQLTooManyConnections.threshold=0.9", text)
	}
	return s, s.check()
}

// about is the setting's origin, for an error about a parameter of an alert.
func (s Setting) about(rule *rules.Rule, name string) string {
	key := rule.Name() + "." + name
	if strings.Contains(s.Origin, key) {
		return s.Origin
	}
	return s.Origin + ": " + key
}

func (s Setting) check() error {
	if _, err := path.Match(s.Alert, ""); err != nil {
		return fmt.Errorf("%s: %q is no name of alerts: %w", s.Origin, s.Alert, err)
	}
	if s.Name == Enabled && s.Value != "true" && s.Value != "false" {
		return fmt.Errorf("%s: %s.%s is true or false, not %q", s.Origin, s.Alert, Enabled, s.Value)
	}
	return nil
}

// matches tells whether the setting is about an alert.
func (s Setting) matches(alert string) bool {
	ok, err := path.Match(s.Alert, alert)
	return ok && err == nil
}

// exact tells whether the setting names one alert.
func (s Setting) exact() bool { return !strings.ContainsAny(s.Alert, `*?[\`) }
