package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

// The messengers that alerts and heartbeats go to, and the bots that they know; the script
// gives the adaptor the same.
const (
	alertChannel     = "feishu"
	heartbeatChannel = "wecom"
	bot              = "live"
	botSecret        = "not-so-secret"
)

// messengers are the fake ones.
type messengers struct {
	alerts, heartbeats *fakeim.IM
	// marked is how many messages came before the current step.
	marked int
}

// listen starts the messengers, which run until the program ends.
func listen(ctx context.Context, address string) (*messengers, error) {
	var m messengers
	var err error
	if m.alerts, err = fakeim.New(alertChannel); err != nil {
		return nil, err
	}
	if m.heartbeats, err = fakeim.New(heartbeatChannel); err != nil {
		return nil, err
	}
	m.alerts.AddBot(bot, botSecret)
	m.heartbeats.AddBot(bot, "")
	mux := http.NewServeMux()
	mux.Handle("/open-apis/", m.alerts)
	mux.Handle("/cgi-bin/", m.heartbeats)
	for _, im := range []*fakeim.IM{m.alerts, m.heartbeats} {
		im.OnlyKnownBots()
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	return &m, nil
}

func (m *messengers) received() []fakeim.Received {
	return append(m.alerts.Received(), m.heartbeats.Received()...)
}

// mark begins a new step.
func (m *messengers) mark() { m.marked = len(m.alerts.Received()) }

// told returns what a message of this step says of an alert that fires, or that is resolved, or
// "" if none has come.
func (m *messengers) told(w want, resolved bool) (string, error) {
	for _, message := range m.alerts.Received()[m.marked:] {
		if !message.OK {
			return "", fmt.Errorf("the messenger refused a message: %d %s", message.Status, message.Answer)
		}
		section := about(message.Text, w, resolved)
		if section == "" {
			continue
		}
		found := regexp.MustCompile(w.text).FindString(strings.Join(strings.Fields(section), " "))
		if found == "" {
			return "", fmt.Errorf("the message about %s does not say %q:\n%s", w.key(), w.text, message.Text)
		}
		return found, nil
	}
	return "", nil
}

// about returns the part of a message that is about an alert and says that it fires, or that it
// is resolved.
func about(text string, w want, resolved bool) string {
	title, rest := headline(text)
	if !named(title, w.alert) {
		return ""
	}
	for section := range strings.SplitSeq(rest, "────────") {
		first, _, _ := strings.Cut(strings.TrimSpace(section), "\n")
		ended := !strings.Contains(title, "FIRING") || strings.Contains(first, "Resolved: ")
		if strings.Contains(section, w.pod) && ended == resolved {
			return section
		}
	}
	return ""
}

// headline cuts a message after its title, which in Feishu goes on in a second line.
func headline(text string) (title, rest string) {
	title, rest, _ = strings.Cut(text, "\n")
	if !strings.Contains(title, "FIRING") && !strings.Contains(title, "RESOLVED") {
		tags := ""
		tags, rest, _ = strings.Cut(rest, "\n")
		title += "\n" + tags
	}
	return title, rest
}

// firing tells whether what was last told of any alert is that it fires.
func (m *messengers) firing() bool {
	last := map[string]bool{}
	for _, message := range m.alerts.Received() {
		title, _ := headline(message.Text)
		name, _, _ := strings.Cut(counts.ReplaceAllString(title, ""), "\n")
		last[name] = strings.Contains(title, "FIRING")
	}
	return slices.Contains(slices.Collect(maps.Values(last)), true)
}

// counts are how many alerts a title says to be firing and resolved.
var counts = regexp.MustCompile(`^\[[^\]]*\] `)

func named(title, alert string) bool {
	return regexp.MustCompile(`\b` + alert + `\b`).MatchString(title)
}

// onlyOf proves that no message of this step was about anything else.
func (m *messengers) onlyOf(wants []want) error {
	for _, message := range m.alerts.Received()[m.marked:] {
		title, _ := headline(message.Text)
		expected := false
		for _, w := range wants {
			expected = expected || named(title, w.alert)
		}
		if !expected {
			return fmt.Errorf("a message that is not expected:\n%s", message.Text)
		}
	}
	return nil
}
