package adaptor

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settleTime is how long after the first sign of a change the files are read: mostly one change
// is several events.
const settleTime = 250 * time.Millisecond

// watch reloads the configuration when one of its files changes, until the context ends. It
// watches folders, for editors replace files, and Kubernetes replaces a link above the files of a
// ConfigMap or a Secret.
func (s *Server) watch(ctx context.Context) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		s.log.Warn("changes of the configuration's files are not seen: reload by SIGHUP or POST /-/reload", "error", err)
		return
	}
	defer watcher.Close()
	files := s.follow(watcher)
	seen := contentsOf(files)
	// A change since the configuration was first read is seen by nobody else.
	s.sourcing.Lock()
	if config, _, err := s.options.Source.load(); err == nil && s.checkAuth(config) == nil {
		s.Reload(config)
	}
	s.sourcing.Unlock()
	s.log.Debug("watching the configuration's files", "folders", watcher.WatchList())
	var settled <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-watcher.Events:
			if settled == nil && event.Op != fsnotify.Chmod {
				settled = time.After(settleTime)
			}
		case err := <-watcher.Errors:
			// Events may have been lost.
			s.log.Warn("watching the configuration's files", "error", err)
			settled = time.After(settleTime)
		case <-settled:
			settled = nil
			if now := contentsOf(s.follow(watcher)); now != seen {
				seen = now
				_ = s.ReloadSource("a file changed") // which logs the error
			}
		}
	}
}

// follow watches the folders of the files that the configuration is made of now, and returns
// the files.
func (s *Server) follow(watcher *fsnotify.Watcher) []string {
	_, files, _ := s.options.Source.load()
	var wanted []string
	for _, file := range files {
		wanted = append(wanted, foldersOf(file)...)
	}
	for _, folder := range watcher.WatchList() {
		if !slices.Contains(wanted, folder) {
			_ = watcher.Remove(folder) // it may be gone
		}
	}
	for _, folder := range wanted {
		if err := watcher.Add(folder); err != nil {
			s.log.Warn("changes of the configuration's files are not seen: reload by SIGHUP or POST /-/reload", "folder", folder, "error", err)
		}
	}
	return files
}

// contentsOf stands for the contents of files: it changes when one of them does.
func contentsOf(files []string) fingerprint {
	var all []string
	for _, file := range files {
		content, err := readFile(file)
		all = append(all, file, fmt.Sprintf("%x %v", sha256.Sum256(content), err))
	}
	return fingerprintOf(all...)
}

// maxLinks bounds the links that are followed from a file.
const maxLinks = 40

// foldersOf returns the folders in which a change can change a file: its own, and those of the
// links on the way to it. Of a folder that does not exist it is the nearest above.
func foldersOf(file string) []string {
	path, err := filepath.Abs(file)
	if err != nil {
		return nil
	}
	var folders []string
	for range maxLinks {
		link, target := firstLink(path)
		if link == "" {
			break
		}
		folders = append(folders, filepath.Dir(link))
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(link), target)
		}
		path = filepath.Join(target, strings.TrimPrefix(path, link))
	}
	folder := filepath.Dir(path)
	for !isFolder(folder) && folder != filepath.Dir(folder) {
		folder = filepath.Dir(folder)
	}
	folders = append(folders, folder)
	slices.Sort(folders)
	return slices.Compact(folders)
}

// firstLink returns the first symbolic link on the way to a path, and what it points to.
func firstLink(path string) (link, target string) {
	for end := 1; end <= len(path); end++ {
		if end < len(path) && !os.IsPathSeparator(path[end]) {
			continue
		}
		if target, err := os.Readlink(path[:end]); err == nil {
			return path[:end], target
		}
	}
	return "", ""
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
