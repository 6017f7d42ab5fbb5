package receivers

import (
	"reflect"
	"regexp"
	"strings"

	"github.com/prometheus/alertmanager/config"
)

// isIntegrations matches the fields of a receiver that hold integrations.
var isIntegrations = regexp.MustCompile(`^(.+)Configs$`)

// sender is an integration of Alertmanager.
type sender interface{ SendResolved() bool }

// eachSender calls a function with all integrations of a receiver and what kind they are.
func eachSender(r *config.Receiver, visit func(kind string, s sender)) {
	value := reflect.ValueOf(r).Elem()
	for i := range value.NumField() {
		match := isIntegrations.FindStringSubmatch(value.Type().Field(i).Name)
		if match == nil {
			continue
		}
		for k := range value.Field(i).Len() {
			item := value.Field(i).Index(k)
			if s, ok := item.Interface().(sender); ok && !item.IsNil() {
				visit(strings.ToLower(match[1]), s)
			}
		}
	}
}

// sends tells whether a receiver has an integration: what goes to one without is not sent.
func sends(r *config.Receiver) bool {
	found := false
	if r != nil {
		eachSender(r, func(string, sender) { found = true })
	}
	return found
}

// keepSender gives a receiver one of the integrations of another, in the form of a copy.
func keepSender(to, from *config.Receiver, keep, form sender) {
	source, target := reflect.ValueOf(from).Elem(), reflect.ValueOf(to).Elem()
	for i := range source.NumField() {
		if !isIntegrations.MatchString(source.Type().Field(i).Name) {
			continue
		}
		for k := range source.Field(i).Len() {
			if item := source.Field(i).Index(k); item.Interface() == any(keep) {
				target.Field(i).Set(reflect.Append(target.Field(i), reflect.ValueOf(form)))
			}
		}
	}
}
