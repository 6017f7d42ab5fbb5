package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rulekit/rulekit/rules/terminal"
)

func TestReplaceFile(t *testing.T) {
	folder := t.TempDir()
	file, link := filepath.Join(folder, "a.yaml"), filepath.Join(folder, "link.yaml")
	if err := os.WriteFile(file, []byte("old"), 0o604); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a.yaml", link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, link} {
		if err := replaceFile(path, []byte("new of "+path)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != "new of "+path {
			t.Errorf("%s: %q, %v", path, got, err)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o604 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link became %v, %v", info.Mode(), err)
	}
	missing := filepath.Join(folder, "missing.yaml")
	if err := replaceFile(missing, nil); err == nil || !strings.HasPrefix(err.Error(), "write "+missing+": ") {
		t.Errorf("a missing file: %v", err)
	}
	// A folder cannot be replaced by a file.
	if err := os.Mkdir(filepath.Join(folder, "b.yaml"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := replaceFile(filepath.Join(folder, "b.yaml"), nil); err == nil {
		t.Error("a folder was replaced by a file")
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 3 {
		t.Errorf("the folder holds %v, %v: want two files and a folder, and nothing temporary", entries, err)
	}
}

func TestWriteDiff(t *testing.T) {
	before, after := []byte("a\nb\x1b[2J\n"), []byte("a\nc\n")
	for _, style := range []terminal.Style{{}, {Columns: 80}, {Color: true, Columns: 80}} {
		var out bytes.Buffer
		if err := writeDiff(&out, style, "./rules//x.yaml", before, after); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		if !strings.Contains(text, "--- a/rules/x.yaml") || !strings.Contains(text, "+c") {
			t.Errorf("%+v:\n%s", style, text)
		}
		if raw := strings.Contains(text, "\x1b[2J"); raw != (style.Columns == 0) {
			t.Errorf("%+v: what is in the file gets through: %v", style, raw)
		}
		if coloured := strings.Contains(text, "\x1b[32m+c"); coloured != style.Color {
			t.Errorf("%+v: coloured: %v", style, coloured)
		}
		out.Reset()
		if err := writeDiff(&out, style, "x.yaml", before, before); err != nil || out.Len() > 0 {
			t.Errorf("%+v: no change, but %q, %v", style, out.String(), err)
		}
	}
}

// TestReplaceReadOnly proves that a read-only file stays, although its folder can be written to.
// Root may write to every file, this one too.
func TestReplaceReadOnly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.yaml")
	if err := os.WriteFile(file, []byte("old"), 0o444); err != nil {
		t.Fatal(err)
	}
	wantErr, want := "write "+file+": permission denied", "old"
	if os.Geteuid() == 0 {
		wantErr, want = "<nil>", "new"
	}
	if err := replaceFile(file, []byte("new")); fmt.Sprint(err) != wantErr {
		t.Errorf("got %v", err)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("%q, %v", got, err)
	}
}

func TestQuotedName(t *testing.T) {
	for name, want := range map[string]string{
		"a/x y.yaml":      "a/x y.yaml",
		"a/é.yaml":        "a/é.yaml",
		"a/x\ty\"\\\n.ya": `"a/x\011y\"\\\012.ya"`,
		"a/é\n":           `"a/\303\251\012"`,
	} {
		if got := quotedName(name); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
}
