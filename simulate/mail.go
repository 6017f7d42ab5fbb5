package simulate

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"time"
)

// mailbox is a mail server on the loopback interface that keeps what it is sent. Alertmanager's
// email notifier dials a bare socket, which cannot be on the Network; a goroutine that waits
// for a socket stops the virtual clock, so the server's own goroutines live outside of it.
type mailbox struct {
	listener net.Listener
	sessions sync.WaitGroup

	mu    sync.Mutex
	open  map[net.Conn]bool
	mails []string
}

// The limits of the mail server, in bytes, lines and real time.
const (
	maxMail        = 16 << 20
	maxMailLine    = 4 << 10
	maxMailSession = time.Minute
)

func openMailbox() (*mailbox, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for email on the loopback interface: %w", err)
	}
	m := &mailbox{listener: listener, open: map[net.Conn]bool{}}
	m.sessions.Go(m.accept)
	return m, nil
}

// address is the host and the port to send mail to.
func (m *mailbox) address() (host, port string) {
	host, port, _ = net.SplitHostPort(m.listener.Addr().String())
	return host, port
}

// collect returns the mails that arrived since it was last called, as they were sent.
func (m *mailbox) collect() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	mails := m.mails
	m.mails = nil
	return mails
}

// close ends all sessions and waits for them.
func (m *mailbox) close() {
	m.listener.Close()
	m.mu.Lock()
	for conn := range m.open {
		conn.Close()
	}
	m.mu.Unlock()
	m.sessions.Wait()
}

func (m *mailbox) accept() {
	for {
		conn, err := m.listener.Accept()
		if err != nil {
			return
		}
		m.mu.Lock()
		m.open[conn] = true
		m.mu.Unlock()
		m.sessions.Go(func() {
			m.session(conn)
			conn.Close()
			m.mu.Lock()
			delete(m.open, conn)
			m.mu.Unlock()
		})
	}
}

// session speaks the server's side of SMTP (RFC 5321) without any extension: all that is
// needed to be sent a mail.
func (m *mailbox) session(conn net.Conn) {
	conn.SetDeadline(time.Now().Add(maxMailSession))
	lines := bufio.NewReaderSize(conn, maxMailLine)
	say := func(line string) bool {
		_, err := io.WriteString(conn, line+"\r\n")
		return err == nil
	}
	for ok := say("220 rulekit simulation"); ok; {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return
		}
		verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(string(line))), " ")
		switch verb {
		case "HELO", "EHLO", "MAIL", "RCPT", "RSET", "NOOP":
			ok = say("250 ok")
		case "DATA":
			ok = say("354 go on") && m.receive(lines, say)
		case "QUIT":
			say("221 bye")
			return
		default:
			ok = say("502 not implemented")
		}
	}
}

// receive reads a mail up to the line with a single dot and keeps it. It tells whether the
// session can go on.
func (m *mailbox) receive(lines *bufio.Reader, say func(string) bool) bool {
	mail, err := io.ReadAll(io.LimitReader(textproto.NewReader(lines).DotReader(), maxMail+1))
	if err != nil {
		return false
	}
	if len(mail) > maxMail {
		say("552 too large")
		return false
	}
	m.mu.Lock()
	m.mails = append(m.mails, string(mail))
	m.mu.Unlock()
	return say("250 kept")
}
