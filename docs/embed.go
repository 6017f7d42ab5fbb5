// Package docs carries the pages that rulekit shows on the command line.
package docs

import "embed"

// Checks holds one page for each check of rulekit lint: checks/<check>.md. The pages are
// generated from the checks and their examples by go test ./lint -update.
//
//go:embed checks/*.md
var Checks embed.FS

// Runbooks holds one page for each shipped alert: runbooks/<Alert>.md.
//
//go:embed runbooks/*.md
var Runbooks embed.FS
