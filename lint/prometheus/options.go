// Package prometheus asks a running Prometheus what lint wants to know of metrics.
package prometheus

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/common/config"
)

// Options say where the server is and how to get in. What is secret is read from files only.
type Options struct {
	// URL is where the server is, such as http://localhost:9090, with the path it is served
	// below, and without user and password.
	URL string
	// HTTPFile is a file with the settings of the HTTP client, written as Prometheus's
	// http_config. With it, none of the settings below up to Insecure may be given.
	HTTPFile string
	// BearerTokenFile holds a token to send.
	BearerTokenFile string
	// Username and PasswordFile are for basic authentication.
	Username, PasswordFile string
	// CAFile holds the certificates to trust instead of the system's, CertFile and KeyFile those
	// to show. ServerName is the name to expect in the server's certificate. Insecure takes any.
	CAFile, CertFile, KeyFile, ServerName string
	Insecure                              bool
	// Timeout is how long to wait for one answer: 30 seconds if it is 0.
	Timeout time.Duration
	// Window is how far back series are looked for: one day if it is 0.
	Window time.Duration
}

func (o Options) timeout() time.Duration { return cmp.Or(o.Timeout, 30*time.Second) }
func (o Options) window() time.Duration  { return cmp.Or(o.Window, 24*time.Hour) }

// address checks the URL. Its errors do not hold a password that is in it.
func (o Options) address() (*url.URL, error) {
	u, err := url.Parse(o.URL)
	switch {
	case err != nil:
		return nil, errors.New("the address of Prometheus is not a URL: want one like http://localhost:9090")
	case u.User != nil:
		return nil, fmt.Errorf("%s: the address of Prometheus holds a user or password: give them by a user name and a password file", withoutUser(u))
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		// It is not repeated: without a scheme, a password in it cannot be told from the host.
		return nil, errors.New("the address of Prometheus must start with http:// or https:// and name a host, such as http://localhost:9090")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%s: the address of Prometheus must end before the ? or #", withoutQuery(u))
	}
	return u, nil
}

func withoutUser(u *url.URL) string {
	plain := *u
	plain.User = nil
	return withoutQuery(&plain)
}

func withoutQuery(u *url.URL) string {
	plain := *u
	plain.RawQuery, plain.Fragment = "", ""
	return plain.Redacted()
}

// httpClient makes the client that the options ask for.
func (o Options) httpClient() (*http.Client, error) {
	settings, err := o.httpSettings()
	if err != nil {
		return nil, err
	}
	client, err := config.NewClientFromConfig(*settings, "rulekit", config.WithUserAgent("rulekit"))
	if err != nil {
		return nil, fmt.Errorf("prepare the HTTP client: %w", err)
	}
	return client, nil
}

func (o Options) httpSettings() (*config.HTTPClientConfig, error) {
	own := Options{
		BearerTokenFile: o.BearerTokenFile, Username: o.Username, PasswordFile: o.PasswordFile,
		CAFile: o.CAFile, CertFile: o.CertFile, KeyFile: o.KeyFile, ServerName: o.ServerName, Insecure: o.Insecure,
	}
	if o.HTTPFile != "" {
		if own != (Options{}) {
			return nil, fmt.Errorf("%s: tokens, passwords and TLS are given both in this file and beside it: choose one", o.HTTPFile)
		}
		return readSettings(o.HTTPFile)
	}
	// A redirect could carry a token to another host.
	settings := &config.HTTPClientConfig{EnableHTTP2: true, TLSConfig: config.TLSConfig{
		CAFile: o.CAFile, CertFile: o.CertFile, KeyFile: o.KeyFile, ServerName: o.ServerName, InsecureSkipVerify: o.Insecure,
	}}
	if o.BearerTokenFile != "" {
		settings.Authorization = &config.Authorization{CredentialsFile: o.BearerTokenFile}
	}
	if o.Username != "" || o.PasswordFile != "" {
		settings.BasicAuth = &config.BasicAuth{Username: o.Username, PasswordFile: o.PasswordFile}
	}
	if err := errors.Join(settings.Validate(), settings.TLSConfig.Validate()); err != nil {
		return nil, err
	}
	return settings, nil
}

// maxSettings is the largest file of settings that is read, in bytes.
const maxSettings = 1 << 20

// quoted is what an error of the YAML reader repeats of the file, which may be a secret.
var quoted = regexp.MustCompile("(?s)`[^`]*`")

func readSettings(path string) (*config.HTTPClientConfig, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the HTTP settings: %w", err)
	case !info.Mode().IsRegular() || info.Size() > maxSettings:
		return nil, fmt.Errorf("%s: not a regular file of at most %d KiB", path, maxSettings>>10)
	}
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the HTTP settings: %w", err)
	}
	settings, err := config.LoadHTTPConfig(string(source))
	if err != nil {
		message := strings.Join(strings.Fields(quoted.ReplaceAllString(err.Error(), "a value")), " ")
		return nil, fmt.Errorf("%s: not the settings of an HTTP client as Prometheus has them: %s", path, message)
	}
	settings.SetDirectory(filepath.Dir(path))
	return settings, nil
}
