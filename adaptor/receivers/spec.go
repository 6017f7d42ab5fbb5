package receivers

import (
	"fmt"
	"math/rand/v2"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/promslog"

	"github.com/rulekit/rulekit/adaptor"
	"github.com/rulekit/rulekit/rules"
	"github.com/rulekit/rulekit/rules/export"
)

// Spec is a receiver that is to be there.
type Spec struct {
	// Kind is the messenger: one of Kinds.
	Kind string
	// Name is the receiver's name in both configurations; empty makes one up.
	Name string
	// ViaAdaptor sends by the adaptor what Alertmanager can send by itself: Slack and webhooks.
	ViaAdaptor bool
	// AdaptorURL is where Alertmanager reaches the adaptor. Empty is where it reaches it already, or
	// DefaultAdaptorURL.
	AdaptorURL string
	// URL, Secret and Token are the bot's address, its signing key and, for a Slack bot, its token.
	URL, Secret, Token Credential
	// Gateway tells that the address is that of a gateway to the messenger.
	Gateway bool
	// Channel and Username are Slack's, and To are addresses of email.
	Channel, Username string
	To                []string
	Routing           Routing
	// Replace changes a receiver of that name that has other settings.
	Replace bool
}

// Routing says which alerts a receiver gets.
type Routing struct {
	// Clusters, Severities and Matchers are all to match; of the first two, one value is enough. A
	// matcher is written as in Alertmanager's configuration.
	Clusters, Severities, Matchers []string
	// Default makes it the receiver of all alerts that no route takes.
	Default bool
	// Exclusive keeps those alerts from other receivers.
	Exclusive bool
}

// DefaultAdaptorURL is where the adaptor is found, unless something else is said.
const DefaultAdaptorURL = "http://adaptor:5001"

// The labels that say which cluster and severity an alert is of, as KubeBlocks and the shipped
// rules have them.
const (
	clusterLabel  = "app_kubernetes_io_instance"
	severityLabel = "severity"
)

// Kinds are the messengers that there are: the adaptor's channels, and what Alertmanager itself
// sends to.
func Kinds() []string {
	kinds := []string{"email", "slack", "webhook"}
	for _, c := range adaptor.Channels() {
		if !slices.Contains(kinds, c.Name) {
			kinds = append(kinds, c.Name)
		}
	}
	slices.Sort(kinds)
	return kinds
}

// fitName matches what a receiver may be called: it becomes a part of a path.
var fitName = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._-]{0,99}$`)

// check finds what is wrong with a spec by itself.
func (s *Spec) check() error {
	if !slices.Contains(Kinds(), s.Kind) {
		hint := "there are " + strings.Join(Kinds(), ", ")
		if c := channelOf(s.Kind + "-webhook"); c != nil {
			hint = "did you mean " + c.Name + "?"
		} else if near := rules.Nearest(s.Kind, Kinds()); near != "" {
			hint = "did you mean " + near + "?"
		}
		return failure(hint, "unknown messenger %q", s.Kind)
	}
	if s.Name != "" && !fitName.MatchString(s.Name) {
		return failure("a name has letters, digits, dots, dashes and underscores, and begins with a letter or digit", "%q cannot be the name of a receiver", s.Name)
	}
	switch s.Kind {
	case "email", "slack", "webhook":
		if s.ViaAdaptor && channelOf(s.Kind) == nil {
			return failure("leave out --via adaptor", "%s is sent by Alertmanager itself", s.Kind)
		}
	default:
		s.ViaAdaptor = true
	}
	if err := s.Routing.check(); err != nil {
		return err
	}
	if s.Kind == "email" {
		return s.checkEmail()
	}
	return s.checkTarget()
}

func (s *Spec) checkEmail() error {
	if len(s.To) == 0 {
		return failure("add --to ADDRESS, repeatable", "an email receiver needs an address")
	}
	for _, to := range s.To {
		if _, err := mail.ParseAddress(to); err != nil {
			return failure("", "%q is not an address of email", to)
		}
	}
	return nil
}

// checkTarget checks the address of a bot, which no error shows.
func (s *Spec) checkTarget() error {
	channel := channelOf(s.Kind)
	if s.ViaAdaptor && s.Channel != "" && !s.Token.isSet() {
		return failure("leave out --channel, or give the --token-file of a bot", "an incoming webhook of Slack posts to the channel that it was made for")
	}
	if s.Token.isSet() && channel != nil && channel.Address != "" && !s.URL.isSet() {
		if !s.ViaAdaptor {
			return failure("add --via adaptor", "a %s bot with a token is sent to by the adaptor", s.Kind)
		}
		return nil
	}
	if !s.URL.isSet() {
		return failure("add --url-file FILE, or --url-env VARIABLE", "a %s receiver needs the address of its webhook", s.Kind)
	}
	if s.URL.Variable != "" && !s.ViaAdaptor {
		return failure("put the address into a file and use --url-file", "Alertmanager reads no environment variables")
	}
	if s.URL.Value == "" {
		return nil
	}
	u, err := url.Parse(string(s.URL.Value))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return failure("", "%s holds no http or https address (it is not shown, for it may hold a token)", s.URL.place())
	}
	return s.checkHost(u.Hostname(), channel)
}

func (s *Spec) checkHost(host string, channel *adaptor.Channel) error {
	for _, c := range adaptor.Channels() {
		if slices.Contains(c.Hosts, strings.ToLower(host)) && c != channel {
			return failure(fmt.Sprintf("use: rulekit receiver add %s", c.Name), "the address in %s is on %s, which is %s, not %s", s.URL.place(), host, c.Name, s.Kind)
		}
	}
	if channel == nil || len(channel.Hosts) == 0 || s.Gateway || slices.Contains(channel.Hosts, strings.ToLower(host)) {
		return nil
	}
	return failure("copy the address again, or add --gateway if it leads to "+s.Kind+" another way",
		"the address in %s is on %s, but %s is on %s", s.URL.place(), host, s.Kind, strings.Join(channel.Hosts, ", "))
}

func (r *Routing) check() error {
	for _, severity := range r.Severities {
		if slices.Contains(export.Severities, severity) {
			continue
		}
		hint := "there are " + strings.Join(export.Severities, ", ")
		if near := rules.Nearest(severity, export.Severities); near != "" {
			hint = "did you mean " + near + "?"
		}
		return failure(hint, "unknown severity %q", severity)
	}
	if slices.Contains(r.Clusters, "") {
		return failure("", "the name of a cluster is empty")
	}
	filtered := len(r.Clusters)+len(r.Severities)+len(r.Matchers) > 0
	if r.Default && (filtered || r.Exclusive) {
		return failure("leave out --default, or the conditions", "the default receiver gets all alerts that no route takes: it has no conditions")
	}
	_, err := r.matchers()
	return err
}

var parseMatcher = compat.FallbackMatcherParser(promslog.NewNopLogger())

// matchers are the conditions of the route.
func (r *Routing) matchers() ([]*labels.Matcher, error) {
	var all []*labels.Matcher
	for _, of := range []struct {
		label  string
		values []string
	}{{clusterLabel, r.Clusters}, {severityLabel, r.Severities}} {
		if len(of.values) == 0 {
			continue
		}
		var alternatives []string
		for _, value := range of.values {
			if quoted := regexp.QuoteMeta(value); !slices.Contains(alternatives, quoted) {
				alternatives = append(alternatives, quoted)
			}
		}
		matcher, err := labels.NewMatcher(labels.MatchRegexp, of.label, strings.Join(alternatives, "|"))
		if err != nil {
			return nil, failure("", "%s: %s", of.label, err)
		}
		all = append(all, matcher)
	}
	for _, text := range r.Matchers {
		matcher, err := parseMatcher(text, "flag")
		if err != nil {
			return nil, failure(`write it as in Alertmanager's configuration: label="value", label!="value", label=~"regexp"`, "%q is not a matcher: %s", text, err)
		}
		all = append(all, matcher)
	}
	return all, nil
}

// Names that are made up begin with madeUp, and go on with some of randomLetters.
const (
	madeUp        = "receiver-"
	randomLetters = "bcdfghjklmnpqrstvwxz2456789"
)

// randomName is a name as KubeBlocks made them up.
func randomName() string {
	text := []byte(madeUp)
	for range 5 {
		text = append(text, randomLetters[rand.IntN(len(randomLetters))])
	}
	return string(text)
}
