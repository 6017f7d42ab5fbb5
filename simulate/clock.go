package simulate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"runtime/debug"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"
)

// This file is the only one that knows where virtual time comes from: a testing/synctest
// bubble, in which time passes as soon as every goroutine waits for it. TestClockFence fails
// when a new Go version changes what is relied on here.

// clockZero is where the clock of a bubble begins (https://pkg.go.dev/testing/synctest#hdr-Time).
var clockZero = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// cancelGrace is how long, in real time, a cancelled bubble may take to stop by itself.
const cancelGrace = 5 * time.Second

// onVirtualClock runs play with the clock at start and returns its error once everything that
// it started has ended. It returns an error too when play panics, when it or its goroutines
// wait for something that can never happen, or when ctx ends and play does not.
//
// Nothing made outside of play may be waited for inside it but sockets: such a wait stops the
// clock. So play has to ask ctx.Err() from time to time instead of waiting for ctx.Done().
func onVirtualClock(ctx context.Context, start time.Time, play func() error) error {
	if start.Before(clockZero) {
		return fmt.Errorf("start time %s: the virtual clock begins at %s", start.Format(time.RFC3339), clockZero.Format(time.RFC3339))
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	t, err := newT()
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go runBubble(t, start, play, ended)
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(cancelGrace):
		return fmt.Errorf("simulation did not stop within %s: %w", cancelGrace, ctx.Err())
	}
}

// runBubble has a goroutine of its own, since a failing bubble ends the one that called it.
func runBubble(t *testing.T, start time.Time, play func() error, ended chan<- error) {
	result := errUnfinished
	defer func() {
		// The runtime reports a deadlock by a panic here, outside of the bubble.
		if p := recover(); p != nil && (result == nil || errors.Is(result, errUnfinished)) {
			result = fmt.Errorf("simulation: %v", p)
		}
		ended <- result
	}()
	synctest.Test(t, func(*testing.T) {
		// The jump comes before anything has a ticker, which would tick through the years.
		time.Sleep(time.Until(start))
		result = <-begin(play)
	})
}

// errUnfinished is the result of what ended neither by returning nor by a panic, but by
// runtime.Goexit.
var errUnfinished = errors.New("simulation: ended before its time")

// begin calls f in a goroutine of its own. Its error can be received once; a panic becomes an
// error with the stack of its cause.
func begin(f func() error) <-chan error {
	ended := make(chan error, 1)
	go func() {
		err := errUnfinished
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("simulation: panic: %v\n%s", p, debug.Stack())
			}
			ended <- err
		}()
		err = f()
	}()
	return ended
}

// settle waits until everything in the bubble waits for time to pass.
func settle() { synctest.Wait() }

// newT returns what synctest.Test wants to have: a test to report to. An ordinary program has
// none, and the zero T is not enough: package testing looks into its state when a bubble
// fails. So the two fields it looks into are set here, to the state of a test that is alone.
func newT() (*testing.T, error) {
	t := new(testing.T)
	fields := reflect.ValueOf(t).Elem()
	state, output := fields.FieldByName("tstate"), fields.FieldByName("w")
	if !state.IsValid() || state.Kind() != reflect.Pointer || state.Type().Elem().Kind() != reflect.Struct ||
		!output.IsValid() || output.Type() != reflect.TypeFor[io.Writer]() {
		return nil, fmt.Errorf("simulation: testing.T of %s is not as expected; build rulekit with the Go version of its go.mod", runtime.Version())
	}
	writable(state).Set(reflect.New(state.Type().Elem()))
	writable(output).Set(reflect.ValueOf(io.Discard))
	return t, nil
}

// writable returns an unexported field so that it can be set.
func writable(field reflect.Value) reflect.Value {
	return reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem()
}
