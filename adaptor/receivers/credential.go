package receivers

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rulekit/rulekit/adaptor"
	"github.com/rulekit/rulekit/rules"
)

// Credential is a secret, and where the configuration is to find it.
type Credential struct {
	// File is the file that holds it, or Variable the environment variable.
	File, Variable string
	// Value is the secret itself, empty if it is not known on this machine.
	Value adaptor.Secret
}

func (c Credential) isSet() bool { return c.File != "" || c.Variable != "" }

// path is where the file is, from wherever it is looked for.
func (c Credential) path() string {
	if absolute, err := filepath.Abs(c.File); err == nil && c.File != "" {
		return absolute
	}
	return c.File
}

// place says where the secret is.
func (c Credential) place() string {
	if c.Variable != "" {
		return "$" + c.Variable
	}
	return c.File
}

// fromFile is the secret in a file, or empty if it is not on this machine.
func fromFile(path string) adaptor.Secret {
	if path == "" {
		return ""
	}
	secret, err := ReadSecret(path)
	if err != nil {
		return ""
	}
	return secret
}

// maxSecret is the largest file of a secret that is read, in bytes.
const maxSecret = 64 << 10

// ReadSecret reads the secret in a file, without the blanks around it. A file without one is an
// error.
func ReadSecret(path string) (adaptor.Secret, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, rules.WithoutPath(err))
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxSecret+1))
	secret := strings.TrimSpace(string(content))
	switch {
	case err != nil:
		return "", fmt.Errorf("%s: %w", path, rules.WithoutPath(err))
	case len(content) > maxSecret:
		return "", fmt.Errorf("%s: the file is larger than the %d KiB that are read: is it the right one?", path, maxSecret>>10)
	case secret == "":
		return "", fmt.Errorf("%s: the file is empty", path)
	case strings.ContainsAny(secret, "\r\n"):
		return "", fmt.Errorf("%s: the file has more than one line", path)
	}
	return adaptor.Secret(secret), nil
}

// secretsOf are an address and its parts that may be secret, as they are written and decoded.
func secretsOf(address adaptor.Secret) []string {
	all := []string{string(address)}
	u, err := url.Parse(string(address))
	if err != nil {
		return all
	}
	password, _ := u.User.Password()
	all = append(all, u.User.String(), password)
	for _, segment := range strings.Split(u.Path+"/"+u.EscapedPath(), "/") {
		if len(segment) >= shortestToken {
			all = append(all, segment)
		}
	}
	for _, pair := range strings.Split(u.RawQuery, "&") {
		_, value, _ := strings.Cut(pair, "=")
		all = append(all, value)
	}
	for _, values := range u.Query() {
		all = append(all, values...)
	}
	return all
}

// shortestToken is the fewest bytes of a path that are taken for a secret.
const shortestToken = 8

// hide replaces secrets in a text, also where they are written as in JSON or in an address. The
// longest go first, for one may be a part of another.
func hide(text string, secrets []string) string {
	var forms []string
	for _, secret := range secrets {
		quoted, _ := json.Marshal(secret) // a string always encodes
		inJSON := string(quoted[1 : len(quoted)-1])
		forms = append(forms, secret, inJSON, strings.ReplaceAll(inJSON, "/", `\/`), url.QueryEscape(secret), url.PathEscape(secret))
	}
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	for _, form := range slices.Compact(forms) {
		if len(form) >= 4 {
			text = strings.ReplaceAll(text, form, "<secret>")
		}
	}
	return text
}
