package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// browser is a Chromium without a window, and one page in it. It is driven by the DevTools
// protocol (https://chromedevtools.github.io/devtools-protocol/) over two pipes.
type browser struct {
	process *exec.Cmd
	write   io.WriteCloser
	read    *bufio.Reader
	last    int
	session string
}

// recorder runs before anything of a page: it notes what the page's policy keeps from running.
const recorder = `window.violations = []; addEventListener("securitypolicyviolation", (e) => violations.push(e.violatedDirective));`

// launch starts the browser, which ends with the context.
func launch(ctx context.Context, program, profile string) (*browser, error) {
	// Nothing is asked of the network but what the page asks.
	process := exec.CommandContext(ctx, program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--user-data-dir="+profile, "--remote-debugging-pipe")
	commands, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	read, answers, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	// They are the browser's descriptors 3 and 4.
	process.ExtraFiles = []*os.File{commands, answers}
	if err := process.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	_, _ = commands.Close(), answers.Close()
	b := &browser{process: process, write: write, read: bufio.NewReader(read)}
	return b, b.newPage()
}

func (b *browser) newPage() error {
	var target struct{ TargetID string }
	if err := b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target); err != nil {
		return err
	}
	var attached struct{ SessionID string }
	if err := b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached); err != nil {
		return err
	}
	b.session = attached.SessionID
	if err := b.call("Page.enable", nil, nil); err != nil {
		return err
	}
	return b.call("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": recorder}, nil)
}

// close ends the browser.
func (b *browser) close() {
	b.session = ""
	_ = b.call("Browser.close", nil, nil)
	_ = b.write.Close()
	_ = b.process.Wait()
}

// call sends a command and reads its result into the given value.
func (b *browser) call(method string, params, result any) error {
	b.last++
	command := map[string]any{"id": b.last, "method": method}
	if params != nil {
		command["params"] = params
	}
	if b.session != "" {
		command["sessionId"] = b.session
	}
	source, err := json.Marshal(command)
	if err != nil {
		return err
	}
	if _, err := b.write.Write(append(source, 0)); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	for {
		source, err := b.read.ReadBytes(0)
		if err != nil {
			return fmt.Errorf("%s: the browser has ended: %w", method, err)
		}
		var answer struct {
			ID     int
			Error  *struct{ Message string }
			Result json.RawMessage
		}
		if err := json.Unmarshal(source[:len(source)-1], &answer); err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
		switch {
		case answer.ID != b.last: // an event
			continue
		case answer.Error != nil:
			return fmt.Errorf("%s: %s", method, answer.Error.Message)
		case result != nil:
			return json.Unmarshal(answer.Result, result)
		}
		return nil
	}
}

// open goes to an address, and waits until the page is there.
func (b *browser) open(address string) error {
	var navigated struct{ ErrorText string }
	if err := b.call("Page.navigate", map[string]any{"url": address}, &navigated); err != nil {
		return err
	}
	if navigated.ErrorText != "" {
		return fmt.Errorf("open %s: %s", address, navigated.ErrorText)
	}
	return b.until(fmt.Sprintf("document.readyState === 'complete' && location.href === %q", address))
}

// eval returns the value of an expression on the page, as text.
func (b *browser) eval(expression string) (string, error) {
	var evaluated struct {
		Result           struct{ Value any }
		ExceptionDetails *struct {
			Exception struct{ Description string }
		}
	}
	err := b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &evaluated)
	if err == nil && evaluated.ExceptionDetails != nil {
		err = errors.New(evaluated.ExceptionDetails.Exception.Description)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", expression, err)
	}
	return fmt.Sprint(evaluated.Result.Value), nil
}

// patience is how long something may take that takes moments.
const patience = 30 * time.Second

// until waits until an expression is true.
func (b *browser) until(expression string) error {
	deadline := time.Now().Add(patience)
	for {
		value, err := b.eval(expression)
		if err == nil && value == "true" {
			return nil
		}
		if time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("waited %s in vain until %s; it is %s", patience, expression, value), err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// resize makes the page as wide as that of a screen, or of a phone.
func (b *browser) resize(width, height int) error {
	return b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}, nil)
}

// tallest is how much of a page is in a picture, in pixels from the top.
const tallest = 3000

// picture writes a picture of the page.
func (b *browser) picture(folder, name string) error {
	var metrics struct {
		CSSContentSize struct{ Width, Height float64 }
	}
	if err := b.call("Page.getLayoutMetrics", nil, &metrics); err != nil {
		return err
	}
	var shot struct{ Data string }
	clip := map[string]any{"x": 0, "y": 0, "width": metrics.CSSContentSize.Width, "height": min(metrics.CSSContentSize.Height, tallest), "scale": 1}
	if err := b.call("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true, "clip": clip}, &shot); err != nil {
		return err
	}
	picture, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o644)
}
