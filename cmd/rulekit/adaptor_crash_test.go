package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// What TestNothingLost posts, and how often it kills.
const (
	crashReceivers = 80
	crashGroups    = 2000
	crashKills     = 20
)

// crashPatience is how long all of it may take, which is many times what it needs.
const crashPatience = 5 * time.Minute

// TestNothingLost posts groups as Alertmanager does while the adaptor is killed with -9 at random
// points and one call of the messengers in three fails. Every group that was acknowledged must
// arrive whole and in order, and what arrives twice must say that it may be the second time.
func TestNothingLost(t *testing.T) {
	t.Parallel()
	seed := cmp.Or(seedOfEnvironment(t), rand.Uint64())
	t.Logf("to try the same again, as far as time lets it: RULEKIT_SEED=%d", seed)
	c := newCrash(t, seed)
	ctx, cancel := context.WithTimeout(t.Context(), crashPatience)
	defer cancel()
	var posters sync.WaitGroup
	for r := range crashReceivers {
		posters.Go(func() { c.postAll(ctx, t, r) })
	}
	began := time.Now()
	last := c.supervise(ctx, t)
	posters.Wait()
	t.Logf("killed %d times, and all is acknowledged, after %s", crashKills, time.Since(began).Round(time.Second))
	select {
	case <-c.messengers.complete:
	case <-ctx.Done():
		t.Errorf("%s after the start, some alerts have not arrived", crashPatience)
	}
	t.Logf("all has arrived after %s", time.Since(began).Round(time.Second))
	if code := last.terminate(t); code != exitFine {
		t.Errorf("exit code %d after SIGTERM", code)
	}
	c.messengers.check(t)
	for _, what := range c.counts.all() {
		t.Log(what)
	}
	if c.counts.of("posts that had to be repeated") == 0 {
		t.Error("no post met a killed process")
	}
	if t.Failed() {
		t.Logf("the logs are in %s", c.keepLogs(t))
	}
}

func seedOfEnvironment(t *testing.T) uint64 {
	text := os.Getenv("RULEKIT_SEED")
	if text == "" {
		return 0
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("RULEKIT_SEED: %v", err)
	}
	return seed
}

// crash is one run of TestNothingLost.
type crash struct {
	arguments  []string
	messengers *crashMessengers
	counts     *tally

	mu     sync.Mutex
	random *rand.Rand
	// events is how many posts and messages, or only messages, may still begin or end before the
	// process is killed.
	events       int
	onlyMessages bool
	// process is the one that listens, nil between two; changed is closed when another does.
	process *adaptorProcess
	changed chan struct{}
	// all are all processes.
	all []*adaptorProcess
}

func newCrash(t *testing.T, seed uint64) *crash {
	c := &crash{random: rand.New(rand.NewPCG(seed, seed)), counts: &tally{}, changed: make(chan struct{})}
	c.messengers = newCrashMessengers(t, c, rand.New(rand.NewPCG(seed, 0)))
	server := httptest.NewServer(c.messengers)
	t.Cleanup(server.Close)
	var receivers strings.Builder
	for r := range crashReceivers {
		channel, path, rates := "feishu", "/open-apis/bot/v2/hook/", "{messages: 100, per: 1s}"
		if r%2 == 1 {
			channel, path = "slack", "/services/T/B/"
		}
		if r%10 < 2 {
			rates = "{messages: 1, per: 1s}" // slow enough for digests
		}
		fmt.Fprintf(&receivers, "- {name: r%d, type: %s, params: {url: '%s%sr%d'}, rates: [%s]}\n", r, channel, server.URL, path, r, rates)
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "adaptor.yaml")
	write(t, config, "receivers:\n"+receivers.String())
	c.arguments = []string{"--config", config, "--data-dir", filepath.Join(dir, "data")}
	return c
}

// supervise starts the adaptor, and starts it again whenever it was killed, until that was often
// enough. It returns the one that goes on.
func (c *crash) supervise(ctx context.Context, t *testing.T) *adaptorProcess {
	for killed := 0; ; killed++ {
		process := startAdaptor(t, c.arguments...)
		c.all = append(c.all, process)
		if killed > 0 && killed < crashKills && c.killEarly(process) {
			continue
		}
		c.change(process.ready(t), killed < crashKills)
		if killed == crashKills {
			return process
		}
		select {
		case <-process.exited:
		case <-ctx.Done():
			t.Fatalf("only %d kills in time: too few events", killed)
		}
		if c.current() == process {
			t.Fatalf("the adaptor ended by itself:\n%s", process.log.String())
		}
		c.counts.add("kills while it listened")
	}
}

// keepLogs writes the logs of all processes, one after the other, to a file.
func (c *crash) keepLogs(t *testing.T) string {
	file, err := os.CreateTemp("", "rulekit-crash-*.log")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, process := range c.all {
		fmt.Fprintf(file, "%s--- killed\n", process.log.String())
	}
	return file.Name()
}

// killEarly ends some processes while they are still at finding out what the one before left.
func (c *crash) killEarly(process *adaptorProcess) bool {
	c.mu.Lock()
	early, moment := c.random.IntN(4) == 0, time.Duration(c.random.Int64N(int64(100*time.Millisecond)))
	c.mu.Unlock()
	if !early {
		return false
	}
	select {
	case <-process.listening:
		return false
	case <-time.After(moment):
	}
	process.kill()
	<-process.exited
	c.counts.add("kills while it started")
	return true
}

func (c *crash) current() *adaptorProcess {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.process
}

// change makes a process the current one, which is to die in a while, or not.
func (c *crash) change(process *adaptorProcess, mortal bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.process, c.events = process, 0
	if c.onlyMessages = c.random.IntN(2) == 0; mortal && c.onlyMessages {
		c.events = 1 + c.random.IntN(2*crashGroups/crashKills)
	} else if mortal {
		c.events = 1 + c.random.IntN(4*crashGroups/crashKills)
	}
	close(c.changed)
	c.changed = make(chan struct{})
}

// running waits until a process listens, and returns nil if none does until the context ends.
func (c *crash) running(ctx context.Context) *adaptorProcess {
	for ctx.Err() == nil {
		c.mu.Lock()
		process, changed := c.process, c.changed
		c.mu.Unlock()
		if process != nil {
			return process
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
	return nil
}

// event is a point at which the process may be killed.
func (c *crash) event(ofMessage bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process == nil || c.events == 0 || c.onlyMessages && !ofMessage {
		return
	}
	if c.events--; c.events == 0 {
		c.process.kill()
		c.process = nil
	}
}

// postAll posts the groups of one receiver, one after the other, each until it is acknowledged.
func (c *crash) postAll(ctx context.Context, t *testing.T, receiver int) {
	client := &http.Client{Transport: &http.Transport{}, Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	for group := receiver; group < crashGroups; {
		process := c.running(ctx)
		if process == nil {
			t.Errorf("group %d was not acknowledged in time", group)
			return
		}
		c.event(false)
		status, answer, err := process.post(client, fmt.Sprintf("/api/v1/notify/r%d", receiver), crashBody(group))
		switch {
		case err == nil && status/100 == 2:
			c.event(false)
			group += crashReceivers
		case err == nil && status != http.StatusServiceUnavailable:
			t.Errorf("group %d: %d %s", group, status, answer)
			return
		default:
			c.counts.add("posts that had to be repeated")
		}
	}
}

// crashAlerts are the names by which the alerts of a group are known wherever they show up. Most
// groups are small; some need several messages.
func crashAlerts(group int) []string {
	alerts := 1 + group%5
	if group/crashReceivers%20 == 7 {
		alerts = 150
	}
	var ids []string
	for i := range alerts {
		ids = append(ids, fmt.Sprintf("id-%04d-%03d", group, i))
	}
	return ids
}

func crashBody(group int) string {
	var alerts []string
	for _, id := range crashAlerts(group) {
		alerts = append(alerts, fmt.Sprintf(`{"status":"firing","labels":{"alertname":"DiskFull","severity":"warning","pod":%q},`+
			`"annotations":{"summary":"A disk is full","description":%q},"startsAt":"2026-01-05T00:03:00Z","fingerprint":%[1]q}`,
			id, strings.Repeat("What stands here is long. ", 10)))
	}
	return fmt.Sprintf(`{"version":"4","receiver":"im","groupKey":"g%d","status":"firing","externalURL":"http://am.example","alerts":[%s]}`,
		group, strings.Join(alerts, ","))
}
