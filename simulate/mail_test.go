package simulate

import (
	"flag"
	"io"
	"net"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The built-in email receiver, and Alertmanager's own HTML mail: what is sent and how it reads.
func TestNotifyEmail(t *testing.T) {
	builtin, err := BuiltinConfiguration().Select("email")
	if err != nil {
		t.Fatal(err)
	}
	html := configuration(t, `
global: {smtp_smarthost: "mail.example.com:465", smtp_from: a@example.com, smtp_auth_username: u, smtp_auth_password: p}
route: {receiver: mail}
receivers:
- name: mail
  email_configs: [{to: b@example.com, send_resolved: true, headers: {Subject: "Störung: {{ .CommonLabels.alertname }}"}}]
`)
	for _, test := range []struct {
		name          string
		configuration *Configuration
	}{{"builtin", builtin}, {"html", html}} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Notify(t.Context(), NotifyOptions{
				Configuration: test.configuration, Start: monday, Length: 10 * time.Minute,
				Batches: batchesOf(10*time.Minute, active{"alertname=Down severity=critical pod=a", 1, 3}),
			})
			if err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			for _, n := range got {
				if n.Error != "" || len(n.Deliveries) != 1 || n.Deliveries[0].Channel != "email" || n.Deliveries[0].URL == "" {
					t.Fatalf("got %+v", n)
				}
				text.WriteString("--- " + n.At.String() + " " + n.Deliveries[0].URL + "\n" + n.Deliveries[0].Text)
			}
			if test.configuration == builtin {
				text.WriteString("--- body\n" + got[0].Deliveries[0].Body)
			}
			golden(t, filepath.Join("..", "testdata", "simulate", "mail", test.name+".txt"), text.String())
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestMailbox(t *testing.T) {
	box, err := openMailbox()
	if err != nil {
		t.Fatal(err)
	}
	host, port := box.address()
	address := net.JoinHostPort(host, port)
	send := func(body string) error {
		return smtp.SendMail(address, nil, "a@example.com", []string{"b@example.com", "c@example.com"}, []byte(body))
	}
	for _, body := range []string{"Subject: one\r\n\r\nfirst\r\n", "Subject: two\r\n\r\n..dots\r\n.\r\n..\r\n"} {
		if err := send(body); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"Subject: one\n\nfirst\n", "Subject: two\n\n..dots\n.\n..\n"}
	if diff := cmp.Diff(want, box.collect()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if again := box.collect(); len(again) != 0 {
		t.Errorf("collected twice: %q", again)
	}
	if err := send(strings.Repeat(strings.Repeat("x", 998)+"\r\n", maxMail/999+1)); err == nil {
		t.Error("a mail over the limit is accepted")
	}
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.Write([]byte("WAT\r\n" + strings.Repeat("x", maxMailLine+1)))
	answer, _ := io.ReadAll(conn)
	if !strings.HasPrefix(string(answer), "220 rulekit simulation\r\n502 not implemented\r\n") {
		t.Errorf("answered %q", answer)
	}
	idle, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	box.close()
	if err := send("late"); err == nil {
		t.Error("a closed mailbox takes mail")
	}
}

func TestHTMLText(t *testing.T) {
	tests := []struct{ html, want string }{
		{"", ""},
		{"plain &amp; simple", "plain & simple"},
		{"<p>one</p><p>two<br>three</p>", "one\ntwo\nthree"},
		{"<style>p { color: red }</style><script>x()</script><title>t</title>  a\n  b  ", "a b"},
		{"<table><tr><td>a</td><td>b</td></tr></table>", "a\nb"},
		{"<p>not closed <b>bold", "not closed bold"},
		{"<style>never closed", ""},
	}
	for _, test := range tests {
		if got := htmlText(test.html); got != test.want {
			t.Errorf("%q: got %q, want %q", test.html, got, test.want)
		}
	}
}

// Whatever is sent as a mail, it is shown, and nothing panics.
func FuzzMailDelivery(f *testing.F) {
	f.Add("Subject: x\r\n\r\nbody")
	f.Add("Subject: =?utf-8?q?St=C3=B6rung?=\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<p>=C3\n--b--\n")
	f.Add("Content-Type: multipart/alternative\n\n--\n")
	f.Add("no mail at all")
	f.Fuzz(func(t *testing.T, raw string) {
		d := mailDelivery(raw)
		if d.Channel != "email" || !utf8.ValidString(d.Text) || !utf8.ValidString(d.Body) {
			t.Errorf("%+v", d)
		}
	})
}
