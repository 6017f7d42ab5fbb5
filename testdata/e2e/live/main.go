// Command live proves the shipped alerts on real servers: it breaks them one after the other, and
// checks that exactly the expected alerts go from Prometheus through Alertmanager and the adaptor
// to a messenger, and resolve.
//
// The script run starts the servers and this program, which prints the name of an action for
// each thing that the script has to do, and reads "ok" or "failed". What a person wants to see
// goes to stderr.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Each thing that is waited for has this much time, which is far more than it needs.
const patience = 3 * time.Minute

func main() {
	var l live
	flag.StringVar(&l.prometheus, "prometheus", "", "`URL` of Prometheus")
	flag.StringVar(&l.alertmanager, "alertmanager", "", "`URL` of Alertmanager")
	address := flag.String("im", "", "`ADDRESS` for the fake messengers to listen on")
	targets := flag.Int("targets", 0, "the `NUMBER` of targets that Prometheus scrapes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := l.run(ctx, *address, *targets); err != nil {
		l.say("FAILED: %s", err)
		l.explain()
		os.Exit(1)
	}
	l.say("fine: %d steps, %d messages", len(steps), len(l.messengers.received()))
}

// live is one run.
type live struct {
	prometheus, alertmanager string
	begun                    time.Time
	messengers               *messengers
	script                   *bufio.Scanner
	watch                    *watch
}

func (l *live) say(format string, args ...any) {
	elapsed := time.Since(l.begun).Round(time.Second)
	fmt.Fprintf(os.Stderr, "%d:%02d  %s\n", int(elapsed.Minutes()), int(elapsed.Seconds())%60, fmt.Sprintf(format, args...))
}

func (l *live) run(ctx context.Context, address string, targets int) error {
	l.begun = time.Now()
	l.script = bufio.NewScanner(os.Stdin)
	l.watch = newWatch(l)
	var err error
	if l.messengers, err = listen(ctx, address); err != nil {
		return err
	}
	// The script starts what sends to the messengers only now.
	if err := l.do("start"); err != nil {
		return err
	}
	if err := l.baseline(ctx, targets); err != nil {
		return fmt.Errorf("while all is well: %w", err)
	}
	for _, s := range steps {
		if err := l.step(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return l.heartbeats()
}

// do has the script do something.
func (l *live) do(action string) error {
	fmt.Println(action)
	if !l.script.Scan() {
		return errors.Join(fmt.Errorf("the script ended instead of doing %s", action), l.script.Err())
	}
	if answer := l.script.Text(); answer != "ok" {
		return fmt.Errorf("the script could not do %s: see actions.log", action)
	}
	return nil
}

// baseline waits until everything is scraped and what the start itself set off is over, and then
// proves for a while that nothing but Watchdog is active.
func (l *live) baseline(ctx context.Context, targets int) error {
	l.say("waiting until all %d targets are scraped and nothing but Watchdog is active", targets)
	l.watch.anything = true
	calm := func() (bool, error) {
		up, err := l.watch.up(ctx)
		return err == nil && up == targets && l.watch.quiet() && !l.messengers.firing(), nil
	}
	if err := l.until(ctx, "all targets are up and nothing but Watchdog is active", calm); err != nil {
		return err
	}
	const long = 15 * time.Second
	l.say("all is well: for %s, nothing may happen", long)
	l.watch.anything = false
	l.messengers.mark()
	end := time.Now().Add(long)
	if err := l.until(ctx, "the time is over", func() (bool, error) { return time.Now().After(end), nil }); err != nil {
		return err
	}
	return l.messengers.onlyOf(nil)
}

// step breaks something, mends it, and proves what is told of it.
func (l *live) step(ctx context.Context, s step) error {
	l.say("%s", s.name)
	l.watch.expect(append(append([]want{}, s.broken...), s.mended...))
	l.messengers.mark()
	if err := l.do(s.breaks); err != nil {
		return err
	}
	if err := l.until(ctx, "all expected alerts fire and are told", l.told(s.broken)); err != nil {
		return err
	}
	if err := l.hold(ctx, s.broken); err != nil {
		return err
	}
	l.say("  mending it")
	if err := l.do(s.mends); err != nil {
		return err
	}
	if err := l.until(ctx, "the alerts of the mended server are told", l.told(s.mended)); err != nil {
		return err
	}
	all := append(append([]want{}, s.broken...), s.mended...)
	if err := l.until(ctx, "all alerts are resolved, and that is told", l.resolved(all)); err != nil {
		return err
	}
	l.watch.expect(nil)
	return l.messengers.onlyOf(all)
}

// told tells whether all these alerts have gone from pending to firing, to Alertmanager, and,
// unless inhibited, to the messenger.
func (l *live) told(wants []want) func() (bool, error) {
	return func() (bool, error) {
		for _, w := range wants {
			seen := l.watch.of(w.key())
			if seen.fired && seen.waits && !seen.pended {
				return false, fmt.Errorf("%s fired without having been pending", w.key())
			}
			if !seen.fired || !seen.sent || w.inhibited && !seen.inhibited {
				return false, nil
			}
			if w.inhibited && !regexp.MustCompile(w.text).MatchString(seen.text) {
				return false, fmt.Errorf("%s does not say %q, but: %s", w.key(), w.text, seen.text)
			}
			text, err := l.messengers.told(w, false)
			switch {
			case err != nil || text == "" && !w.inhibited:
				return false, err
			case text != "" && w.inhibited:
				return false, fmt.Errorf("%s is told of, though it is inhibited: %s", w.key(), text)
			case text != "" && !seen.told:
				seen.told = true
				l.say("    %s: told, %q", w.key(), text)
			}
		}
		return true, nil
	}
}

// hold proves for a while that alerts that are inhibited are not told of.
func (l *live) hold(ctx context.Context, wants []want) error {
	if !slices.ContainsFunc(wants, func(w want) bool { return w.inhibited }) {
		return nil
	}
	end := time.Now().Add(6 * time.Second)
	told := l.told(wants)
	return l.until(ctx, "the time is over", func() (bool, error) {
		_, err := told()
		return time.Now().After(end), err
	})
}

// resolved tells whether none of these alerts is left, and the messenger knows it. One that was
// inhibited may outlive the alert that spoke for it by a moment, and is then told of.
func (l *live) resolved(wants []want) func() (bool, error) {
	return func() (bool, error) {
		if !l.watch.quiet() || l.messengers.firing() {
			return false, nil
		}
		for _, w := range wants {
			if text, err := l.messengers.told(w, true); err != nil || text == "" && !w.inhibited {
				return false, err
			}
		}
		return true, nil
	}
}

// until looks at the alerts again and again until the condition holds.
func (l *live) until(ctx context.Context, what string, condition func() (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("waited %s in vain until %s", patience, what))
	defer cancel()
	ticker := time.NewTicker(250 * time.Millisecond)
	defer ticker.Stop()
	for {
		if err := l.watch.look(ctx); err != nil {
			return err
		}
		if ok, err := condition(); err != nil || ok {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}

// heartbeats proves that Watchdog came through all the time.
func (l *live) heartbeats() error {
	n := 0
	for _, m := range l.messengers.received() {
		if m.Channel == heartbeatChannel && strings.Contains(m.Text, "Watchdog") {
			n++
		}
	}
	if n == 0 {
		return errors.New("no notification of Watchdog has come")
	}
	l.say("Watchdog came %d times", n)
	return nil
}

// explain says how things stand when the run has failed.
func (l *live) explain() {
	for _, text := range l.watch.state() {
		l.say("  %s", text)
	}
	if l.messengers == nil {
		return
	}
	received := l.messengers.received()
	for _, m := range received[max(0, len(received)-3):] {
		l.say("  message to %s, answered %d:\n%s", m.Channel, m.Status, m.Text)
	}
}
