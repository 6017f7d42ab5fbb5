package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/rulekit/rulekit/"

// forbidden lists what each package may not depend on, so that imports run one way:
// cmd → {lint, simulate, adaptor} → rules.
var forbidden = map[string][]string{
	"rules":    {"lint", "simulate", "adaptor", "cmd"},
	"lint":     {"simulate", "adaptor", "cmd"},
	"simulate": {"lint", "adaptor", "cmd"},
	"adaptor":  {"lint", "simulate", "cmd"},
}

func TestImportsRunOneWay(t *testing.T) {
	for top, others := range forbidden {
		// The command also covers test files: a test may not join what the product keeps apart.
		out, err := exec.Command("go", "list", "-deps", "-test", module+top+"/...").Output()
		if err != nil {
			t.Fatalf("go list -deps %s: %v", top, err)
		}
		deps := strings.Fields(string(out))
		if !slices.Contains(deps, module+top) {
			t.Errorf("%s is not in its own dependencies: is the list what we think it is?", top)
		}
		for _, dep := range deps {
			path, own := strings.CutPrefix(dep, module)
			if !own {
				continue
			}
			folder, _, _ := strings.Cut(path, "/")
			if slices.Contains(others, folder) {
				t.Errorf("%s depends on %s", top, dep)
			}
		}
	}
}
