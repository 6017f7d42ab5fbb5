package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestAdaptorPages finds every example of a page, files and output, in the script that runs them.
func TestAdaptorPages(t *testing.T) {
	for _, pair := range []struct {
		page, script string
		examples     int
	}{
		{"templates.md", "adaptor-render.txtar", 4},
		{"adaptor.md", "adaptor-page.txtar", 3},
	} {
		page, err := os.ReadFile("../../docs/" + pair.page)
		if err != nil {
			t.Fatal(err)
		}
		script, err := os.ReadFile("../../testdata/script/" + pair.script)
		if err != nil {
			t.Fatal(err)
		}
		blocks := regexp.MustCompile("(?s)```[a-z]*\n(?:\\$ .*?\n)?(.*?)```").FindAllStringSubmatch(string(page), -1)
		if len(blocks) < pair.examples {
			t.Errorf("docs/%s has %d examples", pair.page, len(blocks))
		}
		for _, block := range blocks {
			if !strings.Contains(string(script), block[1]) {
				t.Errorf("this example of docs/%s is not in %s:\n%s", pair.page, pair.script, block[1])
			}
		}
	}
}
