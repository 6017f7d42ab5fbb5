package adaptor

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTemplatesPageTables lists exactly the functions and the data that templates have.
func TestTemplatesPageTables(t *testing.T) {
	page, err := os.ReadFile("../docs/templates.md")
	if err != nil {
		t.Fatal(err)
	}
	_, data, _ := strings.Cut(string(page), "`alert` gets one alert:")
	alert, group, _ := strings.Cut(data, "`title` gets the group:")
	group, functions, _ := strings.Cut(group, "## Functions")
	functions, _, _ = strings.Cut(functions, "\n## ")
	if diff := cmp.Diff(dataNames(&alertData{}), namesInTable(alert)); diff != "" {
		t.Errorf("data of an alert (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(dataNames(&groupData{}), namesInTable(group)); diff != "" {
		t.Errorf("data of a group (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(templateFunctionNames(), namesInTable(functions)); diff != "" {
		t.Errorf("functions (-want +got):\n%s", diff)
	}
}

// namesInTable are the names in the first column of a table, sorted.
func namesInTable(text string) []string {
	var names []string
	for _, row := range regexp.MustCompile(`(?m)^\| (.*?) \|`).FindAllStringSubmatch(text, -1) {
		for _, name := range regexp.MustCompile("`\\.?(\\w+)`").FindAllStringSubmatch(row[1], -1) {
			names = append(names, name[1])
		}
	}
	slices.Sort(names)
	return names
}
