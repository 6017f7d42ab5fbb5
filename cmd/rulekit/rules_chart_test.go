package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestChartPassesLint renders the chart with the real Helm, and lints what comes out: as a user
// would, in one pipe.
func TestChartPassesLint(t *testing.T) {
	helm, err := filepath.Abs("../../bin/helm")
	if err == nil {
		_, err = os.Stat(helm)
	}
	if err != nil {
		t.Fatalf("no helm to test with (%v). Build it with:\n  make bin/helm", err)
	}
	for name, args := range map[string][]string{
		"defaults": nil,
		"values": {
			"--set", "alerts.PostgreSQLTooManyConnections.threshold=0.9", "--set", "alerts.PostgreSQLTooManyConnections.for=10m",
			"--set", "engines.redis=false", "--set", "ruleLabels.team=dba", "--set", "interval=1m",
		},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(helm, append([]string{"template", "rules", "../../deploy/helm/rulekit-rules"}, args...)...)
			cmd.Env = append(os.Environ(), "HELM_CACHE_HOME="+t.TempDir(), "HELM_CONFIG_HOME="+t.TempDir(), "HELM_DATA_HOME="+t.TempDir())
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			rendered, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, stderr.String())
			}
			var out bytes.Buffer
			env := environment{stdin: bytes.NewReader(rendered), stdout: &out, stderr: &out, getenv: func(string) string { return "" }}
			if code := run(t.Context(), env, []string{"lint", "--no-config", "--fail-on", "warning", "-"}); code != exitFine {
				t.Errorf("exit code %d\n%s", code, out.String())
			}
			if !strings.Contains(out.String(), "in 1 file (") {
				t.Errorf("lint says: %s", out.String())
			}
		})
	}
}
