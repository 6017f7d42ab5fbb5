package lint_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/rules"
)

// manyFiles are files with findings of checks of both scopes.
func manyFiles(n int) []*rules.File {
	var files []*rules.File
	for i := range n {
		source := fmt.Sprintf(`groups:
  - name: g
    rules:
      - alert: Same
        expr: count(x) < 1
      - alert: Own%d
        expr: sum(x) > 1
        for: 0m
        annotations: {summary: "{{ $labels.pod }} of {{ $labels.pod }}"}
`, i)
		files = append(files, rules.Parse(fmt.Sprintf("file%d.yaml", i), []byte(source), rules.Options{}))
	}
	return files
}

// TestRunIsOrdered runs many files at once, again and again: the findings are always the same,
// in the order of the files.
func TestRunIsOrdered(t *testing.T) {
	var first []byte
	for range 10 {
		result, err := lint.Run(context.Background(), manyFiles(30), lint.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := printed(t, result)
		if first == nil {
			first = got
		}
		if diff := cmp.Diff(string(first), string(got)); diff != "" {
			t.Fatalf("another run (-first +this):\n%s", diff)
		}
		if result.Files != 30 || result.Rules != 60 || result.Count(lint.Error) != 60 || result.Count(lint.Info) != 61 {
			t.Fatalf("%d files, %d rules, %d errors, %d infos", result.Files, result.Rules, result.Count(lint.Error), result.Count(lint.Info))
		}
		last := -1
		for _, d := range result.Diagnostics {
			var file int
			if _, err := fmt.Sscanf(d.File.Path, "file%d.yaml", &file); err != nil || file < last {
				t.Fatalf("%s after file %d", d.File.Path, last)
			}
			last = file
		}
	}
}

func TestRunIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := lint.Run(ctx, manyFiles(3), lint.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestRepeatedFindings proves that one finding that two passes make is told once.
func TestRepeatedFindings(t *testing.T) {
	file := manyFiles(1)[0]
	check, err := lint.Lookup("never-fires")
	if err != nil {
		t.Fatal(err)
	}
	result, err := lint.Run(context.Background(), []*rules.File{file}, lint.Options{Checks: []*lint.Check{check, check}})
	if err != nil || len(result.Diagnostics) != 1 {
		t.Errorf("got %d findings, %v", len(result.Diagnostics), err)
	}
}
