package receivers

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/adaptor"
)

// parseAdaptor reads a configuration with the adaptor's own parser. Secrets that are not on this
// machine, as is common where configurations are kept, do not make it an error: they are returned
// as missing, and stand-ins take their places.
func parseAdaptor(file File, getenv func(string) string) (read *adaptor.Config, missing []string, err error) {
	read, err = adaptor.ParseConfig(file.Path, file.Source, getenv)
	if err == nil {
		return read, nil, nil
	}
	var document yaml.Node
	if yaml.Unmarshal(file.Source, &document) != nil || len(document.Content) == 0 {
		return nil, nil, err
	}
	s := standIns{folder: filepath.Dir(file.Path), getenv: getenv}
	s.replace(&document)
	s.allow(document.Content[0])
	source, encodeErr := yaml.Marshal(&document)
	if encodeErr != nil || len(s.missing) == 0 {
		return nil, nil, err
	}
	read, standInErr := adaptor.ParseConfig(file.Path, source, func(name string) string { return cmp.Or(getenv(name), "unset") })
	if standInErr != nil {
		return nil, nil, err
	}
	return read, s.missing, nil
}

// standIns puts values in the places of secrets that cannot be read.
type standIns struct {
	folder  string
	getenv  func(string) string
	missing []string
}

// standInHost is where no messenger is (RFC 6761, section 6.4).
const standInHost = "unset.invalid"

var variable = regexp.MustCompile(`(^|[^$])\$\{([^}]*)\}`)

// replace looks for secrets in a node.
func (s *standIns) replace(n *yaml.Node) {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i+1].Kind == yaml.ScalarNode {
			s.value(n.Content[i], n.Content[i+1])
		}
	}
	for _, c := range n.Content {
		s.replace(c)
	}
}

// allow lets the stand-ins be among the hosts that are allowed, if not all are.
func (s *standIns) allow(root *yaml.Node) {
	for i := 0; i+1 < len(root.Content); i += 2 {
		if hosts := root.Content[i+1]; root.Content[i].Value == "allow_hosts" && len(hosts.Content) > 0 {
			hosts.Content = append(hosts.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: standInHost})
		}
	}
}

// value replaces the value of a key if it is a secret that cannot be read.
func (s *standIns) value(key, value *yaml.Node) {
	name, isFile := strings.CutSuffix(key.Value, "_file")
	lacks := ""
	switch {
	case isFile:
		path := value.Value
		if !filepath.IsAbs(path) {
			path = filepath.Join(s.folder, path)
		}
		if _, err := os.Stat(path); os.IsNotExist(err) && path != "" {
			lacks = value.Value
		}
	default:
		for _, match := range variable.FindAllStringSubmatch(value.Value, -1) {
			if s.getenv(match[2]) == "" {
				lacks = "$" + match[2]
			}
		}
	}
	if lacks == "" {
		return
	}
	if !slices.Contains(s.missing, lacks) {
		s.missing = append(s.missing, lacks)
	}
	switch {
	case strings.HasSuffix(name, "url") && (isFile || strings.HasPrefix(value.Value, "${")):
		key.Value = name
		value.SetString(fmt.Sprintf("https://%s/%d", standInHost, len(s.missing)))
	case isFile:
		key.Value = name
		value.SetString(fmt.Sprintf("unset-%d", len(s.missing)))
	}
}

// channelOf is the adaptor's channel that has a name or a type, or nil.
func channelOf(kind string) *adaptor.Channel {
	for _, c := range adaptor.Channels() {
		if c.Name == kind || slices.Contains(c.Types, kind) {
			return c
		}
	}
	return nil
}

// isStandIn tells whether an address was not read but made up.
func isStandIn(target adaptor.Target) bool { return target.Host() == standInHost }
