package rules

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// builtin holds the rule files that rulekit ships, one an engine: "postgresql.yaml".
//
//go:embed *.yaml
var builtin embed.FS

//go:embed zh-CN/*.yaml
var translations embed.FS

//go:embed alertmanager.yml
var alertmanager []byte

// BuiltinFile reads the shipped rule file of an engine. Its path is the engine's name with ".yaml".
func BuiltinFile(engine string) (*File, error) {
	name := engine + ".yaml"
	source, err := fs.ReadFile(builtin, name)
	if err != nil {
		return nil, fmt.Errorf("read the shipped rules: %w", err)
	}
	return Parse(name, source, Options{}), nil
}

// Engines are the names of the shipped rule files, without their ending, in the order in which
// people look for them: databases first, then what they run on, then who watches.
func Engines() []string {
	order := []string{"postgresql", "mysql", "redis", "mongodb", "kafka", "container", "node", "monitoring"}
	names, err := fs.Glob(builtin, "*.yaml")
	if err != nil {
		return nil
	}
	for i := range names {
		names[i] = strings.TrimSuffix(names[i], ".yaml")
	}
	place := func(name string) int {
		if i := slices.Index(order, name); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(names, func(a, b string) int { return place(a) - place(b) })
	return names
}

// Translations holds the annotations of the shipped alerts in other languages, a folder a
// language and in it a file an engine: "zh-CN/postgresql.yaml".
func Translations() fs.FS { return translations }

// BuiltinAlertmanager is the Alertmanager configuration that goes with the shipped rules: its
// inhibitions are what keeps one trouble from being told twice.
func BuiltinAlertmanager() []byte { return slices.Clone(alertmanager) }
