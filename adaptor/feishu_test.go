package adaptor

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

func TestFeishuEscape(t *testing.T) {
	for text, want := range map[string]string{
		"pg_stat_activity > 80%":       "pg_stat_activity &#62; 80%",
		"__name__":                     "&#95;&#95;name&#95;&#95;",
		"<at id=all></at>":             "&#60;at id=all&#62;&#60;/at&#62;",
		"# title\n  # title\n1. a":     "&#35; title\n\u00a0\u00a0&#35; title\n1&#46; a",
		"3.14 is no item":              "3.14 is no item",
		"a&b &lt; & &#60; &":           "a&#38;b &#38;lt; & &#38;#60; &",
		":DONE: 10:30:00 job:up:count": "&#58;DONE: 10:30:00 job&#58;up:count",
		"| a | b |":                    "&#124; a &#124; b &#124;",
		"中_文 _斜_":                      "中_文 &#95;斜&#95;",
		"\xff":                         "\ufffd",
	} {
		if got := escapeFeishu(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestFeishuTarget(t *testing.T) {
	for address, fit := range map[string]bool{
		"https://open.feishu.cn/open-apis/bot/v2/hook/token":     true,
		"https://open.larksuite.com/open-apis/bot/v2/hook/token": true,
		"https://open.larksuite.com/open-apis/bot/v2/hook/":      false,
		"https://open.feishu.cn/open-apis/bot/hook/token":        false,
		"https://gateway.example/feishu":                         true,
	} {
		err := checkFeishuTarget(Target{URL: Secret(address)})
		if (err == nil) != fit || err != nil && strings.Contains(err.Error(), "bot/hook/token") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestFeishuMention(t *testing.T) {
	const receiver = "receivers:\n- name: ops\n  params: {url: https://open.feishu.cn/open-apis/bot/v2/hook/t}\n  mentions:\n"
	for mention, want := range map[string]string{
		"  - {users: ou_1, all: true}\n":          "",
		"  - {users: ou_1, mobiles: \"13800\"}\n": `adaptor.yaml:5: receiver "ops": mentions: a custom bot of Feishu cannot call a number such as 13800: give the open_id or user_id under users`,
	} {
		_, err := ParseConfig("adaptor.yaml", []byte(receiver+mention), nil)
		if got := fmt.Sprint(err); want == "" && err != nil || want != "" && got != want {
			t.Errorf("%s: got %s, want %s", mention, got, want)
		}
	}
}

// TestFeishuBadMention: a message that is refused for whom it calls is sent without calling.
func TestFeishuBadMention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := &Config{Receivers: []Receiver{{
			Name: "feishu", Channel: channelOfType("feishu"), Target: targets["feishu"], Mentions: []MentionRule{{Users: []string{"ou_gone"}}},
		}}}
		b := newBench(t, Options{Config: config})
		b.ims["feishu"].Fail(fakeim.Fault{Status: http.StatusOK, Body: `{"code":11246,"data":{},"msg":"ErrCode: 100290; ErrMsg: there is an invalid user resource (at/person) in your card; ErrorValue: ou_gone; "}`})
		b.post("feishu", input(t, "firing"))
		time.Sleep(time.Minute)
		b.stop()
		if err := <-b.stopped; err != nil {
			t.Error(err)
		}
		received := b.ims["feishu"].Received()
		if len(received) != 2 || !strings.Contains(received[0].Body, "<at id=ou_gone>") || strings.Contains(received[1].Body, "<at ") || !received[1].OK {
			t.Errorf("got %d messages: %+v", len(received), received)
		}
		if got := b.outcomes(); !slices.Equal(got, []string{"1 retry", "2 done"}) {
			t.Errorf("the outcomes are %q", got)
		}
		if !strings.Contains(b.log.String(), "give open_ids or user_ids of members") {
			t.Errorf("the log does not tell why:\n%s", b.log)
		}
	})
}

// TestFeishuWait: the wait is taken from whichever header has it.
func TestFeishuWait(t *testing.T) {
	for _, test := range []struct {
		status int
		header http.Header
		body   string
		want   time.Duration
	}{
		{200, nil, `{"code":11232,"msg":"frequency limited psm[x]"}`, time.Second},
		{200, http.Header{"Retry-After": {"7"}}, `{"code":11232,"msg":"frequency limited psm[x]"}`, 7 * time.Second},
		{429, http.Header{"X-Ogw-Ratelimit-Reset": {"52"}}, `{"code":99991400,"msg":"request trigger frequency limit"}`, 52 * time.Second},
		{400, http.Header{"X-Ogw-Ratelimit-Reset": {"52"}}, `{"code":99991400,"msg":"request trigger frequency limit"}`, 52 * time.Second},
	} {
		if got := judgeFeishu(Response{Status: test.status, Header: test.header, Body: []byte(test.body)}); got.Outcome != Retry || got.After != test.want {
			t.Errorf("%d %s: got %s after %s, want a retry after %s", test.status, test.body, got.Outcome, got.After, test.want)
		}
	}
}

// TestFeishuElements: the most alerts a card may have, with all that it may say, stay below the
// documented number of elements, which the fake counts.
func TestFeishuElements(t *testing.T) {
	c := channelOfType("feishu")
	m := fuzzed{name: "A", title: "t", description: "d", label: "l", value: "v", person: "u", alerts: uint8(c.MaxAlerts), flags: 0xffff &^ (1<<1 | 1<<6)}.message()
	requests, _ := checkParts(t, c, "card", m)
	if len(requests) != 1 {
		t.Errorf("%d small alerts need %d cards", len(m.Alerts), len(requests))
	}
}

// FuzzFeishu: a card shows what labels and annotations bring as it was written, and calls only
// whom the message calls.
func FuzzFeishu(f *testing.F) { fuzzChannel(f, checkFeishu) }

func TestFeishuHostile(t *testing.T) {
	for n := range uint64(500) {
		checkFeishu(t, hostile(n))
	}
}

func checkFeishu(t *testing.T, z fuzzed) {
	m, c := z.message(), channelOfType("feishu")
	requests, text := checkParts(t, c, "card", m)
	checkShown(t, text, planned(t, c, "card", m))
	called, want := 0, 0
	for _, request := range requests {
		var body any
		if err := json.Unmarshal(request.Body, &body); err != nil {
			t.Fatal(err)
		}
		called += feishuCalls(body)
	}
	for _, who := range m.Mentions {
		if who.Mobile == "" {
			want++
		}
	}
	if called != want {
		t.Errorf("%d are called, want %d", called, want)
	}
}

// feishuCalls counts the mentions in the Markdown of a card.
func feishuCalls(node any) int {
	calls := 0
	switch node := node.(type) {
	case []any:
		for _, child := range node {
			calls += feishuCalls(child)
		}
	case map[string]any:
		if content, ok := node["content"].(string); ok && node["tag"] == "markdown" {
			calls += strings.Count(content, "<at ") + strings.Count(content, "<person ")
		}
		for _, child := range node {
			calls += feishuCalls(child)
		}
	}
	return calls
}
