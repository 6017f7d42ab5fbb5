package adaptor

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

var update = flag.Bool("update", false, "rewrite golden files")

const golden = "../testdata/adaptor"

// targets are a bot of each channel, with a secret where the channel signs. A form that needs
// another target has one of its own, under "<channel>.<form>".
var targets = map[string]Target{
	"feishu":   {URL: "https://open.feishu.cn/open-apis/bot/v2/hook/token-of-a-bot", Secret: "testsecret"},
	"dingtalk": {URL: "https://oapi.dingtalk.com/robot/send?access_token=token-of-a-bot", Secret: "SECtest0123456789"},
	"wecom":    {URL: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=token-of-a-bot"},
	"slack":    {URL: "https://hooks.slack.com/services/T0000/B0000/token-of-a-bot"},
	"webhook":  {URL: "https://webhook.example/alerts/token-of-a-bot"},
}

// ownName is what a channel's file and its folder of golden files are called: its name, but for
// that of any webhook, which the adaptor's own has.
func ownName(channel string) string {
	if channel == "webhook" {
		return "generic"
	}
	return channel
}

func goldenDir(channel string) string { return filepath.Join(golden, ownName(channel)) }

// targetOf is the bot that a channel's tests send messages of a form to.
func targetOf(channel, form string) Target {
	target, ok := targets[channel+"."+form]
	if !ok {
		target = targets[channel]
	}
	target.Form = form
	return target
}

// newFake returns a fake messenger that knows the target of its channel.
func newFake(t testing.TB, channel string) *fakeim.IM {
	t.Helper()
	im, err := fakeim.New(channel)
	if err != nil {
		t.Fatal(err)
	}
	im.AddBot(string(targets[channel].URL), string(targets[channel].Secret))
	im.OnlyKnownBots()
	return im
}

// offer hands a request to a fake messenger and returns what that made of it.
func offer(im *fakeim.IM, request Request) fakeim.Received {
	r := httptest.NewRequest(http.MethodPost, request.URL, bytes.NewReader(request.Body))
	for name := range request.Header {
		r.Header.Set(name, request.Header.Get(name))
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	im.ServeHTTP(httptest.NewRecorder(), r)
	received := im.Received()
	return received[len(received)-1]
}

// TestGolden writes every sample in every form of every channel. Each part is accepted by the
// channel's fake, the requests are compared with <channel>/<sample>.<form>.json, and what a
// person would see of them with the .txt beside it.
func TestGolden(t *testing.T) {
	for _, channel := range Channels() {
		for _, form := range channel.Forms {
			for _, sample := range samples(t) {
				t.Run(channel.Name+"/"+sample.name+"."+form, func(t *testing.T) {
					// The bubble's clock stands still, so that signatures are the same every time.
					synctest.Test(t, func(t *testing.T) { checkGolden(t, channel, form, sample) })
				})
			}
		}
	}
}

func checkGolden(t *testing.T, channel *Channel, form string, sample sample) {
	message := sample.message(channel.Markup(form))
	var requests bytes.Buffer
	encoder := json.NewEncoder(&requests)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	var texts []string
	for _, request := range encodeParts(t, newEncoder(channel, targetOf(channel.Name, form), time.Now()), message) {
		received := offer(newFake(t, channel.Name), request)
		if !received.OK {
			t.Errorf("the fake %s refused it: %d %s", channel.Name, received.Status, received.Answer)
		}
		if strings.Contains(received.Text, "<no value>") && sample.name != "hostile" {
			t.Error("the text shows <no value>")
		}
		shown := map[string]any{"url": request.URL, "body": json.RawMessage(request.Body)}
		if request.Header != nil {
			shown["header"] = request.Header
		}
		if request.Before != nil {
			shown["before"] = map[string]any{"url": request.Before.URL, "body": json.RawMessage(request.Before.Body)}
		}
		if err := encoder.Encode(shown); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, received.Text+"\n")
	}
	base := filepath.Join(goldenDir(channel.Name), sample.name+"."+form)
	compare(t, base+".json", requests.String())
	compare(t, base+".txt", strings.Join(texts, "\n"))
}

// encodeParts encodes a message in as many parts as it needs, or the one part that it is.
func encodeParts(t testing.TB, e encoder, message Message) []Request {
	t.Helper()
	ends := []int{len(message.Alerts)}
	if message.Parts == 0 {
		planned, planEnds, err := e.plan(message, 0)
		if err != nil {
			t.Fatal(err)
		}
		message, ends = planned, planEnds
	}
	if last := ends[len(ends)-1]; last != len(message.Alerts) {
		t.Errorf("the parts hold %d of %d alerts", last, len(message.Alerts))
	}
	var requests []Request
	from := 0
	for i, to := range ends {
		part := message
		if len(ends) > 1 {
			part = message.part(from, to, i+1, len(ends))
		}
		request, err := e.encode(part)
		if err != nil {
			t.Fatal(err)
		}
		if request.Size > e.channel.MaxBytes {
			t.Errorf("part %d/%d: size %d is over the limit %d", i+1, len(ends), request.Size, e.channel.MaxBytes)
		}
		requests, from = append(requests, request), to
	}
	return requests
}

// TestGoldenFiles finds golden files of which there is no sample or no form any more.
func TestGoldenFiles(t *testing.T) {
	for _, channel := range Channels() {
		wanted := map[string]bool{}
		for _, form := range channel.Forms {
			for _, sample := range samples(t) {
				wanted[sample.name+"."+form+".json"], wanted[sample.name+"."+form+".txt"] = true, true
			}
		}
		files, err := os.ReadDir(goldenDir(channel.Name))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if !wanted[file.Name()] {
				t.Errorf("%s/%s is left over: remove it", channel.Name, file.Name())
			}
		}
	}
}

// compare compares a text with a golden file, or rewrites that.
func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
