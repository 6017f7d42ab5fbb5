package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rulekit/rulekit/adaptor/receivers"
)

// inFolder runs a command line about the configurations in a folder.
func inFolder(folder string, args ...string) (code int, stdout, stderr string) {
	var out, problems bytes.Buffer
	env := environment{stdin: strings.NewReader(""), stdout: &out, stderr: &problems, color: "never", getenv: func(string) string { return "" }}
	args = append(args, "--alertmanager-config", filepath.Join(folder, "alertmanager.yml"), "--adaptor-config", filepath.Join(folder, "adaptor.yaml"))
	code = run(context.Background(), env, args)
	return code, strings.ReplaceAll(out.String(), folder+"/", ""), strings.ReplaceAll(problems.String(), folder+"/", "")
}

func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

const smallAlertmanager = "route:\n  receiver: x\nreceivers:\n- name: x\n"

// TestReceiversAtOnce: of many that edit the same files at the same time, no edit is lost.
func TestReceiversAtOnce(t *testing.T) {
	const many = 12
	files := map[string]string{"alertmanager.yml": smallAlertmanager}
	for i := range many {
		files[fmt.Sprint("url", i)] = fmt.Sprintf("https://open.feishu.cn/open-apis/bot/v2/hook/t%d", i)
	}
	folder := writeFiles(t, files)
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			code, _, stderr := inFolder(folder, "receiver", "add", "feishu", fmt.Sprint("r", i), "--url-file", filepath.Join(folder, fmt.Sprint("url", i)))
			if code != exitFine {
				t.Errorf("exit code %d: %s", code, stderr)
			}
		})
	}
	all.Wait()
	for _, name := range []string{"alertmanager.yml", "adaptor.yaml"} {
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		for i := range many {
			if n := strings.Count(string(content), fmt.Sprintf("- name: r%d\n", i)); n != 1 {
				t.Errorf("%s has r%d %d times", name, i, n)
			}
		}
	}
	left, err := filepath.Glob(filepath.Join(folder, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func contents(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[entry.Name()] = string(content)
	}
	return all
}

func rewritesOf(folder string, content map[string]string, names ...string) []rewrite {
	var all []rewrite
	for _, name := range names {
		r := rewrite{before: receivers.File{Path: filepath.Join(folder, name)}, after: []byte("new " + name)}
		if old, ok := content[name]; ok {
			r.before.Source = []byte(old)
		}
		all = append(all, r)
	}
	return all
}

// TestRewriteAllOrNone: if one file cannot be replaced, those before it are as they were.
func TestRewriteAllOrNone(t *testing.T) {
	for name, before := range map[string]map[string]string{
		"two files":  {"a": "old a", "b": "old b"},
		"a new file": {"b": "old b"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := writeFiles(t, before)
			var files []*stagedFile
			for _, r := range rewritesOf(folder, before, "a", "b") {
				s, err := stage(r.before.Path, r.after, r.before.Source != nil)
				if err != nil {
					t.Fatal(err)
				}
				files = append(files, &stagedFile{r, s})
			}
			// The last one cannot be put in its place.
			if err := os.Remove(files[1].temporary); err != nil {
				t.Fatal(err)
			}
			err := commit(files)
			if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "write "+filepath.Join(folder, "b")+": ") {
				t.Errorf("got %v", err)
			}
			if diff := cmp.Diff(before, contents(t, folder)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRewriteChangedFile: a file that somebody else has changed meanwhile is not overwritten, and
// neither is any other.
func TestRewriteChangedFile(t *testing.T) {
	tests := map[string]struct{ before, now map[string]string }{
		"changed": {map[string]string{"a": "old a", "b": "old b"}, map[string]string{"a": "old a", "b": "changed"}},
		"made":    {map[string]string{"a": "old a"}, map[string]string{"a": "old a", "b": "made"}},
		"gone":    {map[string]string{"a": "old a", "b": "old b"}, map[string]string{"a": "old a"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			folder := writeFiles(t, test.now)
			if err := rewriteAll(rewritesOf(folder, test.before, "a", "b")); err == nil {
				t.Error("no error")
			}
			if diff := cmp.Diff(test.now, contents(t, folder)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestReceiverCreate makes a configuration of Alertmanager where there is none.
func TestReceiverCreate(t *testing.T) {
	folder := writeFiles(t, map[string]string{"url": "https://open.feishu.cn/open-apis/bot/v2/hook/t"})
	add := []string{"receiver", "add", "feishu", "im", "--url-file", filepath.Join(folder, "url")}
	if code, _, stderr := inFolder(folder, add...); code != exitFailed || !strings.Contains(stderr, "--create") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	code, stdout, stderr := inFolder(folder, append(add, "--create")...)
	want := "adaptor.yaml:3  + receiver im: feishu-webhook, address from url\n"
	if diff := cmp.Diff(want, stdout); code != exitFine || diff != "" {
		t.Errorf("exit code %d: %s%s", code, stderr, diff)
	}
	if !strings.Contains(stderr, "note: alertmanager.yml is that of the shipped rules: put your own in the place of its receivers mail and heartbeat\n") {
		t.Error(stderr)
	}
	if code, stdout, _ := inFolder(folder, append(add, "--create")...); code != exitFine || stdout != "nothing to change: im is as asked for\n" {
		t.Errorf("exit code %d: %s", code, stdout)
	}
}

// TestReceiverTest shows what a messenger answers, without secrets.
func TestReceiverTest(t *testing.T) {
	tests := map[string]struct {
		answer string
		code   int
		want   string
	}{
		"accepted": {`{"errcode":0,"errmsg":"ok"}`, exitFine, `to       dingtalk 127.0.0.1, by the adaptor's receiver dba
answer   HTTP 200: {"errcode":0,"errmsg":"ok"}
verdict  accepted
`},
		"refused": {`{"errcode":310000,"errmsg":"keywords not in content, hush-hush-token"}`, exitFindings, `to       dingtalk 127.0.0.1, by the adaptor's receiver dba
answer   HTTP 200: {"errcode":310000,"errmsg":"keywords not in content, <secret>"}
verdict  refused: `},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				fmt.Fprint(w, test.answer)
			}))
			defer server.Close()
			folder := writeFiles(t, map[string]string{"alertmanager.yml": smallAlertmanager, "url": server.URL + "/robot/send?access_token=hush-hush-token"})
			url := filepath.Join(folder, "url")
			if code, _, stderr := inFolder(folder, "receiver", "add", "dingtalk", "dba", "--url-file", url, "--gateway"); code != exitFine {
				t.Fatal(stderr)
			}
			code, stdout, stderr := inFolder(folder, "receiver", "test", "dba")
			if code != test.code || !strings.HasPrefix(stdout, test.want) || stderr != "" {
				t.Errorf("exit code %d, stderr %q, stdout\n%s", code, stderr, stdout)
			}
			if strings.Contains(stdout, "hush") {
				t.Errorf("a secret is shown:\n%s", stdout)
			}
			server.Close()
			code, stdout, stderr = inFolder(folder, "receiver", "test", "dba")
			if code != exitFailed || !strings.Contains(stdout, "verdict  not delivered: post to 127.0.0.1:") || !strings.Contains(stderr, "no answer: dba could not be tried") {
				t.Errorf("exit code %d, stderr %q, stdout\n%s", code, stderr, stdout)
			}
		})
	}
}

func TestReceiverNames(t *testing.T) {
	folder := writeFiles(t, map[string]string{"alertmanager.yml": smallAlertmanager})
	var out bytes.Buffer
	env := environment{stdin: strings.NewReader(""), stdout: &out, stderr: io.Discard, color: "never", getenv: func(string) string { return "" }}
	run(t.Context(), env, []string{"__complete", "receiver", "remove", "--alertmanager-config", filepath.Join(folder, "alertmanager.yml"), ""})
	if names := strings.Fields(out.String()); len(names) == 0 || names[0] != "x" {
		t.Errorf("got %q", out.String())
	}
}
