package simulate

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// trap is a real listener that counts who connects: nobody may.
func trap(t *testing.T) (address string, connected *atomic.Int32) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	connected = new(atomic.Int32)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			connected.Add(1)
			conn.Close()
		}
	}()
	t.Cleanup(func() { listener.Close(); <-done })
	return listener.Addr().String(), connected
}

// everyIntegration uses each integration of Alertmanager, with every way to reach somebody else
// on the way there: TRAP is the address of the trap, DIR a folder.
const everyIntegration = `
global:
  smtp_smarthost: TRAP
  smtp_from: a@example.com
  smtp_auth_username: user
  smtp_auth_password: very-secret
  http_config:
    proxy_url: http://TRAP
    oauth2: {client_id: id, client_secret: very-secret, token_url: "http://TRAP/token"}
route:
  receiver: all
  group_wait: 10s
receivers:
- name: all
  discord_configs: [{webhook_url: "https://discord.com/api/webhooks/1/very-secret"}]
  email_configs:
  - {to: b@example.com, send_resolved: true}
  - {to: c@example.com, smarthost: "TRAP", force_implicit_tls: true}
  incidentio_configs: [{url: "https://api.incident.io/v2/alert_events/http/1", alert_source_token: very-secret}]
  jira_configs: [{api_url: "https://example.atlassian.net/rest/api/2/", project: P, issue_type: Bug}]
  mattermost_configs: [{webhook_url: "https://mattermost.example.com/hooks/very-secret"}]
  msteams_configs: [{webhook_url: "https://example.webhook.office.com/webhookb2/very-secret"}]
  msteamsv2_configs: [{webhook_url: "https://example.com/workflows?sig=1&key=very-secret"}]
  opsgenie_configs: [{api_key: very-secret}]
  pagerduty_configs: [{routing_key: very-secret}, {service_key: very-secret}]
  pushover_configs: [{user_key: very-secret, token: very-secret}]
  rocketchat_configs: [{token: very-secret, token_id: very-secret, channel: c}]
  slack_configs:
  - {api_url: "https://hooks.slack.com/services/T/B/very-secret", channel: c}
  - {api_url_file: DIR/not-there, channel: c}
  - {app_token: very-secret, channel: c}
  sns_configs: [{topic_arn: "arn:aws:sns:us-east-2:1:topic", sigv4: {role_arn: "arn:aws:iam::1:role/r"}}]
  telegram_configs: [{bot_token: very-secret, chat_id: 1}, {bot_token_file: DIR/not-there, chat_id_file: DIR/not-there}]
  victorops_configs: [{api_key: very-secret, routing_key: r}]
  webex_configs: [{room_id: r, http_config: {authorization: {credentials: very-secret}}}]
  webhook_configs:
  - {url: "http://TRAP/hook"}
  - {url_file: DIR/url}
  - {url: "https://basic.example.com/", http_config: {basic_auth: {username: u, password_file: DIR/not-there}, tls_config: {ca_file: DIR/not-there, cert_file: DIR/not-there, key_file: DIR/not-there}, proxy_from_environment: true}}
  wechat_configs: [{api_secret: very-secret, corp_id: c}]
`

func TestNothingIsDialled(t *testing.T) {
	address, connected := trap(t)
	var asked atomic.Int32
	resolver := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		asked.Add(1)
		return nil, errors.New("no name is looked up in a simulation")
	}}
	t.Cleanup(func() { net.DefaultResolver = resolver })
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "AWS_ENDPOINT_URL", "AWS_EC2_METADATA_SERVICE_ENDPOINT"} {
		t.Setenv(name, "http://"+address)
	}
	t.Setenv("AWS_CA_BUNDLE", "")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "url"), []byte("http://from-file.example.com/x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	source := strings.NewReplacer("TRAP", address, "DIR", dir).Replace(everyIntegration)

	got, err := Notify(t.Context(), NotifyOptions{
		Configuration: configuration(t, source), Start: monday, Length: time.Minute,
		Batches: batchesOf(time.Minute, active{"alertname=Down pod=a", 0, 60}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := connected.Load(); n != 0 {
		t.Errorf("%d real connections", n)
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d names were looked up", n)
	}
	seen := map[string]int{}
	for _, n := range got {
		seen[n.Integration]++
		if n.Error != "" {
			t.Errorf("%s[%d] failed: %s", n.Integration, n.Index, n.Error)
		}
		if len(n.Deliveries) == 0 {
			t.Errorf("%s[%d] delivered nothing", n.Integration, n.Index)
		}
		for _, d := range n.Deliveries {
			if strings.Contains(d.URL+d.Error+n.Error, "very-secret") {
				t.Errorf("%s[%d] shows a secret: %s %s", n.Integration, n.Index, d.URL, d.Error)
			}
		}
	}
	if len(seen) != 18 || len(got) != 25 {
		t.Errorf("%d notifications of %d integrations: %v", len(got), len(seen), seen)
	}
}

func TestOfflineKeepsBasicAuth(t *testing.T) {
	var user, password string
	host := Host{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { user, password, _ = r.BasicAuth() })}
	source := webhookTo("http://im/", "") + "    http_config: {basic_auth: {username: u, password: p}}\n"
	_, err := Notify(t.Context(), NotifyOptions{
		Configuration: configuration(t, source), Start: monday, Length: time.Minute,
		Batches: batchesOf(time.Minute, active{"alertname=Down pod=a", 0, 60}),
		Hosts:   oneHost("im", host),
	})
	if err != nil || user != "u" || password != "p" {
		t.Errorf("user %q, password %q, error %v", user, password, err)
	}
}

func TestOfflineRefusesAWSBundle(t *testing.T) {
	t.Setenv("AWS_CA_BUNDLE", "/some/bundle.pem")
	source := `
route: {receiver: all}
receivers:
- name: all
  sns_configs: [{topic_arn: "arn:aws:sns:us-east-2:1:topic", sigv4: {region: us-east-2}}]
`
	_, err := Notify(t.Context(), NotifyOptions{Configuration: configuration(t, source), Start: monday, Length: time.Minute})
	if err == nil || !strings.HasPrefix(err.Error(), `alertmanager.yml: receiver "all": sns: AWS_CA_BUNDLE`) {
		t.Errorf("got error %v", err)
	}
}
