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

// bench is the two servers: the adaptor is started for each round, with an empty queue, and the
// other once.
type bench struct {
	rulekit, folder, config string
	control                 *server
	rounds                  int
	// idle and loaded are the adaptor's anonymous memory in bytes, as it starts and at most after
	// a round.
	idle, loaded int
}

// compare measures both servers in turns, so that both meet the same noise.
func compare(rulekit, folder string) error {
	work, err := os.MkdirTemp(folder, "adaptor")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	b := &bench{rulekit: rulekit, folder: work, config: filepath.Join(work, "adaptor.yaml")}
	im, err := listenIM()
	if err != nil {
		return err
	}
	if err := os.WriteFile(b.config, []byte(configuration(im)), 0o600); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if b.control, err = start(exec.Command(self, "only-200")); err != nil {
		return err
	}
	defer b.control.kill()
	fmt.Printf("%-28s %9s %9s %7s %9s %9s %9s %9s\n", "rulekit adaptor", "groups/s", "only 200", "ratio", "p50", "only 200", "p99", "only 200")
	for _, connections := range []int{16, 1} {
		ours, control, err := b.measure(connections)
		if err != nil {
			return err
		}
		fmt.Printf("%-28s %9.0f %9.0f %6.2fx %7.2fms %7.2fms %7.2fms %7.2fms\n", fmt.Sprintf("connections: %d", connections),
			ours.perSecond, control.perSecond, ours.perSecond/control.perSecond, ours.p50, control.p50, ours.p99, control.p99)
	}
	fmt.Printf("anonymous memory of rulekit adaptor: %.1f MB idle, %.1f MB after the load\n", float64(b.idle)/1e6, float64(b.loaded)/1e6)
	return nil
}

// measure returns the best rounds of the two servers.
func (b *bench) measure(connections int) (best, bestControl result, err error) {
	for range rounds {
		ours, err := b.round(connections)
		if err != nil {
			return best, bestControl, err
		}
		control, err := load(b.control.address, connections)
		if err != nil {
			return best, bestControl, err
		}
		best, bestControl = better(best, ours), better(bestControl, control)
	}
	return best, bestControl, nil
}

// round starts the adaptor and measures it.
func (b *bench) round(connections int) (result, error) {
	b.rounds++
	adaptor, err := start(exec.Command(b.rulekit, "adaptor", "--config", b.config, "--listen", "127.0.0.1:0",
		"--data-dir", filepath.Join(b.folder, fmt.Sprint("data", b.rounds))))
	if err != nil {
		return result{}, err
	}
	defer adaptor.kill()
	if b.idle, err = adaptor.anonymous(); err != nil {
		return result{}, err
	}
	r, err := load(adaptor.address, connections)
	if err != nil {
		return result{}, err
	}
	loaded, err := adaptor.anonymous()
	b.loaded = max(b.loaded, loaded)
	return r, err
}

func better(a, b result) result {
	if a.perSecond > b.perSecond {
		return a
	}
	return b
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
