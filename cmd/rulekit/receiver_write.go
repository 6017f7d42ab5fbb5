package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rulekit/rulekit/adaptor/receivers"
	"github.com/rulekit/rulekit/adaptor/receivers/yamledit"
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
	var files []*stagedFile
	defer func() {
		for _, s := range files {
			_ = os.Remove(s.temporary) // gone already, if all went well
		}
	}()
	for _, r := range all {
		if r.before.Source != nil && bytes.Equal(r.before.Source, r.after) {
			continue
		}
		s, err := stage(r.before.Path, r.after, r.before.Source != nil)
		if err != nil {
			return fmt.Errorf("write %s: %w", r.before.Path, err)
		}
		files = append(files, &stagedFile{r, s})
	}
	return commit(files)
}

// stagedFile is a file whose new content is beside it.
type stagedFile struct {
	rewrite
	staged
}

// commit puts the new files in the places of the old ones. If one cannot be, those before it are put
// back.
func commit(files []*stagedFile) error {
	for _, s := range files {
		if err := s.unchanged(); err != nil {
			return fmt.Errorf("write %s: %w", s.before.Path, err)
		}
	}
	for i, s := range files {
		err := os.Rename(s.temporary, s.target)
		if err == nil {
			continue
		}
		err = fmt.Errorf("write %s: %w", s.before.Path, renameError(err))
		for _, done := range files[:i] {
			if undo := done.undo(); undo != nil {
				err = errors.Join(err, fmt.Errorf("%s was changed already, and cannot be put back: %w", done.before.Path, undo))
			}
		}
		return err
	}
	for _, s := range files {
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

// syncFolder makes the new names of files outlast a power failure, where the system can do that.
func syncFolder(path string) {
	if folder, err := os.Open(path); err == nil {
		_ = folder.Sync()
		_ = folder.Close()
	}
}
