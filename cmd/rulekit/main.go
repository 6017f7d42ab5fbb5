// Command rulekit checks, tests and simulates Prometheus alerting rules, and carries alerts to
// instant messengers.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal lets the command end by itself, a second one ends the process.
	context.AfterFunc(ctx, stop)
	env := environment{stdin: &interruptible{ctx: ctx, from: os.Stdin}, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv}
	os.Exit(run(ctx, env, os.Args[1:]))
}

// interruptible is a reader that stops waiting when the context ends: nobody may be going to type
// what is read from a terminal.
type interruptible struct {
	ctx  context.Context
	from io.Reader
}

func (r *interruptible) Read(into []byte) (int, error) {
	type answer struct {
		read []byte
		err  error
	}
	answered := make(chan answer, 1)
	go func() {
		// The buffer is its own, since a read that nobody waits for any more may still end.
		buffer := make([]byte, len(into))
		n, err := r.from.Read(buffer)
		answered <- answer{buffer[:n], err}
	}()
	select {
	case a := <-answered:
		return copy(into, a.read), a.err
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	}
}
