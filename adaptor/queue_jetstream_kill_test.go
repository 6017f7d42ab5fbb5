package adaptor

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// killDir is the environment variable that makes the test binary the process that is killed.
const killDir = "RULEKIT_TEST_KILL_DIR"

// TestJetStreamKill kills a process that puts and delivers, at any time, several times over one
// directory: what it said to be accepted is there unless it said that it was about to be
// settled, what it said to be settled is not, and what it had begun to send comes as unsure.
func TestJetStreamKill(t *testing.T) {
	if dir := os.Getenv(killDir); dir != "" {
		putAndDeliver(t, dir)
		return
	}
	dir := t.TempDir()
	world := &killWorld{state: map[string]string{}}
	for round := range 5 {
		world.run(t, dir, round)
	}
	b := openBench(t, dir, MemoryLimits{})
	for _, receiver := range []string{"0", "1", "2"} {
		for {
			if items, _ := b.Waiting(receiver); items == 0 {
				break
			}
			l, err := b.Next(t.Context(), receiver)
			b.check(err)
			world.found(t, bodies(l), l.Progress().Unsure > 0)
			world.state[bodies(l)] = "settled"
			b.check(l.Done(1, Progress{}))
		}
	}
	for text, state := range world.state {
		if state != "settled" && state != "settling" {
			t.Errorf("%s was %s, and is lost", text, state)
		}
	}
	if len(world.state) < 100 {
		t.Errorf("only %d items were put", len(world.state))
	}
}

// killWorld is what the killed processes said of their items last: that one is "accepted", is
// "begun" to be sent, is about to be settled ("settling"), or is "settled".
type killWorld struct{ state map[string]string }

// run starts a process, lets it say some things, and kills it.
func (w *killWorld) run(t *testing.T, dir string, round int) {
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestJetStreamKill$")
	command.Env = append(os.Environ(), killDir+"="+dir, fmt.Sprint("ROUND=", round))
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for left := 50 + rand.IntN(200); lines.Scan(); left-- {
		w.say(t, lines.Text())
		if left == 0 {
			_ = command.Process.Kill()
		}
	}
	_ = command.Wait()
}

func (w *killWorld) say(t *testing.T, line string) {
	state, text, ok := strings.Cut(line, " ")
	switch {
	case !ok:
		t.Errorf("the process said %q", line)
	case state == "again":
		w.found(t, text, false)
	case state == "unsure":
		w.found(t, text, true)
	case state == "accepted" && w.state[text] != "":
		// It was delivered before who put it could say so.
	default:
		w.state[text] = state
	}
}

// found checks that an item may come from the queue.
func (w *killWorld) found(t *testing.T, text string, unsure bool) {
	switch state := w.state[text]; {
	case state == "settled":
		t.Errorf("%s was settled, and came again", text)
	case state == "begun" && !unsure:
		t.Errorf("%s may have been sent, and nobody says so", text)
	}
	w.state[text] = "accepted"
}

// putAndDeliver is the process that is killed.
func putAndDeliver(t *testing.T, dir string) {
	queue, err := OpenJetStream(t.Context(), JetStreamOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	say := func(state, text string) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Println(state, text)
	}
	var all sync.WaitGroup
	for r := range 3 {
		receiver := fmt.Sprint(r)
		all.Go(func() {
			for i := range 10_000 {
				text := fmt.Sprint("item ", os.Getenv("ROUND"), " ", r, " ", i)
				if _, err := queue.Put(t.Context(), Item{Receiver: receiver, Key: text, Body: []byte(text), Accepted: time.Now()}); err != nil {
					t.Error(err)
					return
				}
				say("accepted", text)
			}
		})
		all.Go(func() {
			for {
				if err := deliverOne(queue, receiver, say); errors.Is(err, ErrClosed) {
					return
				} else if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// deliverOne delivers the head of a line in one of the ways in which a worker does.
func deliverOne(queue Queue, receiver string, say func(state, text string)) error {
	l, err := queue.Next(context.Background(), receiver)
	if err != nil {
		return err
	}
	text, p := bodies(l), Progress{Attempt: 1}
	found := "again"
	if l.Progress().Unsure > 0 {
		found = "unsure"
	}
	say(found, text)
	if rand.IntN(4) == 0 {
		return l.Retry(0, p)
	}
	if err := l.Begin(context.Background(), 1, p); err != nil {
		return err
	}
	say("begun", text)
	if rand.IntN(8) == 0 {
		p.Unsure = 1
		return l.Retry(0, p)
	}
	say("settling", text)
	if rand.IntN(4) == 0 {
		err = l.Dead(1, p, "no use", false)
	} else {
		err = l.Done(1, p)
	}
	say("settled", text)
	return err
}
