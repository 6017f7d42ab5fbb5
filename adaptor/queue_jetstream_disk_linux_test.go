package adaptor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// smallDisk is a directory on a disk of its own, of so many bytes.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprint("size=", size)); err != nil {
		t.Skipf("a disk that is full needs root: mount: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

// fill fills the disk of a directory but for so many bytes, and returns the file it made.
func fillDisk(t *testing.T, dir string, leave uint64) string {
	t.Helper()
	free, err := freeBytes(dir)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "ballast")
	if err := os.WriteFile(name, make([]byte, free-leave), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestJetStreamDiskFull: a disk that gets full is noticed before it is, and what waits can still
// be delivered.
func TestJetStreamDiskFull(t *testing.T) {
	dir := smallDisk(t, 2*minFree)
	b := openBench(t, dir, MemoryLimits{})
	b.add("a", "1", "2")
	ballast := fillDisk(t, dir, minFree-1<<20)
	_, err := b.Put(t.Context(), Item{Receiver: "a", Body: []byte("3")})
	want := fmt.Sprintf("the queue is full: the disk of %s has only 31 MiB left, and 32 are kept free", dir)
	if !errors.Is(err, ErrFull) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := b.Ready(t.Context()); !errors.Is(err, ErrFull) {
		t.Errorf("ready: %v", err)
	}
	b.done("a", "1", "2")
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	b.check(b.Ready(t.Context()))
	b.add("a", "3")
	b.done("a", "3")
	b.empty("a")
}

// TestJetStreamDiskBroken: when others fill the disk to the last byte, so that the server fails
// to write, nothing is accepted and nothing lost, and all goes on when there is room again.
func TestJetStreamDiskBroken(t *testing.T) {
	dir := smallDisk(t, 2*minFree)
	b := openBench(t, dir, MemoryLimits{})
	b.add("a", "1", "2")
	l := b.lease("a", "1")
	ballast := fillDisk(t, dir, 0)
	if err := l.Done(1, Progress{}); err == nil {
		t.Error("settled on a full disk")
	}
	if err := b.Ready(t.Context()); err == nil {
		t.Error("ready on a full disk")
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); b.Ready(t.Context()) != nil && time.Since(began) < time.Minute; {
		time.Sleep(10 * time.Millisecond)
	}
	b.add("a", "3")
	b.done("a", "1", "2", "3")
	b.empty("a")
	if log := b.logged(); !strings.Contains(log, "no space left on device") || !strings.Contains(log, "the store was opened again") {
		t.Errorf("log:\n%s", log)
	}
}
