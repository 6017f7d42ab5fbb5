package simulate

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/common/model"
)

// recorder writes down what Alertmanager does, from inside its pipeline: nobody outside of the
// bubble knows the virtual time. Its methods may be called at once by many goroutines.
type recorder struct {
	start time.Time

	mu            sync.Mutex
	notifications []*Notification
	runs          map[flush]*Notification
	// relays holds the notifications that were sent to a relay, and to which path.
	relays map[*Notification]string
	// mutes is what was last recorded as muted in each group.
	mutes map[string]string
	// stopping is set when the simulation ends: what fails from then on is cut off by that.
	stopping bool
	failure  error
}

// flush identifies one flush of one group to one integration: all that Alertmanager tries until
// it is delivered or given up.
type flush struct {
	receiver, integration, route, group string
	index                               int
	id                                  uint64
}

// attempt is one call of an integration.
type attempt struct {
	integration  string
	notification *Notification
}

func newRecorder(start time.Time) *recorder {
	return &recorder{
		start:  start,
		runs:   map[flush]*Notification{},
		relays: map[*Notification]string{},
		mutes:  map[string]string{},
	}
}

// now is the time since the start, to the millisecond: see arrivalGap for what is below it.
func (r *recorder) now() time.Duration { return time.Since(r.start).Truncate(time.Millisecond) }

// fail keeps the first thing that went wrong with the simulation itself.
func (r *recorder) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failure == nil {
		r.failure = err
	}
}

func (r *recorder) err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failure
}

// begin records that an integration is called. Alertmanager calls it again and again until it
// succeeds: that is one notification with several attempts.
func (r *recorder) begin(ctx context.Context, receiver string, i *notify.Integration, alerts []*alert.Alert) *attempt {
	key := flush{receiver: receiver, integration: i.Name(), index: i.Index()}
	key.group, _ = notify.GroupKey(ctx)
	key.route, _ = notify.RouteID(ctx)
	key.id, _ = notify.FlushID(ctx)
	reason, _ := notify.NotificationReason(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.runs[key]
	if n == nil {
		n = &Notification{
			At: r.now(), Receiver: receiver, Integration: i.Name(), Index: i.Index(),
			Status: string(alert.Alerts(alerts...).Status()), Reason: reason.String(),
			GroupKey: key.group, Alerts: copyAlerts(alerts),
		}
		r.runs[key] = n
		r.notifications = append(r.notifications, n)
	}
	n.Attempts++
	return &attempt{integration: i.Name(), notification: n}
}

// end records how an attempt ended; the last one counts, unless it was cut off.
func (r *recorder) end(a *attempt, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err == nil:
		a.notification.Error = ""
	case !r.stopping:
		a.notification.Error = strings.TrimSpace(redact(err.Error()))
	case a.notification.Error == "":
		a.notification.Error = "the simulation ended before an answer"
	}
}

// stop tells that the simulation ends.
func (r *recorder) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopping = true
}

// delivered records a message that reached an endpoint because of an attempt.
func (r *recorder) delivered(a *attempt, d Delivery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a.notification.Deliveries = append(a.notification.Deliveries, d)
}

// entrusted records that the message of an attempt is in the hands of a relay.
func (r *recorder) entrusted(a *attempt, path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.relays[a.notification] = path
}

// relayed records a message that a relay passed on, during the attempt or long after it. A
// message about several groups, or about none that is known, belongs to the receiver's last.
func (r *recorder) relayed(from Relayed, d Delivery) {
	if d.At == 0 {
		d.At = r.now()
	}
	d.URL = redactURL(d.URL)
	r.mu.Lock()
	defer r.mu.Unlock()
	var last *Notification
	for _, n := range slices.Backward(r.notifications) {
		if path, sent := r.relays[n]; n.Receiver != from.Receiver || !sent || path != from.Path {
			continue
		}
		if n.GroupKey == from.GroupKey {
			last = n
			break
		}
		if last == nil {
			last = n
		}
	}
	if last != nil {
		last.Deliveries = append(last.Deliveries, d)
	}
}

// muted records the alerts of a group that nobody was told about, by reason. A group is
// flushed again and again, so only a change is recorded.
func (r *recorder) muted(receiver, route, group string, byReason map[string][]*alert.Alert) {
	reasons := slices.Sorted(maps.Keys(byReason))
	var state strings.Builder
	for _, reason := range reasons {
		state.WriteString(reason + "\n")
		for _, a := range byReason[reason] {
			state.WriteString(a.Fingerprint().String() + "\n")
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	key := receiver + "\n" + route + "\n" + group
	if r.mutes[key] == state.String() {
		return
	}
	r.mutes[key] = state.String()
	for _, reason := range reasons {
		r.notifications = append(r.notifications, &Notification{
			At: r.now(), Receiver: receiver, Status: StatusMuted, Reason: reason,
			GroupKey: group, Alerts: copyAlerts(byReason[reason]),
		})
	}
}

// result returns everything recorded, in the order that does not depend on which of several
// goroutines was first at an instant.
func (r *recorder) result() []Notification {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Notification, len(r.notifications))
	for i, n := range r.notifications {
		all[i] = *n
		slices.SortStableFunc(all[i].Deliveries, func(a, b Delivery) int {
			return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.URL, b.URL), cmp.Compare(a.Body, b.Body))
		})
	}
	slices.SortStableFunc(all, func(a, b Notification) int {
		return cmp.Or(
			cmp.Compare(a.At, b.At),
			cmp.Compare(a.Receiver, b.Receiver),
			cmp.Compare(a.GroupKey, b.GroupKey),
			cmp.Compare(a.Integration, b.Integration),
			cmp.Compare(a.Index, b.Index),
			cmp.Compare(a.Reason, b.Reason),
		)
	})
	return all
}

func copyAlerts(alerts []*alert.Alert) []*model.Alert {
	copied := make([]*model.Alert, len(alerts))
	for i, a := range alerts {
		own := a.Alert
		copied[i] = &own
	}
	return copied
}

type attemptKey struct{}

// attemptOf returns the attempt that a context belongs to, or nil.
func attemptOf(ctx context.Context) *attempt {
	a, _ := ctx.Value(attemptKey{}).(*attempt)
	return a
}

// recorded is an integration whose attempts are recorded.
type recorded struct {
	integration notify.Integration
	receiver    string
	recorder    *recorder
	// turn is set for an integration whose messages cannot be told apart by their
	// connections: it makes its attempts one after the other.
	turn *turn
}

// Notify implements notify.Notifier.
func (i *recorded) Notify(ctx context.Context, alerts ...*alert.Alert) (retry bool, err error) {
	a := i.recorder.begin(ctx, i.receiver, &i.integration, alerts)
	ctx = context.WithValue(ctx, attemptKey{}, a)
	defer func() {
		if p := recover(); p != nil {
			retry, err = false, fmt.Errorf("panic: %v", p)
			i.recorder.fail(fmt.Errorf("receiver %s: %s: panic: %v\n%s", i.receiver, i.integration.Name(), p, debug.Stack()))
		}
		i.recorder.end(a, err)
	}()
	if i.turn != nil {
		if err := i.turn.take(ctx, a); err != nil {
			return true, err
		}
		defer i.turn.give(a)
	}
	return i.integration.Notify(ctx, alerts...)
}

// turn lets one attempt at a time through. It is a channel and not a mutex, because a
// goroutine that waits for a mutex keeps virtual time from passing.
type turn struct {
	free chan struct{}
	// holder is the attempt whose turn it is, or nil.
	holder atomic.Pointer[attempt]
	// done is called with the attempt before its turn ends, if it is set.
	done func(*attempt)
}

func newTurn() *turn {
	t := &turn{free: make(chan struct{}, 1)}
	t.free <- struct{}{}
	return t
}

func (t *turn) take(ctx context.Context, a *attempt) error {
	select {
	case <-t.free:
		t.holder.Store(a)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *turn) give(a *attempt) {
	if t.done != nil {
		t.done(a)
	}
	t.holder.Store(nil)
	t.free <- struct{}{}
}
