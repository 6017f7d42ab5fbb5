package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

// tally counts things by name.
type tally struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *tally) add(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[string]int{}
	}
	c.n[what]++
}

func (c *tally) of(what string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n[what]
}

// all returns a line for each thing.
func (c *tally) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var lines []string
	for _, what := range slices.Sorted(maps.Keys(c.n)) {
		lines = append(lines, fmt.Sprintf("%6d %s", c.n[what], what))
	}
	return lines
}

// crashMessengers are a fake Feishu and a fake Slack that fail one call in three.
type crashMessengers struct {
	*crash
	feishu, slack *fakeim.IM
	// complete is closed when every alert has been shown.
	complete chan struct{}

	mu     sync.Mutex
	random *rand.Rand
	// calls counts the calls of each bot, and failing is which of its next three fails.
	calls, failing map[string]int
	missing        map[string]bool
}

func newCrashMessengers(t *testing.T, c *crash, random *rand.Rand) *crashMessengers {
	m := &crashMessengers{crash: c, random: random, complete: make(chan struct{}), calls: map[string]int{}, failing: map[string]int{}, missing: map[string]bool{}}
	for channel, im := range map[string]**fakeim.IM{"feishu": &m.feishu, "slack": &m.slack} {
		var err error
		if *im, err = fakeim.New(channel); err != nil {
			t.Fatal(err)
		}
		(*im).NoRates()
	}
	for group := range crashGroups {
		for _, id := range crashAlerts(group) {
			m.missing[id] = true
		}
	}
	return m
}

// crashFaults are what happens to one of every three calls of a bot, each as likely as the others.
var crashFaults = []string{"throttled", "refused with 200", "answered 500", "reset", "shown, answer lost", "slow"}

// fault draws what happens to a call, and how slow it is then.
func (m *crashMessengers) fault(bot string) (string, time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	call := m.calls[bot] % 3
	m.calls[bot]++
	if call == 0 {
		m.failing[bot] = m.random.IntN(3)
	}
	if call != m.failing[bot] {
		return "", 0
	}
	return crashFaults[m.random.IntN(len(crashFaults))], time.Duration(m.random.Int64N(int64(100 * time.Millisecond)))
}

// ServeHTTP answers as the messenger of the path, or fails.
func (m *crashMessengers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.event(true)
	im := m.slack
	if strings.HasPrefix(r.URL.Path, "/open-apis/") {
		im = m.feishu
	}
	fault, moment := m.fault(r.URL.Path)
	m.counts.add(strings.TrimSuffix("calls, "+fault, ", "))
	switch fault {
	case "throttled":
		throttled := im.Throttled()
		answer(w, throttled.Status, throttled.Header, throttled.Body)
		return
	case "refused with 200":
		answer(w, http.StatusOK, nil, `{"code":9499,"msg":"too many request","ok":false}`)
		return
	case "answered 500":
		answer(w, http.StatusInternalServerError, nil, "")
		return
	case "reset":
		panic(http.ErrAbortHandler)
	case "slow":
		select {
		case <-time.After(moment):
		case <-r.Context().Done():
		}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	reply := httptest.NewRecorder()
	im.ServeHTTP(reply, r)
	m.strike(im.Channel(), string(body))
	if fault == "shown, answer lost" {
		panic(http.ErrAbortHandler)
	}
	answer(w, reply.Code, nil, reply.Body.String())
	m.event(true)
}

func answer(w http.ResponseWriter, status int, header map[string]string, body string) {
	for name, value := range header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

var crashAlert = regexp.MustCompile(`id-\d{4}-\d{3}`)

// strike strikes out the alerts that a message shows.
func (m *crashMessengers) strike(channel, body string) {
	text, err := fakeim.Show(channel, body)
	if err != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	before := len(m.missing)
	for _, id := range crashAlert.FindAllString(text, -1) {
		delete(m.missing, id)
	}
	if before > 0 && len(m.missing) == 0 {
		close(m.complete)
	}
}

// crashMark is a sentence of adaptor/locales/en.yaml.
const crashMark = "This may be the second time you get this message."

// check looks at all that was shown, in the order it was.
func (m *crashMessengers) check(t *testing.T) {
	m.mu.Lock()
	for id := range m.missing {
		t.Errorf("%s was acknowledged and never arrived", id)
	}
	m.mu.Unlock()
	received := append(m.feishu.Received(), m.slack.Received()...)
	slices.SortStableFunc(received, func(a, b fakeim.Received) int { return a.At.Compare(b.At) })
	unmarked, seen, latest := map[string]time.Time{}, map[string]bool{}, map[string]string{}
	for _, r := range received {
		ids := slices.Compact(slices.Sorted(slices.Values(crashAlert.FindAllString(r.Text, -1))))
		if !r.OK || len(ids) == 0 {
			t.Errorf("%s was sent what it does not take, or nothing: %s %s", r.Channel, r.Answer, r.Text)
			continue
		}
		marked, again := strings.Contains(r.Text, crashMark), false
		for _, id := range ids {
			if !seen[id] && id < latest[r.URL] {
				t.Errorf("%s came after %s", id, latest[r.URL])
			}
			// What a slow messenger took first may be shown after what says that it is the second.
			if before, ok := unmarked[id]; ok && !marked {
				t.Errorf("%s came to %s at %s and at %s, and neither message says that it may come twice", id, r.URL,
					before.Format(time.StampMilli), r.At.Format(time.StampMilli))
			} else if !marked {
				unmarked[id] = r.At
			}
			again, seen[id], latest[r.URL] = again || seen[id], true, max(latest[r.URL], id)
		}
		if strings.Contains(r.Text, "notifications in one") {
			m.counts.add("digests")
		}
		m.counts.add(fmt.Sprintf("messages, %s, %s", map[bool]string{true: "the second time", false: "the first time"}[again],
			map[bool]string{true: "marked", false: "not marked"}[marked]))
	}
}
