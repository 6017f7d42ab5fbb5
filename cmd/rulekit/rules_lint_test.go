package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// TestShippedRulesAreLinted runs lint over the shipped rules as .rulekit.yaml says, every check
// that needs no network on: it finds nothing, the inhibitions of rules/alertmanager.yml included.
func TestShippedRulesAreLinted(t *testing.T) {
	t.Chdir("../..")
	var out bytes.Buffer
	env := environment{stdin: strings.NewReader(""), stdout: &out, stderr: &out, getenv: func(string) string { return "" }}
	if code := run(context.Background(), env, []string{"lint", "rules/"}); code != exitFine || !strings.HasPrefix(out.String(), "no findings ") {
		t.Errorf("rulekit lint rules/ ends with exit code %d:\n%s", code, out.String())
	}
}
