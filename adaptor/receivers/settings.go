package receivers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rulekit/rulekit/adaptor/receivers/yamledit"
)

// ordinary are the values of keys that are not written: what Alertmanager takes for granted.
var ordinary = map[string]map[string]string{
	"webhook_configs": {"send_resolved": "true", "max_alerts": "0"},
	"slack_configs":   {"send_resolved": "false"},
	"email_configs":   {"send_resolved": "false"},
}

// shown are the keys whose values are no secrets.
var shown = []string{"send_resolved", "max_alerts", "to", "channel", "username", "url_file", "api_url_file", "secret_file", "token_file", "app_token_file"}

// granted are the values of keys that are not written in the mapping at a path.
func granted(path []any) map[string]string {
	var values map[string]string
	for _, step := range path {
		if key, ok := step.(string); ok {
			values = ordinary[key]
		}
	}
	return values
}

// lacks tells whether a mapping has another value for a key than it is to have.
func lacks(d *yamledit.Document, want yamledit.Entry, path []any) bool {
	if n := d.Node(append(path, want.Key)...); n != nil {
		return n.Value != want.Value.Value
	}
	return granted(path)[want.Key] != want.Value.Value
}

// differences lists what a mapping has that is not as the settings want it, in words that show no
// secret.
func (s settings) differences(d *yamledit.Document, prefix string, path ...any) []string {
	var all []string
	tell := func(key, otherwise string) {
		n := d.Node(append(path, key)...)
		switch {
		case n == nil:
			otherwise = "is not set"
		case slices.Contains(shown, key):
			otherwise = "is " + n.Value
		}
		all = append(all, prefix+key+" "+otherwise)
	}
	for _, want := range s.set {
		if lacks(d, want, path) {
			tell(want.Key, "is another")
		}
	}
	for _, key := range s.unset {
		if n := d.Node(append(path, key)...); n != nil && n.Value != granted(path)[key] {
			tell(key, "is set")
		}
	}
	return all
}

// apply makes a mapping as the settings want it.
func (s settings) apply(d *yamledit.Document, path ...any) error {
	for _, want := range s.set {
		if !lacks(d, want, path) {
			continue
		}
		if err := d.Set(want.Value, append(path, want.Key)...); err != nil {
			return err
		}
	}
	for _, key := range s.unset {
		if err := d.Delete(append(path, key)...); err != nil {
			return err
		}
	}
	return nil
}

// compare lists what a receiver of Alertmanager has that is not as an integration wants it.
func (e *editing) compare(i int, wanted integration) []string {
	keys := e.integrationKeys(i)
	if len(keys) == 0 {
		return []string{"it sends to nobody"}
	}
	var differences []string
	for _, key := range keys {
		if key != wanted.key {
			differences = append(differences, "it has "+key)
		}
	}
	list := e.am.Node("receivers", i, wanted.key)
	have := 0
	if list != nil {
		have = len(list.Content)
	}
	if wanted.key == "email_configs" && e.mailsTo(i, wanted) {
		return differences
	}
	if have != len(wanted.configs) {
		return append(differences, fmt.Sprintf("it has %d %s", have, wanted.key))
	}
	for k, c := range wanted.configs {
		differences = append(differences, c.differences(e.am, "", "receivers", i, wanted.key, k)...)
	}
	return differences
}

// mailsTo tells whether a receiver mails the addresses of an integration, in whatever order.
func (e *editing) mailsTo(i int, wanted integration) bool {
	var have, want []string
	for _, m := range e.config.Receivers[i].EmailConfigs {
		if !m.SendResolved() {
			return false
		}
		for to := range strings.SplitSeq(m.To, ",") {
			have = append(have, strings.TrimSpace(to))
		}
	}
	for _, c := range wanted.configs {
		want = append(want, c.set[0].Value.Value)
	}
	slices.Sort(have)
	slices.Sort(want)
	return slices.Equal(have, want)
}

// integrationKeys are the keys under which a receiver of Alertmanager has integrations.
func (e *editing) integrationKeys(i int) []string {
	var keys []string
	n := e.am.Node("receivers", i)
	for k := 0; k+1 < len(n.Content); k += 2 {
		if strings.HasSuffix(n.Content[k].Value, "_configs") && len(n.Content[k+1].Content) > 0 {
			keys = append(keys, n.Content[k].Value)
		}
	}
	return keys
}

// replace makes a receiver of Alertmanager have an integration. What else it sends to is not
// thrown away.
func (e *editing) replace(i int, wanted integration) error {
	name := e.config.Receivers[i].Name
	for _, key := range e.integrationKeys(i) {
		if key != wanted.key {
			return failure("remove it first, or take another name", "%s:%d: receiver %q has %s, which --replace would throw away",
				e.am.Path(), receiverLine(e.am, name), name, key)
		}
	}
	path := []any{"receivers", i, wanted.key}
	have := 0
	if list := e.am.Node(path...); list != nil {
		have = len(list.Content)
	}
	if have > len(wanted.configs) && wanted.key != "email_configs" {
		return failure("remove it first, or take another name", "%s:%d: receiver %q has %d %s, of which --replace would throw some away",
			e.am.Path(), receiverLine(e.am, name), name, have, wanted.key)
	}
	for k := have - 1; k >= len(wanted.configs); k-- {
		if err := e.am.Delete(append(path, k)...); err != nil {
			return err
		}
	}
	for k, c := range wanted.configs {
		at := append(path, k)
		if k < have {
			if err := c.apply(e.am, at...); err != nil {
				return err
			}
			continue
		}
		if err := e.am.Insert(yamledit.Mapping(c.set...), "", at...); err != nil {
			return err
		}
	}
	return nil
}
