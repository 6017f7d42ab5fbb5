package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

// hostileMemory is the most memory that the adaptor may ever have, whatever is done to it.
const hostileMemory = 200 << 20

// hostileToken is what posts to the receiver "guarded" must bear.
const hostileToken = "a-token-nobody-guesses"

// TestHostileInput does to a running adaptor what bad luck and bad people do. Each time the answer
// is clear; meanwhile what Alertmanager posts is accepted at once and delivered; and in the end
// the adaptor has never had much memory and stops as it should.
func TestHostileInput(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	stopPosting := h.keepPosting()
	for _, attack := range []struct {
		name string
		run  func(*testing.T, *hostile)
	}{
		{"bodies", hostileBodies},
		{"large bodies", hostileLargeBodies},
		{"names", hostileNames},
		{"tokens", hostileTokens},
		{"texts", hostileTexts},
		{"template bombs", hostileTemplates},
		{"HTTP", hostileHTTP},
		{"headers and bodies that never end", hostileEndless},
		{"10000 idle connections", hostileIdle},
	} {
		t.Run(attack.name, func(t *testing.T) { attack.run(t, h) })
	}
	posted, slowest := stopPosting()
	t.Logf("%d ordinary posts meanwhile, the slowest took %s", posted, slowest.Round(time.Millisecond))
	peak := memory(t, h.adaptor, "VmHWM")
	t.Logf("%d MiB of memory at most", peak>>20)
	if peak > hostileMemory {
		t.Errorf("%d MiB of memory, want less than %d", peak>>20, hostileMemory>>20)
	}
	h.delivered(t)
	if code := h.adaptor.terminate(t); code != exitFine {
		t.Errorf("exit code %d", code)
	}
	log := h.adaptor.log.String()
	for line := range strings.Lines(log) {
		if !strings.HasPrefix(line, "time=") || len(line) > 4096 {
			t.Errorf("a line in the log that is none of the adaptor's, or too long: %q", clipped(line))
			break
		}
	}
	for _, secret := range []string{hostileToken, "token-of-a-bot"} {
		if strings.Contains(log, secret) {
			t.Errorf("%s is in the log", secret)
		}
	}
	if t.Failed() {
		t.Logf("the end of what went wrong:\n%s", lastTroubles(log))
	}
}

// lastTroubles are the last lines of a log that are no good news, but for the refusals.
func lastTroubles(log string) string {
	lines := slices.DeleteFunc(strings.Split(log, "\n"), func(line string) bool {
		return strings.Contains(line, " level=INFO ") || strings.Contains(line, `msg="notification refused"`)
	})
	return strings.Join(lines[max(0, len(lines)-40):], "\n")
}

// hostile is an adaptor under attack, with a fake of each messenger.
type hostile struct {
	adaptor *adaptorProcess
	ims     map[string]*fakeim.IM
	client  *http.Client
	// t is that of the whole test.
	t *testing.T

	mu sync.Mutex
	// accepted are the names of all alerts that are to be delivered.
	accepted []string
	names    int
}

func newHostile(t *testing.T) *hostile {
	h := &hostile{t: t, ims: map[string]*fakeim.IM{}, client: &http.Client{Timeout: 20 * time.Second}}
	paths := map[string]string{
		"feishu": "/open-apis/bot/v2/hook/", "dingtalk": "/robot/send?access_token=",
		"wecom": "/cgi-bin/webhook/send?key=", "slack": "/services/T/B/", "webhook": "/webhook/",
	}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	var receivers strings.Builder
	for channel, path := range paths {
		im, err := fakeim.New(channel)
		if err != nil {
			t.Fatal(err)
		}
		im.NoRates()
		h.ims[channel] = im
		mux.Handle(regexp.MustCompile(`[^/?]*(\?.*)?$`).ReplaceAllString(path, ""), im)
		fmt.Fprintf(&receivers, "- {name: %s, type: %[1]s, params: {url: '%s%stoken-of-a-bot'}, rates: [{messages: 100, per: 1s}]}\n", channel, server.URL, path)
	}
	slack := server.URL + "/services/T/B/"
	fmt.Fprintf(&receivers, "- {name: guarded, type: slack, bearer_token: %s, params: {url: '%stoken-of-a-bot2'}}\n", hostileToken, slack)
	fmt.Fprintf(&receivers, "- {name: ordinary, type: slack, params: {url: '%stoken-of-a-bot3'}, rates: [{messages: 100, per: 1s}]}\n", slack)
	for i, bomb := range hostileBombs {
		fmt.Fprintf(&receivers, "- {name: bomb%d, type: slack, params: {url: '%stoken-of-a-bot%[1]d'}, templates: {alert: '%[3]s'}}\n", i, slack+"bomb-", bomb)
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "adaptor.yaml")
	write(t, config, "receivers:\n"+receivers.String())
	h.adaptor = startAdaptor(t, "--config", config, "--data-dir", filepath.Join(dir, "data")).ready(t)
	return h
}

// memory returns a figure of a process in bytes: VmHWM is the most memory that it has had at one
// time.
func memory(t *testing.T, p *adaptorProcess, name string) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^` + name + `:\s+(\d+) kB$`).FindSubmatch(status)
	if found == nil {
		t.Fatalf("no %s in %s", name, status)
	}
	kib, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// needFiles makes room for so many open files, in this process and those it starts.
func needFiles(t *testing.T, files uint64) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if limit.Cur >= files {
		return
	}
	limit.Cur, limit.Max = files, max(limit.Max, files)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatalf("%d files must be open at once: raise the limit with ulimit -Hn: %v", files, err)
	}
}

// alert is a webhook body with one alert that has not been before, and its name, which shows up
// in the message.
func (h *hostile) alert() (body, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.names++
	name = fmt.Sprintf("Hostile%05d", h.names)
	return fmt.Sprintf(`{"version":"4","groupKey":"g-%s","alerts":[{"status":"firing","labels":{"alertname":%[1]q}}]}`, name), name
}

func (h *hostile) expect(names ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.accepted = append(h.accepted, names...)
}

// keepPosting posts as Alertmanager does, until the returned function is called, which tells how
// often that was and how long the slowest took. Every post must be accepted.
func (h *hostile) keepPosting() (stop func() (int, time.Duration)) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	posted, slowest := 0, time.Duration(0)
	go func() {
		defer close(ended)
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for ctx.Err() == nil {
			body, name := h.alert()
			began := time.Now()
			status, answer, err := h.adaptor.post(h.client, "/api/v1/notify/ordinary", body)
			if err != nil || status != http.StatusOK {
				h.t.Errorf("an ordinary post after %s: %d %s %v", time.Since(began).Round(time.Millisecond), status, answer, err)
			}
			h.expect(name)
			posted, slowest = posted+1, max(slowest, time.Since(began))
			<-ticker.C
		}
	}()
	return func() (int, time.Duration) {
		cancel()
		<-ended
		return posted, slowest
	}
}

// delivered waits until everything that was accepted has arrived.
func (h *hostile) delivered(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		var texts strings.Builder
		for _, im := range h.ims {
			for _, r := range im.Received() {
				if !r.OK {
					t.Errorf("%s refused a message: %s\n%s", r.Channel, r.Answer, clipped(r.Body))
					return
				}
				texts.WriteString(r.Text)
			}
		}
		h.mu.Lock()
		all := texts.String()
		missing := slices.DeleteFunc(slices.Clone(h.accepted), func(name string) bool { return strings.Contains(all, name) })
		h.mu.Unlock()
		if len(missing) == 0 {
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Errorf("%d of %d alerts were accepted and never arrived, such as %s", len(missing), len(h.accepted), missing[0])
			return
		}
	}
}

// request makes a request with a body and headers (name, value, ...) and returns status and answer.
func (h *hostile) request(t *testing.T, path string, body io.Reader, headers ...string) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.adaptor.url(path), body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := h.client.Do(r)
	if err != nil {
		t.Errorf("%s: %v", clipped(path), err)
		return 0, "", http.Header{}
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		t.Errorf("%s: %v", clipped(path), err)
	}
	return answer.StatusCode, strings.TrimSpace(string(text)), answer.Header
}

func clipped(text string) string { return text[:min(len(text), 200)] }
