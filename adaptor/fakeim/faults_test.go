package fakeim

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestFaults over real connections: each kind does what it says, once, and then all is well.
func TestFaults(t *testing.T) {
	im := newTestIM(t, "slack")
	server := httptest.NewServer(im)
	defer server.Close()
	im.Fail(im.Throttled(), Fault{Status: 200, Body: `{"ok":false}`}, Fault{Reset: true}, Fault{Delay: time.Nanosecond})
	for i, want := range []int{429, 200, 0, 200} {
		answer, err := server.Client().Post(server.URL+"/services/T/B/X", "application/json", strings.NewReader(`{"text":"x"}`))
		status := 0
		if err == nil {
			status = answer.StatusCode
			_ = answer.Body.Close()
		}
		if status != want {
			t.Errorf("request %d: got %d, want %d", i, status, want)
		}
		if i == 0 && answer.Header.Get("Retry-After") != "1" {
			t.Error("the throttling answer has no Retry-After")
		}
	}
	for i, received := range im.Received() {
		if received.OK != (i == 3) || received.Injected != (i < 3) {
			t.Errorf("request %d: OK is %t, injected %t", i, received.OK, received.Injected)
		}
	}
}

// outcomes posts n messages and writes + for each that is accepted, - for each refused and 0
// for each whose connection is closed.
func outcomes(im *IM, n int) string {
	var b strings.Builder
	for range n {
		status := 0
		func() {
			defer func() { _ = recover() }()
			status, _ = send(im, slackHook, `{"text":"x"}`)
		}()
		received := im.Received()
		switch last := received[len(received)-1]; {
		case last.OK:
			b.WriteByte('+')
		case status == 0:
			b.WriteByte('0')
		default:
			b.WriteByte('-')
		}
	}
	return b.String()
}

func TestRules(t *testing.T) {
	failure := Fault{Status: 500}
	tests := []struct {
		name  string
		rules []Rule
		want  string
	}{
		{"some calls", []Rule{{Fault: failure, Calls: 3}}, "---+++++++"},
		{"all", []Rule{{Fault: failure}}, "----------"},
		{"every third", []Rule{{Fault: failure, Every: 3}}, "++-++-++-+"},
		{"every third, twice", []Rule{{Fault: failure, Every: 3, Calls: 2}}, "++-++-++++"},
		{"by chance", []Rule{{Fault: failure, Probability: 0.5, Seed: 7}}, "++------+-"},
		{"by chance, otherwise", []Rule{{Fault: failure, Probability: 0.5, Seed: 8}}, "+-+--+++-+"},
		{"the first that concerns it", []Rule{{Fault: Fault{Reset: true}, Calls: 1}, {Fault: failure, Calls: 2}}, "0--+++++++"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			im := newTestIM(t, "slack")
			im.NoRates()
			im.Inject(test.rules...)
			if got := outcomes(im, 10); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			im.Mend()
			if got := outcomes(im, 10); got != "++++++++++" {
				t.Errorf("mended, got %s", got)
			}
		})
	}
}

// TestDown: nothing is answered for an hour, and then what Fail has in line comes first.
func TestDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		im := newTestIM(t, "slack")
		im.Fail(Fault{Status: 503})
		im.Down(time.Hour)
		got := outcomes(im, 2)
		time.Sleep(time.Hour - 1)
		got += outcomes(im, 1)
		time.Sleep(time.Nanosecond)
		if got += outcomes(im, 2); got != "000-+" {
			t.Errorf("got %s", got)
		}
	})
}

// TestRefusals: each messenger has what it is said to have, and names it.
func TestRefusals(t *testing.T) {
	for channel, codes := range map[string]string{
		"feishu":   "9499, 19001, 19021, 19022, 19024, 19036, 11246",
		"dingtalk": "-1, 310000, 300005, 400013, 400101, 400102, 400106, 410100, 460101, 90030",
		"wecom":    "-1, 93000, 45033, 45002, 40058",
		"slack":    "rollup_error, invalid_payload, user_not_found, action_prohibited, channel_not_found, no_service, channel_is_archived, ok:false",
		"webhook":  "500, 400, 401, 413",
	} {
		im := newTestIM(t, channel)
		_, err := im.Refusal("7")
		if want := fmt.Sprintf(`%s has no refusal "7" on command, only %s`, channel, codes); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		for code := range strings.SplitSeq(codes, ", ") {
			fault, err := im.Refusal(code)
			if err != nil || (channel != "slack" && channel != "webhook" && !strings.Contains(fault.Body, `code":`+code+",")) {
				t.Errorf("%s %s: %v, %v", channel, code, fault, err)
			}
		}
	}
}

func TestParseTrouble(t *testing.T) {
	tests := []struct {
		text, want string
	}{
		{"throttle:3", "all messengers: throttle, 3 times"},
		{"slack/status,status=503,every=2", "slack: status, every 2 calls, until it is mended"},
		{"feishu/error,code=19022", "feishu: error, once"},
		{"reset,probability=0.3,seed=7,count=9", "all messengers: reset, with probability 0.3, 9 times"},
		{"down", "all messengers: down, for 30s"},
		{"down,for=1h", "all messengers: down, for 1h0m0s"},
		{"slow:2,delay=3s", "all messengers: slow, 2 times"},
		{"garbage,for=10s", "all messengers: garbage, for 10s"},
		{"", `trouble "": kind "": want throttle, error, status, garbage, slow, reset, down`},
		{"flood", `trouble "flood": kind "flood": want throttle,`},
		{"pager/slow", `trouble "pager/slow": channel "pager": want dingtalk, feishu, slack, webhook, wecom`},
		{"slow:many", `trouble "slow:many": count "many": want a number from 0 to 1000000`},
		{"slow,delay=soon", `trouble "slow,delay=soon": delay "soon": want a time such as 5s, at most 24h`},
		{"slow,delay=-1s", `delay "-1s"`},
		{"status,status=99", `status "99": want a number from 200 to 599`},
		{"reset,probability=2", `probability "2": want a number above 0 and up to 1`},
		{"reset,probability=NaN", `probability "NaN"`},
		{"reset,every", `trouble "reset,every": "every": want NAME=VALUE, each name once`},
		{"reset:1,count=2", `want NAME=VALUE, each name once`},
		{"reset,speed=2", `unknown parameter "speed": want channel, code, count, delay, every, for, kind, probability, seed, status`},
	}
	for _, test := range tests {
		trouble, err := ParseTrouble(test.text)
		got := trouble.String()
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, test.want) {
			t.Errorf("%q: got %s, want %s", test.text, got, test.want)
		}
	}
}

// TestTroubleKinds makes each kind, on every messenger.
func TestTroubleKinds(t *testing.T) {
	for kind, want := range map[string]string{
		"throttle": "refused", "error": "refused", "status": "HTTP 500", "garbage": "HTTP 200", "reset": "closed", "down,for=1m": "closed", "slow,delay=1ms": "accepted",
	} {
		server := NewServer(ServerOptions{})
		trouble, err := ParseTrouble(kind)
		if err != nil {
			t.Fatal(err)
		}
		if err := server.Make(trouble); err != nil {
			t.Fatal(err)
		}
		for _, channel := range Channels() {
			var last Received
			server.options.Observe = func(r Received) { last = r }
			func() {
				defer func() { _ = recover() }()
				send(server.ims[channel], addresses[channel], simple[channel])
			}()
			var ok bool
			switch want {
			case "accepted":
				ok = last.OK && !last.Injected
			case "closed":
				ok = last.Status == 0 && last.Injected
			case "refused":
				ok = last.Status > 0 && last.Injected && !last.OK
			default:
				ok = fmt.Sprint("HTTP ", last.Status) == want && last.Injected
			}
			if !ok {
				t.Errorf("%s at %s: %+v", kind, channel, last)
			}
		}
	}
	if err := NewServer(ServerOptions{}).Make(Trouble{Kind: "error", Code: "19022"}); err == nil || !strings.Contains(err.Error(), "dingtalk has no refusal") {
		t.Errorf("a code that not all messengers have: %v", err)
	}
}

// FuzzParseTrouble: a text either is refused in one line, or makes trouble or says why not.
func FuzzParseTrouble(f *testing.F) {
	for _, text := range []string{"throttle:3", "slack/status,status=503,every=2", "reset,probability=0.3,seed=7", "down,for=1h", "error,code=-1", "/:,="} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		trouble, err := ParseTrouble(text)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("the error has several lines: %q", err)
			}
			return
		}
		if trouble.Rule.Calls < 0 || trouble.Rule.Every < 0 || trouble.Delay < 0 || trouble.Rule.For < 0 || trouble.Status < http.StatusOK {
			t.Errorf("%q is %+v", text, trouble)
		}
		if err := NewServer(ServerOptions{}).Make(trouble); err != nil && trouble.Code == "" {
			t.Errorf("%q cannot be made: %v", text, err)
		}
	})
}
