//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/rulekit/rulekit/rules"
)

// How long an edit waits for another one of the same files, and how often it looks.
const (
	lockTimeout = 10 * time.Second
	lockRetry   = 20 * time.Millisecond
)

// lockFolders keeps other runs of rulekit from editing configurations in folders, until unlock is
// called. The lock is the system's: it leaves no file behind, and ends with the process.
func lockFolders(ctx context.Context, folders ...string) (unlock func(), err error) {
	var locked []*os.File
	unlock = func() {
		for _, folder := range locked {
			_ = folder.Close()
		}
	}
	for i, folder := range folders {
		if real, err := filepath.EvalSymlinks(folder); err == nil {
			folder = real
		}
		if folder, err = filepath.Abs(folder); err != nil {
			return nil, err
		}
		folders[i] = folder
	}
	// All take them in the same order, so that none waits for another that waits for it.
	slices.Sort(folders)
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	for _, path := range slices.Compact(folders) {
		folder, err := os.Open(path)
		if err != nil {
			unlock()
			return nil, fmt.Errorf("%s: %w", path, rules.WithoutPath(err))
		}
		locked = append(locked, folder)
		if err := lock(ctx, folder); err != nil {
			unlock()
			return nil, fmt.Errorf("%s: wait for another rulekit that edits files there: %w", path, err)
		}
	}
	return unlock, nil
}

func lock(ctx context.Context, folder *os.File) error {
	for {
		err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			// Where there are no locks, that the files have not changed is checked all the same.
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockRetry):
		}
	}
}
