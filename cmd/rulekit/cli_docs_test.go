package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

const cliDocs = "../../docs/cli.md"

// TestCLIDocs keeps docs/cli.md, which is made of the commands' own help, as it is.
func TestCLIDocs(t *testing.T) {
	env := environment{stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}, getenv: func(string) string { return "" }}
	var doc strings.Builder
	doc.WriteString("# The command line\n\n" +
		"Exit codes: 0 fine, 1 findings or failures, 2 could not work. Results go to stdout, everything\n" +
		"else to stderr. This page is made of the commands' help by `make update`.\n")
	root := newRoot(&env)
	root.InitDefaultHelpCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" || cmd.Name() == "help" {
			continue
		}
		writeHelp(t, &doc, cmd)
	}
	if *update {
		if err := os.WriteFile(cliDocs, []byte(doc.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(cliDocs)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(doc.String(), string(have)); diff != "" {
		t.Errorf("%s is out of date, run make update (-want +got):\n%s", cliDocs, diff)
	}
}

func writeHelp(t *testing.T, doc *strings.Builder, cmd *cobra.Command) {
	t.Helper()
	heading := "##"
	if cmd.Parent().HasParent() {
		heading = "###"
	} else if cmd.GroupID == "" {
		t.Errorf("%s: a command needs a group", cmd.Name())
	}
	if cmd.Short == "" || !strings.Contains(cmd.Example, cmd.CommandPath()) {
		t.Errorf("%s: a command needs a short description and an example", cmd.CommandPath())
	}
	var help bytes.Buffer
	cmd.SetOut(&help)
	if err := cmd.Help(); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(doc, "\n%s %s\n\n%s.\n\n```\n%s```\n", heading, cmd.CommandPath(), cmd.Short, help.String())
	for _, sub := range cmd.Commands() {
		writeHelp(t, doc, sub)
	}
}
