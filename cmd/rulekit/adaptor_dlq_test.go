package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rulekit/rulekit/adaptor"
)

// deadLetters makes a data directory with dead letters, whose bodies are files named after
// their receivers: deadletters DIR FILE...
func deadLetters(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 2 {
		ts.Fatalf("usage: deadletters DIR FILE...")
	}
	items := map[string]string{}
	var order []string
	for _, name := range args[1:] {
		order = append(order, strings.TrimSuffix(filepath.Base(name), ".json"))
		items[order[len(order)-1]] = ts.ReadFile(name)
	}
	ts.Check(makeDeadLetters(ts.MkAbs(args[0]), order, items))
}

func makeDeadLetters(dir string, receivers []string, bodies map[string]string) error {
	queue, err := adaptor.OpenJetStream(context.Background(), adaptor.JetStreamOptions{Dir: dir})
	if err != nil {
		return err
	}
	for i, receiver := range receivers {
		_, err := queue.Put(context.Background(), adaptor.Item{Receiver: receiver, Body: []byte(bodies[receiver]), Accepted: time.Now()})
		if err != nil {
			return err
		}
		lease, err := queue.Next(context.Background(), receiver)
		if err != nil {
			return err
		}
		if err := lease.Dead(1, adaptor.Progress{Attempt: i + 1, Shown: i, Parts: i}, "slack: invalid_token\n(the bot is gone)", false); err != nil {
			return err
		}
	}
	return queue.Shutdown(context.Background())
}

// rulekitOutput runs the command and returns what it writes.
func rulekitOutput(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	command := exec.CommandContext(t.Context(), "rulekit", args...)
	command.Stdout, command.Stderr = &out, &out
	if err := command.Run(); err != nil {
		t.Fatalf("%q: %v\n%s", args, err, out.String())
	}
	return out.String()
}

// TestDLQOfRunningAdaptor: the commands look after the dead letters of an adaptor that runs, which
// delivers what is replayed.
func TestDLQOfRunningAdaptor(t *testing.T) {
	received := make(chan string, 10)
	messenger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		_, _ = body.ReadFrom(r.Body)
		received <- body.String()
		fmt.Fprint(w, "ok")
	}))
	defer messenger.Close()
	folder := t.TempDir()
	config, data := filepath.Join(folder, "adaptor.yaml"), filepath.Join(folder, strings.Repeat("long/", 25)+"data")
	text := fmt.Sprintf("receivers:\n- name: ops\n  type: slack-webhook\n  params: {url: %q}\n", messenger.URL)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	alert := `{"alerts":[{"status":"firing","labels":{"alertname":"DiskFull"}}]}`
	if err := makeDeadLetters(data, []string{"ops", "gone"}, map[string]string{"ops": alert, "gone": alert}); err != nil {
		t.Fatal(err)
	}
	p := startAdaptor(t, "--config", config, "--data-dir", data).ready(t)
	var list struct {
		DeadLetters []struct{ ID, Receiver string } `json:"dead_letters"`
	}
	if err := json.Unmarshal([]byte(rulekitOutput(t, "adaptor", "dlq", "list", "-o", "json", "--data-dir", data)), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.DeadLetters) != 2 || list.DeadLetters[0].Receiver != "ops" {
		t.Errorf("listed %+v", list)
	}
	if got := rulekitOutput(t, "adaptor", "dlq", "replay", "1", "--data-dir", data); got != "1 dead letter put back\n" {
		t.Errorf("replay: %q", got)
	}
	if got := <-received; !strings.Contains(got, "DiskFull") {
		t.Errorf("delivered %s", got)
	}
	if got := rulekitOutput(t, "adaptor", "dlq", "drop", "--all", "--data-dir", data); got != "1 dead letter dropped\n" {
		t.Errorf("drop: %q", got)
	}
	if got := rulekitOutput(t, "adaptor", "dlq", "list", "--data-dir", data); got != "no dead letters\n" {
		t.Errorf("list: %q", got)
	}
	socket, err := os.Stat(filepath.Join(data, "queue", "admin.sock"))
	if err != nil {
		t.Fatal(err)
	}
	if socket.Mode().Perm() != 0o600 {
		t.Errorf("the socket has mode %o", socket.Mode().Perm())
	}
	if code := p.terminate(t); code != 0 {
		t.Errorf("exit code %d:\n%s", code, p.log.String())
	}
}
