package simulate

import (
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/matcher/compat"
	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/rules"
)

//go:embed alertmanager.yml
var builtinConfiguration []byte

// Configuration is an Alertmanager configuration: a valid one. Its zero value is not.
type Configuration struct {
	// path is the file it was read from, source what is in it.
	path   string
	source []byte
	// builtin is set for rulekit's own.
	builtin bool
	// receiver is what Select chose, or empty.
	receiver string
}

// BuiltinConfiguration returns the configuration of rulekit's own: receivers slack, email,
// feishu, dingtalk and wecom, the last three through the adaptor at http://adaptor:5001.
func BuiltinConfiguration() *Configuration {
	source := slices.Concat(builtinConfiguration, shippedInhibitions())
	return &Configuration{path: "built-in Alertmanager configuration", source: source, builtin: true}
}

// shippedInhibitions is the part of the shipped Alertmanager configuration that says which
// alert mutes which, so that a simulation mutes what production does.
func shippedInhibitions() []byte {
	var shipped struct {
		InhibitRules yaml.Node `yaml:"inhibit_rules"`
	}
	if err := yaml.Unmarshal(rules.BuiltinAlertmanager(), &shipped); err != nil {
		panic("the shipped Alertmanager configuration is no YAML: " + err.Error())
	}
	source, err := yaml.Marshal(&shipped)
	if err != nil {
		panic("the shipped Alertmanager configuration cannot be written: " + err.Error())
	}
	return source
}

// ReadConfiguration reads an Alertmanager configuration file. The error names the place of
// every mistake that Alertmanager itself would refuse the file for.
func ReadConfiguration(path string) (*Configuration, error) {
	source, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("read Alertmanager configuration: %w", err)
	}
	return ParseConfiguration(path, source)
}

// ParseConfiguration is ReadConfiguration for a file whose content is at hand; path is where
// its templates are looked for.
func ParseConfiguration(path string, source []byte) (*Configuration, error) {
	c := &Configuration{path: path, source: source}
	if _, err := c.load(); err != nil {
		return nil, err
	}
	return c, nil
}

// Receivers returns the names of the receivers, in the order of the file.
func (c *Configuration) Receivers() []string {
	loaded, err := c.load()
	if err != nil {
		return nil
	}
	var names []string
	for _, r := range loaded.Receivers {
		names = append(names, r.Name)
	}
	return names
}

// WebhookHosts returns the hosts, with their ports, of the webhook addresses whose path begins
// with prefix.
func (c *Configuration) WebhookHosts(prefix string) []string {
	loaded, err := c.load()
	if err != nil {
		return nil
	}
	var hosts []string
	for _, r := range loaded.Receivers {
		for _, w := range r.WebhookConfigs {
			address, err := url.Parse(string(w.URL))
			if err == nil && strings.HasPrefix(address.Path, prefix) && !slices.Contains(hosts, address.Host) {
				hosts = append(hosts, address.Host)
			}
		}
	}
	return hosts
}

// UnknownReceiverError says that a configuration has no receiver of that name.
type UnknownReceiverError struct {
	Name string
	// Known are the receivers there are, in the order of the file.
	Known []string
}

// Error implements error.
func (e *UnknownReceiverError) Error() string {
	return fmt.Sprintf("unknown receiver %q: there are %s", e.Name, strings.Join(e.Known, ", "))
}

// Select returns the configuration as seen by one receiver. In the built-in configuration every
// alert goes to it; in a user's own the routes stay as they are and what the other receivers
// get is left out. It returns an *UnknownReceiverError for a name that is not there.
func (c *Configuration) Select(receiver string) (*Configuration, error) {
	if known := c.Receivers(); !slices.Contains(known, receiver) {
		return nil, &UnknownReceiverError{Name: receiver, Known: known}
	}
	selected := *c
	selected.receiver = receiver
	return &selected, nil
}

// shows tells whether what a receiver gets is part of the result.
func (c *Configuration) shows(receiver string) bool {
	return c.receiver == "" || c.receiver == receiver
}

// useUTF8Matchers makes Alertmanager's parsers read matchers as its binary does by default:
// the new syntax, and the classic one where that fails.
var useUTF8Matchers = sync.OnceFunc(func() {
	compat.InitFromFlags(slog.New(slog.DiscardHandler), featurecontrol.NoopFlags{})
})

// load returns a fresh copy of the configuration as Alertmanager understands it: Alertmanager
// changes what it is given.
func (c *Configuration) load() (*config.Config, error) {
	useUTF8Matchers()
	loaded, err := config.Load(string(c.source))
	if err != nil {
		return nil, configurationError(c.path, err)
	}
	for i, glob := range loaded.Templates {
		if !filepath.IsAbs(glob) {
			loaded.Templates[i] = filepath.Join(filepath.Dir(c.path), glob)
		}
	}
	if c.builtin && c.receiver != "" {
		loaded.Route.Receiver = c.receiver
	}
	return loaded, nil
}

var (
	// The shapes of the messages of gopkg.in/yaml.v2, which Alertmanager reads with.
	yamlPlace   = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)
	yamlUnknown = regexp.MustCompile(`^field (\S+) not found in type \S+$`)
	yamlTwice   = regexp.MustCompile(`^(?:field|key) "?(\S+?)"? already set in (?:type \S+|map)$`)
)

// maxMistakes is how many mistakes are named: more would hide them all.
const maxMistakes = 5

// configurationError makes one line of what the YAML reader or Alertmanager found wrong: each
// mistake with its line, where it is known, and without secrets.
func configurationError(path string, err error) error {
	var mistakes []string
	for _, line := range strings.Split(redact(err.Error()), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line == "yaml: unmarshal errors:" {
			continue
		}
		place := path
		if match := yamlPlace.FindStringSubmatch(line); match != nil {
			place, line = path+":"+match[1], match[2]
		}
		if match := yamlUnknown.FindStringSubmatch(line); match != nil {
			line = fmt.Sprintf("unknown key %q", match[1])
		}
		if match := yamlTwice.FindStringSubmatch(line); match != nil {
			line = fmt.Sprintf("key %q is there twice", match[1])
		}
		mistakes = append(mistakes, place+": "+strings.TrimPrefix(line, "yaml: "))
	}
	if more := len(mistakes) - maxMistakes; more > 0 {
		mistakes = append(mistakes[:maxMistakes], fmt.Sprintf("and %d more", more))
	}
	return errors.New(strings.Join(mistakes, "; "))
}
