package simulate

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/prometheus/alertmanager/config"
	commoncfg "github.com/prometheus/common/config"
)

// simulated stands for secrets that the simulation does not need to know.
const simulated = "simulated"

// offline prepares a configuration for a simulation: mail goes to a mailbox of its own; nothing
// asks a proxy, an authority or a cloud for leave; and no file with a secret is read. Its zero
// value is ready; what it opens lasts until close.
type offline struct {
	// mails is nil until a receiver sends mail.
	mails *mailbox
	// dir is a folder for files that stand for those with secrets; it is empty until one does.
	dir string
}

// prepare changes c, which nobody else may use.
func (o *offline) prepare(c *config.Config) error {
	for i := range c.Receivers {
		receiver := &c.Receivers[i]
		for _, step := range []func(*config.Receiver) error{o.mail, o.cloud, o.integrations} {
			if err := step(receiver); err != nil {
				return fmt.Errorf("receiver %q: %w", receiver.Name, err)
			}
		}
	}
	return nil
}

// close ends the mailbox and removes the folder.
func (o *offline) close() {
	if o.mails != nil {
		o.mails.close()
	}
	if o.dir != "" {
		os.RemoveAll(o.dir)
	}
}

func (o *offline) mail(r *config.Receiver) (err error) {
	if len(r.EmailConfigs) > 0 && o.mails == nil {
		if o.mails, err = openMailbox(); err != nil {
			return err
		}
	}
	off := false
	for _, c := range r.EmailConfigs {
		c.Smarthost.Host, c.Smarthost.Port = o.mails.address()
		c.RequireTLS, c.ForceImplicitTLS = &off, &off
		c.AuthUsername, c.AuthIdentity = "", ""
		c.AuthPassword, c.AuthSecret = "", ""
		c.AuthPasswordFile, c.AuthSecretFile = "", ""
	}
	return nil
}

// cloud gives the AWS client all it needs to sign a message: otherwise it would look for an
// identity in the user's files and ask the network around for one.
func (o *offline) cloud(r *config.Receiver) error {
	for _, c := range r.SNSConfigs {
		if os.Getenv("AWS_CA_BUNDLE") != "" {
			return errors.New("sns: AWS_CA_BUNDLE makes its client reach for the real network; unset it for a simulation")
		}
		c.UseAWSHTTPClient = false
		c.Sigv4.AccessKey, c.Sigv4.SecretKey = simulated, simulated
		c.Sigv4.Profile, c.Sigv4.RoleARN, c.Sigv4.ExternalID = "", "", ""
		if c.Sigv4.Region == "" {
			c.Sigv4.Region = "us-east-1"
		}
	}
	return nil
}

// integrations goes through all that a receiver has, whatever its type: each is a pointer to a
// struct in a list named after it, such as SlackConfigs.
func (o *offline) integrations(r *config.Receiver) error {
	fields := reflect.ValueOf(r).Elem()
	for i := range fields.NumField() {
		name, isList := strings.CutSuffix(fields.Type().Field(i).Name, "Configs")
		if !isList {
			continue
		}
		list := fields.Field(i)
		for j := range list.Len() {
			c := list.Index(j).Elem()
			if err := o.client(c); err != nil {
				return err
			}
			if err := o.files(strings.ToLower(name), c); err != nil {
				return err
			}
		}
	}
	return nil
}

// client makes an integration's HTTP client go straight to its host.
func (o *offline) client(c reflect.Value) error {
	field := c.FieldByName("HTTPConfig")
	if !field.IsValid() {
		return nil
	}
	given, ok := field.Interface().(*commoncfg.HTTPClientConfig)
	if !ok {
		return fmt.Errorf("%s: its HTTP client is not as expected", c.Type())
	}
	direct := &commoncfg.HTTPClientConfig{FollowRedirects: true}
	if given != nil {
		direct.FollowRedirects = given.FollowRedirects
		direct.Authorization = inlineAuthorization(given.Authorization)
		direct.BasicAuth = inlineBasicAuth(given.BasicAuth)
	}
	field.Set(reflect.ValueOf(direct))
	return nil
}

func inlineAuthorization(a *commoncfg.Authorization) *commoncfg.Authorization {
	if a == nil {
		return nil
	}
	inline := &commoncfg.Authorization{Type: a.Type, Credentials: a.Credentials}
	if inline.Credentials == "" {
		inline.Credentials = simulated
	}
	return inline
}

func inlineBasicAuth(b *commoncfg.BasicAuth) *commoncfg.BasicAuth {
	if b == nil {
		return nil
	}
	inline := &commoncfg.BasicAuth{Username: b.Username, Password: b.Password}
	if inline.Username == "" {
		inline.Username = simulated
	}
	if inline.Password == "" {
		inline.Password = simulated
	}
	return inline
}

// files puts a stand-in for each file an integration would read at every message. Only files
// with URLs are looked into, for the host in them; a simulation often runs where the files of
// the production system are not.
func (o *offline) files(integration string, c reflect.Value) error {
	for i := range c.NumField() {
		name, field := c.Type().Field(i).Name, c.Field(i)
		if !strings.HasSuffix(name, "File") || field.Kind() != reflect.String || field.String() == "" {
			continue
		}
		content := simulated
		switch {
		case name == "ChatIDFile":
			content = "1"
		case strings.HasSuffix(name, "URLFile"):
			if found, err := os.ReadFile(field.String()); err == nil {
				content = strings.TrimSpace(string(found))
				break
			}
			content = fileURL(integration)
		}
		path, err := o.file(content)
		if err != nil {
			return fmt.Errorf("%s: stand-in for a file: %w", integration, err)
		}
		field.SetString(path)
	}
	return nil
}

// file makes a file with that content.
func (o *offline) file(content string) (path string, err error) {
	if o.dir == "" {
		if o.dir, err = os.MkdirTemp("", "rulekit-simulation-"); err != nil {
			return "", err
		}
	}
	f, err := os.CreateTemp(o.dir, "")
	if err != nil {
		return "", err
	}
	defer f.Close()
	_, err = f.WriteString(content)
	return f.Name(), err
}

// fileURL stands for a URL in a file that is not on this machine.
func fileURL(integration string) string {
	if integration == "slack" {
		return "https://hooks.slack.com/services/T00000000/B00000000/" + simulated
	}
	return "https://" + integration + ".invalid/" + simulated
}
