package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rulekit/rulekit/adaptor/receivers"
	"github.com/rulekit/rulekit/adaptor/receivers/yamledit"
	"github.com/rulekit/rulekit/rules"
)

// maxConfiguration is the largest configuration that is read, in bytes.
const maxConfiguration = yamledit.MaxSize

// rewrite is a configuration and what is to become of it. A file that is not there has no source.
type rewrite struct {
	before receivers.File
	after  []byte
}

// rewriteAll gives configurations new contents: all of them, or none. Before the first is replaced
// all are written beside the old ones, and none may have changed since it was read.
func rewriteAll(all []rewrite) error {
	var staged []*stagedFile
	defer func() {
		for _, s := range staged {
			_ = os.Remove(s.temporary) // gone already, if all went well
		}
	}()
	for _, r := range all {
		if r.before.Source != nil && bytes.Equal(r.before.Source, r.after) {
			continue
		}
		s, err := stage(r)
		if err != nil {
			return fmt.Errorf("write %s: %w", r.before.Path, err)
		}
		staged = append(staged, s)
	}
	return commit(staged)
}

// stagedFile is a file whose new content is beside it.
type stagedFile struct {
	rewrite
	// target is the file behind the links, and temporary the one with the new content.
	target, temporary string
}

// newFileMode is the mode of a file that was not there: it holds no secrets, only where they are.
const newFileMode = 0o644

// stage writes the new content of a file beside it, with its mode and owner.
func stage(r rewrite) (s *stagedFile, err error) {
	s = &stagedFile{rewrite: r, target: r.before.Path}
	mode := fs.FileMode(newFileMode)
	var info fs.FileInfo
	if r.before.Source != nil {
		if s.target, info, err = writable(r.before.Path); err != nil {
			return nil, err
		}
		mode = info.Mode().Perm()
	}
	file, err := os.CreateTemp(filepath.Dir(s.target), ".rulekit-*")
	if err != nil {
		return nil, fmt.Errorf("put the new file into its folder: %w", rules.WithoutPath(err))
	}
	s.temporary = file.Name()
	if info != nil {
		keepOwner(file, info)
	}
	_, err = file.Write(r.after)
	if err = errors.Join(err, file.Chmod(mode), file.Sync(), file.Close()); err != nil {
		return nil, errors.Join(err, os.Remove(s.temporary))
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

// commit puts the new files in the places of the old ones. If one cannot be, those before it are put
// back.
func commit(staged []*stagedFile) error {
	for _, s := range staged {
		if err := s.unchanged(); err != nil {
			return fmt.Errorf("write %s: %w", s.before.Path, err)
		}
	}
	for i, s := range staged {
		err := os.Rename(s.temporary, s.target)
		if err == nil {
			continue
		}
		err = fmt.Errorf("write %s: %w", s.before.Path, renameError(err))
		for _, done := range staged[:i] {
			if undo := done.undo(); undo != nil {
				err = errors.Join(err, fmt.Errorf("%s was changed already, and cannot be put back: %w", done.before.Path, undo))
			}
		}
		return err
	}
	for _, s := range staged {
		syncFolder(filepath.Dir(s.target))
	}
	return nil
}

// unchanged checks that a file is still as it was read.
func (s *stagedFile) unchanged() error {
	now, err := readConfiguration(s.target)
	if err != nil {
		return err
	}
	if !bytes.Equal(now.Source, s.before.Source) || (now.Source == nil) != (s.before.Source == nil) {
		return withHint(errors.New("the file has changed since it was read"), "nothing was written: run the command again")
	}
	return nil
}

// undo puts a file back as it was.
func (s *stagedFile) undo() error {
	if s.before.Source == nil {
		return os.Remove(s.target)
	}
	return replaceFile(s.target, s.before.Source)
}

func renameError(err error) error {
	if link := (*os.LinkError)(nil); errors.As(err, &link) {
		return link.Err
	}
	return err
}

// syncFolder makes the new names of files outlast a power failure, where the system can do that.
func syncFolder(path string) {
	if folder, err := os.Open(path); err == nil {
		_ = folder.Sync()
		_ = folder.Close()
	}
}
