package receivers

import (
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/adaptor"
	"github.com/rulekit/rulekit/adaptor/receivers/yamledit"
)

// Add makes sure that a receiver is there, in both configurations, with a route to it. What is as
// it should be is not changed. The error is an *Error where there is advice.
func Add(files Files, spec Spec) (*Result, error) {
	if err := spec.check(); err != nil {
		return nil, err
	}
	e, err := begin(files)
	if err != nil {
		return nil, err
	}
	if spec.Name == "" {
		spec.Name = e.nameFor(&spec)
	}
	e.result.Name = spec.Name
	if spec.Kind == "email" {
		if err := e.checkMailServer(); err != nil {
			return nil, err
		}
	}
	if err := e.addReceiver(&spec); err != nil {
		return nil, err
	}
	if spec.ViaAdaptor {
		if err := e.addCarrier(&spec); err != nil {
			return nil, err
		}
	}
	if err := e.addRoute(&spec); err != nil {
		return nil, err
	}
	result, err := e.end()
	if err != nil {
		return nil, err
	}
	e.warnOfSharedBot(&spec)
	return result, nil
}

// nameFor is the name of a receiver that was given none: that of the one that was made up before
// for the same, so that nothing is added twice, or a new one.
func (e *editing) nameFor(spec *Spec) string {
	for i, r := range e.config.Receivers {
		if !strings.HasPrefix(r.Name, madeUp) {
			continue
		}
		if spec.ViaAdaptor {
			if carrier := e.carrier(r.Name); carrier != nil && spec.URL.Value != "" && carrier.Target.URL == spec.URL.Value {
				return r.Name
			}
			continue
		}
		if len(e.compare(i, e.integration(spec))) == 0 {
			return r.Name
		}
	}
	return randomName()
}

// integration is what a receiver of Alertmanager is to have: configurations under a key.
type integration struct {
	key     string
	configs []settings
}

// settings are keys of a mapping that are to have values, and keys that are not to be there. Other
// keys do not matter.
type settings struct {
	set   []yamledit.Entry
	unset []string
}

// integration is what the spec asks of Alertmanager.
func (e *editing) integration(spec *Spec) integration {
	resolved := yamledit.Entry{Key: "send_resolved", Value: yamledit.Bool(true)}
	file := yamledit.String(spec.URL.path())
	switch {
	case spec.ViaAdaptor:
		return integration{"webhook_configs", []settings{{
			set:   []yamledit.Entry{{Key: "url", Value: yamledit.String(e.notifyURL(spec))}, resolved},
			unset: []string{"url_file", "max_alerts"},
		}}}
	case spec.Kind == "webhook":
		return integration{"webhook_configs", []settings{{
			set: []yamledit.Entry{{Key: "url_file", Value: file}, resolved}, unset: []string{"url", "max_alerts"},
		}}}
	case spec.Kind == "slack":
		slack := settings{set: []yamledit.Entry{{Key: "api_url_file", Value: file}}, unset: []string{"api_url", "app_token", "app_token_file"}}
		if spec.Channel != "" {
			slack.set = append(slack.set, yamledit.Entry{Key: "channel", Value: yamledit.String(spec.Channel)})
		}
		if spec.Username != "" {
			slack.set = append(slack.set, yamledit.Entry{Key: "username", Value: yamledit.String(spec.Username)})
		}
		slack.set = append(slack.set, resolved)
		return integration{"slack_configs", []settings{slack}}
	}
	mails := integration{key: "email_configs"}
	for _, to := range spec.To {
		mails.configs = append(mails.configs, settings{set: []yamledit.Entry{{Key: "to", Value: yamledit.String(to)}, resolved}})
	}
	return mails
}

// notifyURL is where Alertmanager posts for a receiver of the adaptor. Without an address of the
// adaptor it is where it posts already.
func (e *editing) notifyURL(spec *Spec) string {
	base := spec.AdaptorURL
	if base == "" {
		base = DefaultAdaptorURL
		for _, r := range e.config.Receivers {
			for _, w := range r.WebhookConfigs {
				if at, name, ok := notifyTarget(string(w.URL)); ok && (name == spec.Name || base == DefaultAdaptorURL) {
					base = at
				}
			}
		}
	}
	return strings.TrimSuffix(base, "/") + adaptor.NotifyPath + url.PathEscape(spec.Name)
}

// notifyTarget splits an address that Alertmanager posts to into that of the adaptor and the name
// of the adaptor's receiver.
func notifyTarget(address string) (base, name string, ok bool) {
	u, err := url.Parse(address)
	if err != nil {
		return "", "", false
	}
	before, after, found := strings.Cut(u.EscapedPath(), adaptor.NotifyPath)
	name, err = url.PathUnescape(after)
	if !found || err != nil || after == "" || strings.Contains(after, "/") {
		return "", "", false
	}
	return u.Scheme + "://" + u.Host + before, name, true
}

// addReceiver makes sure that Alertmanager has the receiver.
func (e *editing) addReceiver(spec *Spec) error {
	wanted := e.integration(spec)
	i := receiverIndex(e.am, spec.Name)
	line := func() int { return receiverLine(e.am, spec.Name) }
	what := "receiver " + spec.Name + ": " + wanted.describe()
	if i < 0 {
		if e.receiver(spec.Name) != nil {
			return failure("write its name in place", "%s: receiver %q is not written in a way that is edited", e.am.Path(), spec.Name)
		}
		value := yamledit.Mapping(yamledit.Entry{Key: "name", Value: yamledit.String(spec.Name)}, yamledit.Entry{Key: wanted.key, Value: wanted.value()})
		e.changed(e.am, line, "%s", what)
		return e.am.Insert(value, "", "receivers", len(e.config.Receivers))
	}
	differences := e.compare(i, wanted)
	if len(differences) == 0 {
		return nil
	}
	if !spec.Replace {
		return taken(e.am, line(), spec.Name, differences)
	}
	e.changed(e.am, line, "%s (was: %s)", what, strings.Join(differences, ", "))
	return e.replace(i, wanted)
}

// taken is the error about a receiver that has other settings.
func taken(d *yamledit.Document, line int, name string, differences []string) error {
	return failure("--replace changes it; another name adds a second one", "%s:%d: there is a receiver %q with other settings: %s",
		d.Path(), line, name, strings.Join(differences, ", "))
}

func (w integration) value() *yaml.Node {
	list := yamledit.List()
	for _, c := range w.configs {
		list.Content = append(list.Content, yamledit.Mapping(c.set...))
	}
	return list
}

// describe shows what an integration sends to.
func (w integration) describe() string {
	var all []string
	for _, c := range w.configs {
		all = append(all, c.set[0].Value.Value)
	}
	verb := map[string]string{"url": "posts to ", "url_file": "posts to the address in ", "api_url_file": "sends to Slack, by the address in ", "to": "mails "}
	return verb[w.configs[0].set[0].Key] + strings.Join(all, ", ") + ", resolved alerts too"
}

// warnOfSharedBot tells of other receivers that send to the same bot: people get what both are
// sent twice, and the bot's limit is for both.
func (e *editing) warnOfSharedBot(spec *Spec) {
	if spec.URL.Value == "" || spec.Kind == "email" {
		return
	}
	var others []string
	for _, r := range e.receivers.Receivers {
		if r.Name != spec.Name && r.Target.URL == spec.URL.Value {
			others = append(others, r.Name)
		}
	}
	for _, r := range e.config.Receivers {
		if r.Name == spec.Name || slices.Contains(others, r.Name) {
			continue
		}
		for _, target := range targetsOf(&r) {
			if target == spec.URL.Value {
				others = append(others, r.Name)
			}
		}
	}
	if len(others) > 0 {
		e.warn("same bot as %s: what both get arrives twice, and they share the bot's limit", strings.Join(others, ", "))
	}
}
