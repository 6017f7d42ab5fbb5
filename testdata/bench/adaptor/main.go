// Command adaptor measures how many notifications rulekit's adaptor accepts, each durable before
// it is answered, next to a server that only answers 200, with the same loader in the same run:
//
//	adaptor RULEKIT FOLDER
//
// The folder, which must be on a disk and not in memory, gets the adaptor's data. Of three rounds
// the one with the most notifications counts. A group has five alerts.
package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

const (
	rounds = 3
	period = 3 * time.Second
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "only-200" {
		fail(serveOnly200())
	}
	if len(os.Args) != 3 {
		fail(errors.New("usage: adaptor RULEKIT FOLDER"))
	}
	if err := compare(os.Args[1], os.Args[2]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench adaptor:", err)
		os.Exit(1)
	}
}

// compare measures both servers in turns, so that both meet the same noise.
func compare(rulekit, folder string) error {
	work, err := os.MkdirTemp(folder, "adaptor")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	im, err := listenIM()
	if err != nil {
		return err
	}
	config := filepath.Join(work, "adaptor.yaml")
	if err := os.WriteFile(config, []byte(configuration(im)), 0o600); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	control, err := start(exec.Command(self, "only-200"))
	if err != nil {
		return err
	}
	defer control.kill()
	ours, err := start(exec.Command(rulekit, "adaptor", "--config", config, "--listen", "127.0.0.1:0",
		"--data-dir", filepath.Join(work, "data")))
	if err != nil {
		return err
	}
	defer ours.kill()
	idle, err := ours.anonymous()
	if err != nil {
		return err
	}
	fmt.Printf("%-28s %9s %9s %7s %9s %9s %9s %9s\n", "rulekit adaptor", "groups/s", "only 200", "ratio", "p50", "p99", "only 200", "p99")
	for _, connections := range []int{16, 1} {
		a, b, err := measure(ours, control, connections)
		if err != nil {
			return err
		}
		fmt.Printf("%-28s %9.0f %9.0f %6.2fx %7.2fms %7.2fms %7.2fms %7.2fms\n", fmt.Sprintf("%d connections", connections),
			a.perSecond, b.perSecond, a.perSecond/b.perSecond, a.p50, a.p99, b.p50, b.p99)
	}
	after, err := ours.anonymous()
	if err != nil {
		return err
	}
	fmt.Printf("anonymous memory of rulekit adaptor: %.1f MB idle, %.1f MB after the load\n", float64(idle)/1e6, float64(after)/1e6)
	return nil
}

// measure returns the best rounds of the two servers.
func measure(ours, control *server, connections int) (best, bestControl result, err error) {
	for range rounds {
		for _, s := range []struct {
			*server
			best *result
		}{{ours, &best}, {control, &bestControl}} {
			r, err := load(s.address, connections)
			if err != nil {
				return best, bestControl, err
			}
			if r.perSecond > s.best.perSecond {
				*s.best = r
			}
		}
	}
	return best, bestControl, nil
}

// receivers is how many lines the notifications are spread over.
const receivers = 4

func configuration(im string) string {
	text := "receivers:\n"
	for r := range receivers {
		text += fmt.Sprintf("- {name: ops%d, type: dingtalk, params: {url: 'http://%s/robot/send?access_token=t%d'}}\n", r, im, r)
	}
	return text
}

// listenIM starts a messenger that accepts everything.
func listenIM() (address string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"errcode":0,"errmsg":"ok"}`))
	})}
	go func() { fail(server.Serve(listener)) }()
	return listener.Addr().String(), nil
}

// result is what one load led to; times are in milliseconds.
type result struct{ perSecond, p50, p99 float64 }

// load posts over so many connections for a while.
func load(address string, connections int) (result, error) {
	type part struct {
		took []time.Duration
		err  error
	}
	parts := make(chan part)
	began := time.Now()
	for range connections {
		go func() {
			took, err := post(address, began.Add(period))
			parts <- part{took, err}
		}()
	}
	var all []time.Duration
	var failure error
	for range connections {
		p := <-parts
		all = append(all, p.took...)
		failure = cmp.Or(failure, p.err)
	}
	elapsed := time.Since(began)
	if failure != nil || len(all) == 0 {
		return result{}, fmt.Errorf("%d posts: %w", len(all), failure)
	}
	slices.Sort(all)
	at := func(share float64) float64 {
		return all[int(float64(len(all)-1)*share)].Seconds() * 1000
	}
	return result{float64(len(all)) / elapsed.Seconds(), at(0.5), at(0.99)}, nil
}
