// Package ruletests carries the unit tests of the shipped rules, so that rulekit can show what
// an alert does: the first case of <engine>/<Alert>.yaml is the alert's story.
package ruletests

import "embed"

// Files holds the unit tests, a folder an engine.
//
//go:embed */*.yaml
var Files embed.FS
