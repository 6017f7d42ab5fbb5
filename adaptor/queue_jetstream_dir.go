package adaptor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// dataDir is a data directory that belongs to this process.
type dataDir struct {
	path string
	lock *os.File
}

// errLocked is returned by lockFile for a file that another process has locked.
var errLocked = errors.New("locked")

// ErrInUse is returned by OpenJetStream for a data directory that another process uses.
var ErrInUse = errors.New("the data directory is in use")

// openDir makes the data directory, which only its owner may read, and locks it. The lock ends
// with the process.
func openDir(path string) (*dataDir, error) {
	for _, dir := range []string{path, storeDir(path)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("data directory: %w", err)
		}
	}
	// The directory may have been there, with any permissions; that of the queue is ours.
	if err := os.Chmod(storeDir(path), 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	name := filepath.Join(path, "lock")
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if err := lockFile(file); errors.Is(err, errLocked) {
		pid, _ := os.ReadFile(name)
		_ = file.Close()
		return nil, fmt.Errorf("%w: %s by process %s", ErrInUse, path, strings.TrimSpace(string(pid)))
	} else if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	if err := file.Truncate(0); err == nil {
		_, _ = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return &dataDir{path, file}, nil
}

// close gives the directory back. A nil one is that of an external store.
func (d *dataDir) close() error {
	if d == nil {
		return nil
	}
	return d.lock.Close()
}

// sync makes the names of new files safe: the server syncs what is in them.
func (d *dataDir) sync() error {
	return filepath.WalkDir(d.path, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return nil
		}
		return syncDir(path)
	})
}

// writable tries to write to the disk of the directory.
func (d *dataDir) writable() error {
	file, err := os.CreateTemp(d.path, "probe-")
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if _, err := file.Write(make([]byte, 64<<10)); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	return nil
}
