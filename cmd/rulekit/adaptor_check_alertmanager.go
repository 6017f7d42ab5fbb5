package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/notify/webhook"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/adaptor"
	"github.com/rulekit/rulekit/rules"
)

// alertmanagerPosts is what an Alertmanager posts to the adaptor, by its configuration.
type alertmanagerPosts struct {
	path, adaptorPath string
	config            *adaptor.Config
	// receivers are Alertmanager's receivers by those of the adaptor that they post to.
	receivers map[string][]string
	problems  []alertmanagerProblem
	// posting are Alertmanager's receivers that post to the adaptor.
	posting map[string]bool
}

// alertmanagerProblem is a mistake at a line; the line is 0 for the whole file.
type alertmanagerProblem struct {
	line int
	text string
}

// told are the problems as they are shown, in order of their lines.
func (a *alertmanagerPosts) told() []string {
	slices.SortStableFunc(a.problems, func(x, y alertmanagerProblem) int { return x.line - y.line })
	var all []string
	for _, p := range a.problems {
		place := a.path
		if p.line > 0 {
			place = fmt.Sprintf("%s:%d", a.path, p.line)
		}
		all = append(all, place+": "+p.text)
	}
	return all
}

// defaultRepeat is Alertmanager's repeat_interval where no route says another
// (https://prometheus.io/docs/alerting/latest/configuration/#route).
const defaultRepeat = 4 * time.Hour

// read reads Alertmanager's configuration with its own parser, and finds what is wrong with the
// posts. Its error tells why the file cannot be read.
func (a *alertmanagerPosts) read() error {
	source, err := os.ReadFile(a.path)
	if err != nil {
		return fmt.Errorf("%s: %w", a.path, withoutPath(err))
	}
	parsed, err := config.Load(string(source))
	if err != nil {
		text := "Alertmanager refuses it: " + strings.ReplaceAll(err.Error(), "\n", " ")
		a.problems = append(a.problems, alertmanagerProblem{0, text})
		return nil
	}
	var document yaml.Node
	if err := yaml.Unmarshal(source, &document); err != nil {
		return fmt.Errorf("%s: %w", a.path, err)
	}
	root := place{document.Content[0]}
	a.receivers, a.posting = map[string][]string{}, map[string]bool{}
	for i, receiver := range parsed.Receivers {
		for j, hook := range receiver.WebhookConfigs {
			a.checkWebhook(receiver.Name, hook, root.key("receivers").item(i).key("webhook_configs").item(j))
		}
	}
	a.checkRoute(parsed.Route, root.key("route"), parsed.Route.Receiver, defaultRepeat)
	return nil
}

// withoutPath is the cause of an error about a file, without its path.
func withoutPath(err error) error {
	if cause := (*fs.PathError)(nil); errors.As(err, &cause) {
		return cause.Err
	}
	return err
}

func (a *alertmanagerPosts) problem(at place, format string, args ...any) {
	a.problems = append(a.problems, alertmanagerProblem{max(at.Line, 1), fmt.Sprintf(format, args...)})
}

// checkWebhook checks one webhook of one of Alertmanager's receivers, if it is the adaptor's.
func (a *alertmanagerPosts) checkWebhook(receiver string, hook *webhook.WebhookConfig, at place) {
	address := string(hook.URL)
	if hook.URLFile != "" {
		path := hook.URLFile
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(a.path), path)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			a.problem(at.key("url_file"), "receiver %q: url_file: %s: %s", receiver, path, withoutPath(err))
			return
		}
		address = strings.TrimSpace(string(content))
	}
	u, err := url.Parse(address)
	if err != nil || strings.Contains(address, "{{") {
		return // Alertmanager knows what a template makes of it
	}
	escaped, ours := strings.CutPrefix(u.EscapedPath(), adaptor.NotifyPath)
	if !ours {
		return
	}
	name, err := url.PathUnescape(escaped)
	target := a.receiver(name)
	if err != nil || target == nil {
		a.problem(at, "receiver %q posts to %q, which is no receiver of %s%s", receiver, name, a.adaptorPath, a.suggestion(name))
		return
	}
	a.posting[receiver] = true
	a.receivers[name] = append(a.receivers[name], receiver)
	if !hook.SendResolved() {
		a.problem(at.key("send_resolved"), "receiver %q: send_resolved is off: nobody is told when an alert is over", receiver)
	}
	if hook.MaxAlerts > 0 {
		a.problem(at.key("max_alerts"), "receiver %q: max_alerts leaves out all alerts but %d of a group: remove it, the adaptor splits what is too large", receiver, hook.MaxAlerts)
	}
	a.checkToken(receiver, target, hook, at)
}

// checkToken checks that Alertmanager bears the token that the adaptor's receiver asks for.
func (a *alertmanagerPosts) checkToken(receiver string, target *adaptor.Receiver, hook *webhook.WebhookConfig, at place) {
	if target.Token == "" {
		return
	}
	if hook.HTTPConfig == nil || hook.HTTPConfig.Authorization == nil {
		a.problem(at, "receiver %q: %q asks for a bearer token: set http_config.authorization", receiver, target.Name)
		return
	}
	credentials := string(hook.HTTPConfig.Authorization.Credentials)
	if credentials != "" && target.Token != adaptor.Unknown && credentials != string(target.Token) {
		a.problem(at, "receiver %q: http_config.authorization has another token than %q asks for (neither is shown)", receiver, target.Name)
	}
}

// checkRoute checks a route and those below it, which inherit its receiver and repeat_interval.
func (a *alertmanagerPosts) checkRoute(route *config.Route, at place, receiver string, repeat time.Duration) {
	if route.Receiver != "" {
		receiver = route.Receiver
	}
	if route.RepeatInterval != nil {
		repeat = time.Duration(*route.RepeatInterval)
	}
	window := a.config.DedupWindow
	if window == 0 {
		window = adaptor.DefaultDedupWindow
	}
	if a.posting[receiver] && repeat <= window {
		a.problem(at, "the route to %q repeats after %s, and the adaptor takes what is said again within %s for a duplicate: lengthen repeat_interval, or shorten dedup_window in %s",
			receiver, model.Duration(repeat), model.Duration(window), a.adaptorPath)
	}
	for i, below := range route.Routes {
		a.checkRoute(below, at.key("routes").item(i), receiver, repeat)
	}
}

func (a *alertmanagerPosts) receiver(name string) *adaptor.Receiver {
	i := slices.IndexFunc(a.config.Receivers, func(r adaptor.Receiver) bool { return r.Name == name })
	if i < 0 {
		return nil
	}
	return &a.config.Receivers[i]
}

func (a *alertmanagerPosts) suggestion(name string) string {
	var names []string
	for _, r := range a.config.Receivers {
		names = append(names, r.Name)
	}
	if near := rules.Nearest(name, names); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return ""
}

// place is a part of a YAML file; of what is not there it is the part above.
type place struct{ *yaml.Node }

// key returns the value of a key of a mapping.
func (p place) key(name string) place {
	node := p.resolved()
	for i := 0; i+1 < len(node.Content) && node.Kind == yaml.MappingNode; i += 2 {
		if node.Content[i].Value == name {
			return place{node.Content[i+1]}
		}
	}
	return p
}

// item returns an element of a list.
func (p place) item(i int) place {
	if node := p.resolved(); node.Kind == yaml.SequenceNode && i < len(node.Content) {
		return place{node.Content[i]}
	}
	return p
}

func (p place) resolved() *yaml.Node {
	if p.Kind == yaml.AliasNode {
		return p.Alias
	}
	return p.Node
}
