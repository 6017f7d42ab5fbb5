package simulate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/config"
)

// NotifyOptions says what Alertmanager is sent, and by which configuration it works.
type NotifyOptions struct {
	// Configuration is Alertmanager's; nil stands for the built-in one.
	Configuration *Configuration
	// Start is the virtual instant the simulation begins at, not before the year 2000; Length
	// is how long it goes on.
	Start  time.Time
	Length time.Duration
	// Batches are what Prometheus sends, in the order of their time.
	Batches []Batch
	// Hosts, if set, makes the hosts of the network, by name or name:port. It is called when
	// the clock stands at Start: what it starts lives in virtual time, and has to wait for
	// nothing made outside. stop, which may be nil, is called at the end; it has to end all
	// that was started, and may take some virtual time to deliver what is still under way.
	Hosts func(network *Network) (hosts map[string]Host, stop func(), err error)
}

// Where things stop being simulated and start being stuck, in virtual time.
const (
	// stopWithin is how long the hosts may take to stop.
	stopWithin = time.Hour
	// lingering is how long closed connections may take to be gone.
	lingering = time.Minute
)

// Small times that keep apart what happens at one instant, so that which comes first is never
// left to chance. They add up to far less than the millisecond that is shown.
const (
	// arrivalGap lies between the arrivals of two alerts, and so between an alert and what
	// Alertmanager planned, when an earlier one came, for the same instant: a flush comes
	// before the alerts of its instant.
	arrivalGap = 2 * sendDelay
	// sendDelay lies between a flush and its messages. It would be 0 if the race detector of
	// Go 1.26 could bear timers of 0 in a bubble (https://go.dev/issue/78156).
	sendDelay = time.Nanosecond
)

// Notify plays the batches into Alertmanager, unmodified but for its clock and its network, and
// returns all that it did about them, sorted by time, receiver and group key. It does not
// touch the real network, but for mail to itself on the loopback interface.
//
// It returns an error if the configuration is not valid, if an alert is not, if a host panics
// or does not stop, or if ctx ends.
func Notify(ctx context.Context, options NotifyOptions) ([]Notification, error) {
	if options.Configuration == nil {
		options.Configuration = BuiltinConfiguration()
	}
	s, err := newSession(options)
	if err != nil {
		return nil, err
	}
	defer s.close()
	var notifications []Notification
	err = onVirtualClock(ctx, options.Start, func() error {
		if err := s.play(ctx); err != nil {
			return err
		}
		notifications = s.recorder.result()
		return s.recorder.err()
	})
	if err != nil {
		return nil, err
	}
	for i := range notifications {
		s.secrets.hide(&notifications[i])
	}
	return slices.DeleteFunc(notifications, func(n Notification) bool {
		return !options.Configuration.shows(n.Receiver)
	}), nil
}

// session is one run of Notify: what it takes from outside, and what it sees inside the bubble.
type session struct {
	options  NotifyOptions
	config   *config.Config
	offline  offline
	recorder *recorder
	secrets  secrets
	// arrived counts the alerts that were put: see arrivalGap.
	arrived time.Duration
}

func newSession(options NotifyOptions) (*session, error) {
	conf, err := options.Configuration.load()
	if err != nil {
		return nil, err
	}
	s := &session{options: options, config: conf, recorder: newRecorder(options.Start), secrets: secretsOf(conf)}
	if err := s.offline.prepare(conf); err != nil {
		s.close()
		return nil, fmt.Errorf("%s: %w", options.Configuration.path, err)
	}
	return s, nil
}

// close gives back what was taken from outside.
func (s *session) close() { s.offline.close() }

func (s *session) play(ctx context.Context) (err error) {
	network, err := newNetwork(s.recorder)
	if err != nil {
		return err
	}
	defer func() {
		network.close()
		time.Sleep(lingering)
	}()
	if s.options.Hosts != nil {
		hosts, stop, hostsErr := s.options.Hosts(network)
		if hostsErr != nil {
			return fmt.Errorf("set up the hosts of the simulation: %w", hostsErr)
		}
		network.add(hosts)
		if stop != nil {
			defer func() { err = errors.Join(err, stopHosts(stop)) }()
		}
	}
	am, err := s.startAlertmanager(network)
	if err != nil {
		return err
	}
	defer am.stop()
	for _, batch := range s.options.Batches {
		if batch.At > s.options.Length {
			break
		}
		if err := s.sleepUntil(ctx, batch.At); err != nil {
			return err
		}
		for _, a := range batch.Alerts {
			s.arrived += arrivalGap
			time.Sleep(time.Until(s.options.Start.Add(batch.At + s.arrived)))
			if err := am.put(ctx, a); err != nil {
				return fmt.Errorf("at %s: %w", batch.At, err)
			}
		}
	}
	// What is planned for the last instant belongs to it.
	return s.sleepUntil(ctx, s.options.Length+s.arrived+arrivalGap)
}

// sleepUntil lets time pass until that long after the start, and returns an error if ctx ends.
// The sleep is cut into pieces since ctx cannot be waited for: see onVirtualClock.
func (s *session) sleepUntil(ctx context.Context, at time.Duration) error {
	piece := max(time.Minute, s.options.Length/1000)
	until := s.options.Start.Add(at)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.recorder.err(); err != nil {
			return err
		}
		left := time.Until(until)
		if left <= 0 {
			settle()
			return nil
		}
		time.Sleep(min(left, piece))
	}
}

// stopHosts calls stop, and returns an error if that panics or does not end.
func stopHosts(stop func()) error {
	select {
	case err := <-begin(func() error { stop(); return nil }):
		return err
	case <-time.After(stopWithin):
		return fmt.Errorf("simulation: the hosts did not stop within %s of virtual time", stopWithin)
	}
}
