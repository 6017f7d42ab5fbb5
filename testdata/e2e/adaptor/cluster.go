package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// returningAlert fires, is resolved, and fires again just as before.
const returningAlert = "ComesBack"

// cluster is two adaptors at one stock NATS server. All connections, but for those to the
// messenger, are by mutual TLS.
type cluster struct {
	*run
	folder   string
	identity identity
	nats     *process
	// natsAddress is where the server listens, and natsConfig its configuration.
	natsAddress, natsConfig string
	members                 []*member
}

// member is an adaptor of a cluster.
type member struct {
	*process
	log       *log
	url       string
	client    *http.Client
	arguments []string
}

// cluster proves that the adaptors are one: each accepts, one delivers, what was posted to one is
// known to the other, and the other takes over when the one that delivers is killed.
func (r *run) cluster(ctx context.Context) (err error) {
	c := &cluster{run: r, folder: filepath.Join(r.folder, "cluster")}
	defer c.close()
	defer func() {
		for i, m := range c.members {
			if err != nil {
				r.say("  the end of the log of adaptor %d:\n%s", i, m.log.end())
			}
		}
	}()
	if c.identity, err = newIdentity(c.folder); err != nil {
		return err
	}
	if err := c.configureNATS(ctx); err != nil {
		return err
	}
	if err := c.startNATS(ctx); err != nil {
		return err
	}
	for i := range 2 {
		if err := c.join(ctx, i); err != nil {
			return err
		}
	}
	for _, proof := range []func(context.Context) error{c.stranger, c.known, c.outage, c.takeOver} {
		if err := proof(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (c *cluster) close() {
	for _, m := range c.members {
		m.kill()
	}
	if c.nats != nil {
		c.nats.kill()
	}
}

const natsConfig = `listen: %s
max_payload: 16MB
jetstream { store_dir: %q }
authorization { user: rulekit, password: e2e }
tls { cert_file: %q, key_file: %q, ca_file: %[3]q, verify: true }
`

func (c *cluster) configureNATS(ctx context.Context) (err error) {
	if c.natsAddress, err = freeAddress(ctx); err != nil {
		return err
	}
	c.natsConfig = filepath.Join(c.folder, "nats.conf")
	return writeFile(c.natsConfig, fmt.Sprintf(natsConfig, c.natsAddress, filepath.Join(c.folder, "nats"), c.identity.cert, c.identity.key))
}

// startNATS starts Debian's package, and waits until it listens.
func (c *cluster) startNATS(ctx context.Context) (err error) {
	l := &log{}
	if c.nats, err = spawn(l, "nats-server", "-c", c.natsConfig); err != nil {
		return err
	}
	return c.until(ctx, "the NATS server listens", func() (bool, error) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", c.natsAddress)
		if err != nil {
			select {
			case <-c.nats.exited:
				return false, fmt.Errorf("the NATS server: %w:\n%s", errGone, l.end())
			default:
				return false, nil
			}
		}
		return true, conn.Close()
	})
}

const webConfig = `tls_server_config:
  cert_file: %[1]s
  key_file: %[2]s
  client_ca_file: %[1]s
  client_auth_type: RequireAndVerifyClientCert
`

// join starts one more adaptor.
func (c *cluster) join(ctx context.Context, number int) error {
	address, err := freeAddress(ctx)
	if err != nil {
		return err
	}
	config, web := filepath.Join(c.folder, "adaptor.yaml"), filepath.Join(c.folder, "web.yaml")
	if err := errors.Join(writeFile(config, c.im.config()), writeFile(web, fmt.Sprintf(webConfig, c.identity.cert, c.identity.key))); err != nil {
		return err
	}
	m := &member{log: &log{}, url: "https://" + address, client: c.identity.client()}
	c.members = append(c.members, m)
	m.arguments = []string{"adaptor", "--config", config, "--listen", address, "--web.config.file", web, "--nats-url", "tls://" + c.natsAddress,
		"--nats-ca-file", c.identity.cert, "--nats-cert-file", c.identity.cert, "--nats-key-file", c.identity.key}
	program := append([]string{"NATS_USER=rulekit", "NATS_PASSWORD=e2e", c.rulekit}, m.arguments...)
	if m.process, err = spawn(m.log, "env", program...); err != nil {
		return err
	}
	return c.until(ctx, fmt.Sprintf("adaptor %d is ready", number), func() (bool, error) {
		select {
		case <-m.exited:
			return false, errGone
		default:
		}
		status, _, err := m.ask(ctx, http.MethodGet, "/-/ready", "")
		return status == http.StatusOK && err == nil, nil
	})
}

func (m *member) kill() {
	if m.process != nil {
		m.process.kill()
	}
}

func (m *member) ask(ctx context.Context, method, path, body string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, method, m.url+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	answer, err := m.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, strings.TrimSpace(string(text)), err
}

// post posts a notification of one alert, which is in one of the states, and wants the answer.
func (m *member) post(ctx context.Context, name, state, want string) error {
	body := fmt.Sprintf(`{"status":%[2]q,"groupKey":"{}:{alertname=\"%[1]s\"}","alerts":[{"status":%[2]q,"labels":{"alertname":%[1]q},`+
		`"startsAt":"2026-01-05T00:00:00Z","endsAt":"2026-01-05T00:10:00Z"}]}`, name, state)
	status, answer, err := m.ask(ctx, http.MethodPost, "/api/v1/notify/im", body)
	if err == nil && answer != want {
		err = fmt.Errorf("the answer to %s %s is %d %q, want %q", state, name, status, answer, want)
	}
	return err
}

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

// outage proves that nothing is accepted while the NATS server is away, and everything after.
func (c *cluster) outage(ctx context.Context) error {
	c.nats.kill()
	refused := errors.Join(c.members[0].refuses(ctx), c.members[1].refuses(ctx))
	if err := errors.Join(refused, c.startNATS(ctx)); err != nil {
		return err
	}
	for i, m := range c.members {
		err := c.until(ctx, fmt.Sprintf("adaptor %d is ready again", i), func() (bool, error) {
			status, _, err := m.ask(ctx, http.MethodGet, "/-/ready", "")
			return status == http.StatusOK, err
		})
		if err != nil {
			return err
		}
	}
	// A server that was killed may have forgotten how far it had counted. An adaptor that finds out
	// refuses and begins anew, and Alertmanager tries again.
	two := c.members[1]
	if err := c.until(ctx, "what is posted after the outage is accepted", func() (bool, error) {
		return two.post(ctx, "AfterOutage", "firing", "accepted") == nil || two.post(ctx, "AfterOutage", "firing", "duplicate") == nil, nil
	}); err != nil {
		return err
	}
	return c.told(ctx, 1, "AfterOutage")
}

func (m *member) refuses(ctx context.Context) error {
	status, answer, err := m.ask(ctx, http.MethodPost, "/api/v1/notify/im", `{"groupKey":"x","alerts":[{"labels":{"alertname":"Refused"}}]}`)
	if err == nil && status != http.StatusServiceUnavailable {
		err = fmt.Errorf("without the NATS server a post gets %d %s", status, answer)
	}
	return err
}

// takeOver kills the adaptor that delivers while notifications wait that came to each of them.
func (c *cluster) takeOver(ctx context.Context) error {
	one, two := c.members[0], c.members[1]
	delivers := "this_one=true"
	if !strings.Contains(one.log.end(), delivers) || strings.Contains(two.log.end(), delivers) {
		return errors.New("it is not the first adaptor that delivers")
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
	return errors.Join(c.told(ctx, 2, "[RESOLVED:1] "+returningAlert), os.RemoveAll(c.folder))
}
