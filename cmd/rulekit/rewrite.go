package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/rulekit/rulekit/rules/terminal"
)

// replaceFile gives a file new content, all at once: another program sees the old file or the
// new one, and a full disk leaves the old one. The mode stays, and so does a link to the file.
func replaceFile(path string, content []byte) (err error) {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	info, err := os.Stat(target)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	temporary, err := os.CreateTemp(filepath.Dir(target), ".rulekit-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(temporary.Name())))
		}
	}()
	_, err = temporary.Write(content)
	err = errors.Join(err, temporary.Chmod(info.Mode().Perm()), temporary.Sync(), temporary.Close())
	if err != nil {
		return err
	}
	return os.Rename(temporary.Name(), target)
}

// writeDiff writes the changes of a file as a unified diff that git apply and patch -p1 take.
// On a terminal it is coloured, and nothing in the file can disturb the terminal.
func writeDiff(w io.Writer, style terminal.Style, path string, before, after []byte) error {
	name := strings.TrimPrefix(filepath.ToSlash(filepath.Clean(path)), "/")
	text := string(diff.Diff("a/"+name, before, "b/"+name, after))
	if style.Columns == 0 && !style.Color {
		_, err := io.WriteString(w, text)
		return err
	}
	var out strings.Builder
	for line := range strings.Lines(text) {
		line = terminal.Safe(strings.TrimRight(line, "\r\n"))
		look := func(text string) string { return text }
		switch {
		case strings.HasPrefix(line, "---"), strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "diff "):
			look = style.Bold
		case strings.HasPrefix(line, "-"):
			look = style.Red
		case strings.HasPrefix(line, "+"):
			look = style.Green
		case strings.HasPrefix(line, "@@"):
			look = style.Blue
		}
		out.WriteString(look(line) + "\n")
	}
	_, err := io.WriteString(w, out.String())
	return err
}
