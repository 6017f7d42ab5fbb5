package simulate

import (
	"context"
	"errors"
	"go/parser"
	"go/token"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// The fence around testing/synctest: what onVirtualClock relies on, and what of it no
// documentation promises. If this fails with a new Go version, read testing.T,
// testing.testingSynctestTest and runtime.synctestRun of that version, and mend clock.go.
func TestClockFence(t *testing.T) {
	t.Run("bubble begins at 2000-01-01", func(t *testing.T) {
		err := onVirtualClock(t.Context(), clockZero, func() error {
			if now := time.Now(); !now.Equal(clockZero) {
				return errors.New("it is " + now.UTC().Format(time.RFC3339Nano))
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("a century passes at once", func(t *testing.T) {
		err := onVirtualClock(t.Context(), monday, func() error {
			time.Sleep(100 * 365 * 24 * time.Hour)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("the stand-in for a test has all that is looked into", func(t *testing.T) {
		stand, err := newT()
		if err != nil {
			t.Fatal(err)
		}
		// Each of these would look into what a zero T has not: its state and its output.
		stand.Log("x")
		if stand.Failed() || stand.Skipped() || stand.Name() != "" {
			t.Error("the stand-in has a past")
		}
		if _, hasDeadline := stand.Deadline(); hasDeadline {
			t.Error("the stand-in has a deadline")
		}
	})
	for _, fails := range []struct {
		name string
		play func() error
		want string
	}{
		{"error", func() error { return errors.New("no luck") }, "no luck"},
		{"panic", func() error { panic("boom") }, "simulation: panic: boom"},
		{"nil panic", func() error { panic(nil) }, "panic called with nil"},
		{"Goexit", func() error { runtime.Goexit(); return nil }, errUnfinished.Error()},
		{"deadlock", func() error { select {} }, "deadlock: all goroutines in bubble are blocked"},
		{"goroutine left", func() error { go func() { select {} }(); return nil }, "blocked goroutines remain"},
		{"error and goroutine left", func() error { go func() { select {} }(); return errors.New("no luck") }, "no luck"},
	} {
		t.Run(fails.name, func(t *testing.T) {
			err := onVirtualClock(t.Context(), monday, fails.play)
			if err == nil || !strings.Contains(err.Error(), fails.want) {
				t.Errorf("got error %v, want one with %q", err, fails.want)
			}
		})
	}
}

func TestClockCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := onVirtualClock(ctx, monday, func() error { t.Error("played"); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
}

// Virtual time has one door, so that it can be guarded.
func TestOnlyClockKnowsSynctest(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		if name == "clock.go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range parsed.Imports {
			if path := strings.Trim(i.Path.Value, `"`); path == "testing" || strings.HasPrefix(path, "testing/") {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}
