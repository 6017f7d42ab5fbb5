package simulate

import (
	"cmp"
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/config"
)

// shortestSecret is the fewest bytes of a secret that is looked for in messages: a shorter one
// is no secret, and would be found in innocent words.
const shortestSecret = 6

// secrets are the secret values of a configuration. What is shown of a simulation has none of
// them, wherever an integration has put it: PagerDuty's key, for one, is in the body.
type secrets struct {
	// all hides every secret; keys those that are no addresses, which Delivery.URL shows the
	// harmless part of: see redactURL.
	all, keys *strings.Replacer
}

// secretsOf collects every value that Alertmanager itself hides when it shows a configuration.
func secretsOf(c *config.Config) secrets {
	values := map[string]bool{}
	collectSecrets(reflect.ValueOf(c), values)
	var all, keys []string
	for value := range values {
		isAddress := strings.Contains(value, "://")
		if len(value) < shortestSecret || value == simulated || (isAddress && redactBeyondHost(value) == value) {
			continue
		}
		forms := formsOf(value)
		all = append(all, forms...)
		if !isAddress {
			keys = append(keys, forms...)
		}
	}
	return secrets{hider(all), hider(keys)}
}

// formsOf returns a secret as it may be written in a body or in a URL.
func formsOf(value string) []string {
	quoted, _ := json.Marshal(value)
	return []string{value, strings.Trim(string(quoted), `"`), url.QueryEscape(value), url.PathEscape(value)}
}

// hider replaces the texts, the longest first: one secret may be part of another.
func hider(texts []string) *strings.Replacer {
	slices.SortFunc(texts, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	var pairs []string
	for _, text := range slices.Compact(texts) {
		pairs = append(pairs, text, redacted)
	}
	return strings.NewReplacer(pairs...)
}

// collectSecrets adds the values in v whose type is called Secret, SecretURL or the like.
func collectSecrets(v reflect.Value, values map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			collectSecrets(v.Elem(), values)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			collectSecrets(v.Index(i), values)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			collectSecrets(v.MapIndex(key), values)
		}
	case reflect.Struct:
		if u, isURL := secretURL(v); isURL {
			values[u] = true
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				collectSecrets(v.Field(i), values)
			}
		}
	case reflect.String:
		if strings.HasPrefix(v.Type().Name(), "Secret") {
			values[v.String()] = true
		}
	}
}

// secretURL returns the text of a SecretURL, a struct around a *url.URL.
func secretURL(v reflect.Value) (string, bool) {
	if !strings.HasPrefix(v.Type().Name(), "Secret") || v.NumField() != 1 || !v.Field(0).CanInterface() {
		return "", false
	}
	u, ok := v.Field(0).Interface().(*url.URL)
	if !ok || u == nil {
		return "", ok
	}
	return u.String(), true
}

// hide takes the secrets out of all that is shown of a notification.
func (s secrets) hide(n *Notification) {
	n.Error = s.all.Replace(n.Error)
	for i := range n.Deliveries {
		d := &n.Deliveries[i]
		d.URL, d.Body = s.keys.Replace(d.URL), s.all.Replace(d.Body)
		d.Text, d.Error = s.all.Replace(d.Text), s.all.Replace(d.Error)
	}
}
