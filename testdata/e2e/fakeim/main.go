// Command fakeim proves the page of rulekit fakeim in a browser: that it shows messages as they
// come and as the messenger would, that nothing in them is more than text, that it says what was
// refused and why, and that it fits a screen and a phone.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	var p proof
	flag.StringVar(&p.fakeim, "fakeim", "", "`URL` of rulekit fakeim")
	flag.StringVar(&p.adaptor, "adaptor", "", "`URL` of the adaptor that delivers to it")
	flag.StringVar(&p.pictures, "pictures", ".", "`FOLDER` for pictures of the page")
	program := flag.String("chromium", "chromium", "`PROGRAM` to start")
	profile := flag.String("profile", "", "`FOLDER` for the browser")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := p.run(ctx, *program, *profile); err != nil {
		fmt.Fprintf(os.Stderr, "FAILED: %s\n", err)
		os.Exit(1)
	}
	fmt.Printf("fine: %d checks, %d messages; pictures are in %s\n", p.checks, p.sent, p.pictures)
}

// proof is one run.
type proof struct {
	fakeim, adaptor, pictures string
	page                      *browser
	checks, sent              int
}

func (p *proof) run(ctx context.Context, program, profile string) error {
	var err error
	if p.page, err = launch(ctx, program, profile); err != nil {
		return err
	}
	defer p.page.close()
	for _, part := range []struct {
		name string
		run  func() error
	}{
		{"the empty page", p.empty},
		{"messages of every look", p.looks},
		{"what was refused", p.refused},
		{"all that the adaptor writes", p.goldens},
		{"hostile messages", p.hostile},
		{"from the adaptor to the page", p.delivered},
		{"one messenger, on a screen and on a phone", p.sizes},
		{"trouble", p.trouble},
		{"forgetting", p.forget},
	} {
		fmt.Println(part.name)
		if err := part.run(); err != nil {
			_ = p.page.picture(p.pictures, "failed")
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

// paths are where a bot of each messenger is.
var paths = map[string]string{
	"feishu": "/open-apis/bot/v2/hook/any", "dingtalk": "/robot/send?access_token=any", "wecom": "/cgi-bin/webhook/send?key=any",
	"slack": "/services/T/B/X", "webhook": "/webhook/any",
}

// send posts a body to a messenger, and waits until the page shows that by itself.
func (p *proof) send(channel, body string) (status int, answer string, err error) {
	status, answer, err = post(p.fakeim+paths[channel], body)
	if err != nil {
		return 0, "", err
	}
	p.sent++
	return status, answer, p.page.until(fmt.Sprintf("document.querySelectorAll('article').length === %d", p.sent))
}

func post(address, body string) (status int, answer string, err error) {
	response, err := http.Post(address, "application/json", strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

// last finds an element within the latest message.
func last(selector string) string {
	return fmt.Sprintf("document.querySelector('article:last-of-type').querySelector(%q)", selector)
}

// same checks what an expression on the page is.
func (p *proof) same(expression, want string) error {
	got, err := p.page.eval(expression)
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%s is %q, want %q", expression, got, want)
	}
	p.checks++
	return nil
}

// golden are the requests that the adaptor's tests compare with.
func golden() (requests []request, err error) {
	files, err := filepath.Glob("testdata/adaptor/*/*.json")
	if err != nil {
		return nil, err
	}
	for _, path := range files {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		// A message in several parts is several requests.
		for decoder := json.NewDecoder(file); decoder.More(); {
			r := request{path: path, channel: filepath.Base(filepath.Dir(path))}
			if err := decoder.Decode(&r); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			if r.URL == "" || paths[r.channel] == "" {
				continue
			}
			// The file is indented for people; what was sent was not, and may be as large as
			// the messenger takes.
			var sent bytes.Buffer
			if err := json.Compact(&sent, r.Body); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			r.Body = sent.Bytes()
			requests = append(requests, r)
		}
	}
	if len(requests) < 20 {
		return nil, fmt.Errorf("there are only %d golden requests", len(requests))
	}
	return requests, nil
}

type request struct {
	path, channel string
	URL           string
	Body          json.RawMessage
}
