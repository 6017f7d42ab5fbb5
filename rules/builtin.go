package rules

import (
	"embed"
	"io/fs"
)

//go:embed *.yaml
var builtin embed.FS

// Builtin holds the rule files that rulekit ships, one an engine: "postgresql.yaml".
func Builtin() fs.FS { return builtin }
