package adaptor

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

// without is a configuration without the receivers of the given names.
func (c *Config) without(names ...string) *Config {
	rest := *c
	rest.Receivers = slices.DeleteFunc(slices.Clone(c.Receivers), func(r Receiver) bool { return slices.Contains(names, r.Name) })
	return &rest
}

// TestReloadAddsAndRemoves: a receiver that is gone accepts nothing and gets nothing; when it is
// back, it gets what waited.
func TestReloadAddsAndRemoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := allReceivers()
		b := newBench(t, Options{Config: config})
		b.ims["slack"].Fail(fakeim.Fault{Status: 503})
		b.post("slack", named("Waiting"))
		synctest.Wait()
		b.Reload(config.without("slack"))
		if status, answer := b.post("slack", named("Gone")); status != http.StatusNotFound {
			t.Errorf("a receiver that is gone answers %d %s", status, answer)
		}
		time.Sleep(time.Hour)
		if got := b.ims["slack"].Received(); len(got) != 1 {
			t.Errorf("a receiver that is gone got %d messages", len(got)-1)
		}
		samples := scrape(t, b.Handler())
		if got := samples[`queue_groups{receiver="slack"}`]; got != "1" {
			t.Errorf("%q groups wait for the receiver that is gone", got)
		}
		if _, there := samples[`notifications_total{channel="slack",receiver="slack",status="sent"}`]; there {
			t.Error("the series of the receiver that is gone are still there")
		}
		b.Reload(config)
		time.Sleep(time.Minute)
		if got := acceptedTexts(b.ims["slack"]); len(got) != 1 || !strings.Contains(got[0], "Waiting") {
			t.Errorf("when it was back it got %q", got)
		}
		if status, answer := b.post("wecom", named("Other")); status != http.StatusOK {
			t.Errorf("a receiver that stayed answers %d %s", status, answer)
		}
		b.stop()
		if err := <-b.stopped; err != nil {
			t.Error(err)
		}
	})
}

// TestReloadDuringCall: the call that is under way ends as it would have; what comes after it
// goes by the new configuration.
func TestReloadDuringCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := onlySlack()
		b := newBench(t, Options{Config: before})
		b.ims["slack"].Fail(fakeim.Fault{Delay: 5 * time.Second})
		b.post("slack", named("First"))
		synctest.Wait()
		after := &Config{Receivers: []Receiver{{Name: "slack", Channel: channelOfType("feishu"), Target: targets["feishu"]}}}
		b.Reload(after)
		b.post("slack", named("Second"))
		time.Sleep(4 * time.Second)
		if got := len(b.ims["feishu"].Received()); got != 0 {
			t.Errorf("%d messages by the new way while the old call was under way", got)
		}
		time.Sleep(time.Minute)
		for im, want := range map[string]string{"slack": "First", "feishu": "Second"} {
			if got := acceptedTexts(b.ims[im]); len(got) != 1 || !strings.Contains(got[0], want) {
				t.Errorf("%s was told %q, want one message of %s", im, got, want)
			}
		}
		b.stop()
		<-b.stopped
	})
}

// TestReloadLosesNothing: with a configuration that changes all the time, every notification is
// delivered, and no bot's limit is broken.
func TestReloadLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		all := allReceivers()
		const posts = 60
		for i := range posts {
			for _, c := range Channels() {
				if status, answer := b.post(c.Name, named(fmt.Sprintf("A%02d", i))); status != http.StatusOK {
					t.Fatalf("%d %s", status, answer)
				}
			}
			changed := allReceivers()
			for j := range changed.Receivers {
				changed.Receivers[j].Style.Zone = time.FixedZone(fmt.Sprint("zone ", i), i*60)
			}
			b.Reload(changed.without(Channels()[i%len(Channels())].Name))
			time.Sleep(300 * time.Millisecond)
			b.Reload(all)
		}
		time.Sleep(time.Hour)
		b.stop()
		if err := <-b.stopped; err != nil {
			t.Error(err)
		}
		for name, im := range b.ims {
			told := strings.Join(acceptedTexts(im), "\n")
			for i := range posts {
				if alert := fmt.Sprintf("A%02d", i); !strings.Contains(told, alert) {
					t.Errorf("%s was not told of %s", name, alert)
				}
			}
			for _, r := range im.Received() {
				if !r.OK {
					t.Errorf("%s refused a message: %s", name, r.Answer)
				}
			}
		}
	})
}

// TestOrphans: what waits for a receiver that stays away becomes a dead letter, and not before
// it is too old.
func TestOrphans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queue := NewMemoryQueue(MemoryLimits{})
		for _, name := range []string{"A", "B"} {
			if _, err := queue.Put(t.Context(), Item{Receiver: "gone", Body: []byte(named(name)), Accepted: time.Now()}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
		}
		b := newBench(t, Options{Config: onlySlack(), Queue: queue, Retry: RetryPolicy{MaxAge: time.Hour}})
		time.Sleep(57 * time.Minute)
		letters := func() []string {
			dead, err := queue.DeadLetters(t.Context(), "", 10)
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, d := range dead {
				all = append(all, d.Why)
			}
			return all
		}
		if got := letters(); got != nil {
			t.Errorf("given up too early: %q", got)
		}
		time.Sleep(5 * time.Minute)
		why := `it waited for 1h0m0s, and the configuration has no receiver "gone" any more`
		if diff := cmp.Diff([]string{why, why}, letters()); diff != "" {
			t.Error(diff)
		}
		want := []string{`notifications_total{channel="none",receiver="gone",status="dead_lettered"} 2`}
		got := slices.DeleteFunc(moved(scrape(t, b.Handler())), func(s string) bool { return !strings.Contains(s, "gone") })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if got := strings.Count(b.log.String(), `msg="given up, now a dead letter" receiver=gone`); got != 2 {
			t.Errorf("%d records in the log:\n%s", got, b.log)
		}
		if !strings.Contains(b.log.String(), `msg="notifications wait for a receiver that the configuration does not have" receiver=gone waiting=2`) {
			t.Errorf("the log does not tell of them:\n%s", b.log)
		}
		b.stop()
		if err := <-b.stopped; err != nil {
			t.Error(err)
		}
	})
}

// TestReloadSource: what POST /-/reload answers, and what becomes of the metrics and of the
// configuration in use.
func TestReloadSource(t *testing.T) {
	const good = "receivers:\n- {name: ops, type: slack, params: {url: 'https://hooks.slack.com/services/T/B/token-of-a-bot'}}\n"
	path := writeConfig(t, good, nil)
	source := Source{Path: path, Getenv: os.Getenv}
	config, err := LoadConfig(path, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	server, err := New(Options{Config: config, Source: source})
	if err != nil {
		t.Fatal(err)
	}
	h := server.Handler()
	for _, step := range []struct {
		name, config string
		status       int
		answer       string
		reloaded     string
		receiver     string
	}{
		{"renamed", strings.Replace(good, "ops", "dba", 1), 200, "reloaded", "1", "dba"},
		{"two mistakes", strings.Replace(good, "type: slack", "type: slak, hush: token-of-a-bot", 1), 500,
			"not reloaded, the configuration before stays in use:\n" + path + `:2: a receiver: unknown key "hush"`, "0", "dba"},
		{"empty", "", 500, "not reloaded", "0", "dba"},
		{"mended", good, 200, "reloaded", "1", "ops"},
	} {
		if err := os.WriteFile(path, []byte(step.config), 0o600); err != nil {
			t.Fatal(err)
		}
		status, answer := post(h, http.MethodPost, "/-/reload", nil)
		if status != step.status || !strings.HasPrefix(answer, step.answer) || strings.Contains(answer, "token-of-a-bot") {
			t.Errorf("%s: got %d %q, want %d %q", step.name, status, answer, step.status, step.answer)
		}
		if got := scrape(t, h)["config_last_reload_successful"]; got != step.reloaded {
			t.Errorf("%s: config_last_reload_successful is %s", step.name, got)
		}
		if status, _ := post(h, http.MethodPost, NotifyPath+step.receiver, strings.NewReader(named(step.name))); status != http.StatusOK {
			t.Errorf("%s: a post to %s got %d", step.name, step.receiver, status)
		}
	}
	if status, _ := post(h, http.MethodGet, "/-/reload", nil); status != http.StatusMethodNotAllowed {
		t.Errorf("GET /-/reload answers %d", status)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := server.ReloadSource("a test"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without the file: %v", err)
	}
}

// TestOrphanReplayed: a dead letter that is replayed for a receiver that is gone has its time to wait
// for it.
func TestOrphanReplayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queue := NewMemoryQueue(MemoryLimits{})
		_, _ = queue.Put(t.Context(), Item{Receiver: "gone", Body: []byte(named("A")), Accepted: time.Now()})
		b := newBench(t, Options{Config: onlySlack(), Queue: queue, Retry: RetryPolicy{MaxAge: time.Hour}})
		time.Sleep(2 * time.Hour)
		letters, _ := queue.DeadLetters(t.Context(), "", 10)
		if len(letters) != 1 {
			t.Fatal(letters)
		}
		if err := queue.Replay(t.Context(), letters[0].ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Minute)
		if letters, _ := queue.DeadLetters(t.Context(), "", 10); len(letters) != 0 {
			t.Error("given up again at once")
		}
		time.Sleep(time.Hour)
		if letters, _ := queue.DeadLetters(t.Context(), "", 10); len(letters) != 1 {
			t.Error("never given up")
		}
		b.stop()
		<-b.stopped
	})
}
