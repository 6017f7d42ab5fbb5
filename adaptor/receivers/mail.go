package receivers

import (
	"cmp"
	"net"
	"net/mail"
	"strconv"
	"strings"

	"github.com/prometheus/alertmanager/config"

	"github.com/rulekit/rulekit/adaptor/receivers/yamledit"
)

// MailServer is how Alertmanager sends email. Empty fields are left as they are.
type MailServer struct {
	From, Smarthost string
	// Username and Identity are for the server, and PasswordFile is the absolute path of the file
	// that holds the password.
	Username, PasswordFile, Identity string
	// RequireTLS tells whether email is only sent over TLS.
	RequireTLS *bool
}

// MailSettings are those of a configuration, as they may be shown: a name and a value each.
func MailSettings(file File) ([][2]string, error) {
	read, err := loadAlertmanager(file)
	if err != nil {
		return nil, err
	}
	g := read.Global
	password := ""
	switch {
	case g.SMTPAuthPasswordFile != "":
		password = "in " + g.SMTPAuthPasswordFile
	case g.SMTPAuthPassword != "":
		password = "in the configuration, where all who read it see it: --auth-password-file takes it out"
	}
	return [][2]string{
		{"from", g.SMTPFrom}, {"smarthost", g.SMTPSmarthost.String()}, {"auth username", g.SMTPAuthUsername},
		{"auth password", password}, {"auth identity", g.SMTPAuthIdentity}, {"require TLS", strconv.FormatBool(g.SMTPRequireTLS)},
	}, nil
}

// SetMailServer sets how Alertmanager sends email.
func SetMailServer(files Files, server MailServer) (*Result, error) {
	e, err := begin(files)
	if err != nil {
		return nil, err
	}
	if err := server.check(e.config.Global); err != nil {
		return nil, err
	}
	wanted := settings{}
	for _, text := range []struct{ key, value string }{
		{"smtp_from", server.From}, {"smtp_smarthost", server.Smarthost}, {"smtp_auth_username", server.Username},
		{"smtp_auth_password_file", server.PasswordFile}, {"smtp_auth_identity", server.Identity},
	} {
		if text.value != "" {
			wanted.set = append(wanted.set, yamledit.Entry{Key: text.key, Value: yamledit.String(text.value)})
		}
	}
	if server.PasswordFile != "" {
		wanted.unset = append(wanted.unset, "smtp_auth_password")
	}
	if server.RequireTLS != nil && *server.RequireTLS != e.config.Global.SMTPRequireTLS {
		wanted.set = append(wanted.set, yamledit.Entry{Key: "smtp_require_tls", Value: yamledit.Bool(*server.RequireTLS)})
	}
	if err := e.setGlobal(wanted); err != nil {
		return nil, err
	}
	return e.end()
}

// setGlobal sets keys of the part of Alertmanager's configuration that is for all receivers.
func (e *editing) setGlobal(wanted settings) error {
	if global := e.am.Node("global"); global == nil && len(wanted.set) > 0 {
		for _, entry := range wanted.set {
			e.changed(e.am, func() int { return e.am.Line("global", entry.Key) }, "%s: %s", entry.Key, entry.Value.Value)
		}
		return e.am.Prepend(yamledit.Mapping(wanted.set...), "global")
	}
	for _, entry := range wanted.set {
		n := e.am.Node("global", entry.Key)
		switch {
		case n == nil:
			e.changed(e.am, func() int { return e.am.Line("global", entry.Key) }, "%s: %s", entry.Key, entry.Value.Value)
		case n.Value != entry.Value.Value:
			e.changed(e.am, func() int { return e.am.Line("global", entry.Key) }, "%s: %s (was: %s)", entry.Key, entry.Value.Value, n.Value)
		}
	}
	for _, key := range wanted.unset {
		if line := e.am.Line("global", key); line > 0 {
			e.removed(e.am, line, "%s", key)
		}
	}
	return wanted.apply(e.am, "global")
}

func (s MailServer) check(now *config.GlobalConfig) error {
	if s.From != "" {
		if _, err := mail.ParseAddress(s.From); err != nil {
			return failure("", "--from %q is not an address of email", s.From)
		}
	}
	if s.Smarthost != "" {
		host, port, err := net.SplitHostPort(s.Smarthost)
		if err != nil || host == "" || port == "" || strings.ContainsAny(host, " /") {
			return failure("", "--smarthost %q: want HOST:PORT, such as smtp.example.com:587", s.Smarthost)
		}
	}
	if cmp.Or(s.Username, now.SMTPAuthUsername) == "" && s.PasswordFile != "" {
		return failure("add --auth-username NAME", "a password without a name is of no use")
	}
	return nil
}

// checkMailServer checks that email can be sent, before somebody relies on it.
func (e *editing) checkMailServer() error {
	var missing, flags []string
	for _, setting := range []struct{ key, value, flag string }{
		{"smtp_smarthost", e.config.Global.SMTPSmarthost.String(), "--smarthost smtp.example.com:587"},
		{"smtp_from", e.config.Global.SMTPFrom, "--from alerts@example.com"},
	} {
		if setting.value == "" {
			missing = append(missing, setting.key)
			flags = append(flags, setting.flag)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if e.config.Global.SMTPAuthUsername == "" {
		flags = append(flags, "--auth-username NAME --auth-password-file FILE")
	}
	verb := "is"
	if len(missing) > 1 {
		verb = "are"
	}
	return failure("first: rulekit receiver smtp --alertmanager-config "+e.am.Path()+" "+strings.Join(flags, " "),
		"%s: email cannot be sent: %s %s not set", e.am.Path(), strings.Join(missing, " and "), verb)
}
