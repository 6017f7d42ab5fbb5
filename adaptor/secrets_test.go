package adaptor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// echo is a messenger that answers with all that it was sent, headers too.
func echo(w http.ResponseWriter, r *http.Request) {
	dump, err := httputil.DumpRequest(r, true)
	if err != nil {
		panic(err)
	}
	w.WriteHeader(http.StatusBadGateway)
	_, _ = w.Write(dump)
}

// refusingProxy is a network where no messenger can be reached, and the error tells all.
type refusingProxy struct{}

func (refusingProxy) RoundTrip(r *http.Request) (*http.Response, error) {
	proxy, err := proxyOf(r)
	if err != nil || proxy == nil {
		return nil, fmt.Errorf("dial %s: no route, %v", r.URL, err)
	}
	password, _ := proxy.User.Password()
	return nil, fmt.Errorf("proxy %s refuses %s with password %s: %v", proxy, proxy.User.Username(), password, r.Header)
}

// TestSecretsNowhere: with secrets in every place that can hold one, and messengers and proxies
// that tell all they know, no secret is in a log, an answer, a metric or a dead letter, nor in a
// configuration that is printed.
func TestSecretsNowhere(t *testing.T) {
	config, err := LoadConfig(writeConfig(t, wholeConfig, wholeConfigFiles(t)), wholeEnvironment)
	if err != nil {
		t.Fatal(err)
	}
	network := handlers{}
	for _, r := range config.Receivers {
		network[r.Target.Host()] = http.HandlerFunc(echo)
	}
	for name, transport := range map[string]http.RoundTripper{"messengers": network, "proxies": refusingProxy{}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { plantedSecrets(t, config, transport) })
		})
	}
	printed := fmt.Sprintf("%v %+v %#v", config, config, config)
	encoded, err := json.Marshal(config.Receivers[0].Target)
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "target", config.Receivers[0].Target, "token", config.Receivers[0].Token)
	for _, text := range []string{printed, string(encoded), logged.String()} {
		if strings.Contains(text, planted) {
			t.Errorf("a secret is in %s", text)
		}
	}
}

func plantedSecrets(t *testing.T, config *Config, transport http.RoundTripper) {
	queue := NewMemoryQueue(MemoryLimits{})
	b := newBench(t, Options{Config: config, Transport: transport, Queue: queue, Retry: RetryPolicy{Attempts: 2}})
	var all bytes.Buffer
	for _, r := range config.Receivers {
		for _, token := range []string{string(r.Token), "", "wrong"} {
			answer := request(b.Handler(), http.MethodPost, NotifyPath+url.PathEscape(r.Name), named("A"), "Authorization", "Bearer "+token)
			fmt.Fprintln(&all, answer.Code, answer.Header(), answer.Body)
		}
	}
	time.Sleep(time.Hour)
	b.stop()
	if err := <-b.stopped; err != nil {
		t.Error(err)
	}
	letters, err := queue.DeadLetters(t.Context(), "", 100)
	if err != nil || len(letters) < len(config.Receivers)-1 {
		t.Errorf("%d dead letters, %v", len(letters), err)
	}
	for _, letter := range letters {
		fmt.Fprintf(&all, "%+v %s\n", letter, letter.Item.Body)
	}
	for _, d := range b.deliveries {
		fmt.Fprintln(&all, d.Reason)
	}
	all.Write(b.log.Bytes())
	for _, path := range []string{"/metrics", "/-/ready", "/-/healthy", "/api/v1/notify/nobody"} {
		answer := request(b.Handler(), http.MethodGet, path, "")
		fmt.Fprintln(&all, answer.Header(), answer.Body)
	}
	text := all.String()
	if i := strings.Index(text, planted); i >= 0 {
		t.Errorf("a secret is in %q", text[max(0, i-200):min(len(text), i+100)])
	}
	if !strings.Contains(text, hidden) {
		t.Error("nothing was hidden: the test proves nothing")
	}
}

// TestErrorsOfConfigAreTyped: who shows them can tell them from a file that cannot be read.
func TestErrorsOfConfigAreTyped(t *testing.T) {
	_, err := LoadConfig(writeConfig(t, "receivers: 1\nx: 2\n", nil), wholeEnvironment)
	wrong := (*ConfigError)(nil)
	if !errors.As(err, &wrong) || len(wrong.Problems) != 2 {
		t.Errorf("got %v", err)
	}
	if _, err = LoadConfig(t.TempDir(), wholeEnvironment); errors.As(err, &wrong) {
		t.Errorf("a folder is %v", err)
	}
}
