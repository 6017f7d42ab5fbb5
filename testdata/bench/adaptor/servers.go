package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// server is a process that listens.
type server struct {
	command *exec.Cmd
	address string
}

var listening = regexp.MustCompile(`address=(\S+)`)

// start starts a server and waits for the line in which it tells its address.
func start(command *exec.Cmd) (*server, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	command.Stderr = writer
	if err := command.Start(); err != nil {
		return nil, err
	}
	_ = writer.Close()
	s := &server{command: command}
	lines := bufio.NewReader(reader)
	for {
		line, err := lines.ReadString('\n')
		if found := listening.FindStringSubmatch(line); found != nil {
			s.address = found[1]
			break
		}
		if err != nil {
			s.kill()
			return nil, fmt.Errorf("%s does not start: %s", command.Path, line)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	return s, nil
}

func (s *server) kill() {
	_ = s.command.Process.Kill()
	_ = s.command.Wait()
}

// anonymous is the memory of the process besides its program, in bytes.
func (s *server) anonymous() (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.command.Process.Pid))
	if err != nil {
		return 0, err
	}
	found := regexp.MustCompile(`(?m)^RssAnon:\s+(\d+) kB$`).FindSubmatch(status)
	if found == nil {
		return 0, fmt.Errorf("no RssAnon in %s", status)
	}
	kib, err := strconv.Atoi(string(found[1]))
	return kib << 10, err
}

// serveOnly200 is the server to compare with: it reads what is posted and says yes.
func serveOnly200() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "address=%s\n", listener.Addr())
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			_, _ = io.WriteString(w, "accepted\n")
		}
	})}
	return server.Serve(listener)
}

// posted counts all posts, so that no group is like another: the adaptor drops duplicates.
var posted atomic.Int64

// post posts groups over one connection until the end, and returns how long each took.
func post(address string, end time.Time) ([]time.Duration, error) {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	answers := bufio.NewReader(connection)
	var took []time.Duration
	for began := time.Now(); began.Before(end); {
		n := posted.Add(1)
		body := group(n)
		_, err := fmt.Fprintf(connection, "POST /api/v1/notify/ops%d HTTP/1.1\r\nHost: adaptor\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			n%receivers, len(body), body)
		if err != nil {
			return took, err
		}
		answer, err := http.ReadResponse(answers, nil)
		if err != nil {
			return took, err
		}
		text, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			return took, fmt.Errorf("%s: %s %v", answer.Status, text, err)
		}
		now := time.Now()
		took = append(took, now.Sub(began))
		began = now
	}
	return took, nil
}

// group is a notification as Alertmanager sends it, of five alerts and about four kilobytes.
func group(n int64) string {
	var alerts []string
	for i := range 5 {
		alerts = append(alerts, fmt.Sprintf(`{"status":"firing","labels":{"alertname":"PostgreSQLTooManyConnections","severity":"warning",`+
			`"namespace":"demo","app_kubernetes_io_instance":"pg-%d","pod":"pg-%[1]d-%d","instance":"10.0.%[2]d.17:9187","job":"postgresql",`+
			`"container":"exporter"},"annotations":{"summary":"PostgreSQL too many connections (> 80%%)","description":`+
			`"PostgreSQL has too many connections and the value is 95. (instance: pg-%[1]d-%[2]d)","value":"95",`+
			`"runbook_url":"https://runbooks.example/postgresql/too-many-connections"},"startsAt":"2026-01-05T00:03:00Z",`+
			`"endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prometheus.example:9090/graph?g0.expr=sum+by+%%28pod%%29+`+
			`%%28pg_stat_activity_count%%29+%%3E+80&g0.tab=1","fingerprint":"%016[1]x%[2]d"}`, n, i))
	}
	return fmt.Sprintf(`{"version":"4","groupKey":"{}:{app_kubernetes_io_instance=\"pg-%d\"}","truncatedAlerts":0,"status":"firing","receiver":"im",`+
		`"groupLabels":{"app_kubernetes_io_instance":"pg-%[1]d"},"commonLabels":{"alertname":"PostgreSQLTooManyConnections","severity":"warning"},`+
		`"commonAnnotations":{},"externalURL":"http://alertmanager.example:9093","alerts":[%s]}`, n, strings.Join(alerts, ","))
}
