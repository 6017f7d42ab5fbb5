package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// guides are the pages whose commands are run.
var guides = []string{"README.md", "docs/rules-export.md", "docs/channels.md"}

var (
	// A block whose first line is a comment with a file's name is that file.
	readmeFile = regexp.MustCompile("(?s)```yaml\n(# (\\S+\\.yaml)\n.*?)```")
	// Everything from a command to the next one, or the end of the block, is its output.
	readmeBlock   = regexp.MustCompile("(?s)```\n(\\$ bin/rulekit .*?)```")
	readmeCommand = regexp.MustCompile(`(?m)^\$ bin/rulekit (.*)\n`)
	tookSeconds   = regexp.MustCompile(`\(\d+\.\ds\)`)
)

// TestReadme runs the commands of README.md and other guides on the files they show, and compares
// what they print with what is said there.
func TestReadme(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, guide := range guides {
		t.Run(guide, func(t *testing.T) { checkGuide(t, root, filepath.Join(root, guide)) })
	}
}

func checkGuide(t *testing.T, root, guide string) {
	source, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	folder, files := t.TempDir(), map[string]bool{}
	for _, m := range readmeFile.FindAllSubmatch(source, -1) {
		name := string(m[2])
		files[name] = true
		if err := os.WriteFile(filepath.Join(folder, name), m[1], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got := readmeBlock.ReplaceAllFunc(source, func(block []byte) []byte {
		var b strings.Builder
		b.WriteString("```\n")
		for i, m := range readmeCommand.FindAllSubmatch(block, -1) {
			if i > 0 {
				b.WriteString("\n")
			}
			args := strings.Fields(string(m[1]))
			t.Chdir(root)
			if files[args[len(args)-1]] {
				t.Chdir(folder)
			}
			b.WriteString("$ bin/rulekit " + string(m[1]) + "\n" + printed(args))
		}
		b.WriteString("```")
		return []byte(b.String())
	})
	t.Chdir(filepath.Join(root, "cmd", "rulekit"))
	untimed := func(text []byte) string { return tookSeconds.ReplaceAllString(string(text), "(0.1s)") }
	diff := cmp.Diff(untimed(got), untimed(source))
	switch {
	case diff == "":
	case *update:
		if err := os.WriteFile(guide, got, 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is out of date, run make update (-want +got):\n%s", guide, diff)
	}
}

func printed(args []string) string {
	var out bytes.Buffer
	env := environment{stdin: strings.NewReader(""), stdout: &out, stderr: &out, getenv: func(string) string { return "" }}
	run(context.Background(), env, args)
	return strings.ReplaceAll(out.String(), "(0.0s)", "(0.1s)")
}
