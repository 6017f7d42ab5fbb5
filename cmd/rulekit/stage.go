package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rulekit/rulekit/rules"
)

// staged is new content beside the file that it is to replace.
type staged struct {
	// target is the file behind the links, and temporary the one with the new content.
	target, temporary string
}

// newFileMode is the mode of a file that was not there: it holds no secrets, only where they are.
const newFileMode = 0o644

// stage writes new content beside a file, with the mode and the owner of the one that is there.
func stage(path string, content []byte, exists bool) (s staged, err error) {
	s.target = path
	mode := fs.FileMode(newFileMode)
	var info fs.FileInfo
	if exists {
		if s.target, info, err = writable(path); err != nil {
			return s, err
		}
		mode = info.Mode().Perm()
	}
	file, err := os.CreateTemp(filepath.Dir(s.target), ".rulekit-*")
	if err != nil {
		return s, fmt.Errorf("put the new file into its folder: %w", rules.WithoutPath(err))
	}
	s.temporary = file.Name()
	if info != nil {
		keepOwner(file, info)
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Chmod(mode), file.Sync(), file.Close()); err != nil {
		return s, errors.Join(err, os.Remove(s.temporary))
	}
	return s, nil
}

// writable finds the file that a path leads to, and tells why it cannot be written.
func writable(path string) (target string, info fs.FileInfo, err error) {
	if target, err = filepath.EvalSymlinks(path); err != nil {
		return "", nil, err
	}
	// Kubernetes keeps what it mounts in folders such as ..data and ..2026_01_05.
	parts := strings.Split(filepath.ToSlash(target), "/")
	if target != path && slices.ContainsFunc(parts, func(part string) bool { return len(part) > 2 && strings.HasPrefix(part, "..") }) {
		return "", nil, withHint(errors.New("it is mounted from a ConfigMap or Secret"), "edit a copy, and apply it to the cluster")
	}
	if info, err = os.Stat(target); err != nil {
		return "", nil, rules.WithoutPath(err)
	}
	// A file that is read-only stays as it is, although its folder lets us replace it.
	file, err := os.OpenFile(target, os.O_WRONLY, 0)
	if err != nil {
		return "", nil, rules.WithoutPath(err)
	}
	return target, info, file.Close()
}

func renameError(err error) error {
	if link := (*os.LinkError)(nil); errors.As(err, &link) {
		return link.Err
	}
	return err
}
