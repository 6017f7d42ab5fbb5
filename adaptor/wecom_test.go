package adaptor

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

// weComSent is a body that was sent.
func weComSent(t *testing.T, form string, m Message) weComBody {
	t.Helper()
	request, err := encodeWeCom(Target{URL: targets["wecom"].URL, Form: form}, m, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	var body weComBody
	if err := json.Unmarshal(request.Body, &body); err != nil {
		t.Fatal(err)
	}
	return body
}

// TestWeComForms: whoever is to be called is, by a form that can; else the form is the
// receiver's, as far as a card has room.
func TestWeComForms(t *testing.T) {
	one := sampleMessage(t, "firing", Style{})
	several := sampleMessage(t, "mixed", Style{})
	user, mobile, all := Mention{User: "zhang.san"}, Mention{Mobile: "13800000000"}, Mention{All: true}
	tests := []struct {
		form    string
		message Message
		people  []Mention
		want    string
	}{
		{"", one, nil, weComMarkdown},
		{weComMarkdown, one, nil, weComMarkdown},
		{weComMarkdown, one, []Mention{user}, weComMarkdown},
		{weComMarkdown, one, []Mention{user, mobile}, weComText},
		{weComMarkdown, one, []Mention{all}, weComText},
		{weComMarkdownV2, one, nil, weComMarkdownV2},
		{weComMarkdownV2, one, []Mention{user}, weComMarkdown},
		{weComMarkdownV2, one, []Mention{mobile}, weComText},
		{weComCard, one, nil, weComCard},
		{weComCard, several, nil, weComMarkdown},
		{weComCard, one, []Mention{user}, weComMarkdown},
		{weComCard, sampleMessage(t, "long", Style{}), nil, weComMarkdown},
		{weComCard, sampleMessage(t, "hostile", Style{}), nil, weComMarkdown},
		{weComCard, sampleFallback(t, markup{}), nil, weComMarkdown},
		{weComText, one, nil, weComText},
		{weComText, one, []Mention{user}, weComText},
	}
	for _, test := range tests {
		m := test.message
		m.Mentions = test.people
		body := weComSent(t, test.form, m)
		if body.MsgType != test.want {
			t.Errorf("%q with %v: got %s, want %s", test.form, test.people, body.MsgType, test.want)
		}
		called := ""
		switch {
		case body.Markdown != nil:
			called = body.Markdown.Content
		case body.Text != nil:
			called = strings.Join(append(body.Text.MentionedList, body.Text.MentionedMobileList...), " ")
		}
		for _, p := range test.people {
			want := p.User + p.Mobile
			if p.All {
				want = "@all"
			}
			if !strings.Contains(called, want) {
				t.Errorf("%q: %v is not called: %s", test.form, p, called)
			}
		}
	}
}

// TestWeComMentions: an ID that is none is text, and many IDs leave room for the message.
func TestWeComMentions(t *testing.T) {
	m := sampleMessage(t, "firing", Style{})
	m.Mentions = []Mention{{User: "a> <font color=\"warning\">b</font> <@all"}}
	content := weComSent(t, "", m).Markdown.Content
	if strings.Contains(content, "<@") || strings.Count(content, "<font") != 1 {
		t.Errorf("an ID that is none has an effect:\n%s", content)
	}
	m.Mentions = nil
	for range 500 {
		m.Mentions = append(m.Mentions, Mention{User: strings.Repeat("u", 64)})
	}
	request, err := newEncoder(channelOfType("wecom"), targets["wecom"], time.Time{}).encode(m)
	if called := strings.Count(string(request.Body), strings.Repeat("u", 64)); err != nil || request.Size > weComMarkdownBytes || called != 500 {
		t.Errorf("a message that calls 500 people: %d bytes, %d called, %v", request.Size, called, err)
	}
}

// TestWeComDensity keeps the small space well used: a storm's alerts are few messages, and those
// in full are many a message.
func TestWeComDensity(t *testing.T) {
	m := sampleMessage(t, "many", Style{})
	for _, test := range []struct {
		form        string
		full, parts int
	}{
		{weComMarkdown, 30, 2}, {weComMarkdownV2, 30, 2}, {weComText, 12, 5},
	} {
		e := newEncoder(channelOfType("wecom"), Target{URL: targets["wecom"].URL, Form: test.form}, time.Time{})
		full, err := e.most(m, 0)
		if err != nil || full < test.full {
			t.Errorf("%s: %d alerts in full are in a message, want %d or more (%v)", test.form, full, test.full, err)
		}
		if _, ends, err := e.plan(m, 0); err != nil || len(ends) > test.parts {
			t.Errorf("%s: 200 alerts are %d messages, want %d at most (%v)", test.form, len(ends), test.parts, err)
		}
	}
}

// TestWeComLinks: where space is short, the longest kind of links goes first, and the shared
// ones stay.
func TestWeComLinks(t *testing.T) {
	m := sampleMessage(t, "many", Style{})
	count := func(alerts int) (silences, runbooks int) {
		part := m.part(0, alerts, 0, 0)
		part.Firing, part.Resolved = alerts, 0
		content := weComSent(t, "", part).Markdown.Content
		return strings.Count(content, "/silences/new"), strings.Count(content, "[Runbook]")
	}
	if silences, runbooks := count(3); silences != 4 || runbooks != 1 {
		t.Errorf("3 alerts have %d links to silences and %d runbooks, want one each and one of the group, and one", silences, runbooks)
	}
	if silences, runbooks := count(25); silences != 1 || runbooks != 1 {
		t.Errorf("25 alerts have %d links to silences and %d runbooks, want that of the group, and one", silences, runbooks)
	}
}

// TestWeComLongLinks: addresses that take most of the space do not cost alerts.
func TestWeComLongLinks(t *testing.T) {
	long := "https://prometheus.example/graph?" + strings.Repeat("x", 3000)
	for _, form := range []string{weComMarkdown, weComMarkdownV2, weComText} {
		m := sampleMessage(t, "many", Style{}).part(0, 8, 0, 0)
		m.Links = append(m.Links, Link{LinkDashboard, long})
		for i := range m.Alerts {
			m.Alerts[i].Links = append(slices.Clone(m.Alerts[i].Links), Link{LinkGraph, long})
		}
		e := newEncoder(channelOfType("wecom"), Target{URL: targets["wecom"].URL, Form: form}, time.Time{})
		if full, err := e.most(m, 0); err != nil || full != 8 {
			t.Errorf("%s: %d alerts are in a message, want 8 (%v)", form, full, err)
		}
	}
}

// TestWeComCard: a card has what the message says, and its click silences nothing.
func TestWeComCard(t *testing.T) {
	card := weComSent(t, weComCard, sampleMessage(t, "resolved", Style{})).TemplateCard
	if card == nil {
		t.Fatal("the message is no card")
	}
	if card.Source.DescColor != 3 || card.MainTitle.Title != "PostgreSQLTooManyConnections (warning)" || card.EmphasisContent.Title != "95" {
		t.Errorf("the card is %+v", card)
	}
	firing := sampleMessage(t, "firing", Style{})
	firing.Links = nil
	for firing.Alerts[0].Links[0].Kind != LinkSilence {
		firing.Alerts[0].Links = firing.Alerts[0].Links[1:]
	}
	if body := weComSent(t, weComCard, firing); body.MsgType != weComMarkdown {
		t.Errorf("a card whose only link is to silence: %+v", body.TemplateCard)
	}
}

// TestWeComTargets: an address of WeCom's that is no bot's is found when it is configured.
func TestWeComTargets(t *testing.T) {
	for address, fit := range map[string]bool{
		"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k":   true,
		"https://gateway.example/wecom":                            true,
		"https://qyapi.weixin.qq.com/cgi-bin/webhook/send":         false,
		"https://qyapi.weixin.qq.com/cgi-bin/message/send?key=k":   false,
		"https://qyapi.weixin.qq.com/cgi-bin/webhook/upload?key=k": false,
	} {
		if err := checkWeComTarget(Target{URL: Secret(address)}); (err == nil) != fit {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestWeComDoubt: a message that was clearly refused, though with HTTP 200, does not say when it
// comes that it may be the second; one whose answer nobody understood does.
func TestWeComDoubt(t *testing.T) {
	for name, doubtful := range map[string]bool{"throttled": false, "empty": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{Config: toChannel("wecom")})
				im := b.ims["wecom"]
				if doubtful {
					im.Fail(fakeim.Fault{Status: http.StatusOK})
				} else {
					im.Fail(im.Throttled())
				}
				b.post("wecom", input(t, "firing"))
				time.Sleep(time.Hour)
				b.stop()
				<-b.stopped
				texts := acceptedTexts(im)
				if len(texts) != 1 || strings.Contains(texts[0], english.Unsure) != doubtful {
					t.Errorf("got %q", texts)
				}
			})
		})
	}
}

func TestWidth(t *testing.T) {
	for text, want := range map[string]int{"": 0, "a": 1, "ab": 1, "abc": 2, "告警": 2, "告警a": 3, "（）": 2, "🔴": 1} {
		if got := width(text); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

// FuzzWeCom: every form keeps within its limit, is taken by the fake, shows what the alerts say,
// and calls who is to be called and nobody else.
func FuzzWeCom(f *testing.F) {
	fuzzChannel(f, func(t *testing.T, z fuzzed) {
		m := z.message()
		c := channelOfType("wecom")
		for _, form := range c.Forms {
			requests, text := checkParts(t, c, form, m)
			if planned, _, err := newEncoder(c, targetOf(c.Name, form), time.Time{}).plan(m, 0); err == nil && !planned.Compact {
				checkShown(t, text, m)
			}
			called := 0
			for _, request := range requests {
				var body weComBody
				if err := json.Unmarshal(request.Body, &body); err != nil {
					t.Fatal(err)
				}
				for _, content := range []*weComContent{body.Markdown, body.MarkdownV2, body.Text} {
					if content != nil {
						called += strings.Count(content.Content, "<@") + len(content.MentionedList) + len(content.MentionedMobileList)
					}
				}
			}
			if called > len(m.Mentions) {
				t.Errorf("%s: %d are called, want %d at most:\n%s", form, called, len(m.Mentions), text)
			}
		}
	})
}
