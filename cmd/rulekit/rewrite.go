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
// new one, and a full disk leaves the old one. The mode and the owner stay, and so does a link to
// the file.
func replaceFile(path string, content []byte) error {
	s, err := stage(path, content, true)
	if err == nil {
		if err = os.Rename(s.temporary, s.target); err != nil {
			err = errors.Join(renameError(err), os.Remove(s.temporary))
		}
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// writeDiff writes the changes of a file as a unified diff that git apply and patch -p1 take. Of a
// link it names the file that it leads to, which is what changes. On a terminal it is coloured,
// and nothing in the file can disturb the terminal.
func writeDiff(w io.Writer, style terminal.Style, path string, before, after []byte) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	name := strings.TrimPrefix(filepath.ToSlash(filepath.Clean(path)), "/")
	text := string(diff.Diff(quotedName("a/"+name), before, quotedName("b/"+name), after))
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

// quotedName is the name of a file in a diff. One that could be misread is in double quotes, as git
// writes it: with octal numbers for what is not printed.
func quotedName(name string) string {
	if !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '"' || r == '\\' }) {
		return name
	}
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(name) {
		switch c := name[i]; {
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(rune(c)))
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// sameFiles remembers files, so that one that has several names is not written twice.
type sameFiles map[string]bool

// again tells whether a file was there before, under this name or another.
func (s sameFiles) again(path string) bool {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	before := s[path]
	s[path] = true
	return before
}
