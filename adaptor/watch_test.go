package adaptor

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// reloads is a logger's handler that passes on what the adaptor says of reloads.
type reloads struct{ said chan string }

func (reloads) Enabled(context.Context, slog.Level) bool { return true }
func (r reloads) WithAttrs([]slog.Attr) slog.Handler     { return r }
func (r reloads) WithGroup(string) slog.Handler          { return r }
func (r reloads) Handle(_ context.Context, record slog.Record) error {
	if strings.HasPrefix(record.Message, "configuration") || strings.HasPrefix(record.Message, "watching") {
		text := record.Message
		record.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
		r.said <- text
	}
	return nil
}

// watchedServer runs a server with the configuration of a file, and returns what it says of
// reloads.
func watchedServer(t *testing.T, path string) (*Server, <-chan string) {
	t.Helper()
	source := Source{Path: path, Getenv: os.Getenv}
	config, err := LoadConfig(path, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	handler := reloads{make(chan string, 100)}
	server, err := New(Options{Config: config, Source: source, Logger: slog.New(handler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Run(ctx)
	}()
	t.Cleanup(func() { stop(); <-done })
	said(t, handler.said, "watching the configuration's files")
	return server, handler.said
}

// said waits for what a server says next.
func said(t *testing.T, reloads <-chan string, want string) {
	t.Helper()
	select {
	case got := <-reloads:
		if !strings.HasPrefix(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
	case <-time.After(30 * time.Second):
		t.Fatalf("no reload in 30 s, want %q", want)
	}
}

const watchedConfig = "receivers:\n- {name: %s, type: slack, params: {url_file: %s}}\n"

// TestWatch: a change of the configuration or of a file of secrets is seen, whichever way it is
// made, and what does not change anything is not.
func TestWatch(t *testing.T) {
	dir := t.TempDir()
	config, secret := filepath.Join(dir, "adaptor.yaml"), filepath.Join(dir, "secrets", "url")
	put := func(path, content string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(secret, "https://hooks.slack.com/services/1")
	put(config, fmt.Sprintf(watchedConfig, "ops", "secrets/url"))
	server, reloads := watchedServer(t, config)
	target := func() string { return string(server.current.Load().Config.Receivers[0].Target.URL) }

	// In place, as shells do. The same again is no change: the next thing said is of the next one.
	put(config, fmt.Sprintf(watchedConfig, "dba", "secrets/url"))
	said(t, reloads, "configuration reloaded why=a file changed")
	put(config, fmt.Sprintf(watchedConfig, "dba", "secrets/url"))
	put(filepath.Join(dir, "other.yaml"), "not a configuration")

	put(secret, "https://hooks.slack.com/services/2")
	said(t, reloads, "configuration reloaded")
	if got := target(); !strings.HasSuffix(got, "/2") {
		t.Errorf("the address is %s", got)
	}

	// By a new file, as editors do.
	put(config+".new", fmt.Sprintf(watchedConfig, "dba", "elsewhere/url"))
	if err := os.Rename(config+".new", config); err != nil {
		t.Fatal(err)
	}
	said(t, reloads, "configuration not reloaded")
	if got := target(); !strings.HasSuffix(got, "/2") {
		t.Errorf("a configuration with a mistake was put to use: %s", got)
	}
	// The missing file is watched for, though its folder was not there either.
	put(filepath.Join(dir, "elsewhere", "url"), "https://hooks.slack.com/services/3")
	said(t, reloads, "configuration reloaded")
	if got := target(); !strings.HasSuffix(got, "/3") {
		t.Errorf("the address is %s", got)
	}

	if err := os.Remove(config); err != nil {
		t.Fatal(err)
	}
	said(t, reloads, "configuration not reloaded")
	put(config, fmt.Sprintf(watchedConfig, "back", "secrets/url"))
	said(t, reloads, "configuration reloaded")
}

// TestWatchConfigMap replaces the files of a ConfigMap as Kubernetes does: they are links into a
// folder that is itself a link, which is replaced in one step; the old folder is removed.
func TestWatchConfigMap(t *testing.T) {
	dir := t.TempDir()
	mount := filepath.Join(dir, "etc")
	publish := func(version int, name string) {
		t.Helper()
		data := filepath.Join(mount, fmt.Sprintf("..2026_01_%02d", version))
		if err := os.MkdirAll(data, 0o700); err != nil {
			t.Fatal(err)
		}
		for file, content := range map[string]string{
			"adaptor.yaml": fmt.Sprintf(watchedConfig, name, "url"),
			"url":          fmt.Sprintf("https://hooks.slack.com/services/%d", version),
		} {
			if err := os.WriteFile(filepath.Join(data, file), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		next := filepath.Join(mount, "..data_tmp")
		if err := os.Symlink(filepath.Base(data), next); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, filepath.Join(mount, "..data")); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(mount, fmt.Sprintf("..2026_01_%02d", version-1))); err != nil {
			t.Fatal(err)
		}
	}
	publish(1, "one")
	for _, file := range []string{"adaptor.yaml", "url"} {
		if err := os.Symlink(filepath.Join("..data", file), filepath.Join(mount, file)); err != nil {
			t.Fatal(err)
		}
	}
	server, reloads := watchedServer(t, filepath.Join(mount, "adaptor.yaml"))
	for version, name := range []string{2: "two", "two", "four"} {
		if name == "" {
			continue
		}
		publish(version, name)
		said(t, reloads, "configuration reloaded")
		got := server.current.Load().Config.Receivers[0]
		if want := fmt.Sprintf("https://hooks.slack.com/services/%d", version); got.Name != name || string(got.Target.URL) != want {
			t.Errorf("version %d: receiver %s on %s", version, got.Name, string(got.Target.URL))
		}
	}
}

func TestFoldersOf(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"v1", "conf"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	links := map[string]string{"current": "v1", "v1/a.yaml": "../conf/a.yaml", "loop": "loop"}
	for link, target := range links {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for file, want := range map[string][]string{
		"current/a.yaml":    {"", "conf", "v1"},
		"conf/b.yaml":       {"conf"},
		"none/deeper/a":     {""},
		"loop/a.yaml":       {""},
		"current/none/a.md": {"", "v1"},
	} {
		for i, folder := range want {
			want[i] = filepath.Join(dir, folder)
		}
		if diff := cmp.Diff(want, foldersOf(filepath.Join(dir, file))); diff != "" {
			t.Errorf("%s: %s", file, diff)
		}
	}
}
