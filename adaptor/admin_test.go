package adaptor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// serveDead serves the dead letters of a queue in a new data directory.
func serveDead(t *testing.T, letters DeadLetters, dir string) DeadLetters {
	t.Helper()
	if err := os.MkdirAll(storeDir(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	stop, err := ServeAdmin(dir, letters, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	client, closer, err := OpenDeadLetters(t.Context(), JetStreamOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := closer(context.Background()); err != nil {
			t.Error(err)
		}
		stop()
	})
	return client
}

// TestAdmin: over the socket the dead letters are the same as without it, in any directory.
func TestAdmin(t *testing.T) {
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), strings.Repeat("x", 120))} {
		queue := NewMemoryQueue(MemoryLimits{Items: 3})
		for i, body := range [][]byte{[]byte("1"), bytes.Repeat([]byte{0xff}, adminBytes), []byte("3")} {
			item := Item{Receiver: "a", Key: fmt.Sprint(i), Body: body, Accepted: time.Unix(1, 2), Reason: "no\nuse"}
			if _, err := queue.Put(t.Context(), item); err != nil {
				t.Fatal(err)
			}
			l, err := queue.Next(t.Context(), "a")
			if err == nil {
				err = l.Dead(1, Progress{Attempt: i, Shown: 2, Parts: 1}, "why?", false)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		client := serveDead(t, queue, dir)
		want, err := queue.DeadLetters(t.Context(), "", 10)
		if err != nil {
			t.Fatal(err)
		}
		var got []DeadItem
		for after := ""; ; after = got[len(got)-1].ID {
			page, err := client.DeadLetters(t.Context(), after, 10)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
		}
		if diff := cmp.Diff(want, got, cmp.Comparer(bytes.Equal)); diff != "" {
			t.Error(diff)
		}
		for _, id := range []string{"9", "x/../1", "", "?"} {
			if err := client.Drop(t.Context(), id); !errors.Is(err, ErrNoDeadLetter) {
				t.Errorf("drop %q: %v", id, err)
			}
		}
		if err := client.Drop(t.Context(), "2"); err != nil {
			t.Error(err)
		}
		if err := client.Replay(t.Context(), "1"); err != nil {
			t.Error(err)
		}
		for range 2 {
			if _, err := queue.Put(t.Context(), Item{Receiver: "a"}); err != nil {
				t.Error(err)
			}
		}
		if err := client.Replay(t.Context(), "3"); !errors.Is(err, ErrFull) || err.Error() != ErrFull.Error() {
			t.Errorf("replay into a full queue: %v", err)
		}
		if page, err := client.DeadLetters(t.Context(), "", 10); err != nil || len(page) != 1 || page[0].ID != "3" {
			t.Errorf("left: %v, %v", page, err)
		}
	}
}

// TestAdminSocket: only its owner can reach the socket, and one that was left behind is no
// hindrance.
func TestAdminSocket(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(storeDir(dir), "admin.sock")
	if err := os.MkdirAll(storeDir(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	if err := left.Close(); err != nil {
		t.Fatal(err)
	}
	serveDead(t, NewMemoryQueue(MemoryLimits{}), dir)
	info, err := os.Stat(path)
	if err != nil || info.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("mode %s, %v", info.Mode(), err)
	}
}

// TestOpenDeadLetters: without an adaptor that runs, the directory itself is opened; one that is
// not there is not made.
func TestOpenDeadLetters(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if _, _, err := OpenDeadLetters(t.Context(), JetStreamOptions{Dir: dir}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory was made: %v", err)
	}
	b := openBench(t, dir, MemoryLimits{})
	b.add("a", "1")
	b.check(b.lease("a", "1").Dead(1, Progress{}, "no use", false))
	if _, _, err := OpenDeadLetters(t.Context(), JetStreamOptions{Dir: dir}); !errors.Is(err, ErrInUse) {
		t.Errorf("of a directory in use: %v", err)
	}
	b.check(b.jetStream().Shutdown(t.Context()))
	letters, closer, err := OpenDeadLetters(t.Context(), JetStreamOptions{Dir: dir})
	b.check(err)
	page, err := letters.DeadLetters(t.Context(), "", 10)
	if err != nil || len(page) != 1 || string(page[0].Item.Body) != "1" {
		t.Errorf("got %v, %v", page, err)
	}
	b.check(closer(t.Context()))
}

// TestDeadItemAlerts: the alerts of a dead letter are those of its body.
func TestDeadItemAlerts(t *testing.T) {
	d := DeadItem{Item: Item{Body: []byte(`{"alerts":[
		{"status":"firing","labels":{"alertname":"A"},"annotations":{"summary":"s"},"startsAt":"2026-01-05T10:00:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://p"},
		{"status":"resolved","labels":{"alertname":"A"},"startsAt":"2026-01-05T10:00:00Z","endsAt":"2026-01-05T11:00:00Z"}]}`)}}
	began := time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)
	want := []DeadAlert{
		{Labels: map[string]string{"alertname": "A"}, Annotations: map[string]string{"summary": "s"}, StartsAt: began, GeneratorURL: "http://p"},
		{Resolved: true, Labels: map[string]string{"alertname": "A"}, StartsAt: began, EndsAt: began.Add(time.Hour)},
	}
	got, err := d.Alerts()
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if diff := cmp.Diff([]string{"A"}, d.AlertNames()); diff != "" {
		t.Error(diff)
	}
	d.Item.Body = []byte("{")
	if _, err := d.Alerts(); err == nil || d.AlertNames() != nil {
		t.Errorf("of no body: %v", err)
	}
}
