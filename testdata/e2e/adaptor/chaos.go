package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// What chaos posts, and how often it kills an adaptor and a NATS server.
const (
	chaosReceivers = 20
	chaosGroups    = 120 // of each receiver
	chaosKills     = 5
)

// chaos proves that nothing is lost while adaptors and NATS servers are killed with -9, one at a
// time, and one call of each bot in three fails: all that was acknowledged is told, and what
// is told twice says so.
func (r *run) chaos(ctx context.Context) error {
	im, err := listenMessenger(ctx)
	if err != nil {
		return err
	}
	im.flaky.Store(true)
	c := &cluster{run: r, im: im, folder: filepath.Join(r.folder, "chaos"), receivers: chaosReceivers}
	defer c.close()
	if err := c.open(ctx, filepath.Join(r.folder, "nats-server"), 3); err != nil {
		return c.explained(err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var posters sync.WaitGroup
	for receiver := range chaosReceivers {
		posters.Go(func() { c.postAll(ctx, fmt.Sprint("im", receiver)) })
	}
	if err := c.killAll(ctx); err != nil {
		return c.explained(err)
	}
	posters.Wait()
	if err := c.allTold(ctx); err != nil {
		return c.explained(err)
	}
	return nil
}

func chaosName(receiver string, group int) string {
	return fmt.Sprintf("Chaos-%s-%d.", receiver, group)
}

// postAll posts the groups of a receiver, each until it is acknowledged, to the one adaptor or the
// other.
func (c *cluster) postAll(ctx context.Context, receiver string) {
	for group := 0; group < chaosGroups && ctx.Err() == nil; {
		m := c.members[rand.IntN(len(c.members))]
		pause := time.Duration(rand.Int64N(int64(2 * time.Second)))
		if status, _, err := m.notify(ctx, receiver, chaosName(receiver, group), "firing"); err != nil || status != http.StatusOK {
			pause = 200 * time.Millisecond
		} else {
			group++
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// killAll kills an adaptor or a NATS server, starts it again, and waits until all is well and
// messages are sent before it kills the next: what two of three servers lose is lost.
func (c *cluster) killAll(ctx context.Context) error {
	for kill := range 2 * chaosKills {
		received := len(c.im.Received())
		if err := c.until(ctx, "messages are sent", func() (bool, error) { return len(c.im.Received()) > received+chaosReceivers, nil }); err != nil {
			return err
		}
		if kill%2 == 0 {
			m := c.members[rand.IntN(len(c.members))]
			m.kill()
			if err := c.start(ctx, m); err != nil {
				return err
			}
		} else {
			s := c.servers[rand.IntN(len(c.servers))]
			s.kill()
			if err := c.startNATS(ctx, s); err != nil {
				return err
			}
		}
		if err := c.settled(ctx); err != nil {
			return err
		}
	}
	return nil
}

// settled waits until the NATS servers have caught up with each other, and the adaptors are ready.
func (c *cluster) settled(ctx context.Context) error {
	for _, s := range c.servers {
		err := c.until(ctx, "a NATS server has caught up", func() (bool, error) {
			status, _, err := request(ctx, http.MethodGet, "http://"+s.monitor+"/healthz", nil)
			return status == http.StatusOK && err == nil, nil
		})
		if err != nil {
			return err
		}
	}
	for _, m := range c.members {
		if err := c.ready(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// allTold waits until every group was told, and looks at those that were told twice.
func (c *cluster) allTold(ctx context.Context) error {
	var missing []string
	err := c.until(ctx, "everything is told", func() (bool, error) {
		missing = nil
		told := c.texts()
		for receiver := range chaosReceivers {
			for group := range chaosGroups {
				if name := chaosName(fmt.Sprint("im", receiver), group); len(told[name]) == 0 {
					missing = append(missing, name)
				}
			}
		}
		return len(missing) == 0, nil
	})
	if err != nil {
		return errors.Join(err, fmt.Errorf("%d are missing: %q", len(missing), missing[:min(len(missing), 10)]))
	}
	twice := 0
	for name, texts := range c.texts() {
		for _, text := range texts[1:] {
			twice++
			if !strings.Contains(text, "second time") {
				return fmt.Errorf("%s is told again without saying so:\n%s", name, text)
			}
		}
	}
	c.say("  %d groups are told, %d of them twice, which says so; %d calls failed", chaosReceivers*chaosGroups, twice, c.im.refused.Load())
	return nil
}

// texts are the accepted messages that have each name.
func (c *cluster) texts() map[string][]string {
	told := map[string][]string{}
	for _, m := range c.im.Received() {
		if !m.OK {
			continue
		}
		seen := map[string]bool{}
		for rest := m.Text; ; {
			_, after, found := strings.Cut(rest, "Chaos-")
			name, _, ends := strings.Cut(after, ".")
			if !found || !ends {
				break
			}
			if name = "Chaos-" + name + "."; !seen[name] {
				seen[name] = true
				told[name] = append(told[name], m.Text)
			}
			rest = after
		}
	}
	return told
}
