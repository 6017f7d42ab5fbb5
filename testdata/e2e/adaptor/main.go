// Command adaptor proves rulekit's adaptor between a stock Alertmanager and a messenger that can
// fail: what fires and what is over is told once, grouped, inhibited and silenced as configured;
// nothing is lost when the adaptor is killed, is away, or has no room on its disk; what repeats is
// told again; every 2xx comes after an fsync; and several adaptors at a stock NATS server are one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

// patience is how long anything that is waited for may take, which is far more than it needs.
const patience = 2 * time.Minute

func main() {
	r := &run{begun: time.Now(), steps: steps}
	flag.StringVar(&r.rulekit, "rulekit", "", "the `PROGRAM`")
	flag.StringVar(&r.folder, "folder", "", "`FOLDER` for everything that is written, on a disk")
	chaos := flag.Bool("chaos", false, "only kill what a NATS cluster is made of, all the time")
	flag.Parse()
	if *chaos {
		r.steps = chaosSteps
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := r.all(ctx)
	if err != nil {
		r.say("FAILED: %s", err)
		r.explain()
	}
	r.close()
	if err != nil {
		os.Exit(1)
	}
	r.say("fine: %d steps, %d messages", len(r.steps), len(r.im.Received()))
}

// run is one run of everything.
type run struct {
	rulekit, folder string
	steps           []step
	begun           time.Time
	im              *messenger
	adaptor         *adaptor
	alertmanager    *alertmanager
	// repeated is when the alert that is to be repeated was told first.
	repeated time.Time
}

func (r *run) say(format string, args ...any) {
	elapsed := time.Since(r.begun)
	fmt.Printf("%d:%02d  %s\n", int(elapsed.Minutes()), int(elapsed.Seconds())%60, fmt.Sprintf(format, args...))
}

type step struct {
	what string
	do   func(*run, context.Context) error
}

// steps are done in this order.
var steps = []step{
	{"an alert fires, and will be repeated after ten minutes", (*run).beginRepeating},
	{"an alert fires and is resolved: each is told once", (*run).fireAndResolve},
	{"three alerts of a group are one message", (*run).group},
	{"of two alerts, one is inhibited by the other", (*run).inhibit},
	{"a silenced alert is told when its silence ends", (*run).silence},
	{"the adaptor is killed with -9 while three notifications wait", (*run).kill},
	{"the adaptor is away when an alert fires, and when another is resolved", (*run).away},
	{"the adaptor's disk is full: it answers 503, and Alertmanager tries again", (*run).fillDisk},
	{"every 2xx comes after an fsync of what was posted", (*run).trace},
	{"two adaptors share a NATS server, and one of them is killed", (*run).cluster},
	{"Alertmanager repeats itself after ten minutes, and is not taken for a duplicate", (*run).awaitRepeat},
}

// chaosSteps are done instead with -chaos.
var chaosSteps = []step{{"adaptors and servers of a NATS cluster are killed with -9 all the time", (*run).chaos}}

func (r *run) all(ctx context.Context) error {
	var err error
	if r.im, err = listenMessenger(ctx); err != nil {
		return err
	}
	if r.adaptor, err = r.newAdaptor("adaptor"); err != nil {
		return err
	}
	if err := r.adaptor.start(ctx); err != nil {
		return err
	}
	if r.alertmanager, err = startAlertmanager(ctx, r.folder, r.adaptor.address); err != nil {
		return err
	}
	for _, step := range r.steps {
		r.say("%s", step.what)
		if err := step.do(r, ctx); err != nil {
			return err
		}
	}
	return r.toldOnce()
}

// toldOnce proves that no message came twice, but for those of alerts that were told of again.
func (r *run) toldOnce() error {
	seen := map[string]bool{}
	for _, m := range r.im.Received() {
		if m.OK && strings.Contains(m.Text, "second time") {
			return fmt.Errorf("a message that says that it may come twice, and nothing made it unsure:\n%s", m.Text)
		}
		again := strings.Contains(m.Text, repeatingAlert) || strings.Contains(m.Text, returningAlert)
		if m.OK && seen[m.Text] && !again {
			return fmt.Errorf("this message came twice:\n%s", m.Text)
		}
		seen[m.Text] = m.OK
	}
	return nil
}

// until looks again and again until the condition holds.
func (r *run) until(ctx context.Context, what string, condition func() (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("waited %s in vain until %s", patience, what))
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
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

// told waits until so many messages, and no more, have been accepted that say all of this.
func (r *run) told(ctx context.Context, messages int, says ...string) error {
	return r.until(ctx, fmt.Sprintf("%d messages say %q", messages, says), func() (bool, error) {
		found := len(r.saying(says...))
		if found > messages {
			return false, fmt.Errorf("%d messages say %q, want %d", found, says, messages)
		}
		return found == messages, nil
	})
}

// saying returns the accepted messages that say all of this.
func (r *run) saying(says ...string) []fakeim.Received {
	var found []fakeim.Received
	for _, m := range r.im.Received() {
		all := m.OK
		for _, text := range says {
			all = all && strings.Contains(m.Text, text)
		}
		if all {
			found = append(found, m)
		}
	}
	return found
}

// explain says how things stand when the run has failed.
func (r *run) explain() {
	if r.im != nil {
		received := r.im.Received()
		for _, m := range received[max(0, len(received)-5):] {
			r.say("  message at %s, answered %d:\n%s", m.At.Format(time.TimeOnly), m.Status, m.Text)
		}
	}
	if r.adaptor != nil {
		r.say("  the end of the adaptor's log:\n%s", r.adaptor.log.end())
	}
	if r.alertmanager != nil {
		r.say("  the end of Alertmanager's log:\n%s", r.alertmanager.log.end())
	}
}

func (r *run) close() {
	if r.alertmanager != nil {
		r.alertmanager.kill()
	}
	if r.adaptor != nil {
		r.adaptor.kill()
	}
}

var errGone = errors.New("it has ended")
