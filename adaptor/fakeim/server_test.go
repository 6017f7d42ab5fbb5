package fakeim

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// site is a Server over real connections.
type site struct {
	*testing.T
	*Server
	url string
}

func newSite(t *testing.T, options ServerOptions) site {
	server := NewServer(options)
	listener := httptest.NewServer(server.Handler())
	t.Cleanup(listener.Close)
	return site{t, server, listener.URL}
}

// do makes a request and returns "status body".
func (s site) do(method, path, body string, header ...string) string {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return "0 " + err.Error()
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.Fatal(err)
	}
	return fmt.Sprintf("%d %s", answer.StatusCode, text)
}

const form = "application/x-www-form-urlencoded"

// TestServer: each messenger is at the path of the real one, and people see what came.
func TestServer(t *testing.T) {
	s := newSite(t, ServerOptions{})
	for _, r := range s.Receivers(s.url) {
		path := strings.TrimPrefix(r.URL, s.url)
		body := simple[r.Channel]
		if r.Name == "slack-bot" {
			body = `{"channel":"C0123456789","text":"x"}`
		}
		answer := s.do("POST", path, body, "Authorization", "Bearer xoxb-demo")
		if refused := strings.Contains(answer, "sign"); refused != (r.Secret != "") || !strings.HasPrefix(answer, "200 ") || strings.Contains(answer, "false") {
			t.Errorf("%s: %s", r.Name, answer)
		}
	}
	tests := []struct{ method, path, body, want string }{
		{"POST", "/open-apis/bot/v2/hook/any", simple["feishu"], `200 {"StatusCode":0,`},
		{"POST", "/robot/send?access_token=any", simple["dingtalk"], `200 {"errcode":0,`},
		{"POST", "/cgi-bin/webhook/send?key=any", simple["wecom"], `200 {"errcode":0,`},
		{"POST", "/services/T/B/X", `{"text":"*hello* &lt;script&gt;"}`, "200 ok"},
		{"POST", "/api/chat.postMessage", simple["slack"], `200 {"ok":false,"error":"not_authed"}`},
		{"POST", "/webhook/any/path", "<b>", "200 ok\n"},
		{"POST", "/webhook/demo", strings.Repeat("x", MaxServerBody+1), "413 http: request body too large"},
		{"POST", "/hook", "", "404 no messenger has an address /hook; GET / lists those there are\n"},
		{"GET", "/-/healthy", "", "200 healthy\n"},
		{"GET", "/?channel=pager", "", "404 there is no messenger \"pager\", only dingtalk, feishu, slack, webhook, wecom\n"},
		{"GET", "/-/page.js", "", "200 \"use strict\";"},
		{"GET", "/-/page.css", "", "200 :root"},
		{"GET", "/-/icon.svg", "", "200 <svg"},
		{"POST", "/", "", "404 no messenger"},
	}
	for _, test := range tests {
		if got := s.do(test.method, test.path, test.body); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s %s: got %s, want %s", test.method, test.path, got, test.want)
		}
	}
	all, slack := s.do("GET", "/", ""), s.do("GET", "/?channel=slack", "")
	for _, want := range []string{`<span class="bold">hello</span> &lt;script&gt;`, `aria-current="page">All <span class="count" data-channel="">12</span>`, "type: feishu, params: {url: &#34;http://127.0.0.1:", "sign match fail"} {
		if !strings.Contains(all, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if !strings.Contains(slack, "hello") || strings.Contains(slack, "<article class=\"entry im-feishu") || !strings.Contains(slack, `data-last="12"`) {
		t.Errorf("the page of slack: %s", slack)
	}
	if style := s.do("GET", "/-/page.css", ""); !strings.Contains(style, ".im-wecom .avatar") {
		t.Error("the style has nothing of WeCom")
	}
}

// TestMessagesInJSON: what programs get, and that it can be forgotten.
func TestMessagesInJSON(t *testing.T) {
	s := newSite(t, ServerOptions{})
	s.do("POST", "/services/T/B/X", `{"text":"a &lt;b&gt;"}`)
	s.do("POST", "/cgi-bin/webhook/send?key=k", "{}")
	var got struct {
		Version  int
		Messages []struct {
			ID                               int
			Channel, URL, Body, Text, Answer string
			Status                           int
			Accepted, Injected               bool
			At                               time.Time
		}
	}
	_, body, _ := strings.Cut(s.do("GET", "/-/messages", ""), " ")
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if got.Version != 1 || len(got.Messages) != 2 {
		t.Fatalf("got %s", body)
	}
	first, second := got.Messages[0], got.Messages[1]
	if first.ID != 1 || first.Text != "a <b>" || first.Body != `{"text":"a &lt;b&gt;"}` || !first.Accepted || first.URL != s.url+"/services/T/B/X" || time.Since(first.At).Abs() > time.Hour {
		t.Errorf("got %+v", first)
	}
	if second.Channel != "wecom" || second.Accepted || second.Status != 200 || !strings.Contains(second.Answer, "40008") {
		t.Errorf("got %+v", second)
	}
	if one := s.do("GET", "/-/messages?channel=wecom", ""); strings.Count(one, `"id"`) != 1 {
		t.Errorf("of one channel: %s", one)
	}
	s.do("DELETE", "/-/messages", "")
	if none := s.do("GET", "/-/messages", ""); none != "200 {\"version\":1,\"messages\":[]}\n" {
		t.Errorf("after all was forgotten: %s", none)
	}
}

// TestTroubleOverHTTP makes and mends trouble as a script would, and as the page does.
func TestTroubleOverHTTP(t *testing.T) {
	s := newSite(t, ServerOptions{})
	post := func() string { return s.do("POST", "/services/T/B/X", `{"text":"x"}`) }
	steps := []struct{ method, path, body, want, then string }{
		{"POST", "/-/fault?channel=slack&kind=throttle&count=1", "", "200 slack: throttle, once\n", "429 "},
		{"POST", "/-/fault", "channel=slack&kind=error&code=no_service&count=", "200 slack: error, once\n", "404 no_service"},
		{"POST", "/-/fault?kind=status&status=503&count=5", "", "200 all messengers: status, 5 times\n", "503 Service Unavailable"},
		{"DELETE", "/-/fault", "", "200 all trouble is mended\n", "200 ok"},
		{"POST", "/-/fault?kind=down&for=1h", "", "200 all messengers: down, for 1h0m0s\n", "0 "},
		{"DELETE", "/-/fault", "", "200 all trouble is mended\n", "200 ok"},
		{"POST", "/-/fault?kind=flood", "", "400 kind \"flood\": want throttle, error,", "200 ok"},
		{"POST", "/-/fault?channel=feishu&kind=error&code=7", "", "400 feishu has no refusal \"7\" on command, only 9499,", "200 ok"},
		{"POST", "/-/fault?kind=reset&speed=1", "", "400 unknown parameter \"speed\"", "200 ok"},
		{"GET", "/-/fault", "", "404 ", "200 ok"},
	}
	for _, step := range steps {
		if got := s.do(step.method, step.path, step.body, "Content-Type", form); !strings.HasPrefix(got, step.want) {
			t.Errorf("%s %s: got %s, want %s", step.method, step.path, got, step.want)
		}
		if got := post(); !strings.HasPrefix(got, step.then) {
			t.Errorf("after %s %s: got %s, want %s", step.method, step.path, got, step.then)
		}
	}
}

// TestGuard: a page of another site can neither make trouble nor read, also not under a name
// that it has given to this machine; messengers take messages under any name.
func TestGuard(t *testing.T) {
	s := newSite(t, ServerOptions{})
	tests := []struct {
		method, path string
		header       []string
		want         string
	}{
		{"POST", "/-/fault?kind=throttle", []string{"Sec-Fetch-Site", "cross-site"}, "403"},
		{"DELETE", "/-/messages", []string{"Origin", "https://evil.example"}, "403"},
		{"POST", "/-/fault?kind=throttle&channel=feishu", []string{"Sec-Fetch-Site", "same-origin"}, "200"},
		{"GET", "/", []string{"Host", "evil.example"}, "421"},
		{"GET", "/-/messages", []string{"Host", "evil.example:5002"}, "421"},
		{"POST", "/-/fault?kind=throttle", []string{"Host", "evil.example"}, "421"},
		{"GET", "/", []string{"Host", "localhost:5002"}, "200"},
		{"GET", "/", []string{"Host", "[::1]:5002"}, "200"},
		{"POST", "/services/T/B/X", []string{"Host", "hooks.slack.com"}, "400 no_text"},
	}
	for _, test := range tests {
		if got := s.do(test.method, test.path, "{}", test.header...); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s %s %q: got %s, want %s", test.method, test.path, test.header, got, test.want)
		}
	}
	answer, err := http.Get(s.url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	for name, want := range map[string]string{"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestKeep: what is kept is bounded in number and in bytes.
func TestKeep(t *testing.T) {
	s := newSite(t, ServerOptions{Keep: 3})
	for i := range 5 {
		s.do("POST", "/webhook/x", fmt.Sprint("message ", i))
	}
	if got := s.since(0, ""); len(got.entries) != 3 || got.entries[0].ID != 3 || got.counts["webhook"] != 5 {
		t.Errorf("%d are kept, the first is %d", len(got.entries), got.entries[0].ID)
	}
	large := newSite(t, ServerOptions{Keep: 1000})
	for range 80 {
		large.do("POST", "/webhook/x", strings.Repeat("x", MaxServerBody))
	}
	large.mu.Lock()
	defer large.mu.Unlock()
	sum := 0
	for _, e := range large.entries {
		sum += e.size()
	}
	if sum != large.bytes || sum > maxKept || len(large.entries) < 5 {
		t.Errorf("%d bytes of %d requests are kept, and %d are counted", sum, len(large.entries), large.bytes)
	}
}

// TestReceiversYAML: a receiver's line is YAML in which nothing needs to be quoted but the URL.
func TestReceiversYAML(t *testing.T) {
	var got []string
	for _, r := range NewServer(ServerOptions{}).Receivers("http://127.0.0.1:5002") {
		if _, err := url.Parse(r.URL); err != nil {
			t.Error(err)
		}
		got = append(got, r.YAML())
	}
	want := `- {name: dingtalk, type: dingtalk, params: {url: "http://127.0.0.1:5002/robot/send?access_token=demo", secret: demo-secret}}
- {name: feishu, type: feishu, params: {url: "http://127.0.0.1:5002/open-apis/bot/v2/hook/demo", secret: demo-secret}}
- {name: slack, type: slack, params: {url: "http://127.0.0.1:5002/services/T00000000/B00000000/demo"}}
- {name: slack-bot, type: slack-bot, params: {url: "http://127.0.0.1:5002/api/chat.postMessage", token: xoxb-demo, channel: C0123456789}}
- {name: webhook, type: webhook, params: {url: "http://127.0.0.1:5002/webhook/demo"}}
- {name: wecom, type: wecom, params: {url: "http://127.0.0.1:5002/cgi-bin/webhook/send?key=demo"}}`
	if strings.Join(got, "\n") != want {
		t.Errorf("got %s", strings.Join(got, "\n"))
	}
}
