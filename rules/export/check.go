package export

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/common/model"
)

var (
	// What Kubernetes takes (RFC 1123).
	objectName    = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	resourceKey   = regexp.MustCompile(`^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$`)
	resourceValue = regexp.MustCompile(`^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$`)
	ruleLabel     = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
	webAddress    = regexp.MustCompile(`^https?://[^/]`)
)

// reservedLabels are names that Prometheus gives a meaning of its own.
var reservedLabels = []string{model.AlertNameLabel, model.MetricNameLabel}

const (
	// maxName is the longest name of most objects of Kubernetes, of a label and of its value.
	maxName = 63
	// maxPrefix is the longest domain before the / of a label's name.
	maxPrefix = 253
)

// Check tells of options that those who load the files would refuse.
func (o Options) Check() error {
	for _, name := range []struct{ what, value string }{{"name", o.Name}, {"namespace", o.Namespace}} {
		if name.value != "" && (len(name.value) > maxName || !objectName.MatchString(name.value)) {
			return fmt.Errorf("%s %q: want small letters, digits and -, %d at most", name.what, name.value, maxName)
		}
	}
	for _, l := range o.ResourceLabels {
		prefix, key, found := strings.Cut(l.Name, "/")
		if !found {
			prefix, key = "", l.Name
		}
		if !resourceKey.MatchString(l.Name) || len(prefix) > maxPrefix || len(key) > maxName {
			return fmt.Errorf("resource label %q: Kubernetes knows no such key: want one such as release or example.com/team", l.Name)
		}
		if len(l.Value) > maxName || !resourceValue.MatchString(l.Value) {
			return fmt.Errorf("resource label %s=%q: want letters, digits, -, _ and . in the value, %d at most", l.Name, l.Value, maxName)
		}
	}
	for _, l := range o.Labels {
		if !ruleLabel.MatchString(l.Name) || slices.Contains(reservedLabels, l.Name) {
			return fmt.Errorf("label %q: want letters, digits and _, and not the name of the alert", l.Name)
		}
		if !utf8.ValidString(l.Value) {
			return fmt.Errorf("label %s=%q: want UTF-8 in the value", l.Name, l.Value)
		}
	}
	return o.checkRunbookURL()
}

// checkRunbookURL tells of an address that people could not open, or in which every alert would
// have the same place.
func (o Options) checkRunbookURL() error {
	if o.RunbookURL == "" {
		return nil
	}
	filled := strings.ReplaceAll(o.RunbookURL, alertPlaceholder, "Alert")
	address, err := url.Parse(filled)
	switch {
	case err != nil || !webAddress.MatchString(o.RunbookURL) || !utf8.ValidString(o.RunbookURL):
		return fmt.Errorf("runbook URL %q: want an address such as https://wiki.example.com/db/", o.RunbookURL)
	case filled == o.RunbookURL && (address.RawQuery != "" || address.ForceQuery || address.Fragment != ""):
		return fmt.Errorf("runbook URL %q: want %s in it where the name of the alert goes", o.RunbookURL, alertPlaceholder)
	case strings.ContainsAny(strings.NewReplacer("{{", "", "}}", "").Replace(filled), "{}"):
		return fmt.Errorf("runbook URL %q: want %s for the name of the alert", o.RunbookURL, alertPlaceholder)
	}
	return nil
}
