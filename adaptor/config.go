package adaptor

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"slices"
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

// ParseConfig is LoadConfig for a configuration that was read already; the path is for errors
// and relative files.
func ParseConfig(path string, source []byte, getenv func(string) string) (*Config, error) {
	r := &configReader{path: path, getenv: getenv}
	config := r.read(source)
	if err := r.err(); err != nil {
		return nil, err
	}
	return config, nil
}

// readFile reads a file of at most maxConfig bytes. Its errors begin with the path.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxConfig+1))
	if err != nil {
		return nil, fileError(path, err)
	}
	if len(content) > maxConfig {
		return nil, fmt.Errorf("%s: the file is larger than the %d KiB that are read", path, maxConfig>>10)
	}
	return content, nil
}

// fileError says what is wrong with a file, without the name of the system call.
func fileError(path string, err error) error {
	if cause := (*fs.PathError)(nil); errors.As(err, &cause) {
		err = cause.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// configReader walks the YAML of a configuration and collects what is wrong with it.
type configReader struct {
	path     string
	getenv   func(string) string
	problems []configProblem
}

// configProblem is something wrong at a line; the line is 0 for the whole file.
type configProblem struct {
	line int
	err  error
}

// problem records what is wrong at a line; the line is 0 for the whole file.
func (r *configReader) problem(line int, format string, args ...any) {
	place := r.path
	if line > 0 {
		place = fmt.Sprintf("%s:%d", r.path, line)
	}
	r.problems = append(r.problems, configProblem{line, fmt.Errorf("%s: %s", place, fmt.Sprintf(format, args...))})
}

// err returns all problems in order of their lines, or nil.
func (r *configReader) err() error {
	slices.SortStableFunc(r.problems, func(a, b configProblem) int { return a.line - b.line })
	var all []error
	for _, p := range r.problems {
		all = append(all, p.err)
	}
	return errors.Join(all...)
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
	receiver := Receiver{Name: r.text(fields["name"], "a receiver's name")}
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
	receiver.Channel = r.channelOfType(fields["type"], about)
	if len(r.problems) == before {
		r.checkAddress(&receiver, node.Line, about)
	}
	return receiver, len(r.problems) == before
}

// channelOfType returns the channel that a type names, or nil when there is no type or, which
// is a problem, no such channel.
func (r *configReader) channelOfType(kind *yaml.Node, about string) *Channel {
	name := r.text(kind, about+": type")
	if name == "" {
		return nil
	}
	channel := channelOfType(name)
	if channel == nil {
		r.problem(kind.Line, "%s: unknown type %q%s: want %s", about, name, didYouMean(name, allTypes()), typeNames())
	}
	return channel
}

// checkAddress checks that a receiver's address is one, and that it is one of its channel; a
// receiver without a type gets the channel of its address.
func (r *configReader) checkAddress(receiver *Receiver, line int, about string) {
	u, err := url.Parse(string(receiver.Target.URL))
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		r.problem(line, "%s: params.url is not an http or https address (it is not shown, for it may hold a token)", about)
		return
	}
	byHost := channelOfHost(u.Hostname())
	switch {
	case receiver.Channel == nil && byHost == nil:
		r.problem(line, "%s has no type, and its address on %s does not tell: want %s", about, u.Host, typeNames())
	case receiver.Channel == nil:
		receiver.Channel = byHost
	case byHost != nil && byHost != receiver.Channel:
		r.problem(line, "%s: the type is that of %s but the address is on %s, which is %s", about, receiver.Channel.Name, u.Host, byHost.Name)
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
