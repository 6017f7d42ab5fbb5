package adaptor

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

// slackSent is a body that was sent, as slack-go reads it.
func slackSent(t *testing.T, request Request) slack.WebhookMessage {
	t.Helper()
	var body slack.WebhookMessage
	if err := json.Unmarshal(request.Body, &body); err != nil {
		t.Fatalf("%v: %s", err, request.Body)
	}
	return body
}

// slackTexts are all texts of a body's blocks.
func slackTexts(t *testing.T, body slack.WebhookMessage) (texts []string, blocks int) {
	t.Helper()
	sets := [][]slack.Block{body.Blocks.BlockSet}
	for _, a := range body.Attachments {
		sets = append(sets, a.Blocks.BlockSet)
	}
	for _, set := range sets {
		for _, b := range set {
			blocks++
			switch b := b.(type) {
			case *slack.HeaderBlock:
				texts = append(texts, b.Text.Text)
			case *slack.SectionBlock:
				if err := b.Text.Validate(); err != nil {
					t.Errorf("%v: %q", err, b.Text.Text)
				}
				texts = append(texts, b.Text.Text)
				for _, f := range b.Fields {
					texts = append(texts, f.Text)
				}
			case *slack.ContextBlock:
				for _, e := range b.ContextElements.Elements {
					texts = append(texts, e.(*slack.TextBlockObject).Text)
				}
			case *slack.ActionBlock:
				for _, e := range b.Elements.ElementSet {
					button := e.(*slack.ButtonBlockElement)
					texts = append(texts, button.Text.Text+" "+button.URL)
				}
			default:
				t.Errorf("a block of type %T", b)
			}
		}
	}
	return texts, blocks
}

// TestSlackLongTexts: no text, however long, breaks the bounds of a section, is cut within an
// escaped character, or is lost where the message has room for it.
func TestSlackLongTexts(t *testing.T) {
	a := Alert{Name: "a", Title: strings.Repeat("标", 500), Description: strings.Repeat("<&>", 200), Value: strings.Repeat("v&", 1000)}
	for i := range 14 {
		a.Where = append(a.Where, Field{fmt.Sprintf("label-%d", i), strings.Repeat("&", 9)})
	}
	m := Message{Name: "a", Firing: 1, Alerts: []Alert{a}}
	request, err := encodeSlack(targets["slack"], m, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	texts, _ := slackTexts(t, slackSent(t, request))
	whole := strings.Join(texts, "")
	for _, text := range texts {
		if n := slackLength(text); n > slackSectionText {
			t.Errorf("a text has %d characters", n)
		}
	}
	if strings.Count(whole, "标") != 500 || strings.Count(whole, "&lt;&amp;&gt;") != 200 || strings.Count(whole, "v&amp;") != 1000 || !strings.Contains(whole, "label-13") {
		t.Errorf("texts are lost or broken:\n%s", whole)
	}
}

func TestSplitMrkdwn(t *testing.T) {
	for _, test := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{" \n ", nil},
		{"one\ntwo", []string{"one\ntwo"}},
		{"0123456789\nab", []string{"0123456789", "ab"}},
		{"01234\n56789abc", []string{"01234", "56789abc"}},
		{"0123456789abcde", []string{"0123456789", "abcde"}},
		{"012345678&amp;&lt;x", []string{"012345678", "&amp;&lt;x"}},
		{"01234<http://x|y>", []string{"01234"}},
		{"01234<@U1234>56", []string{"01234", "<@U1234>56"}},
		{"😀😀😀😀😀😀", []string{"😀😀😀😀😀", "😀"}},
		{"a < b > c", []string{"a < b > c"}},
	} {
		got := splitMrkdwn(test.text, 10)
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", test.want) {
			t.Errorf("%q: got %q, want %q", test.text, got, test.want)
		}
	}
}

// TestSlackHeadline: a headline of any length has its counts and its part.
func TestSlackHeadline(t *testing.T) {
	for _, name := range []string{"Short", strings.Repeat("Long", 100), strings.Repeat("&", 150), strings.Repeat("警", 150)} {
		m := Message{Name: name, Severity: "critical", Firing: 12, Part: 12, Parts: 34}
		headline := slackHeadline(m)
		if n := slackLength(headline); n > slackHeaderText || !strings.HasPrefix(headline, "🔴 [FIRING:12] ") || !strings.HasSuffix(headline, " 12/34") {
			t.Errorf("%d characters: %q", n, headline)
		}
		if rest := strings.NewReplacer("&amp;", "").Replace(headline); strings.Contains(rest, "&") {
			t.Errorf("an escaped character is cut: %q", headline)
		}
	}
}

func TestSlackMentions(t *testing.T) {
	people := []Mention{{User: "U024BE7LH"}, {User: "W024BE7LH"}, {User: "SAZ94GDB8"}, {User: "here"}, {User: "channel"}, {All: true},
		{Mobile: "13800000000"}, {User: "<!everyone>"}, {User: "zhang.san"}}
	want := "<@U024BE7LH> <@W024BE7LH> <!subteam^SAZ94GDB8> <!here> <!channel> <!channel> @&lt;!everyone&gt; @zhang.san"
	if got := slackMentions(people); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// TestSlackMention: whom a message could not call is found in the configuration.
func TestSlackMention(t *testing.T) {
	const receiver = "receivers:\n- name: ops\n  params: {url: https://hooks.slack.com/services/T/B/x}\n  mentions: [{%s}]\n"
	for mention, want := range map[string]string{
		"users: [U024BE7LH, W024BE7LH, SAZ94GDB8, here], all: true": "",
		`mobiles: "13800000000"`:                                    "a number such as 13800000000 cannot be called by Slack: give the member ID (U…) under users",
		"users: zhang.san":                                          `"zhang.san" cannot be called by Slack: give a member ID (U…), the ID of a group (S…), channel, everyone, here`,
	} {
		_, err := ParseConfig("adaptor.yaml", fmt.Appendf(nil, receiver, mention), nil)
		if (err == nil) != (want == "") || err != nil && !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", mention, err, want)
		}
	}
}

// TestSlackLongLinks: an address that Slack does not take is left out, and the message says so.
func TestSlackLongLinks(t *testing.T) {
	for _, form := range []string{slackLinks, slackButtons} {
		m := sampleMessage(t, "firing", Style{})
		m.Alerts[0].Links = append(m.Alerts[0].Links, Link{LinkDashboard, "https://h/?a=" + strings.Repeat("&", 1000)})
		target := targets["slack"]
		target.Form = form
		request, err := encodeSlack(target, m, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		texts, _ := slackTexts(t, slackSent(t, request))
		if whole := strings.Join(texts, "\n"); strings.Contains(whole, "Dashboard") || !strings.Contains(whole, "Runbook") || !strings.Contains(whole, english.Shortened) {
			t.Errorf("%s:\n%s", form, whole)
		}
	}
}

// TestSlackTargets: a bot is told from an incoming webhook, and what is missing is said.
func TestSlackTargets(t *testing.T) {
	const hook = "https://hooks.slack.com/services/T0/B0/X"
	for _, test := range []struct{ url, token, channel, want string }{
		{hook, "", "", ""},
		{"https://gateway.example/slack", "", "", ""},
		{slackPostMessage, "xoxb-1", "C1", ""},
		{"https://gateway.example/api/chat.postMessage", "xoxb-1", "C1", ""},
		{slackPostMessage, "", "", "params.url"},
		{"https://slack.com/api/chat.update", "", "", "params.token"},
		{slackPostMessage, "xoxb-1", "", "params.channel"},
		{hook, "", "C1", "params.token"},
		{hook, "xoxb-1", "C1", "leave one"},
		{"https://slack.com/api/", "xoxb-1", "C1", "chat.postMessage"},
		{slackPostMessage, "xoxb-1", "#alerts", "ID"},
		{slackPostMessage, "xoxb-1\nx", "C1", "characters"},
	} {
		err := checkSlackTarget(Target{URL: Secret(test.url), Params: map[string]Secret{slackToken: Secret(test.token), slackChannel: Secret(test.channel)}})
		if (err == nil) != (test.want == "") || (err != nil && !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%+v: %v", test, err)
		}
		if err != nil && strings.Contains(err.Error(), "xoxb-1") {
			t.Errorf("the token is shown: %v", err)
		}
	}
}

// FuzzSlack: both forms keep within all limits, are taken by the fake, show what the alerts say,
// and call nobody but who is to be called.
func FuzzSlack(f *testing.F) {
	fuzzChannel(f, func(t *testing.T, z fuzzed) {
		m := z.message()
		c := channelOfType("slack")
		for _, form := range c.Forms {
			requests, text := checkParts(t, c, form, m)
			if planned, _, err := newEncoder(c, targetOf(c.Name, form), time.Time{}).plan(m, 0); err == nil && !planned.Compact {
				checkShown(t, text, m)
			}
			called := 0
			for _, request := range requests {
				texts, blocks := slackTexts(t, slackSent(t, request))
				if blocks > 50 {
					t.Errorf("%d blocks", blocks)
				}
				for _, text := range texts {
					called += strings.Count(text, "<@") + strings.Count(text, "<!")
				}
			}
			if called > len(m.Mentions) {
				t.Errorf("%s: %d are called, want %d at most:\n%s", form, called, len(m.Mentions), text)
			}
		}
	})
}
