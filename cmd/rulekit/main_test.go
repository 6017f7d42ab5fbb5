package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

// TestInterruptible proves that what is there is read, and that a reader which never answers is
// given up with the context.
func TestInterruptible(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	long := strings.Repeat("groups: []\n", 10_000)
	if got, err := io.ReadAll(&interruptible{ctx, strings.NewReader(long)}); err != nil || string(got) != long {
		t.Errorf("%d of %d bytes, %v", len(got), len(long), err)
	}
	silent, writer := io.Pipe()
	defer writer.Close()
	cancel()
	if _, err := (&interruptible{ctx, silent}).Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	var stderr bytes.Buffer
	env := environment{stdin: &interruptible{ctx, silent}, stdout: io.Discard, stderr: &stderr, getenv: func(string) string { return "" }}
	if code := run(ctx, env, []string{"lint", "--no-config", "-"}); code != exitFailed {
		t.Errorf("exit code %d, %s", code, stderr.String())
	}
}
