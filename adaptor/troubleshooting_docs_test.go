package adaptor

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTroubleshootingPages: what the page and the runbooks say to look for is what the adaptor logs
// and serves.
func TestTroubleshootingPages(t *testing.T) {
	const page = "../docs/troubleshooting.md"
	runbooks, err := filepath.Glob("../docs/runbooks/Adaptor*.md")
	if err != nil || len(runbooks) < 8 {
		t.Fatalf("found %d runbooks: %v", len(runbooks), err)
	}
	messages, served := programText(t), metricsText(t)
	read := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	looked := 0
	for _, path := range append(runbooks, page) {
		for _, command := range regexp.MustCompile(`(?m)^.*(?:logs deploy/alert-adaptor|:5001/metrics).*?grep (?:-E |-o )?'([^']*)'`).FindAllStringSubmatch(read(path), -1) {
			in := messages
			if strings.Contains(command[0], "/metrics") {
				in = served
			}
			// The scrape is that of a receiver called slack.
			for _, pattern := range strings.Split(strings.ReplaceAll(command[1], "oncall", "slack"), "|") {
				if looked++; !regexp.MustCompile("(?m)" + pattern).MatchString(in) {
					t.Errorf("%s looks for %q, which is never there", path, pattern)
				}
			}
		}
	}
	_, own, _ := strings.Cut(read(page), "\n## 4.")
	own, _, _ = strings.Cut(own, "\nReasons that")
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]*)`(?:, `([a-z][^`]*)`)?").FindAllStringSubmatch(own, -1) {
		for _, message := range row[1:] {
			if looked++; message != "" && !strings.HasPrefix(message, "status=") && !strings.Contains(messages, `"`+message) {
				t.Errorf("%s tells of the message %q, which is never logged", page, message)
			}
		}
	}
	if looked < 20 {
		t.Errorf("found only %d things to look for", looked)
	}
}

// programText is the source of the adaptor.
func programText(t *testing.T) string {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(source)
	}
	return text.String()
}

// metricsText is a scrape.
func metricsText(t *testing.T) string {
	server, err := New(Options{Config: onlySlack()})
	if err != nil {
		t.Fatal(err)
	}
	_, text := post(server.Handler(), "GET", "/metrics", nil)
	return text
}
