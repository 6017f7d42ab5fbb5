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

// targets are a bot of each channel, with a secret where the channel signs.
var targets = map[string]Target{
	"feishu":   {"https://open.feishu.cn/open-apis/bot/v2/hook/token-of-a-bot", "testsecret"},
	"dingtalk": {"https://oapi.dingtalk.com/robot/send?access_token=token-of-a-bot", "SECtest0123456789"},
	"wecom":    {"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=token-of-a-bot", ""},
	"slack":    {"https://hooks.slack.com/services/T0000/B0000/token-of-a-bot", ""},
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
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	im.ServeHTTP(httptest.NewRecorder(), r)
	received := im.Received()
	return received[len(received)-1]
}

// TestGolden writes every webhook body of testdata in every channel's form. Each form is
// accepted by the channel's fake, is compared with the golden request, and is shown as a person
// would see it.
func TestGolden(t *testing.T) {
	inputs, err := filepath.Glob(golden + "/webhook/*.json")
	if err != nil || len(inputs) < 8 {
		t.Fatalf("found %d inputs: %v", len(inputs), err)
	}
	for _, channel := range Channels() {
		for _, input := range inputs {
			name := strings.TrimSuffix(filepath.Base(input), ".json")
			t.Run(channel.Name+"/"+name, func(t *testing.T) {
				body, err := os.ReadFile(input)
				if err != nil {
					t.Fatal(err)
				}
				// The bubble's clock stands still, so that signatures are the same every time.
				synctest.Test(t, func(t *testing.T) { checkGolden(t, channel, name, body) })
			})
		}
	}
}

func checkGolden(t *testing.T, channel *Channel, name string, body []byte) {
	p, err := decode(body)
	if err != nil {
		t.Fatal(err)
	}
	request, shown, err := channel.fit(targets[channel.Name], newMessage(p), time.Now(), channel.MaxBytes)
	if err != nil {
		t.Fatal(err)
	}
	if request.Size > channel.MaxBytes {
		t.Errorf("size %d is over the limit %d", request.Size, channel.MaxBytes)
	}
	if shown < len(p.Alerts) && !strings.Contains(string(request.Body), "did not fit") {
		t.Errorf("%d of %d alerts are shown, and the message does not say so", shown, len(p.Alerts))
	}
	received := offer(newFake(t, channel.Name), request)
	if !received.OK {
		t.Errorf("the fake %s refused it: %d %s", channel.Name, received.Status, received.Answer)
	}
	if strings.Contains(received.Text, "<no value>") && name != "hostile" {
		t.Error("the text shows <no value>")
	}
	var indented bytes.Buffer
	encoder := json.NewEncoder(&indented)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(map[string]any{"url": request.URL, "body": json.RawMessage(request.Body)}); err != nil {
		t.Fatal(err)
	}
	compare(t, filepath.Join(golden, channel.Name, name+".json"), indented.String())
	compare(t, filepath.Join(golden, channel.Name, name+".txt"), received.Text+"\n")
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
