package receivers

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// trialFiles writes configurations and returns them.
func trialFiles(t *testing.T, alertmanager, adaptor string) Files {
	t.Helper()
	folder := t.TempDir()
	files := Files{
		Alertmanager: File{filepath.Join(folder, "alertmanager.yml"), []byte(alertmanager)},
		Adaptor:      File{filepath.Join(folder, "adaptor.yaml"), []byte(adaptor)},
		Getenv:       func(string) string { return "" },
	}
	for _, f := range []File{files.Alertmanager, files.Adaptor} {
		if err := os.WriteFile(f.Path, f.Source, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// messenger answers what it is told to, and keeps what it gets.
func messenger(t *testing.T, status int, answer string) (server *httptest.Server, got *[]string) {
	t.Helper()
	got = new([]string)
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*got = append(*got, string(body))
		w.WriteHeader(status)
		fmt.Fprint(w, strings.ReplaceAll(answer, "{url}", r.URL.String()))
	}))
	t.Cleanup(server.Close)
	return server, got
}

const carriedConfig = `
route: {receiver: dba}
receivers:
- name: dba
  webhook_configs: [{url: "http://adaptor:5001/api/v1/notify/dba"}]
`

func carrierOf(url string) string {
	return "receivers:\n- name: dba\n  type: feishu-webhook\n  params: {url: \"" + url + "/open-apis/bot/v2/hook/hush-hush-token\", secret: hush-hush-key}\n"
}

var ignoreTime = cmpopts.IgnoreFields(Trial{}, "Took")

func TestTryByAdaptor(t *testing.T) {
	tests := map[string]struct {
		status int
		answer string
		want   Trial
	}{
		"accepted": {200, `{"code":0,"msg":"success"}`, Trial{Status: 200, Answer: `{"code":0,"msg":"success"}`}},
		"refused, with secrets in the answer": {200, `{"code":19024,"msg":"Key Words Not Found at {url} hush-hush-key"}`, Trial{
			Status: 200, Judgement: Refused,
			Answer: `{"code":19024,"msg":"Key Words Not Found at <secret> <secret>"}`,
		}},
		"busy": {503, "later", Trial{Status: 503, Answer: "later", Judgement: Refused}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server, got := messenger(t, test.status, test.answer)
			files := trialFiles(t, carriedConfig, carrierOf(server.URL))
			trials, _, err := Try(t.Context(), files, "dba", TrialOptions{Timeout: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			test.want.Channel, test.want.Via, test.want.Host = "feishu", "dba", "127.0.0.1"
			if diff := cmp.Diff([]Trial{test.want}, trials, ignoreTime, cmpopts.IgnoreFields(Trial{}, "Reason")); diff != "" {
				t.Error(diff)
			}
			if (trials[0].Judgement == Accepted) != (trials[0].Reason == "") || strings.Contains(fmt.Sprint(trials), "hush") {
				t.Errorf("got %+v", trials[0])
			}
			if len(*got) != 1 || !strings.Contains((*got)[0], "TEST: this is not an alert, receiver dba is being tried") {
				t.Errorf("the messenger got %q", *got)
			}
		})
	}
}

func TestTryResolved(t *testing.T) {
	server, got := messenger(t, 200, `{"code":0}`)
	files := trialFiles(t, carriedConfig, carrierOf(server.URL))
	if _, _, err := Try(t.Context(), files, "dba", TrialOptions{Timeout: time.Minute, Resolved: true}); err != nil {
		t.Fatal(err)
	}
	if len(*got) != 1 || !strings.Contains((*got)[0], "RESOLVED") || strings.Contains((*got)[0], "FIRING") {
		t.Errorf("the messenger got %q", *got)
	}
}

// hangs is a messenger that never answers.
type hangs struct{}

func (hangs) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestTryWithoutAnswer(t *testing.T) {
	files := trialFiles(t, carriedConfig, carrierOf("https://open.feishu.cn"))
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		trials, _, err := Try(t.Context(), files, "dba", TrialOptions{Timeout: 7 * time.Second, Transport: hangs{}})
		if err != nil {
			t.Fatal(err)
		}
		want := []Trial{{Channel: "feishu", Via: "dba", Host: "open.feishu.cn", Judgement: Failed, Reason: "no answer within 7s"}}
		if diff := cmp.Diff(want, trials, ignoreTime); diff != "" {
			t.Error(diff)
		}
		if took := time.Since(began); took > 8*time.Second {
			t.Errorf("it took %s", took)
		}
	})
	refusing, _ := messenger(t, 200, "")
	refusing.Close()
	files = trialFiles(t, carriedConfig, carrierOf(refusing.URL))
	trials, _, err := Try(t.Context(), files, "dba", TrialOptions{Timeout: time.Minute})
	if err != nil || trials[0].Judgement != Failed || !strings.Contains(trials[0].Reason, "connection refused") {
		t.Errorf("got %+v, %v", trials, err)
	}
}

func TestTryWithoutSecret(t *testing.T) {
	files := trialFiles(t, carriedConfig, "receivers:\n- name: dba\n  type: feishu\n  params: {url_file: /no/such/file}\n")
	trials, warnings, err := Try(t.Context(), files, "dba", TrialOptions{Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	want := []Trial{{Channel: "feishu", Via: "dba", Judgement: Failed, Reason: "its address is not on this machine: try it where the adaptor runs"}}
	if diff := cmp.Diff(want, trials, ignoreTime); diff != "" {
		t.Error(diff)
	}
	if len(warnings) != 1 || !strings.HasSuffix(warnings[0], "not on this machine, and so not checked: /no/such/file") {
		t.Errorf("warnings %q", warnings)
	}
}

func TestTryByAlertmanager(t *testing.T) {
	tests := map[string]struct {
		config string
		status int
		answer string
		want   Trial
	}{
		"slack accepts": {"slack_configs: [{api_url: URL/services/hush-hush}]", 200, "ok", Trial{Channel: "slack", Status: 200, Answer: "ok"}},
		"slack refuses": {"slack_configs: [{api_url: URL/services/hush-hush}]", 404, "no_service {url}",
			Trial{Channel: "slack", Status: 404, Answer: "no_service <secret>", Judgement: Refused, Reason: `channel "": unexpected status code 404: no_service <secret>`}},
		"slack refuses with 200": {"slack_configs: [{api_url: URL/services/hush-hush, channel: '#x'}]", 200, "invalid_token",
			Trial{Channel: "slack", Status: 200, Answer: "invalid_token", Judgement: Refused, Reason: `channel "#x": received an error response from Slack: invalid_token`}},
		"a webhook":              {"webhook_configs: [{url: URL/hush-hush}]", 204, "", Trial{Channel: "webhook", Status: 204}},
		"a webhook that says no": {"webhook_configs: [{url: URL/hush-hush}]", 200, `{"ok": false}`, Trial{Channel: "webhook", Status: 200, Answer: `{"ok": false}`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server, got := messenger(t, test.status, test.answer)
			config := "route: {receiver: x}\nreceivers:\n- name: x\n  " + strings.ReplaceAll(test.config, "URL", server.URL) + "\n"
			trials, _, err := Try(t.Context(), trialFiles(t, config, EmptyAdaptor), "x", TrialOptions{Timeout: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			test.want.Host = strings.TrimPrefix(server.URL, "http://")
			if diff := cmp.Diff([]Trial{test.want}, trials, ignoreTime); diff != "" {
				t.Error(diff)
			}
			if len(*got) != 1 || !strings.Contains((*got)[0], "PostgreSQLTooManyConnections") {
				t.Errorf("the messenger got %q", *got)
			}
		})
	}
}

// mailServer speaks SMTP with one client, and answers to RCPT what it is told to.
func mailServer(t *testing.T, recipient string) (address string, got <-chan string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	mails := make(chan string, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		var mail strings.Builder
		lines, inData := bufio.NewScanner(conn), false
		fmt.Fprint(conn, "220 hello\r\n")
		for lines.Scan() {
			switch line := lines.Text(); {
			case inData && line == ".":
				inData = false
				mails <- mail.String()
				fmt.Fprint(conn, "250 kept\r\n")
			case inData:
				mail.WriteString(line + "\n")
			case strings.HasPrefix(line, "RCPT"):
				fmt.Fprint(conn, recipient+"\r\n")
			case line == "DATA":
				inData = true
				fmt.Fprint(conn, "354 go on\r\n")
			default:
				fmt.Fprint(conn, "250 ok\r\n")
			}
		}
	}()
	return listener.Addr().String(), mails
}

func TestTryEmail(t *testing.T) {
	config := func(address string) string {
		return "global: {smtp_smarthost: \"" + address + "\", smtp_from: a@example.com, smtp_require_tls: false}\n" +
			"route: {receiver: x}\nreceivers:\n- name: x\n  email_configs: [{to: b@example.com}]\n"
	}
	address, got := mailServer(t, "250 ok")
	trials, _, err := Try(t.Context(), trialFiles(t, config(address), EmptyAdaptor), "x", TrialOptions{Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Trial{{Channel: "email", Host: address}}, trials, ignoreTime); diff != "" {
		t.Error(diff)
	}
	if mail := <-got; !strings.Contains(mail, "To: b@example.com") {
		t.Errorf("the mail is %s", mail)
	}
	address, _ = mailServer(t, "550 no such user")
	trials, _, err = Try(t.Context(), trialFiles(t, config(address), EmptyAdaptor), "x", TrialOptions{Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	want := []Trial{{Channel: "email", Host: address, Answer: "550 no such user", Judgement: Refused, Reason: `send RCPT command: 550 "no such user"`}}
	if diff := cmp.Diff(want, trials, ignoreTime); diff != "" {
		t.Error(diff)
	}
}

// TestTryByAlertmanagerTLS: the way to the messenger is that of the configuration.
func TestTryByAlertmanagerTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer hush-hush" || r.URL.String() != "/in?key=hush-hush" || r.Header.Get("Content-Type") != "application/json" {
			http.Error(w, "not as configured", http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, "thanks")
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	secret := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(secret, []byte(server.URL+"/in?key=hush-hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := func(skip bool) string {
		return fmt.Sprintf("route: {receiver: x}\nreceivers:\n- name: x\n  webhook_configs:\n  - url_file: %s\n"+
			"    http_config: {authorization: {credentials: hush-hush}, tls_config: {insecure_skip_verify: %v}}\n", secret, skip)
	}
	trials, _, err := Try(t.Context(), trialFiles(t, config(true), EmptyAdaptor), "x", TrialOptions{Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	want := []Trial{{Channel: "webhook", Host: strings.TrimPrefix(server.URL, "https://"), Status: 200, Answer: "thanks"}}
	if diff := cmp.Diff(want, trials, ignoreTime); diff != "" {
		t.Error(diff)
	}
	trials, _, err = Try(t.Context(), trialFiles(t, config(false), EmptyAdaptor), "x", TrialOptions{Timeout: time.Minute})
	if err != nil || trials[0].Judgement != Failed || !strings.Contains(trials[0].Reason, "certificate") || trials[0].Status != 0 {
		t.Errorf("got %+v, %v", trials, err)
	}
}
