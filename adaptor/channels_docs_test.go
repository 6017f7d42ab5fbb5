package adaptor

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

// channelsPage is the manual of the messengers. What it says of facts in the code is in blocks
// that are made of it.
const channelsPage = "../docs/channels.md"

// madeBlock is such a block: its kind, what it is about, and what is in it.
var madeBlock = regexp.MustCompile(`(?s)<!-- made by go test \./adaptor -update: (\w+) ?([^>]*?) -->\n(.*?)<!-- end -->`)

// TestChannelsPage keeps the blocks of the page true, and finds messengers that it does not tell of.
func TestChannelsPage(t *testing.T) {
	page, err := os.ReadFile(channelsPage)
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	want := madeBlock.ReplaceAllStringFunc(string(page), func(block string) string {
		parts := madeBlock.FindStringSubmatch(block)
		told[parts[1]+" "+parts[2]] = true
		head, _, _ := strings.Cut(block, "\n")
		return head + "\n" + made(t, parts[1], strings.Fields(parts[2])) + "<!-- end -->"
	})
	for _, c := range Channels() {
		for _, kind := range []string{"facts", "answers"} {
			if !told[kind+" "+c.Name] {
				t.Errorf("%s has no block with the %s of %s", channelsPage, kind, c.Name)
			}
		}
	}
	diff := cmp.Diff(want, string(page))
	switch {
	case diff == "":
	case *update:
		if err := os.WriteFile(channelsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is out of date, run make update (-want +got):\n%s", channelsPage, diff)
	}
}

// made is the content of a block.
func made(t *testing.T, kind string, about []string) string {
	channel := func() *Channel {
		i := slices.IndexFunc(Channels(), func(c *Channel) bool { return len(about) > 0 && c.Name == about[0] })
		if i < 0 {
			t.Fatalf("%s %s: no channel of that name", kind, about)
		}
		return Channels()[i]
	}
	switch kind {
	case "facts":
		return channelFacts(t, channel())
	case "answers":
		return channelAnswers(t, channel())
	case "look":
		return channelLook(t, channel(), about[1], about[2])
	case "capacity":
		return capacities(t)
	case "example":
		return exampleSource(t)
	}
	t.Fatalf("unknown kind of block %q", kind)
	return ""
}

// channelFacts are what a channel registers, as a table.
func channelFacts(t *testing.T, c *Channel) string {
	all := []Param{{Name: "url", Secret: true, What: "the webhook address"}}
	if signs(t, c) {
		all = append(all, Param{Name: "secret", Secret: true, What: "the key that messages are signed with, if the bot asks for that"})
	}
	var params []string
	for _, p := range append(all, c.Params...) {
		params = append(params, quoted(p.keys(), " or ")+": "+p.What)
	}
	forms := quoted(c.Forms[:1], "")
	if len(c.Forms) > 1 {
		forms += " (the default), " + quoted(c.Forms[1:], ", ")
	}
	var rates []string
	for _, r := range c.Rates {
		rates = append(rates, thousands(r.Messages)+" "+periodName(r.Per))
	}
	if len(rates) == 0 {
		rates = []string{"as many as there are"}
	}
	most := thousands(c.MaxBytes) + " bytes"
	if c.MaxAlerts > 0 {
		most += fmt.Sprintf(", %d alerts", c.MaxAlerts)
	}
	var b strings.Builder
	b.WriteString("| key | what |\n|---|---|\n")
	fmt.Fprintf(&b, "| `type` | %s |\n", quoted(c.Types, ", "))
	if len(c.Hosts) > 0 {
		fmt.Fprintf(&b, "| hosts | %s |\n", quoted(c.Hosts, ", "))
	}
	fmt.Fprintf(&b, "| `params` | %s |\n", strings.Join(params, "<br>"))
	fmt.Fprintf(&b, "| `form` | %s |\n", forms)
	fmt.Fprintf(&b, "| a bot sends at most | %s |\n", strings.Join(rates, ", "))
	fmt.Fprintf(&b, "| a message has at most | %s |\n", most)
	return b.String()
}

// signs tells whether a channel's requests depend on the target's secret.
func signs(t *testing.T, c *Channel) bool {
	var requests [2]Request
	for i, secret := range []Secret{"", "secret-of-a-bot"} {
		target := targetOf(c.Name, "")
		target.Secret = secret
		var err error
		if requests[i], err = c.Encode(target, sampleMessage(t, "firing", Style{}), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	return requests[0].URL != requests[1].URL || !bytes.Equal(requests[0].Body, requests[1].Body)
}

func quoted(names []string, between string) string {
	return "`" + strings.Join(names, "`"+between+"`") + "`"
}

// thousands writes a number with a space before each three digits.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + " " + text[i:]
	}
	return text
}

func periodName(d time.Duration) string {
	switch d {
	case time.Second:
		return "a second"
	case time.Minute:
		return "a minute"
	}
	return "in " + d.String()
}

// channelLook is what a person would see of a sample in a form of a channel.
func channelLook(t *testing.T, c *Channel, form, name string) string {
	all := append(samples(t), sample{"storm", func(markup) Message { return sampleStorm(t) }})
	i := slices.IndexFunc(all, func(s sample) bool { return s.name == name })
	if i < 0 {
		t.Fatalf("no sample %q", name)
	}
	var texts []string
	message := all[i].message(c.Markup(form))
	for _, request := range encodeParts(t, newEncoder(c, targetOf(c.Name, form), time.Now()), message) {
		text, err := fakeim.Show(c.Name, string(request.Body))
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, strings.TrimSpace(text)+"\n")
	}
	return "```\n" + strings.Join(texts, "\n") + "```\n"
}

// sampleStorm is what waits in a storm: alerts of two groups, one of which is over by then.
func sampleStorm(t *testing.T) Message {
	p, err := decode(SamplePayload(false))
	if err != nil {
		t.Fatal(err)
	}
	return merge([]Message{newMessage(p, Style{}), sampleMessage(t, "firing", Style{}), sampleMessage(t, "resolved", Style{})})
}

// capacities are how many alerts like those of a sample fit into one message.
func capacities(t *testing.T) string {
	m := sampleMessage(t, "many", Style{})
	for len(m.Alerts) < 1_500 {
		m.Alerts = append(m.Alerts, m.Alerts...)
	}
	var b strings.Builder
	b.WriteString("| messenger | `form` | alerts in a message | one line an alert |\n|---|---|---|---|\n")
	for _, c := range Channels() {
		for _, form := range c.Forms {
			e := newEncoder(c, targetOf(c.Name, form), time.Now())
			full, compact := m, m
			compact.Compact = true
			var most [2]int
			for i, m := range []Message{full, compact} {
				var err error
				if most[i], err = e.most(m, 0); err != nil {
					t.Fatal(err)
				}
			}
			fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", c.Name, form, thousands(most[0]), thousands(most[1]))
		}
	}
	return b.String()
}

// exampleSource is the example of a further messenger, as its file would be.
func exampleSource(t *testing.T) string {
	source, err := os.ReadFile("ntfy_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(source), "\n\n// ntfy ")
	example, _, found := strings.Cut(example, "\n\n// TestNtfy")
	if !found {
		t.Fatal("ntfy_test.go has no example")
	}
	return "```go\n// ntfy " + strings.Replace(example, "func registerNtfy()", "func init()", 1) + "\n```\n"
}
