package adaptor

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"
)

// Reload puts a configuration in place of the one in use. Receivers that are not in it stop being
// delivered to after the call that is under way; what waits for them stays in the queue until
// they come back, or until it is too old. Posts that are being answered are not affected.
func (s *Server) Reload(config *Config) {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	s.use(config)
	if s.crew != nil {
		s.crew.deliver(s.current.Load().receivers)
	}
}

// ReloadSource reads the configuration again from Options.Source and puts it to use. A
// configuration with a mistake is logged, and returned as an error, and changes nothing.
func (s *Server) ReloadSource(why string) error {
	s.sourcing.Lock()
	defer s.sourcing.Unlock()
	config, _, err := s.options.Source.load()
	if err == nil {
		err = s.checkAuth(config)
	}
	s.metrics.loaded(err == nil)
	if err != nil {
		s.log.Error("configuration not reloaded, the one before stays in use", "why", why, "error", strings.Split(err.Error(), "\n"))
		return err
	}
	s.Reload(config)
	s.log.Info("configuration reloaded", "why", why, "receivers", len(config.Receivers))
	return nil
}

// inUse is a configuration with its receivers by name.
type inUse struct {
	*Config
	receivers map[string]*Receiver
	names     []string
}

// use makes a configuration the current one; the caller holds reloading, or is New.
func (s *Server) use(config *Config) {
	current := &inUse{Config: config, receivers: map[string]*Receiver{}}
	for i := range config.Receivers {
		r := &config.Receivers[i]
		current.receivers[r.Name] = r
		current.names = append(current.names, r.Name)
	}
	s.queue.SetWindow(dedupWindow(config.DedupWindow))
	s.current.Store(current)
	s.showMetrics()
	for _, name := range s.queue.Lines() {
		if waiting, _ := s.queue.Waiting(name); waiting > 0 && current.receivers[name] == nil {
			s.log.Warn("notifications wait for a receiver that the configuration does not have", "receiver", name, "waiting", waiting)
		}
	}
}

// showMetrics gives series to the receivers of the configuration, and to those that only
// something in the queue knows, or knew since the process began.
func (s *Server) showMetrics() {
	channels := map[string]string{}
	for name, channel := range s.metrics.receivers() {
		if channel == noChannel {
			channels[name] = noChannel
		}
	}
	for _, name := range s.queue.Lines() {
		channels[name] = noChannel
	}
	for name, r := range s.current.Load().receivers {
		channels[name] = r.Channel.Name
	}
	s.metrics.show(channels)
}

// crew is the workers of a server that runs, one for each receiver.
type crew struct {
	server *Server
	// working ends when what is under way is to be given up.
	working context.Context
	workers sync.WaitGroup
	members map[string]member
}

// member is a worker that runs.
type member struct {
	receiver *Receiver
	stop     context.CancelFunc
}

func (s *Server) startCrew(working context.Context) *crew {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	s.crew = &crew{server: s, working: working, members: map[string]member{}}
	s.crew.deliver(s.current.Load().receivers)
	return s.crew
}

// stopCrew waits until all workers have ended.
func (s *Server) stopCrew(c *crew) {
	s.reloading.Lock()
	s.crew = nil
	s.reloading.Unlock()
	c.workers.Wait()
}

// deliver makes the workers those of the given receivers. The worker of one that has changed
// ends after its call; the queue lets the new one wait for that.
func (c *crew) deliver(receivers map[string]*Receiver) {
	for name, m := range c.members {
		if receiver := receivers[name]; receiver == nil || !reflect.DeepEqual(receiver, m.receiver) {
			m.stop()
			delete(c.members, name)
		}
	}
	for name, receiver := range receivers {
		if _, runs := c.members[name]; !runs {
			c.start(receiver, ofBot(receivers, receiver.bot()))
		}
	}
}

// ofBot are the names of the receivers that share a bot.
func ofBot(receivers map[string]*Receiver, bot string) []string {
	var names []string
	for name, receiver := range receivers {
		if receiver.bot() == bot {
			names = append(names, name)
		}
	}
	return names
}

// start starts the worker of a receiver; lines are the receivers that share its bot.
func (c *crew) start(receiver *Receiver, lines []string) {
	next, stop := context.WithCancel(c.working)
	c.members[receiver.Name] = member{receiver, stop}
	c.workers.Go(func() {
		defer stop()
		w := &worker{Server: c.server, receiver: receiver, lines: lines, limiter: c.server.limiters.of(receiver)}
		w.run(next, c.working)
	})
}

// orphanCheck is how often lines are looked for whose receiver is gone.
const orphanCheck = time.Minute

// expireOrphans gives up what waits for receivers that the configuration has no more, once it
// is too old to be delivered should they come back.
func (s *Server) expireOrphans(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(orphanCheck):
		}
		s.reloading.Lock()
		s.showMetrics()
		s.reloading.Unlock()
		for _, name := range s.queue.Lines() {
			for s.expireOrphan(ctx, name) {
			}
		}
	}
}

// expireOrphan gives up the head of a line without a receiver, if it is too old, and tells
// whether there was one.
func (s *Server) expireOrphan(ctx context.Context, name string) bool {
	config := s.current.Load()
	maxAge := s.retry.MaxAge
	if config.MaxAge > 0 {
		maxAge = config.MaxAge
	}
	_, oldest := s.queue.Waiting(name)
	if config.receivers[name] != nil || oldest.IsZero() || time.Since(oldest) <= maxAge {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	lease, err := s.queue.Next(ctx, name)
	if err != nil {
		return false
	}
	item, progress := lease.Items()[0], lease.Progress()
	if item.age() <= maxAge || s.current.Load().receivers[name] != nil {
		_ = lease.Retry(0, progress) // else the store leases it again by itself
		return false
	}
	reason := fmt.Sprintf("it waited for %s, and the configuration has no receiver %q any more", maxAge, name)
	if err := lease.Dead(1, progress, reason, false); err != nil {
		s.log.Error("an old notification was not given up", "receiver", name, "error", err)
		return false
	}
	s.metrics.count(name, statusDeadLettered, 1)
	s.log.Error("given up, now a dead letter", "receiver", name, "reason", reason)
	return true
}
