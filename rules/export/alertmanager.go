package export

import (
	"github.com/rulekit/rulekit/rules"
)

var _ = register(Format{
	Name:    "alertmanager",
	Summary: "the Alertmanager configuration that goes with the rules: routes, inhibitions",
	write: func(Options) ([]File, error) {
		return []File{{Path: "alertmanager.yml", Content: rules.BuiltinAlertmanager()}}, nil
	},
	join: func(files []File) ([]byte, error) { return files[0].Content, nil },
})
