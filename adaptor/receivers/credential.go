package receivers

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
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
