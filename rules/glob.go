package rules

import (
	"cmp"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// glob adds what a pattern matches: files, and folders with what is below them.
func (l *loader) glob(pattern string) {
	if _, err := path.Match(filepath.ToSlash(pattern), ""); err != nil {
		l.fail("%s: not a valid pattern of file names", pattern)
		return
	}
	parts := strings.Split(filepath.ToSlash(pattern), "/")
	fixed := 0
	for fixed < len(parts)-1 && !strings.ContainsAny(parts[fixed], "*?[") {
		fixed++
	}
	root := strings.Join(parts[:fixed], "/")
	if root == "" && fixed > 0 {
		root = "/"
	}
	matched := false
	err := fs.WalkDir(os.DirFS(filepath.FromSlash(cmp.Or(root, "."))), ".", func(p string, entry fs.DirEntry, err error) error {
		switch {
		case p == "." || err != nil && !matchPath(parts[fixed:], strings.Split(p, "/")):
			return nil
		case err != nil:
			return err
		case strings.HasPrefix(entry.Name(), ".") && entry.IsDir():
			return fs.SkipDir
		case strings.HasPrefix(entry.Name(), ".") || !matchPath(parts[fixed:], strings.Split(p, "/")):
			return nil
		}
		matched = true
		full := filepath.Join(filepath.FromSlash(root), filepath.FromSlash(p))
		if entry.IsDir() {
			l.walk(full, pattern)
			return fs.SkipDir
		}
		l.ask(pattern)
		l.add(full, pattern)
		return nil
	})
	if err != nil {
		l.fail("read %s: %w", pattern, WithoutPath(err))
	} else if !matched {
		l.fail("no files match %s", pattern)
	}
}

// matchPath matches the parts of a path with those of a pattern; ** stands for any number of
// folders. If a part does not match, it is enough to let the last ** stand for one folder more,
// so that many of them cost no more than the product of both lengths.
func matchPath(pattern, parts []string) bool {
	at, star, swallowed := 0, -1, 0
	for k := 0; k < len(parts); {
		switch {
		case at < len(pattern) && pattern[at] == "**":
			star, swallowed = at, k
			at++
		case at < len(pattern) && matchName(pattern[at], parts[k]):
			at++
			k++
		case star >= 0:
			swallowed++
			at, k = star+1, swallowed
		default:
			return false
		}
	}
	for at < len(pattern) && pattern[at] == "**" {
		at++
	}
	return at == len(pattern)
}

func matchName(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}
