package adaptor

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/rules"
)

// Config is the adaptor's configuration.
type Config struct {
	Receivers []Receiver
}

// Receiver is a name under which notifications can be posted, and where they go.
type Receiver struct {
	Name    string
	Channel *Channel
	Target  Target
}

// maxConfig is the largest configuration or secret file that is read, in bytes.
const maxConfig = 1 << 20

// LoadConfig reads a configuration file. Environment variables in its addresses and secrets
// come from getenv; files it names are relative to its folder. The error lists everything that
// is wrong, one line each, with the place, and never quotes an address or a secret.
func LoadConfig(path string, getenv func(string) string) (*Config, error) {
	source, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return ParseConfig(path, source, getenv)
}

// ParseConfig is LoadConfig for a configuration that is at hand; path is its name in errors,
// and its folder is where the files it names are looked for.
func ParseConfig(path string, source []byte, getenv func(string) string) (*Config, error) {
	r := &configReader{path: path, getenv: getenv}
	config := r.read(source)
	return config, errors.Join(r.problems...)
}

// readFile reads a file of at most maxConfig bytes.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxConfig+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxConfig {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, maxConfig)
	}
	return content, nil
}

// configReader walks the YAML of a configuration and collects what is wrong with it.
type configReader struct {
	path     string
	getenv   func(string) string
	problems []error
}

// problem records what is wrong at a line; the line is 0 for the whole file.
func (r *configReader) problem(line int, format string, args ...any) {
	place := r.path
	if line > 0 {
		place = fmt.Sprintf("%s:%d", r.path, line)
	}
	r.problems = append(r.problems, fmt.Errorf("%s: %s", place, fmt.Sprintf(format, args...)))
}

func (r *configReader) read(source []byte) *Config {
	config := &Config{}
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	var document, second yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		r.problem(0, "the file is empty: it needs a list of receivers")
		return config
	} else if err != nil {
		r.problem(0, "%s", strings.TrimPrefix(err.Error(), "yaml: "))
		return config
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		r.problem(max(second.Line, 1), "the file has more than one YAML document")
	}
	root := resolve(document.Content[0])
	if root.ShortTag() == "!!null" {
		r.problem(0, "the file is empty: it needs a list of receivers")
		return config
	}
	fields := r.fields(root, "the configuration", "receivers")
	list, ok := fields["receivers"]
	if !ok {
		if root.Kind == yaml.MappingNode {
			r.problem(root.Line, "no receivers: the file needs a list of receivers")
		}
		return config
	}
	if list.Kind != yaml.SequenceNode {
		r.problem(list.Line, "receivers must be a list, not %s", kindName(list))
		return config
	}
	lines := map[string]int{}
	for _, node := range list.Content {
		receiver, ok := r.receiver(resolve(node))
		if first := lines[receiver.Name]; first > 0 {
			r.problem(node.Line, "receiver %q: the name is taken by the receiver at line %d", receiver.Name, first)
		} else if ok {
			config.Receivers = append(config.Receivers, receiver)
		}
		if receiver.Name != "" {
			lines[receiver.Name] = node.Line
		}
	}
	return config
}

// receiver reads one receiver and tells whether it is fit for use.
func (r *configReader) receiver(node *yaml.Node) (Receiver, bool) {
	before := len(r.problems)
	fields := r.fields(node, "a receiver", "name", "type", "params")
	if node.Kind != yaml.MappingNode {
		return Receiver{}, false
	}
	receiver := Receiver{Name: r.text(fields["name"], "name")}
	about := "receiver " + fmt.Sprintf("%q", receiver.Name)
	if receiver.Name == "" {
		about = "a receiver"
		r.problem(node.Line, "a receiver has no name: it is the last part of the path that Alertmanager posts to")
	}
	params, ok := fields["params"]
	if !ok {
		r.problem(node.Line, "%s has no params: it needs params.url, or params.url_file", about)
		return receiver, false
	}
	entries := r.fields(params, about+": params", "url", "url_file", "secret", "secret_file")
	receiver.Target.Secret = r.secret(entries, about, "secret")
	receiver.Target.URL = r.secret(entries, about, "url")
	if receiver.Target.URL == "" && len(r.problems) == before {
		r.problem(params.Line, "%s has no params.url: copy the bot's webhook address there, or name a file that holds it in params.url_file", about)
	}
	if len(r.problems) == before {
		receiver.Channel = r.channel(receiver.Target, fields["type"], node.Line, about)
	}
	return receiver, len(r.problems) == before
}

// channel finds the channel of a receiver by its type, or by its address where it has none,
// and checks that the two agree.
func (r *configReader) channel(target Target, kind *yaml.Node, line int, about string) *Channel {
	u, err := url.Parse(string(target.URL))
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		r.problem(line, "%s: params.url is not an http or https address (it is not shown, for it may hold a token)", about)
		return nil
	}
	byHost := channelOfHost(u.Hostname())
	if kind == nil {
		if byHost == nil {
			r.problem(line, "%s has no type, and its address on %s does not tell: want %s", about, u.Host, typeNames())
		}
		return byHost
	}
	name := r.text(kind, "type")
	channel := channelOfType(name)
	switch {
	case channel == nil:
		r.problem(kind.Line, "%s: unknown type %q%s: want %s", about, name, didYouMean(name, allTypes()), typeNames())
	case byHost != nil && byHost != channel:
		r.problem(kind.Line, "%s: the type is %s but the address is on %s, which is %s", about, name, u.Host, byHost.Name)
	}
	return channel
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
