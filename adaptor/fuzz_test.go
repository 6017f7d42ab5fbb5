package adaptor

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzWebhook: a body either is refused in one line, or can be written for every form of every
// channel within its limit, and is accepted by the channel's fake.
func FuzzWebhook(f *testing.F) {
	inputs, err := filepath.Glob(golden + "/webhook/*.json")
	if err != nil || len(inputs) == 0 {
		f.Fatalf("no inputs: %v", err)
	}
	for _, path := range inputs {
		body, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte(`{"alerts":[{"labels":{"alertname":"\ud800\u0000\u2028","severity":"😀"},"startsAt":"9999-12-31T23:59:59Z","status":"resolved","endsAt":"0000-01-01T00:00:00Z"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := decode(body)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Errorf("the error has several lines: %q", err)
			}
			return
		}
		message := newMessage(p, Style{})
		if message.Firing+message.Resolved != len(p.Alerts) {
			t.Errorf("%d firing and %d resolved of %d alerts", message.Firing, message.Resolved, len(p.Alerts))
		}
		for _, c := range Channels() {
			for _, form := range c.Forms {
				checkParts(t, c, form, message)
			}
		}
	})
}

// checkParts writes a message in a form, within the limit, and has the channel's fake accept it.
// It returns the requests and what a person would see of them.
func checkParts(t *testing.T, c *Channel, form string, message Message) ([]Request, string) {
	t.Helper()
	requests := encodeParts(t, newEncoder(c, targetOf(c.Name, form), time.Now()), message)
	var text strings.Builder
	for _, request := range requests {
		if !utf8.Valid(request.Body) || !json.Valid(request.Body) {
			t.Errorf("%s.%s: the body is not JSON in UTF-8: %q", c.Name, form, request.Body)
		}
		received := offer(newFake(t, c.Name), request)
		if !received.OK {
			t.Errorf("%s.%s refused: %s\n%s", c.Name, form, received.Answer, request.Body)
		}
		text.WriteString(received.Text + "\n")
	}
	return requests, text.String()
}

// fuzzed is what fuzz targets of channels make messages of.
type fuzzed struct {
	name, title, description, label, value, link, person string
	// alerts is how many there are; every third is resolved.
	alerts uint8
	// flags choose what else the message says.
	flags uint16
}

// fuzzSeeds are given to every fuzz target of a channel's encoder.
var fuzzSeeds = []fuzzed{
	{name: "RedisDown", title: "Redis is down", description: "No answer.", label: "redis-0", value: "0", link: "https://runbooks.example/", person: "ou_1", alerts: 1, flags: 0xffff},
	{name: "<at id=all></at>", title: "**b** _i_ ~~s~~ `c` [l](http://e.example)", description: "# h\n- i\n1. n\n> q\n---\n| a | b |\n|---|---|\n    code", label: "@13800000000 :DONE: &lt;b&gt; \\*", value: "<font color='red'>5</font>", link: "javascript:alert(1)", person: "U1", alerts: 3, flags: 0x0f},
	{name: "\u202e\x00\ufeff", title: "\xff\xfe", description: "\r\n\u2028\t", label: "👩‍👩‍👧‍👦", value: "&#60;", link: "http://h/(a)|<b>[c] d", person: "x_y", alerts: 120, flags: 0xaaaa},
	{name: strings.Repeat("n", 3000), title: strings.Repeat("标", 3000), description: strings.Repeat("<&>\n", 3000), label: strings.Repeat("*", 3000), value: "v", link: "https://h/" + strings.Repeat("a", 3000), alerts: 7, flags: 0x5555},
}

// fuzzChannel makes a fuzz target of a check.
func fuzzChannel(f *testing.F, check func(*testing.T, fuzzed)) {
	for _, s := range fuzzSeeds {
		f.Add(s.name, s.title, s.description, s.label, s.value, s.link, s.person, s.alerts, s.flags)
	}
	f.Fuzz(func(t *testing.T, name, title, description, label, value, link, person string, alerts uint8, flags uint16) {
		check(t, fuzzed{name, title, description, label, value, link, person, alerts, flags})
	})
}

// message is what Alertmanager would have sent, and what the adaptor would add.
func (z fuzzed) message() Message {
	p := payload{Receiver: z.name, ExternalURL: "http://alertmanager.example", TruncatedAlerts: uint64(z.flags & 1)}
	for i := range max(1, int(z.alerts)) {
		a := payloadAlert{
			Status: "firing", StartsAt: time.Unix(int64(i), 0), GeneratorURL: z.link,
			Labels:      map[string]string{"alertname": z.name, "pod": z.label, "severity": z.value, "n": fmt.Sprint(i)},
			Annotations: map[string]string{"summary": z.title, "description": z.description, "value": z.value, "runbook_url": z.link},
		}
		if i%3 == 2 {
			a.Status, a.EndsAt = "resolved", a.StartsAt.Add(time.Hour)
		}
		p.Alerts = append(p.Alerts, a)
	}
	flag := func(n int) bool { return z.flags>>n&1 == 1 }
	m := newMessage(p, Style{})
	m.Compact, m.Unsure = flag(1), flag(2)
	if flag(3) {
		m.Groups = 2
	}
	if flag(4) {
		m.FallbackFor, m.Reason = z.name, z.description
	}
	if flag(5) {
		m.Accepted = time.Unix(0, 0)
	}
	if flag(6) {
		m.Part, m.Parts, m.Alerts = 2, 3, m.Alerts[:1]
	}
	if flag(7) {
		m.Mentions = append(m.Mentions, Mention{All: true})
	}
	if fit := z.person != "" && len(z.person) <= longestMention && !strings.ContainsFunc(z.person, unfitForMention); flag(8) && fit && utf8.ValidString(z.person) {
		m.Mentions = append(m.Mentions, Mention{User: z.person}, Mention{Mobile: "13800000000"})
	}
	if flag(9) {
		m.Title = oneLine(z.title)
	}
	if flag(10) {
		m.Alerts[0].FiredToo = m.Alerts[0].Resolved
	}
	return m
}

// hostilePieces are what markup of messengers is made of.
var hostilePieces = []string{
	"<", ">", "<at id=all></at>", "<at user_id=\"all\">x</at>", "<@U1>", "<!channel>", "@all", "@13800000000", "</font>", "<font color='red'>",
	"**", "*", "__", "_", "~~", "~", "`", "```", "[l](http://e.example)", "![i](x)", "[", "](", ")", "#", "# ", "> ", "- ", "---", "+ ", "1. ", "2) ",
	"| a | b |", "|---|---|", ":-", "==", "\\", "&lt;", "&#60;", "&", ":DONE:", ":", "$x$", "{{ .Value }}", "%", "a", "b c", " ", "标", "（）", "\n",
	"\r\n", "\t", "\u202e", "\u2028", "\x00", "http://e.example/?a=1&b=2",
}

// hostile is a message of random pieces, the same for the same number.
func hostile(n uint64) fuzzed {
	random := rand.New(rand.NewPCG(n, 0))
	text := func() string {
		var b strings.Builder
		for range 1 + random.IntN(12) {
			b.WriteString(hostilePieces[random.IntN(len(hostilePieces))])
		}
		return b.String()
	}
	return fuzzed{
		name: text(), title: text(), description: text(), label: text(), value: text(), link: "http://e.example/" + text(),
		person: "ou_1", alerts: uint8(random.IntN(4)), flags: uint16(random.Uint32()),
	}
}

// FuzzMessage: whatever a message says, every form of every channel has it within its limits,
// and the channel's fake accepts it.
func FuzzMessage(f *testing.F) {
	fuzzChannel(f, func(t *testing.T, z fuzzed) {
		for _, c := range Channels() {
			for _, form := range c.Forms {
				checkParts(t, c, form, z.message())
			}
		}
	})
}

// narrow writes full-width forms, which stand for the characters that would be markup, as those.
func narrow(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '!'+fullWidth && r <= '~'+fullWidth {
			return r - fullWidth
		}
		return r
	}, text)
}

// likeness makes two texts equal that look alike: narrow, and runs of spaces are one.
func likeness(text string) string { return strings.Join(strings.Fields(narrow(text)), " ") }

// planned is the message as a form has it: compact, where full parts would be too many.
func planned(t *testing.T, c *Channel, form string, m Message) Message {
	t.Helper()
	m, _, err := newEncoder(c, targetOf(c.Name, form), time.Now()).plan(m, 0)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// checkShown: what the labels and annotations of the alerts bring is read as it was written,
// where the message has room for it.
func checkShown(t *testing.T, text string, m Message) {
	t.Helper()
	shown := likeness(text)
	if m.Compact || strings.Contains(text, english.Shortened) {
		return
	}
	for _, a := range m.Alerts {
		wanted := append([]string{a.Title, a.Value}, strings.Split(visible(a.Description), "\n")...)
		for _, f := range a.Where {
			wanted = append(wanted, f.Name, f.Value)
		}
		for _, want := range wanted {
			if !strings.Contains(shown, likeness(want)) {
				t.Errorf("%q is not shown:\n%s", want, text)
			}
		}
	}
}
