package scrape

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const recorded = "../../testdata/exporters"

// TestRecordedAreListed proves that the README of the recorded scrapes says of each where it is
// from, and of no other.
func TestRecordedAreListed(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(recorded, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for line := range strings.Lines(string(readme)) {
		row := regexp.MustCompile("^\\| `([^`]+)` ((?:\\| [^|]+ ){4})\\|\n$").FindStringSubmatch(line)
		if strings.HasPrefix(line, "| `") && row == nil {
			t.Errorf("no row of five columns: %s", line)
		}
		if row != nil {
			listed = append(listed, row[1])
		}
	}
	var files []string
	entries, err := os.ReadDir(recorded)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Name() != "README.md" {
			files = append(files, entry.Name())
		}
	}
	for _, name := range files {
		if !slices.Contains(listed, name) {
			t.Errorf("%s is not in the table of README.md", name)
		}
	}
	for i, name := range listed {
		if !slices.Contains(files, name) || slices.Contains(listed[:i], name) {
			t.Errorf("README.md lists %s, which is not there, or twice", name)
		}
	}
}

// TestRecordedCanBeRead proves that all can, and that what is called a recording of ten is one.
func TestRecordedCanBeRead(t *testing.T) {
	files, err := filepath.Glob(recorded + "/*.prom*")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		scrapes, err := Load(file)
		if err != nil {
			t.Error(err)
			continue
		}
		want := 1
		if strings.Contains(file, "_10x15s.") {
			want = 10
		}
		if len(scrapes) != want {
			t.Errorf("%s: %d scrapes, want %d", file, len(scrapes), want)
		}
		for i := 1; i < len(scrapes); i++ {
			if apart := scrapes[i].At.Sub(scrapes[i-1].At); (apart - 15*time.Second).Abs() > 3*time.Second {
				t.Errorf("%s: scrape %d is %s after the one before", file, i, apart)
			}
		}
	}
}
