package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rulekit/rulekit/adaptor/fakeim"
)

// process is a server that runs, with its log.
type process struct {
	command *exec.Cmd
	log     *log
	exited  chan struct{}
}

// log is what servers of one kind have written, one after the other.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) add(line []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(line)
}

// end is the last of it.
func (l *log) end() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := l.text.Bytes()
	return string(text[max(0, len(text)-4000):])
}

// spawn starts a program.
func spawn(l *log, program string, arguments ...string) (*process, error) {
	p := &process{command: exec.Command(program, arguments...), log: l, exited: make(chan struct{})}
	stderr, err := p.command.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.exited)
		lines := bufio.NewReader(stderr)
		for {
			line, err := lines.ReadBytes('\n')
			l.add(line)
			if err != nil {
				break
			}
		}
		_ = p.command.Wait()
	}()
	return p, nil
}

// kill ends it as kill -9 does.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.exited
}

// end ends it as an operator does.
func (p *process) end() error {
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	<-p.exited
	return nil
}

// ready waits until it answers with 200 at the address.
func (p *process) ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for ctx.Err() == nil {
		if status, _, err := request(ctx, http.MethodGet, url, nil); err == nil && status == http.StatusOK {
			return nil
		}
		select {
		case <-p.exited:
			return fmt.Errorf("%s: %w", p.command.Path, errGone)
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
	return fmt.Errorf("%s is not ready after %s", p.command.Path, patience)
}

// request makes a request with a JSON body and returns the status and the answer.
func request(ctx context.Context, method, url string, body io.Reader) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), err
}

// freeAddress is an address that nobody listens on; not one of those that the system gives to
// clients, which could be taken at any moment.
func freeAddress(ctx context.Context) (string, error) {
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000))
		if listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address); err == nil {
			return address, listener.Close()
		}
	}
	return "", fmt.Errorf("no free port")
}

// messenger is a fake Slack that can be out of order.
type messenger struct {
	*fakeim.IM
	address string
	broken  atomic.Bool
	// flaky is when of each bot's calls one in three fails, and the others take a while. Never two
	// fail in a row, after which it would be tried again later and later.
	flaky atomic.Bool
	mu    sync.Mutex
	calls map[string]int
	// refused counts what came while it was broken, or failed.
	refused atomic.Int64
}

func listenMessenger(ctx context.Context) (*messenger, error) {
	im, err := fakeim.New("slack")
	if err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m := &messenger{IM: im, address: listener.Addr().String(), calls: map[string]int{}}
	server := &http.Server{Handler: m, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	return m, nil
}

// config is the configuration of an adaptor whose receivers are its bots: im0 and so on.
func (m *messenger) config(receivers int) string {
	text := "receivers:\n"
	for i := range receivers {
		text += fmt.Sprintf("- {name: im%d, type: slack, params: {url: 'http://%s/services/T/B/e2e%d'}}\n", i, m.address, i)
	}
	return text
}

// call counts a call of a bot.
func (m *messenger) call(bot string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls[bot]++
	return m.calls[bot]
}

// ServeHTTP answers as Slack, or as its gateway when it is out of order.
func (m *messenger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if m.broken.Load() || m.flaky.Load() && m.call(r.URL.Path)%3 == 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		m.refused.Add(1)
		return
	}
	m.IM.ServeHTTP(w, r)
	if m.flaky.Load() {
		// The answer goes when this returns: who is killed meanwhile never gets it.
		select {
		case <-time.After(200 * time.Millisecond):
		case <-r.Context().Done():
		}
	}
}

// adaptor is rulekit's, which can be killed and started again.
type adaptor struct {
	*process
	log       *log
	program   []string
	address   string
	data      string
	arguments []string
}

// newAdaptor configures an adaptor whose files are in a folder of that name.
func (r *run) newAdaptor(name string) (*adaptor, error) {
	address, err := freeAddress(context.Background())
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(r.folder, name)
	if err := writeFile(filepath.Join(folder, "adaptor.yaml"), r.im.config(1)); err != nil {
		return nil, err
	}
	a := &adaptor{log: &log{}, program: []string{r.rulekit}, address: address, data: filepath.Join(folder, "data")}
	a.arguments = []string{"adaptor", "--config", filepath.Join(folder, "adaptor.yaml"), "--data-dir", a.data, "--listen", address}
	return a, nil
}

func (a *adaptor) start(ctx context.Context) error {
	all := append(append([]string{}, a.program...), a.arguments...)
	var err error
	if a.process, err = spawn(a.log, all[0], all[1:]...); err != nil {
		return err
	}
	return a.ready(ctx, "http://"+a.address+"/-/ready")
}

func (a *adaptor) kill() {
	if a.process != nil {
		a.process.kill()
	}
}
