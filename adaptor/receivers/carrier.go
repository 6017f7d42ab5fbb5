package receivers

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/rulekit/rulekit/adaptor/receivers/yamledit"
)

// addCarrier makes sure that the adaptor has the receiver.
func (e *editing) addCarrier(spec *Spec) error {
	channel := channelOf(spec.Kind)
	kind, params := channel.Types[0], e.params(spec)
	if spec.Token.isSet() && !spec.URL.isSet() {
		kind = spec.Kind + "-bot"
	}
	i := receiverIndex(e.im, spec.Name)
	line := func() int { return receiverLine(e.im, spec.Name) }
	what := fmt.Sprintf("receiver %s: %s, %s", spec.Name, kind, params.sources())
	if i < 0 {
		value := yamledit.Mapping(
			yamledit.Entry{Key: "name", Value: yamledit.String(spec.Name)},
			yamledit.Entry{Key: "type", Value: yamledit.String(kind)},
			yamledit.Entry{Key: "params", Value: yamledit.Mapping(params.set...)},
		)
		e.changed(e.im, line, "%s", what)
		return e.im.Insert(value, "", "receivers", len(e.receivers.Receivers))
	}
	path := []any{"receivers", i}
	differences := params.differences(e.im, "params.", append(path, "params")...)
	if have := e.carrier(spec.Name); have != nil && have.Channel != channel {
		differences = append([]string{"type is that of " + have.Channel.Name}, differences...)
	}
	if len(differences) == 0 {
		return nil
	}
	if !spec.Replace {
		return taken(e.im, line(), spec.Name, differences)
	}
	e.changed(e.im, line, "%s (was: %s)", what, strings.Join(differences, ", "))
	if err := e.im.Set(yamledit.String(kind), append(path, "type")...); err != nil {
		return err
	}
	return params.apply(e.im, append(path, "params")...)
}

// params are those of the adaptor's receiver. Files inside the folder of its configuration are
// named from there.
func (e *editing) params(spec *Spec) settings {
	var all settings
	folder, err := filepath.Abs(filepath.Dir(e.im.Path()))
	for _, p := range []struct {
		key string
		Credential
	}{{"url", spec.URL}, {"secret", spec.Secret}, {"token", spec.Token}} {
		switch {
		case p.Variable != "":
			all.set = append(all.set, yamledit.Entry{Key: p.key, Value: yamledit.String("${" + p.Variable + "}")})
			all.unset = append(all.unset, p.key+"_file")
		case p.File != "":
			path := p.path()
			if relative, relErr := filepath.Rel(folder, path); err == nil && relErr == nil && filepath.IsLocal(relative) {
				path = filepath.ToSlash(relative)
			}
			all.set = append(all.set, yamledit.Entry{Key: p.key + "_file", Value: yamledit.String(path)})
			all.unset = append(all.unset, p.key)
		}
	}
	if spec.Channel != "" {
		all.set = append(all.set, yamledit.Entry{Key: "channel", Value: yamledit.String(spec.Channel)})
	}
	// A Slack receiver has a webhook or a bot.
	switch {
	case spec.Kind == "slack" && !spec.Token.isSet():
		all.unset = append(all.unset, "token", "token_file", "channel")
	case !spec.URL.isSet():
		all.unset = append(all.unset, "url", "url_file")
	}
	return all
}

// sources says where the secrets come from.
func (s settings) sources() string {
	var all []string
	for _, e := range s.set {
		key, _ := strings.CutSuffix(e.Key, "_file")
		if key == "url" {
			key = "address"
		}
		all = append(all, key+" from "+e.Value.Value)
	}
	return strings.ReplaceAll(strings.Join(all, ", "), "channel from ", "channel ")
}
