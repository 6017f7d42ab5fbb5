package export

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rulekit/rulekit/rules"
)

// sumsFile is kept in a folder of exported files. It has a line for each, as sha256sum writes
// it, so that a file that somebody has changed is not overwritten.
const sumsFile = ".rulekit-export"

// ForeignError is about a file that is in the way.
type ForeignError struct {
	Path string
	// Changed tells that rulekit wrote the file and somebody has changed it since.
	Changed bool
}

func (e *ForeignError) Error() string {
	if e.Changed {
		return e.Path + " has been changed since it was exported"
	}
	return e.Path + " is there already, and not from an export"
}

// WriteFolder writes files into a folder, which is made if need be. A file that is there and was
// not exported, or was changed after, is a ForeignError, unless force is set; then nothing is
// written. It returns the paths of files that an earlier export has left there and this one has
// not written.
func WriteFolder(folder string, files []File, force bool) (stale []string, err error) {
	if err := isFolder(folder); err != nil {
		return nil, err
	}
	sums, err := readSums(folder)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if err := replaceable(folder, file, sums, force); err != nil {
			return nil, err
		}
	}
	for path := range sums {
		written := slices.ContainsFunc(files, func(f File) bool { return f.Path == path })
		if _, err := os.Lstat(filepath.Join(folder, filepath.FromSlash(path))); written || err != nil {
			delete(sums, path)
			continue
		}
		stale = append(stale, path)
	}
	for _, file := range files {
		sums[file.Path] = sumOf(file.Content)
	}
	if err := writeAll(folder, append(slices.Clone(files), File{sumsFile, formatSums(sums)})); err != nil {
		return nil, fmt.Errorf("write %s: %w", folder, err)
	}
	slices.Sort(stale)
	return stale, nil
}

// isFolder tells of something else that is in the folder's place.
func isFolder(path string) error {
	info, err := os.Stat(path)
	_, noLink := os.Readlink(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && noLink != nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s is a link to nothing: want a folder", path)
	case err != nil:
		return fmt.Errorf("write %s: %w", path, rules.WithoutPath(err))
	case !info.IsDir():
		return fmt.Errorf("%s is a file: want a folder", path)
	}
	return nil
}

func sumOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func readSums(folder string) (map[string]string, error) {
	sums := map[string]string{}
	path := filepath.Join(folder, sumsFile)
	source, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return sums, nil
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", path, rules.WithoutPath(err))
	}
	for line := range strings.Lines(string(source)) {
		sum, path, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if ok && filepath.IsLocal(filepath.FromSlash(path)) {
			sums[path] = sum
		}
	}
	return sums, nil
}

func formatSums(sums map[string]string) []byte {
	var lines []string
	for path, sum := range sums {
		lines = append(lines, sum+"  "+path+"\n")
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[sha256.Size*2:], b[sha256.Size*2:]) })
	return []byte(strings.Join(lines, ""))
}

// replaceable tells whether a file may be written: nothing is there, or what was exported, or
// the same already, or, with force, any file.
func replaceable(folder string, file File, sums map[string]string, force bool) error {
	path := filepath.Join(folder, filepath.FromSlash(file.Path))
	there, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		// A link to nothing is something.
		if _, err := os.Lstat(path); err == nil && !force {
			return &ForeignError{Path: path}
		}
		return nil
	case err != nil:
		return fmt.Errorf("write %s: %w", path, rules.WithoutPath(err))
	case force || bytes.Equal(there, file.Content) || sums[file.Path] == sumOf(there):
		return nil
	}
	return &ForeignError{Path: path, Changed: sums[file.Path] != ""}
}

// writeAll writes all files beside their places first, and moves them there when all are
// written: a full disk leaves the folder as it was, and nobody reads half a file.
func writeAll(folder string, files []File) (err error) {
	var temporary []string
	defer func() {
		for _, path := range temporary {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	for _, file := range files {
		path := filepath.Join(folder, filepath.FromSlash(file.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		name, err := writeTemporary(filepath.Dir(path), file.Content)
		if name != "" {
			temporary = append(temporary, name)
		}
		if err != nil {
			return err
		}
	}
	for _, file := range files {
		if err := os.Rename(temporary[0], filepath.Join(folder, filepath.FromSlash(file.Path))); err != nil {
			return err
		}
		temporary = temporary[1:]
	}
	return nil
}

func writeTemporary(folder string, content []byte) (name string, err error) {
	f, err := os.CreateTemp(folder, ".rulekit-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(content)
	return f.Name(), errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
}
