package adaptor

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/rules"
)

// targetKeys are the params of every receiver; a channel may know more.
var targetKeys = []string{"url", "url_file", "secret", "secret_file"}

// target reads where a receiver's messages go: its type, params and form.
func (r *configReader) target(receiver *Receiver, node *yaml.Node, fields map[string]*yaml.Node, about string) {
	before := len(r.problems)
	params, ok := fields["params"]
	if !ok {
		r.problem(node.Line, "%sno params: it needs params.url, or params.url_file", about)
		return
	}
	kind := r.text(fields["type"], about+"type")
	channel := channelOfType(kind)
	if kind != "" && channel == nil {
		r.problem(fields["type"].Line, "%sunknown type %q%s: want %s", about, kind, didYouMean(kind, allTypes()), typeNames())
	}
	entries := r.fields(params, about+"params", paramKeys(channel)...)
	params = resolve(params)
	if params.Kind != yaml.MappingNode {
		return
	}
	receiver.Channel = channel
	receiver.Target.Secret = r.secret(entries, about+"params.", "secret")
	receiver.Target.URL = r.secret(entries, about+"params.", "url")
	given := entries["url"] != nil || entries["url_file"] != nil
	if receiver.Target.URL == "" && channel != nil && !given {
		receiver.Target.URL = Secret(channel.Address)
	}
	if receiver.Target.URL == "" && len(r.problems) == before {
		r.problem(params.Line, "%sno params.url: copy the bot's webhook address there, or name a file that holds it in params.url_file", about)
	}
	if len(r.problems) > before {
		return
	}
	known := receiver.Target.URL != Unknown
	if known {
		r.checkAddress(receiver, node.Line, about)
	} else if receiver.Channel == nil {
		r.problem(node.Line, "%sno type, and without the secret address nothing tells it: want %s", about, typeNames())
	}
	if receiver.Channel == nil {
		return
	}
	// Without a type the channel, and with it what params it knows, is told by the address.
	r.checkParams(receiver.Channel, params, about)
	receiver.Target.Form = r.form(receiver.Channel, fields["form"], about)
	r.channelParams(receiver, entries, params.Line, about)
	if check := receiver.Channel.Check; check != nil && known && len(r.problems) == before {
		if err := check(receiver.Target); err != nil {
			r.problem(node.Line, "%s%s", about, err)
		}
	}
}

// paramKeys are the params that a channel knows, or that any does where it is nil.
func paramKeys(channel *Channel) []string {
	keys := slices.Clone(targetKeys)
	for _, c := range Channels() {
		if channel != nil && c != channel {
			continue
		}
		for _, p := range c.Params {
			keys = append(keys, p.keys()...)
		}
	}
	return slices.Compact(keys)
}

// keys are the keys that a parameter can be given by.
func (p Param) keys() []string {
	if p.Secret {
		return []string{p.Name, p.Name + "_file"}
	}
	return []string{p.Name}
}

// checkParams checks that a channel knows the params of a receiver.
func (r *configReader) checkParams(channel *Channel, params *yaml.Node, about string) {
	known := paramKeys(channel)
	for i := 0; i+1 < len(params.Content); i += 2 {
		if key := params.Content[i]; !slices.Contains(known, key.Value) && slices.Contains(paramKeys(nil), key.Value) {
			r.problem(key.Line, "%sparams: %s has no %q: want %s", about, channel.Name, key.Value, strings.Join(known, ", "))
		}
	}
}

// channelParams reads the params that the channel declares.
func (r *configReader) channelParams(receiver *Receiver, entries map[string]*yaml.Node, line int, about string) {
	for _, p := range receiver.Channel.Params {
		value := Secret("")
		if p.Secret {
			value = r.secret(entries, about+"params.", p.Name)
		} else {
			value = Secret(r.expand(entries[p.Name], about+"params."+p.Name))
		}
		if value == "" {
			if p.Required {
				r.problem(line, "%sno params.%s: %s", about, p.Name, p.What)
			}
			continue
		}
		if receiver.Target.Params == nil {
			receiver.Target.Params = map[string]Secret{}
		}
		receiver.Target.Params[p.Name] = value
	}
}

// form reads the form of a receiver's messages.
func (r *configReader) form(channel *Channel, node *yaml.Node, about string) string {
	form := r.text(node, about+"form")
	if form == "" || slices.Contains(channel.Forms, form) {
		return form
	}
	if len(channel.Forms) == 0 {
		r.problem(node.Line, "%sform: messages to %s have only one form: leave it out", about, channel.Name)
		return ""
	}
	r.problem(node.Line, "%sunknown form %q%s: %s has %s", about, form, didYouMean(form, channel.Forms), channel.Name, strings.Join(channel.Forms, ", "))
	return ""
}

// checkAddress checks that a receiver's address is one, that it is one of its channel, and that
// it is allowed; a receiver without a type gets the channel of its address.
func (r *configReader) checkAddress(receiver *Receiver, line int, about string) {
	u, err := url.Parse(string(receiver.Target.URL))
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		r.problem(line, "%sparams.url is not an http or https address (it is not shown, for it may hold a token)", about)
		return
	}
	byHost := channelOfHost(u.Hostname())
	switch {
	case receiver.Channel == nil && byHost == nil:
		r.problem(line, "%sno type, and the address on %s does not tell: want %s", about, u.Host, typeNames())
	case receiver.Channel == nil:
		receiver.Channel = byHost
	case byHost != nil && byHost != receiver.Channel && !slices.Contains(receiver.Channel.Hosts, strings.ToLower(u.Hostname())):
		r.problem(line, "%sthe type is that of %s but the address is on %s, which is %s", about, receiver.Channel.Name, u.Host, byHost.Name)
	}
	if !r.config.allows(u.Hostname()) {
		r.problem(line, "%sthe address is on %s, which is not among allow_hosts", about, u.Hostname())
	}
}

func allTypes() []string {
	var all []string
	for _, c := range Channels() {
		all = append(all, c.Types...)
	}
	return all
}

// typeNames lists the channels' main types.
func typeNames() string {
	var names []string
	for _, c := range Channels() {
		names = append(names, c.Types[0])
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

func didYouMean(name string, known []string) string {
	if near := rules.Nearest(name, known); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return ""
}
