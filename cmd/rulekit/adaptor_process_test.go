package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// adaptorProcess is rulekit adaptor in a process of its own, as a user runs it.
type adaptorProcess struct {
	command *exec.Cmd
	// address is host:port, known once listening is closed.
	address   string
	listening chan struct{}
	// exited is closed when the process has ended and all of its log is there.
	exited chan struct{}
	log    lockedBuffer
}

// startAdaptor starts the command on a free port. The test ends it, if it has not ended by then.
func startAdaptor(t testing.TB, arguments ...string) *adaptorProcess {
	t.Helper()
	p := &adaptorProcess{
		command:   exec.Command("rulekit", append([]string{"adaptor", "--listen", "127.0.0.1:0"}, arguments...)...),
		listening: make(chan struct{}), exited: make(chan struct{}),
	}
	stderr, err := p.command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go p.read(stderr)
	t.Cleanup(func() {
		p.kill()
		<-p.exited
	})
	return p
}

var listeningLine = regexp.MustCompile(`msg=listening address=(\S+)`)

// read keeps the log, finds the address in it, and waits for the end.
func (p *adaptorProcess) read(stderr io.Reader) {
	defer close(p.exited)
	lines := bufio.NewReader(stderr)
	for {
		line, err := lines.ReadBytes('\n')
		p.log.add(line)
		if found := listeningLine.FindSubmatch(line); found != nil && p.address == "" {
			p.address = string(found[1])
			close(p.listening)
		}
		if err != nil {
			break
		}
	}
	_ = p.command.Wait()
}

// ready waits until the process listens, and fails the test if it ends instead.
func (p *adaptorProcess) ready(t testing.TB) *adaptorProcess {
	t.Helper()
	select {
	case <-p.listening:
	case <-p.exited:
		t.Fatalf("the adaptor ended before it listened:\n%s", p.log.String())
	}
	return p
}

// kill ends the process as kill -9 does.
func (p *adaptorProcess) kill() { _ = p.command.Process.Kill() }

// terminate asks the process to stop, and returns its exit code.
func (p *adaptorProcess) terminate(t testing.TB) int {
	t.Helper()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-p.exited
	return p.command.ProcessState.ExitCode()
}

// url is the address of a path.
func (p *adaptorProcess) url(path string) string { return "http://" + p.address + path }

// post posts a body and returns the status and the answer.
func (p *adaptorProcess) post(client *http.Client, path, body string) (int, string, error) {
	answer, err := client.Post(p.url(path), "application/json", strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, strings.TrimSpace(string(text)), err
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) add(line []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buffer.Write(line)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
