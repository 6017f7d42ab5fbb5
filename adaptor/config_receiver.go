package adaptor

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// receiverKeys, mentionKeys and rateKeys are the keys of a receiver, of an entry of its mentions,
// and of one of its rates.
var (
	receiverKeys = []string{
		"name", "type", "params", "form", "locale", "time_zone", "templates", "mentions",
		"bearer_token", "bearer_token_file", "fallback", "fallback_after", "max_age", "rates",
		"proxy_url", "proxy_url_file",
	}
	mentionKeys = []string{"severity", "matchers", "users", "mobiles", "all"}
	rateKeys    = []string{"messages", "per"}
)

// receiverPlace is where a receiver is in the file.
type receiverPlace struct {
	name string
	line int
	// fields are its keys; fit tells whether it can be used by itself.
	fields map[string]*yaml.Node
	fit    bool
}

func (r *configReader) receivers(list *yaml.Node) {
	if list.Kind != yaml.SequenceNode {
		r.problem(list.Line, "receivers must be a list, not %s", kindName(list))
		return
	}
	for _, node := range list.Content {
		r.receiver(node.Line, resolve(node))
	}
}

// receiver reads one receiver, which is at a line.
func (r *configReader) receiver(line int, node *yaml.Node) {
	before := len(r.problems)
	fields := r.fields(node, "a receiver", receiverKeys...)
	if node.Kind != yaml.MappingNode {
		return
	}
	receiver := Receiver{Name: r.text(fields["name"], "a receiver's name")}
	about := fmt.Sprintf("receiver %q: ", receiver.Name)
	if receiver.Name == "" {
		about = "a receiver: "
		r.problem(line, "a receiver has no name: it is the last part of the path that Alertmanager posts to")
	}
	r.checkName(receiver.Name, line)
	r.target(&receiver, node, fields, about)
	receiver.Style = r.style(fields, about, r.defaults.style)
	receiver.Mentions = r.mentions(fields["mentions"], receiver.Channel, about)
	receiver.Token = r.token(fields, about)
	receiver.Fallback = r.text(fields["fallback"], about+"fallback")
	receiver.FallbackAfter = r.duration(fields["fallback_after"], about+"fallback_after", time.Second, maxMaxAge)
	receiver.MaxAge = cmp.Or(r.duration(fields["max_age"], about+"max_age", time.Minute, maxMaxAge), r.config.MaxAge)
	receiver.Rates = r.rates(fields["rates"], about)
	receiver.Proxy = r.proxy(fields, about)
	pieces := r.templatePieces(fields["templates"], about+"templates")
	if receiver.Channel != nil {
		pieces = pieces.or(r.defaults.templates[receiver.Channel.Name]).or(r.defaults.templates[anyChannel])
	}
	templates, err := ParseTemplates(r.defaults.templateFiles, pieces)
	if err != nil {
		r.placedProblem(line, err)
	}
	receiver.Templates = templates
	fit := len(r.problems) == before
	r.places = append(r.places, receiverPlace{receiver.Name, line, fields, fit})
	r.config.Receivers = append(r.config.Receivers, receiver)
}

// checkName checks that a name can be posted to, and shown.
func (r *configReader) checkName(name string, line int) {
	switch {
	case name == "." || name == "..":
		r.problem(line, "receiver %q: the name cannot be part of a path: choose another", name)
	case len(name) > longestName:
		r.problem(line, "receiver %q: the name is longer than %d bytes", clip(name, 40), longestName)
	case strings.ContainsFunc(name, unicode.IsControl):
		r.problem(line, "receiver %q: the name has control characters", name)
	}
}

func (r *configReader) mentions(node *yaml.Node, channel *Channel, about string) []MentionRule {
	var rules []MentionRule
	for _, entry := range r.list(node, about+"mentions") {
		fields := r.fields(entry, about+"a mention", mentionKeys...)
		if entry.Kind != yaml.MappingNode {
			continue
		}
		rule := MentionRule{
			Severities: r.textOrList(fields["severity"], about+"mentions: severity"),
			Users:      r.textOrList(fields["users"], about+"mentions: users"),
			Mobiles:    r.textOrList(fields["mobiles"], about+"mentions: mobiles"),
			All:        r.truth(fields["all"], about+"mentions: all"),
		}
		for _, text := range r.textOrList(fields["matchers"], about+"mentions: matchers") {
			matcher, err := ParseMatcher(text)
			if err != nil {
				r.problem(fields["matchers"].Line, "%smentions: %s", about, err)
				continue
			}
			rule.Matchers = append(rule.Matchers, matcher)
		}
		if err := rule.check(channel); err != nil {
			r.problem(entry.Line, "%smentions: %s", about, err)
		}
		rules = append(rules, rule)
	}
	return rules
}

// token reads the token that a post must bear.
func (r *configReader) token(fields map[string]*yaml.Node, about string) Secret {
	token := r.secret(fields, about, "bearer_token")
	if token != Unknown && strings.ContainsFunc(string(token), func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
		r.problem(cmp.Or(fields["bearer_token"], fields["bearer_token_file"]).Line,
			"%sthe bearer token has a space, or what is not ASCII: a header cannot carry it (it is not shown)", about)
	}
	return token
}

func (r *configReader) rates(node *yaml.Node, about string) []Rate {
	var rates []Rate
	for _, entry := range r.list(node, about+"rates") {
		fields := r.fields(entry, about+"a rate", rateKeys...)
		if entry.Kind != yaml.MappingNode {
			continue
		}
		before := len(r.problems)
		rate := Rate{
			Messages: r.number(fields["messages"], about+"rates: messages", 1, maxRateMessages),
			Per:      r.duration(fields["per"], about+"rates: per", time.Second, maxRatePeriod),
		}
		if (rate.Messages == 0 || rate.Per == 0) && len(r.problems) == before {
			r.problem(entry.Line, "%sa rate needs messages and per, as in {messages: 20, per: 1m}", about)
		}
		rates = append(rates, rate)
	}
	return rates
}

// proxy reads the proxy for a receiver's requests, whose address may hold a password.
func (r *configReader) proxy(fields map[string]*yaml.Node, about string) Secret {
	address := r.secret(fields, about, "proxy_url")
	if address == "" || address == Unknown {
		return ""
	}
	line := cmp.Or(fields["proxy_url"], fields["proxy_url_file"]).Line
	u, err := url.Parse(string(address))
	if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
		r.problem(line, "%sproxy_url is not an address of a proxy, with http, https or socks5 (it is not shown, for it may hold a password)", about)
		return ""
	}
	if !r.config.allows(u.Hostname()) {
		r.problem(line, "%sthe proxy on %s is not among allow_hosts", about, u.Hostname())
	}
	return address
}
