package adaptor

import (
	"bytes"
	"errors"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// configKeys are the keys of a configuration.
var configKeys = []string{
	"receivers", "locale", "locales", "time_zone", "templates", "template_files",
	"dedup_window", "max_age", "allow_hosts",
}

// receiverDefaults are what receivers have that say nothing else.
type receiverDefaults struct {
	style         Style
	templateFiles *TemplateFiles
	// templates are by the name of the channel, or anyChannel.
	templates map[string]TemplatePieces
}

// anyChannel is the key of templates for channels that have none of their own.
const anyChannel = "default"

func (r *configReader) read(source []byte) *Config {
	r.config = &Config{}
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	var document, second yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		r.problem(0, "the file is empty: it needs a list of receivers")
		return r.config
	} else if err != nil {
		r.problem(0, "%s", strings.TrimPrefix(err.Error(), "yaml: "))
		return r.config
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		r.problem(max(second.Line, 1), "the file has more than one YAML document")
	}
	root := resolve(document.Content[0])
	if root.ShortTag() == "!!null" {
		r.problem(0, "the file is empty: it needs a list of receivers")
		return r.config
	}
	fields := r.fields(root, "the configuration", configKeys...)
	r.readDefaults(fields)
	r.config.DedupWindow = r.duration(fields["dedup_window"], "dedup_window", minDedupWindow, maxDedupWindow)
	r.config.MaxAge = r.duration(fields["max_age"], "max_age", time.Minute, maxMaxAge)
	r.config.AllowHosts = r.hosts(fields["allow_hosts"])
	if list, ok := fields["receivers"]; ok {
		r.receivers(list)
	} else if root.Kind == yaml.MappingNode {
		r.problem(root.Line, "no receivers: the file needs a list of receivers")
	}
	r.checkReceivers()
	return r.config
}

// readDefaults reads what is for all receivers.
func (r *configReader) readDefaults(fields map[string]*yaml.Node) {
	for _, node := range r.list(fields["locales"], "locales") {
		path := r.inFolder(r.text(node, "a file of locales"))
		r.files = append(r.files, path)
		locale, err := ReadLocale(path)
		if err != nil {
			r.placedProblem(node.Line, err)
			continue
		}
		r.config.Locales = append(r.config.Locales, locale)
	}
	r.defaults.style = r.style(fields, "", Style{})
	var patterns []string
	for _, node := range r.list(fields["template_files"], "template_files") {
		pattern := r.text(node, "a file of template_files")
		patterns = append(patterns, pattern)
		// A pattern stands for files that are yet to come.
		r.files = append(r.files, r.inFolder(pattern))
	}
	files, err := ReadTemplateFiles(filepath.Dir(r.Path), patterns)
	if err != nil {
		r.placedProblem(fields["template_files"].Line, err)
	}
	r.defaults.templateFiles = files
	r.files = append(r.files, files.Paths()...)
	r.defaults.templates = r.channelTemplates(fields["templates"])
}

// channelTemplates reads the templates for all receivers of a channel.
func (r *configReader) channelTemplates(node *yaml.Node) map[string]TemplatePieces {
	if node == nil {
		return nil
	}
	known := append(channelNames(), anyChannel)
	all := map[string]TemplatePieces{}
	for name, pieces := range r.fields(node, "templates", known...) {
		all[name] = r.templatePieces(pieces, "templates: "+name)
		// What is wrong with them is to be told even where no receiver has the channel.
		if _, err := ParseTemplates(r.defaults.templateFiles, all[name]); err != nil {
			r.placedProblem(pieces.Line, err)
			delete(all, name)
		}
	}
	return all
}

// templateKeys are the texts that templates can make.
var templateKeys = []string{"title", "alert"}

func (r *configReader) templatePieces(node *yaml.Node, about string) TemplatePieces {
	if node == nil {
		return TemplatePieces{}
	}
	fields := r.fields(node, about, templateKeys...)
	piece := func(name string) TemplateText {
		if r.text(fields[name], about+": "+name) == "" {
			return TemplateText{}
		}
		return templateTextAt(r.Path, fields[name])
	}
	return TemplatePieces{Title: piece("title"), Alert: piece("alert")}
}

// style reads locale and time_zone, which replace those of the given style.
func (r *configReader) style(fields map[string]*yaml.Node, about string, style Style) Style {
	if name := r.text(fields["locale"], about+"locale"); name != "" {
		locale, err := LocaleByName(name, r.config.Locales)
		if err != nil {
			r.problem(fields["locale"].Line, "%slocale: %s", about, err)
		}
		style.Locale = locale
	}
	if name := r.text(fields["time_zone"], about+"time_zone"); name != "" {
		zone, err := ZoneByName(name)
		if err != nil {
			r.problem(fields["time_zone"].Line, "%stime_zone: %s", about, err)
		}
		style.Zone = zone
	}
	return style
}

// hosts reads allow_hosts.
func (r *configReader) hosts(node *yaml.Node) []string {
	var hosts []string
	for _, entry := range r.list(node, "allow_hosts") {
		host := strings.ToLower(r.text(entry, "a host of allow_hosts"))
		name := strings.TrimPrefix(host, "*.")
		if u, err := url.Parse("https://" + name); name == "" || err != nil || u.Hostname() != name || strings.Contains(name, "*") {
			r.problem(entry.Line, "allow_hosts: %q is not the name of a host: want one such as open.feishu.cn or *.example.com, without a scheme or a port", host)
			continue
		}
		hosts = append(hosts, host)
	}
	return hosts
}

// allows tells whether receivers may have addresses on a host.
func (c *Config) allows(host string) bool {
	host = strings.ToLower(host)
	return len(c.AllowHosts) == 0 || slices.ContainsFunc(c.AllowHosts, func(allowed string) bool {
		suffix, wild := strings.CutPrefix(allowed, "*")
		return host == allowed || wild && strings.HasSuffix(host, suffix)
	})
}

// inFolder makes the path of a file that the configuration names.
func (r *configReader) inFolder(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(r.Path), path)
}

func channelNames() []string {
	var names []string
	for _, c := range Channels() {
		names = append(names, c.Name)
	}
	return names
}
