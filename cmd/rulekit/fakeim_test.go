package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rulekit/rulekit/adaptor"
)

// fakeimRun is the command as a user sees it: what it prints, line by line.
type fakeimRun struct {
	*testing.T
	lines *bufio.Scanner
	base  string
	stop  context.CancelFunc
	exit  chan int
}

func startFakeim(t *testing.T, args ...string) *fakeimRun {
	ctx, stop := context.WithCancel(t.Context())
	printed, stdout := io.Pipe()
	env := environment{stdin: strings.NewReader(""), stdout: stdout, stderr: io.Discard, getenv: func(string) string { return "" }}
	f := &fakeimRun{T: t, lines: bufio.NewScanner(printed), stop: stop, exit: make(chan int, 1)}
	go func() {
		f.exit <- run(ctx, env, append([]string{"fakeim", "--listen", "127.0.0.1:0"}, args...))
		_ = stdout.Close()
	}()
	return f
}

// until returns the lines before the first that is empty.
func (f *fakeimRun) until() string {
	var b strings.Builder
	for f.lines.Scan() && f.lines.Text() != "" {
		b.WriteString(f.lines.Text() + "\n")
	}
	return b.String()
}

func (f *fakeimRun) post(path, body string) int {
	f.Helper()
	answer, err := http.Post(f.base+path, "application/json", strings.NewReader(body))
	if err != nil {
		f.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

// TestFakeim: the addresses it prints are a configuration that the adaptor takes, and what is
// posted there is printed and shown.
func TestFakeim(t *testing.T) {
	f := startFakeim(t, "--fail", "slack/throttle:1")
	address := regexp.MustCompile(`^Messages are shown at (http://127\.0\.0\.1:\d+)/\n$`).FindStringSubmatch(f.until())
	if address == nil {
		t.Fatal("the first line does not tell the address")
	}
	f.base = address[1]
	if got := f.until(); got != "In adaptor.yaml:\n" {
		t.Errorf("got %q", got)
	}
	path := filepath.Join(t.TempDir(), "adaptor.yaml")
	write(t, path, f.until())
	config, err := adaptor.LoadConfig(path, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	if len(config.Receivers) != 6 {
		t.Errorf("%d receivers", len(config.Receivers))
	}

	statuses := make(chan []int, 1)
	go func() {
		statuses <- []int{
			f.post("/services/T/B/X", `{"text":"first"}`),
			f.post("/services/T/B/X", `{"text":"*second* \u001b[31m"}`),
			f.post("/robot/send?access_token=demo", `{"msgtype":"text","text":{"content":"unsigned"}}`),
		}
	}()
	clock := regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d `)
	for _, want := range []string{
		"slack HTTP 429, on command\n    first\n",
		"slack accepted\n    second \\x1b[31m\n",
		"dingtalk refused: HTTP 200 {\"errcode\":310000,\"errmsg\":\"sign not match, more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]\"}\n    unsigned\n",
	} {
		if got := clock.ReplaceAllString(f.until(), ""); got != want {
			t.Errorf("printed %q, want %q", got, want)
		}
	}
	if got := <-statuses; got[0] != 429 || got[1] != 200 || got[2] != 200 {
		t.Errorf("statuses %v", got)
	}
	page, err := http.Get(f.base)
	if err != nil {
		t.Fatal(err)
	}
	shown, err := io.ReadAll(page.Body)
	_ = page.Body.Close()
	if err != nil || !strings.Contains(string(shown), `<span class="bold">second</span>`) {
		t.Errorf("the page: %v %s", err, shown)
	}
	f.stop()
	if code := <-f.exit; code != exitFine {
		t.Errorf("exit code %d", code)
	}
}

// TestFakeimQuiet: messages are only on the page, and as many as come.
func TestFakeimQuiet(t *testing.T) {
	f := startFakeim(t, "--quiet", "--no-rates", "--keep", "3")
	first := f.until()
	f.base = strings.TrimSuffix(strings.TrimPrefix(first, "Messages are shown at "), "/\n")
	f.until()
	f.until()
	for range 50 {
		if status := f.post("/services/T/B/X", `{"text":"x"}`); status != 200 {
			t.Fatalf("status %d", status)
		}
	}
	page, err := http.Get(f.base)
	if err != nil {
		t.Fatal(err)
	}
	shown, err := io.ReadAll(page.Body)
	_ = page.Body.Close()
	if n := strings.Count(string(shown), "<article"); err != nil || n != 3 {
		t.Errorf("%d messages are shown, %v", n, err)
	}
	f.stop()
	if code := <-f.exit; code != exitFine {
		t.Errorf("exit code %d", code)
	}
	if rest := f.until(); rest != "" {
		t.Errorf("printed %q", rest)
	}
}
