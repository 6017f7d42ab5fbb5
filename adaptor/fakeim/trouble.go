package fakeim

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Trouble is a fault as people ask for it, on the command line or over HTTP.
type Trouble struct {
	// Channel is the messenger that makes it; empty is all of them.
	Channel string
	// Kind is one of TroubleKinds.
	Kind string
	// Code is that of the refusal; empty is the messenger's first.
	Code string
	// Status is that of the answer, Delay the time that passes before it.
	Status int
	Delay  time.Duration
	// Rule has how often and how long; its fault is not used.
	Rule Rule
}

// TroubleKinds are the kinds of trouble, each with what it is.
var TroubleKinds = []struct{ Name, What string }{
	{"throttle", "too many messages, in the messenger's own words"},
	{"error", "a refusal, most often inside HTTP 200; code= chooses it"},
	{"status", "an HTTP status, 500 or that of status="},
	{"garbage", "HTTP 200 with a page of HTML"},
	{"slow", "the answer takes 5s, or delay="},
	{"reset", "the connection is closed without an answer"},
	{"down", "all connections are closed, for 30s or for="},
}

// ParseTrouble reads [CHANNEL/]KIND[:COUNT][,NAME=VALUE]..., such as throttle:3 or
// slack/status,status=503,every=2. Without a count, one call meets it, or as many as
// every= and probability= choose.
func ParseTrouble(text string) (Trouble, error) {
	what, rest, more := strings.Cut(text, ",")
	values := url.Values{}
	if channel, kind, found := strings.Cut(what, "/"); found {
		values.Set("channel", channel)
		what = kind
	}
	if kind, count, found := strings.Cut(what, ":"); found {
		values.Set("count", count)
		what = kind
	}
	values.Set("kind", what)
	for more {
		var pair string
		pair, rest, more = strings.Cut(rest, ",")
		name, value, found := strings.Cut(pair, "=")
		if !found || values.Has(name) {
			return Trouble{}, fmt.Errorf("trouble %q: %q: want NAME=VALUE, each name once", text, pair)
		}
		values.Set(name, value)
	}
	trouble, err := troubleOf(values)
	if err != nil {
		return Trouble{}, fmt.Errorf("trouble %q: %w", text, err)
	}
	return trouble, nil
}

// troubleOf reads the parameters of a request for trouble.
func troubleOf(values url.Values) (Trouble, error) {
	t := Trouble{Channel: values.Get("channel"), Kind: values.Get("kind"), Code: values.Get("code")}
	p := parameters{values: values, known: []string{"channel", "kind", "code"}}
	t.Status = p.number("status", http.StatusInternalServerError, 200, 599)
	t.Delay = p.duration("delay", 5*time.Second)
	t.Rule.Every = p.number("every", 0, 1, 1_000_000)
	t.Rule.Probability = p.fraction("probability")
	t.Rule.Seed = uint64(p.number("seed", 0, 0, 1<<31-1))
	count, lasts := 1, time.Duration(0)
	if t.Kind == "down" {
		count, lasts = 0, 30*time.Second
	} else if t.Rule.Every > 0 || t.Rule.Probability > 0 || values.Has("for") {
		count = 0
	}
	t.Rule.Calls = p.number("count", count, 0, 1_000_000)
	t.Rule.For = p.duration("for", lasts)
	switch {
	case t.Channel != "" && protocols[t.Channel] == nil:
		p.complain("channel", "want %s", strings.Join(Channels(), ", "))
	case !slices.ContainsFunc(TroubleKinds, func(kind struct{ Name, What string }) bool { return kind.Name == t.Kind }):
		var names []string
		for _, kind := range TroubleKinds {
			names = append(names, kind.Name)
		}
		p.complain("kind", "want %s", strings.Join(names, ", "))
	}
	p.unknown()
	return t, p.err
}

// rule makes a rule for a messenger.
func (t Trouble) rule(im *IM) (Rule, error) {
	rule := t.Rule
	var err error
	switch t.Kind {
	case "throttle":
		rule.Fault = im.Throttled()
	case "error":
		code := t.Code
		if code == "" {
			code = im.protocol.refusals[0].code
		}
		rule.Fault, err = im.Refusal(code)
	case "status":
		rule.Fault = Fault{Status: t.Status, Body: http.StatusText(t.Status) + "\n"}
	case "garbage":
		rule.Fault = garbage()
	case "slow":
		rule.Fault = Fault{Delay: t.Delay}
	case "reset", "down":
		rule.Fault = Fault{Reset: true}
	default:
		err = fmt.Errorf("there is no trouble %q", t.Kind)
	}
	return rule, err
}

// parameters reads values, and remembers the first that is wrong.
type parameters struct {
	values url.Values
	known  []string
	err    error
}

func (p *parameters) complain(name, format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("%s %q: %s", name, p.values.Get(name), fmt.Sprintf(format, args...))
	}
}

func (p *parameters) get(name string) string {
	p.known = append(p.known, name)
	return p.values.Get(name)
}

func (p *parameters) number(name string, fallback, least, most int) int {
	text := p.get(name)
	if text == "" {
		return fallback
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		p.complain(name, "want a number from %d to %d", least, most)
		return fallback
	}
	return n
}

func (p *parameters) fraction(name string) float64 {
	text := p.get(name)
	if text == "" {
		return 0
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f > 0 && f <= 1) {
		p.complain(name, "want a number above 0 and up to 1")
		return 0
	}
	return f
}

func (p *parameters) duration(name string, fallback time.Duration) time.Duration {
	text := p.get(name)
	if text == "" {
		return fallback
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 || d > 24*time.Hour {
		p.complain(name, "want a time such as 5s, at most 24h")
		return fallback
	}
	return d
}

// unknown complains of parameters that mean nothing.
func (p *parameters) unknown() {
	slices.Sort(p.known)
	for _, name := range slices.Sorted(maps.Keys(p.values)) {
		if !slices.Contains(p.known, name) && p.err == nil {
			p.err = fmt.Errorf("unknown parameter %q: want %s", name, strings.Join(p.known, ", "))
		}
	}
}

// String says what is made.
func (t Trouble) String() string {
	where := t.Channel
	if where == "" {
		where = "all messengers"
	}
	text := where + ": " + t.Kind
	if t.Rule.Every > 1 {
		text += fmt.Sprintf(", every %d calls", t.Rule.Every)
	}
	if t.Rule.Probability > 0 {
		text += fmt.Sprintf(", with probability %v", t.Rule.Probability)
	}
	if t.Rule.Calls == 1 {
		text += ", once"
	} else if t.Rule.Calls > 1 {
		text += fmt.Sprintf(", %d times", t.Rule.Calls)
	}
	if t.Rule.For > 0 {
		text += fmt.Sprintf(", for %s", t.Rule.For)
	}
	if t.Rule.Calls == 0 && t.Rule.For == 0 {
		text += ", until it is mended"
	}
	return text
}
