package adaptor

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

// storm is ten thousand alerts in a minute, at a bot that may send 20 messages in one.
type storm struct {
	name string
	// bodies are posted one after the other, evenly over the minute.
	bodies func() []string
	// down is how long the messenger cannot be reached.
	down time.Duration
	// ended tells that every alert is resolved as well, in the same minute.
	ended bool
}

const stormAlerts = 10_000

var storms = []storm{
	{name: "10000 groups of 1", bodies: func() []string { return stormGroups(stormAlerts, "firing") }},
	{name: "100 groups of 100", bodies: func() []string { return stormGroups(100, "firing") }},
	{name: "1 group of 10000", bodies: func() []string { return stormGroups(1, "firing") }},
	{name: "10000 groups of 1, down for an hour", bodies: func() []string { return stormGroups(stormAlerts, "firing") }, down: time.Hour},
	{name: "100 groups of 100 that fire and resolve, down for an hour", down: time.Hour, ended: true, bodies: func() []string {
		return append(stormGroups(100, "firing"), stormGroups(100, "resolved")...)
	}},
	{name: "2000 groups of 5 that fire and resolve at once", ended: true, bodies: func() []string {
		fired, resolved := stormGroups(2000, "firing"), stormGroups(2000, "resolved")
		var all []string
		for i := range fired {
			all = append(all, fired[i], resolved[i])
		}
		return all
	}},
}

// stormGroups are the webhook bodies of all alerts, in so many groups.
func stormGroups(groups int, status string) []string {
	var bodies []string
	size := stormAlerts / groups
	for g := range groups {
		var alerts []string
		for i := range size {
			alerts = append(alerts, fmt.Sprintf(`{"status":%q,"labels":{"alertname":"PodCrashLooping","severity":"warning","namespace":"shop","pod":"n%05d"},`+
				`"annotations":{"summary":"A pod restarts again and again","description":"Its container has ended 12 times within an hour."},`+
				`"startsAt":"2000-01-01T00:00:00Z","endsAt":"2000-01-01T00:00:30Z","generatorURL":"http://prometheus.example:9090/graph?g0.expr=x"}`,
				status, g*size+i))
		}
		bodies = append(bodies, fmt.Sprintf(`{"version":"4","receiver":"im","groupKey":"g%d","status":%q,"externalURL":"http://am.example","alerts":[%s]}`,
			g, status, strings.Join(alerts, ",")))
	}
	return bodies
}

// stormMemory is the most memory that the whole process may ever have, in megabytes.
const stormMemory = 150

// TestStorm plays each storm on the virtual clock with the real store, in a process of its own
// whose memory is measured. Every alert must be named in a message that the messenger accepted,
// in order, without ever breaking the messenger's limit.
func TestStorm(t *testing.T) {
	for _, s := range storms {
		t.Run(s.name, func(t *testing.T) {
			if report := os.Getenv("RULEKIT_STORM"); report != "" {
				s.play(t)
				reportMemory(t, report)
				return
			}
			report := filepath.Join(t.TempDir(), "peak")
			child := exec.Command(os.Args[0], "-test.run=^TestStorm$/^"+strings.ReplaceAll(regexp.QuoteMeta(s.name), " ", "_")+"$", "-test.v")
			// The memory limit is the one that the command sets.
			child.Env = append(os.Environ(), "RULEKIT_STORM="+report, "GOMEMLIMIT=80MiB")
			output, err := child.CombinedOutput()
			if err != nil {
				t.Fatalf("%v:\n%s", err, output)
			}
			for _, line := range regexp.MustCompile(`storm: .*`).FindAllString(string(output), -1) {
				t.Log(line)
			}
			peak, err := os.ReadFile(report)
			if err != nil {
				t.Fatal(err)
			}
			kib, err := strconv.Atoi(strings.TrimSpace(string(peak)))
			if err != nil {
				t.Fatal(err)
			}
			megabytes := (kib << 10) / 1e6
			t.Logf("%d MB of memory at most", megabytes)
			if megabytes >= stormMemory {
				t.Errorf("%d MB of memory, want less than %d", megabytes, stormMemory)
			}
		})
	}
}

// reportMemory writes the most memory that this process has had, in KiB.
func reportMemory(t *testing.T, path string) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	peak := regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`).FindSubmatch(status)
	if peak == nil {
		t.Fatalf("no VmHWM in %s", status)
	}
	if err := os.WriteFile(path, peak[1], 0o600); err != nil {
		t.Fatal(err)
	}
}

// play runs the storm and looks at what the messenger got.
func (s storm) play(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		im := newFake(t, "dingtalk")
		var down atomic.Bool
		down.Store(s.down > 0)
		queue, shutdown := openStormQueue(t)
		server, err := New(Options{
			Config:    &Config{Receivers: []Receiver{{Name: "ops", Channel: channelOfType("dingtalk"), Target: targets["dingtalk"]}}},
			Queue:     queue,
			Transport: unreliable{handlers{"oapi.dingtalk.com": im}, &down},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		stopped := make(chan error, 1)
		go func() { stopped <- server.Run(ctx) }()
		began := time.Now()
		bodies := s.bodies()
		for i, body := range bodies {
			time.Sleep(time.Until(began.Add(time.Minute * time.Duration(i) / time.Duration(len(bodies)))))
			if status, answer := post(server.Handler(), http.MethodPost, NotifyPath+"ops", strings.NewReader(body)); status != http.StatusOK {
				t.Fatalf("post %d: %d %s", i, status, answer)
			}
		}
		time.Sleep(time.Until(began.Add(s.down)))
		down.Store(false)
		for waiting := 1; waiting > 0 && time.Since(began) < 24*time.Hour; waiting, _ = queue.Waiting("ops") {
			time.Sleep(time.Second)
		}
		received := im.Received()
		fmt.Printf("storm: %d posts, %d messages, the last %s after the first post and %s after the messenger was back\n", len(bodies),
			len(received), time.Since(began).Round(time.Second), time.Since(began.Add(s.down)).Round(time.Second))
		stop()
		if err := errors.Join(<-stopped, shutdown()); err != nil {
			t.Error(err)
		}
		s.check(t, received)
	})
}

// unreliable is a network that can be down: then half of the calls are refused, and the others
// get no answer.
type unreliable struct {
	handlers
	down *atomic.Bool
}

func (u unreliable) RoundTrip(r *http.Request) (*http.Response, error) {
	if !u.down.Load() {
		return u.handlers.RoundTrip(r)
	}
	if rand.IntN(2) == 0 {
		return nil, errors.New("connect: connection refused")
	}
	<-r.Context().Done()
	return nil, r.Context().Err()
}

var stormAlert = regexp.MustCompile(`n\d{5}`)

// check looks at all messages, in their order.
func (s storm) check(t *testing.T, received []fakeim.Received) {
	fired, resolved := map[string]bool{}, map[string]bool{}
	latest := ""
	for i, r := range received {
		if !r.OK {
			t.Errorf("refused: %s", r.Answer)
		}
		if first := i - dingTalkRate; first >= 0 && r.At.Sub(received[first].At) < time.Minute {
			t.Errorf("21 messages from %s to %s", received[first].At, r.At)
		}
		headline, _, _ := strings.Cut(r.Text, "\n")
		var news []string
		for line := range strings.Lines(r.Text) {
			over := !strings.Contains(headline, "FIRING") || strings.Contains(line, "Resolved: ")
			for _, id := range stormAlert.FindAllString(line, -1) {
				both := strings.Contains(line, "Fired and resolved")
				if !fired[id] && (both || !over) {
					news = append(news, id)
				}
				fired[id] = fired[id] || both || !over
				resolved[id] = resolved[id] || both || over
				if !fired[id] {
					t.Errorf("%s is resolved, and nobody was told that it fired", id)
				}
			}
		}
		if len(news) > 0 && slices.Min(news) < latest {
			t.Errorf("message %d has %s after %s", i, slices.Min(news), latest)
		}
		if len(news) > 0 {
			latest = slices.Max(news)
		}
	}
	told, over := 0, 0
	for id := range fired {
		if fired[id] {
			told++
		}
		if resolved[id] {
			over++
		}
	}
	if told != stormAlerts || s.ended && over != stormAlerts || !s.ended && over > 0 {
		t.Errorf("of %d alerts %d were told firing and %d resolved", stormAlerts, told, over)
	}
}

// dingTalkRate is how many messages a bot may send in a minute.
const dingTalkRate = 20

// openStormQueue opens the store in a new folder, and returns what closes it.
func openStormQueue(t *testing.T) (queue Queue, shutdown func() error) {
	store, err := OpenJetStream(t.Context(), JetStreamOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return store, func() error { return store.Shutdown(context.Background()) }
}
