package adaptor

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// clientWorker is a worker without a queue, to post with.
func clientWorker(t *testing.T, receiver Receiver) *worker {
	t.Helper()
	server, err := New(Options{Config: &Config{Receivers: []Receiver{receiver}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.client.CloseIdleConnections)
	return &worker{Server: server, receiver: &server.current.Load().Config.Receivers[0]}
}

// TestProxy: a receiver's requests go by way of its proxy, which gets the password; those of
// another receiver do not.
func TestProxy(t *testing.T) {
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = append(asked, r.URL.String()+" "+r.Header.Get("Proxy-Authorization")+" "+string(body))
		_, _ = io.WriteString(w, "by proxy")
	}))
	defer proxy.Close()
	direct := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "direct") }))
	defer direct.Close()

	receiver := onlySlack().Receivers[0]
	receiver.Target.URL = "http://messenger.invalid/hook"
	receiver.Proxy = Secret(strings.Replace(proxy.URL, "http://", "http://bob:hunter22@", 1))
	answer, err := clientWorker(t, receiver).post(t.Context(), Request{URL: string(receiver.Target.URL), Body: []byte("hello")})
	if err != nil || string(answer.Body) != "by proxy" {
		t.Errorf("%s, %v", answer.Body, err)
	}
	if len(asked) != 1 || asked[0] != "http://messenger.invalid/hook Basic Ym9iOmh1bnRlcjIy hello" {
		t.Errorf("the proxy was asked %q", asked)
	}
	receiver.Proxy, receiver.Target.URL = "", Secret(direct.URL)
	answer, err = clientWorker(t, receiver).post(t.Context(), Request{URL: direct.URL})
	if err != nil || string(answer.Body) != "direct" || len(asked) != 1 {
		t.Errorf("without a proxy: %s, %v, %q", answer.Body, err, asked)
	}
}

// TestProxyRefuses: a proxy that leads nowhere is told from a messenger that fails.
func TestProxyRefuses(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	defer proxy.Close()
	receiver := onlySlack().Receivers[0]
	receiver.Target.URL, receiver.Proxy = "https://messenger.invalid/token-of-a-bot", Secret(proxy.URL)
	_, err := clientWorker(t, receiver).post(t.Context(), Request{URL: string(receiver.Target.URL)})
	if want := "post to messenger.invalid: the proxy refuses to connect to it: HTTP 502 Bad Gateway"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestNoOtherHost: no request leaves the host that the configuration allows, and no redirect is
// followed to another.
func TestNoOtherHost(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another host was asked") }))
	defer other.Close()
	messenger := httptest.NewServer(http.RedirectHandler(strings.Replace(other.URL, "127.0.0.1", "localhost", 1), http.StatusTemporaryRedirect))
	defer messenger.Close()
	receiver := onlySlack().Receivers[0]
	receiver.Target.URL = Secret(messenger.URL)
	w := clientWorker(t, receiver)
	answer, err := w.post(t.Context(), Request{URL: messenger.URL})
	if err != nil || answer.Status != http.StatusTemporaryRedirect {
		t.Errorf("a redirect: %d, %v", answer.Status, err)
	}
	if _, err := w.post(t.Context(), Request{URL: "http://localhost:1/secret"}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a request to another host: %v", err)
	}
}

// TestCallEnds: a call ends with its context, and its error does not tell the address.
func TestCallEnds(t *testing.T) {
	stalled := make(chan struct{})
	messenger := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(stalled)
		<-r.Context().Done()
	}))
	defer messenger.Close()
	receiver := onlySlack().Receivers[0]
	receiver.Target.URL = Secret(messenger.URL + "/token-of-a-bot")
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-stalled; cancel() }()
	_, err := clientWorker(t, receiver).post(ctx, Request{URL: string(receiver.Target.URL)})
	if err == nil || strings.Contains(err.Error(), "token-of-a-bot") {
		t.Errorf("got %v", err)
	}
}
