package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
)

// cluster is two adaptors at the same NATS servers. All connections, but for those to the messenger,
// are by mutual TLS.
type cluster struct {
	*run
	im       *messenger
	folder   string
	identity identity
	servers  []*natsServer
	members  []*member
	// receivers is how many receivers the adaptors have.
	receivers int
}

// natsServer is a NATS server, which can be killed and started again.
type natsServer struct {
	*process
	log             *log
	program, config string
	// address is for clients, and monitor for questions how it is.
	address, monitor string
}

// member is an adaptor of a cluster, which can be killed and started again.
type member struct {
	*process
	log       *log
	url       string
	client    *http.Client
	arguments []string
}

// cluster proves that the adaptors are one: each accepts, one delivers, what was posted to one is
// known to the other, and the other takes over when the one that delivers is killed.
func (r *run) cluster(ctx context.Context) error {
	c := &cluster{run: r, im: r.im, folder: filepath.Join(r.folder, "cluster"), receivers: 1}
	defer c.close()
	if err := c.open(ctx, "nats-server", 1); err != nil {
		return c.explained(err)
	}
	for _, proof := range []func(context.Context) error{c.stranger, c.known, c.outage, c.takeOver} {
		if err := proof(ctx); err != nil {
			return c.explained(err)
		}
	}
	return nil
}

// open starts NATS servers, and two adaptors.
func (c *cluster) open(ctx context.Context, program string, servers int) (err error) {
	if c.identity, err = newIdentity(c.folder); err != nil {
		return err
	}
	if err := c.configureNATS(ctx, program, servers); err != nil {
		return err
	}
	for _, s := range c.servers {
		if err := c.startNATS(ctx, s); err != nil {
			return err
		}
	}
	for range 2 {
		m, err := c.newMember(ctx)
		if err != nil {
			return err
		}
		if err := c.start(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// explained says what the adaptors and servers have to say of an error.
func (c *cluster) explained(err error) error {
	for i, m := range c.members {
		c.say("  the end of the log of adaptor %d:\n%s", i, m.log.end())
	}
	for i, s := range c.servers {
		c.say("  the end of the log of NATS server %d:\n%s", i, s.log.end())
	}
	return err
}

func (c *cluster) close() {
	for _, m := range c.members {
		m.kill()
	}
	for _, s := range c.servers {
		s.kill()
	}
}

const natsConfig = `server_name: %s
listen: %s
http: %s
max_payload: 16MB
jetstream { store_dir: %q }
authorization { user: rulekit, password: e2e }
tls { cert_file: %q, key_file: %q, ca_file: %[5]q, verify: true }
`

// configureNATS configures servers, and a cluster of them if they are several.
func (c *cluster) configureNATS(ctx context.Context, program string, servers int) error {
	var routes []string
	for range servers {
		address, err := freeAddress(ctx)
		if err != nil {
			return err
		}
		routes = append(routes, "nats://"+address)
	}
	for i, route := range routes {
		address, err := freeAddress(ctx)
		if err != nil {
			return err
		}
		monitor, err := freeAddress(ctx)
		if err != nil {
			return err
		}
		name := fmt.Sprint("nats", i)
		s := &natsServer{log: &log{}, program: program, config: filepath.Join(c.folder, name+".conf"), address: address, monitor: monitor}
		text := fmt.Sprintf(natsConfig, name, address, monitor, filepath.Join(c.folder, name), c.identity.cert, c.identity.key)
		if servers > 1 {
			text += fmt.Sprintf("cluster { name: e2e, listen: %q, routes: [%s] }\n", strings.TrimPrefix(route, "nats://"), strings.Join(routes, ", "))
		}
		if err := writeFile(s.config, text); err != nil {
			return err
		}
		c.servers = append(c.servers, s)
	}
	return nil
}

// startNATS starts a server, and waits until it listens.
func (c *cluster) startNATS(ctx context.Context, s *natsServer) (err error) {
	if s.process, err = spawn(s.log, s.program, "-c", s.config); err != nil {
		return err
	}
	return c.until(ctx, "the NATS server listens", func() (bool, error) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.address)
		if err != nil {
			select {
			case <-s.exited:
				return false, fmt.Errorf("the NATS server: %w:\n%s", errGone, s.log.end())
			default:
				return false, nil
			}
		}
		return true, conn.Close()
	})
}

func (s *natsServer) kill() {
	if s.process != nil {
		s.process.kill()
	}
}

const webConfig = `tls_server_config:
  cert_file: %[1]s
  key_file: %[2]s
  client_ca_file: %[1]s
  client_auth_type: RequireAndVerifyClientCert
`

// newMember configures one more adaptor.
func (c *cluster) newMember(ctx context.Context) (*member, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	config, web := filepath.Join(c.folder, "adaptor.yaml"), filepath.Join(c.folder, "web.yaml")
	err = errors.Join(writeFile(config, c.im.config(c.receivers)), writeFile(web, fmt.Sprintf(webConfig, c.identity.cert, c.identity.key)))
	var urls []string
	for _, s := range c.servers {
		urls = append(urls, "tls://"+s.address)
	}
	m := &member{log: &log{}, url: "https://" + address, client: c.identity.client()}
	m.arguments = []string{"NATS_USER=rulekit", "NATS_PASSWORD=e2e", c.rulekit, "adaptor", "--config", config, "--listen", address, "--web.config.file", web,
		"--nats-url", strings.Join(urls, ","), "--nats-ca-file", c.identity.cert, "--nats-cert-file", c.identity.cert, "--nats-key-file", c.identity.key}
	c.members = append(c.members, m)
	return m, err
}

// start starts an adaptor, and waits until it is ready.
func (c *cluster) start(ctx context.Context, m *member) (err error) {
	if m.process, err = spawn(m.log, "env", m.arguments...); err != nil {
		return err
	}
	return c.ready(ctx, m)
}

func (c *cluster) ready(ctx context.Context, m *member) error {
	return c.until(ctx, "the adaptor is ready", func() (bool, error) {
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
	status, answer, err := m.notify(ctx, "im0", name, state)
	if err == nil && answer != want {
		err = fmt.Errorf("the answer to %s %s is %d %q, want %q", state, name, status, answer, want)
	}
	return err
}

// notify posts a notification of one alert to a receiver.
func (m *member) notify(ctx context.Context, receiver, name, state string) (int, string, error) {
	body := fmt.Sprintf(`{"status":%[2]q,"groupKey":"{}:{alertname=\"%[1]s\"}","alerts":[{"status":%[2]q,"labels":{"alertname":%[1]q},`+
		`"startsAt":"2026-01-05T00:00:00Z","endsAt":"2026-01-05T00:10:00Z"}]}`, name, state)
	return m.ask(ctx, http.MethodPost, "/api/v1/notify/"+receiver, body)
}
