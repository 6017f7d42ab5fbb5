package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

// tracedPosts is how many notifications are posted, each twice at the same time, while every system
// call is written down.
const tracedPosts = 100

// trace runs an adaptor under strace and proves for each post, by a mark in its body: after it was
// read it was written to a file of the queue, then that file was synced, and then came the 2xx,
// also the one that calls it a duplicate.
func (r *run) trace(ctx context.Context) error {
	a, err := r.newAdaptor("traced")
	if err != nil {
		return err
	}
	output := filepath.Join(r.folder, "trace")
	// With -D the process is the adaptor, and strace is on the side.
	a.program = append([]string{"strace", "-D", "-f", "-y", "-q", "-s", "4096", "-o", output,
		"-e", "trace=read,write,pwrite64,pwritev,writev,fsync,fdatasync,openat,exit_group"}, a.program...)
	if err := a.start(ctx); err != nil {
		return err
	}
	defer a.kill()
	for i := range tracedPosts {
		if err := a.postTwice(ctx, fmt.Sprintf(`{"groupKey":"trace-%04d-end","alerts":[{"labels":{"alertname":"Traced"}}]}`, i)); err != nil {
			return err
		}
	}
	if err := a.command.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := r.until(ctx, "the traced adaptor has ended", func() (bool, error) {
		select {
		case <-a.exited:
			return true, nil
		default:
			return false, nil
		}
	}); err != nil {
		return err
	}
	file, err := os.Open(output)
	if err != nil {
		return err
	}
	defer file.Close()
	files, err := checkTrace(file, a.data)
	if err != nil {
		return err
	}
	r.say("  %d posts, each made twice: read, written, synced and then answered 200, over %d files", tracedPosts, files)
	return nil
}

// postTwice posts a body over two connections at the same time.
func (a *adaptor) postTwice(ctx context.Context, body string) error {
	failures := make(chan error, 2)
	for range 2 {
		go func() {
			status, answer, err := request(ctx, http.MethodPost, "http://"+a.address+"/api/v1/notify/im0", strings.NewReader(body))
			if err == nil && status != http.StatusOK {
				err = fmt.Errorf("a post was answered %d %s", status, answer)
			}
			failures <- err
		}()
	}
	return errors.Join(<-failures, <-failures)
}

// Lines of strace -f -y, of which each begins with a process ID.
var (
	readBody  = regexp.MustCompile(`^\d+ +(?:read\(|<\.\.\. read resumed>).*(trace-\d{4}-end)`)
	wroteItem = regexp.MustCompile(`^\d+ +p?writev?(?:64)?\(\d+<(/[^>]*)>, .*(trace-\d{4}-end)`)
	answered  = regexp.MustCompile(`^\d+ +writev?\(\d+<(?:socket|TCP)[^>]*>, "HTTP/1\.1 (\d+)`)
	opened    = regexp.MustCompile(`^\d+ +openat\(.*O_D?SYNC.* = \d+<(/[^>]*)>`)
	syncing   = regexp.MustCompile(`^(\d+) +f(?:data)?sync\(\d+<(/[^>]*)> <unfinished`)
	synced    = regexp.MustCompile(`^\d+ +f(?:data)?sync\(\d+<(/[^>]*)>\) += 0`)
	resumed   = regexp.MustCompile(`^(\d+) +<\.\.\. f(?:data)?sync resumed>\) += 0`)
)

// tracing is how far the post that is under way has come.
type tracing struct {
	folder string
	// mark is that of the post, file where it was written.
	mark, file string
	synced     bool
	// opened are the files on which each write is one with a sync, and pending the file that each
	// process is at syncing, if that began after the item was written.
	opened  map[string]bool
	pending map[string]string
	files   map[string]bool
	answers int
}

// checkTrace reads a trace and returns how many files the posts went to. The error tells which
// post was answered before it was safe.
func checkTrace(file *os.File, folder string) (files int, err error) {
	t := &tracing{folder: folder, opened: map[string]bool{}, pending: map[string]string{}, files: map[string]bool{}}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		if err := t.line(lines.Text()); err != nil {
			return 0, fmt.Errorf("line %d of the trace: %w", n, err)
		}
	}
	if t.answers != 2*tracedPosts {
		return 0, fmt.Errorf("the trace shows %d answers to %d posts", t.answers, 2*tracedPosts)
	}
	return len(t.files), lines.Err()
}

func (t *tracing) line(line string) error {
	if found := readBody.FindStringSubmatch(line); found != nil {
		if found[1] != t.mark {
			t.mark, t.file, t.synced = found[1], "", false
			clear(t.pending)
		}
	} else if found := wroteItem.FindStringSubmatch(line); found != nil && found[2] == t.mark && strings.HasPrefix(found[1], t.folder) {
		t.file, t.synced = found[1], t.opened[found[1]]
	} else if found := opened.FindStringSubmatch(line); found != nil {
		t.opened[found[1]] = true
	} else if found := syncing.FindStringSubmatch(line); found != nil && found[2] == t.file {
		t.pending[found[1]] = t.file
	} else if found := synced.FindStringSubmatch(line); found != nil && found[1] == t.file {
		t.synced = true
	} else if found := resumed.FindStringSubmatch(line); found != nil && t.file != "" && t.pending[found[1]] == t.file {
		t.synced = true
	} else if found := answered.FindStringSubmatch(line); found != nil && t.mark != "" {
		return t.answer(found[1])
	}
	return nil
}

// answer looks at the answer to the post that is under way.
func (t *tracing) answer(status string) error {
	switch {
	case status != "200":
		return fmt.Errorf("%s was answered %s", t.mark, status)
	case t.file == "":
		return fmt.Errorf("%s was answered 200 and never written", t.mark)
	case !t.synced:
		return fmt.Errorf("%s was answered 200 before %s was synced", t.mark, t.file)
	}
	t.files[t.file] = true
	t.answers++
	return nil
}
