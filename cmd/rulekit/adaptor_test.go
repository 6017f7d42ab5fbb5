package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

// TestAdaptor runs the command as a user would: it listens on a free port, takes a
// notification as Alertmanager sends it, delivers it to a messenger on another port, and stops
// when it is told to.
func TestAdaptor(t *testing.T) {
	im, err := fakeim.New("dingtalk")
	if err != nil {
		t.Fatal(err)
	}
	messenger := httptest.NewServer(im)
	defer messenger.Close()
	bot := messenger.URL + "/robot/send?access_token=token-of-a-bot"
	im.AddBot(bot, "SECtest0123456789")
	im.OnlyKnownBots()

	dir := t.TempDir()
	config := filepath.Join(dir, "adaptor.yaml")
	write(t, config, "receivers:\n- name: ops\n  type: dingtalk-webhook\n  params: {url_file: url, secret: '${DINGTALK_SECRET}'}\n")
	write(t, filepath.Join(dir, "url"), bot+"\n")

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	logged, stderr := io.Pipe()
	env := environment{stdin: strings.NewReader(""), stdout: io.Discard, stderr: stderr, getenv: func(name string) string {
		return map[string]string{"DINGTALK_SECRET": "SECtest0123456789"}[name]
	}}
	exit := make(chan int, 1)
	go func() {
		exit <- run(ctx, env, []string{"adaptor", "--config", config, "--data-dir", filepath.Join(dir, "data"), "--listen", "127.0.0.1:0"})
		_ = stderr.Close()
	}()
	log := bufio.NewReader(logged)
	first, err := log.ReadString('\n')
	address := regexp.MustCompile(`msg=listening address=(\S+) receivers=1`).FindStringSubmatch(first)
	if err != nil || address == nil {
		t.Fatalf("first line of the log: %q, %v", first, err)
	}
	hangUp(t, log)
	rest := make(chan string, 1)
	go func() {
		all, _ := io.ReadAll(log)
		rest <- string(all)
	}()

	body, err := os.Open("../../testdata/adaptor/webhook/mixed.json")
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	for _, request := range []struct {
		method, path string
		body         io.Reader
		want         string
	}{
		{http.MethodGet, "/-/healthy", nil, "200 healthy\n"},
		{http.MethodPost, "/api/v1/notify/ops", body, "200 accepted\n"},
		{http.MethodPost, "/api/v1/notify/opps", strings.NewReader("{}"), "404 there is no receiver \"opps\"; did you mean \"ops\"?\n"},
		{http.MethodPost, "/api/v1/notify/ops", strings.NewReader(`{"status":5}`), "400 status is a JSON number, want a string (at byte 11)\n"},
	} {
		r, err := http.NewRequestWithContext(ctx, request.method, "http://"+address[1]+request.path, request.body)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if got := fmt.Sprintf("%d %s", answer.StatusCode, text); err != nil || got != request.want {
			t.Errorf("%s %s: got %q, want %q", request.method, request.path, got, request.want)
		}
	}
	stop()
	if code := <-exit; code != exitFine {
		t.Errorf("exit code %d", code)
	}
	received := im.Received()
	if len(received) != 1 || !received[0].OK || !strings.Contains(received[0].Text, "[FIRING:1 RESOLVED:1] PostgreSQLTooManyConnections (critical)") {
		t.Errorf("received %+v", received)
	}
	text := <-rest
	for _, want := range []string{`msg="notification refused" receiver=opps status=404`, `msg=delivered receiver=ops channel=dingtalk`, "msg=stopping waiting="} {
		if !strings.Contains(text, want) {
			t.Errorf("the log has no %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "token-of-a-bot") || strings.Contains(text, "SECtest") {
		t.Errorf("the log has a secret:\n%s", text)
	}
}

// hangUp sends the process a SIGHUP, and waits until the log says that the configuration was read
// again.
func hangUp(t *testing.T, log *bufio.Reader) {
	t.Helper()
	process, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = process.Signal(syscall.SIGHUP)
	}
	if err != nil {
		t.Fatal(err)
	}
	if line, err := log.ReadString('\n'); err != nil || !strings.Contains(line, `msg="configuration reloaded" why=hangup receivers=1`) {
		t.Errorf("after SIGHUP the log says %q, %v", line, err)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestLoggerJSON: a duration is for people in JSON, too.
func TestLoggerJSON(t *testing.T) {
	var log strings.Builder
	logger, err := newLogger(&log, "json", "info")
	if err != nil {
		t.Fatal(err)
	}
	logger.Warn("delivery failed, will retry", "after", 1009*time.Millisecond)
	if !strings.Contains(log.String(), `"after":"1.009s"`) {
		t.Error(log.String())
	}
}
