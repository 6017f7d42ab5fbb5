package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// returningAlert fires, is resolved, and fires again just as before.
const returningAlert = "ComesBack"

// stranger proves that nobody without a certificate is let in.
func (c *cluster) stranger(ctx context.Context) error {
	stranger := c.identity
	stranger.presented = nil
	m := &member{url: c.members[0].url, client: stranger.client()}
	if status, answer, err := m.ask(ctx, http.MethodGet, "/metrics", ""); err == nil {
		return fmt.Errorf("a client without a certificate gets %d %s", status, answer)
	}
	return nil
}

// known proves that each adaptor knows what was said to the other.
func (c *cluster) known(ctx context.Context) error {
	one, two := c.members[0], c.members[1]
	if err := two.post(ctx, returningAlert, "firing", "accepted"); err != nil {
		return err
	}
	if err := c.told(ctx, 1, "[FIRING:1] "+returningAlert); err != nil {
		return err
	}
	if err := errors.Join(one.post(ctx, returningAlert, "firing", "duplicate"), one.post(ctx, returningAlert, "resolved", "accepted")); err != nil {
		return err
	}
	if err := c.told(ctx, 1, "[RESOLVED:1] "+returningAlert); err != nil {
		return err
	}
	// It takes some milliseconds until each knows what the other has accepted, and seconds until
	// Alertmanager says something new of a group.
	if err := c.until(ctx, "what fires again is accepted", func() (bool, error) {
		return two.post(ctx, returningAlert, "firing", "accepted") == nil, nil
	}); err != nil {
		return err
	}
	return c.told(ctx, 2, "[FIRING:1] "+returningAlert)
}

// outage proves that nothing is accepted while the NATS server is away, and everything after. It
// is not killed: one that is alone would lose what it has not synced.
func (c *cluster) outage(ctx context.Context) error {
	if err := c.servers[0].end(); err != nil {
		return err
	}
	refused := errors.Join(c.members[0].refuses(ctx), c.members[1].refuses(ctx))
	if err := errors.Join(refused, c.startNATS(ctx, c.servers[0])); err != nil {
		return err
	}
	for _, m := range c.members {
		if err := c.ready(ctx, m); err != nil {
			return err
		}
	}
	// An adaptor that finds that the server has forgotten how far it had counted refuses and begins
	// anew, and Alertmanager tries again.
	two := c.members[1]
	if err := c.until(ctx, "what is posted after the outage is accepted", func() (bool, error) {
		return two.post(ctx, "AfterOutage", "firing", "accepted") == nil || two.post(ctx, "AfterOutage", "firing", "duplicate") == nil, nil
	}); err != nil {
		return err
	}
	return c.told(ctx, 1, "AfterOutage")
}

func (m *member) refuses(ctx context.Context) error {
	status, answer, err := m.ask(ctx, http.MethodPost, "/api/v1/notify/im0", `{"groupKey":"x","alerts":[{"labels":{"alertname":"Refused"}}]}`)
	if err == nil && status != http.StatusServiceUnavailable {
		err = fmt.Errorf("without the NATS server a post gets %d %s", status, answer)
	}
	return err
}

// delivering finds the adaptor that delivers, and the other one: it counts the message of an alert.
func (c *cluster) delivering(ctx context.Context) (this, other *member, err error) {
	var before [2]int
	for i, m := range c.members {
		if before[i], err = m.sent(ctx); err != nil {
			return nil, nil, err
		}
	}
	if err := c.members[1].post(ctx, "WhoDelivers", "firing", "accepted"); err != nil {
		return nil, nil, err
	}
	err = c.until(ctx, "an adaptor has delivered an alert", func() (bool, error) {
		for i, m := range c.members {
			if sent, err := m.sent(ctx); err != nil {
				return false, err
			} else if sent > before[i] {
				this, other = m, c.members[1-i]
			}
		}
		return this != nil, nil
	})
	return this, other, err
}

// sent is how many messages an adaptor counts as sent.
func (m *member) sent(ctx context.Context) (int, error) {
	_, text, err := m.ask(ctx, http.MethodGet, "/metrics", "")
	if err != nil {
		return 0, err
	}
	return sample(text, `rulekit_adaptor_notifications_total{channel="slack",receiver="im0",status="sent"}`)
}

// takeOver kills the adaptor that delivers while notifications wait that came to each of them.
func (c *cluster) takeOver(ctx context.Context) error {
	one, two, err := c.delivering(ctx)
	if err != nil {
		return err
	}
	c.im.broken.Store(true)
	refused := c.im.refused.Load()
	names := []string{"TakenOver0", "TakenOver1", "TakenOver2", "TakenOver3"}
	for i, name := range names {
		if err := c.members[i%2].post(ctx, name, "firing", "accepted"); err != nil {
			return err
		}
	}
	if err := c.until(ctx, "the messenger has refused one", func() (bool, error) { return c.im.refused.Load() > refused, nil }); err != nil {
		return err
	}
	one.kill()
	began := time.Now()
	c.im.broken.Store(false)
	for _, name := range names {
		if err := c.told(ctx, 1, name); err != nil {
			return err
		}
	}
	c.say("  the other adaptor took over and had told everything after %s", time.Since(began).Round(time.Second))
	if err := two.post(ctx, returningAlert, "resolved", "accepted"); err != nil {
		return err
	}
	return c.told(ctx, 2, "[RESOLVED:1] "+returningAlert)
}
