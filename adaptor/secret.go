package adaptor

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Secret is text that must not be seen: it prints, logs and marshals as "<secret>". Convert
// it to string to use it.
type Secret string

const hidden = "<secret>"

// String hides the secret.
func (s Secret) String() string { return hidden }

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return hidden }

// LogValue hides the secret from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the secret from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// shortestToken is the fewest bytes of an address that are taken for a token: shorter parts,
// such as "v2" or "robot", are the messenger's own.
const shortestToken = 8

// redact removes everything secret about the target from a text that somebody else wrote: an
// answer or an error may quote the request.
func (t Target) redact(text string) string { return Redact(text, t.secrets()) }

// redact is Target.redact with the secrets that the receiver and its channel add.
func (r *Receiver) redact(text string) string { return Redact(text, r.Secrets()) }

// Secrets returns the texts about a receiver that must not be seen.
func (r *Receiver) Secrets() []string {
	secrets := append(r.Target.secrets(), string(r.Token))
	for _, p := range r.Channel.Params {
		if p.Secret {
			secrets = append(secrets, string(r.Target.Params[p.Name]))
			// Of a value such as "Bearer …", the second word is the secret.
			if words := strings.Fields(string(r.Target.Params[p.Name])); len(words) == 2 {
				secrets = append(secrets, words[1])
			}
		}
	}
	if u, err := url.Parse(string(r.Proxy)); err == nil {
		secrets = append(secrets, userSecrets(u.User)...)
	}
	return secrets
}

// Redact removes secrets from a text, in every form in which they may be quoted.
func Redact(text string, secrets []string) string {
	if text == "" {
		return ""
	}
	var forms []string
	for _, part := range secrets {
		forms = append(forms, quotedForms(part)...)
	}
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	for _, form := range slices.Compact(forms) {
		if len(form) >= 4 {
			text = strings.ReplaceAll(text, form, hidden)
		}
	}
	return text
}

// secrets returns the texts that must not be seen.
func (t Target) secrets() []string { return append(t.URL.Parts(), string(t.Secret)) }

// Parts returns an address and the parts of it that must not be seen, both as they are written in
// it and decoded.
func (s Secret) Parts() []string {
	parts := []string{string(s)}
	u, err := url.Parse(string(s))
	if err != nil {
		return parts
	}
	parts = append(parts, u.RequestURI())
	parts = append(parts, userSecrets(u.User)...)
	for _, segment := range strings.Split(u.Path+"/"+u.EscapedPath(), "/") {
		if len(segment) >= shortestToken {
			parts = append(parts, segment)
		}
	}
	for _, pair := range strings.Split(u.RawQuery, "&") {
		_, raw, _ := strings.Cut(pair, "=")
		parts = append(parts, raw)
	}
	for _, values := range u.Query() {
		parts = append(parts, values...)
	}
	return parts
}

// userSecrets returns the texts of a user and password that must not be seen.
func userSecrets(user *url.Userinfo) []string {
	if user == nil {
		return nil
	}
	password, _ := user.Password()
	parts := append(strings.Split(user.String(), ":"), user.String(), user.Username(), password)
	// The client sends them in this form (RFC 7617), and an answer may quote the header.
	return append(parts, base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
}

// quotedForms returns the forms in which a text may be quoted: as it is, in an address, and in
// JSON, whose writers differ in whether they escape <, > and &, and the slash.
func quotedForms(text string) []string {
	var plain, escaped bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a string always encodes
	quoted := plain.String()
	quoted = quoted[1 : len(quoted)-2] // without the quotes and the newline
	json.HTMLEscape(&escaped, []byte(quoted))
	forms := []string{text, url.QueryEscape(text), url.PathEscape(text), quoted, escaped.String()}
	for _, form := range forms[3:] {
		forms = append(forms, strings.ReplaceAll(form, "/", `\/`))
	}
	return forms
}

// secret reads a value that may be written in place, with environment variables, or in a file,
// which is under the same key with _file.
func (r *configReader) secret(entries map[string]*yaml.Node, about, key string) Secret {
	inline, inPlace := entries[key]
	file, inFile := entries[key+"_file"]
	switch {
	case inPlace && inFile:
		r.problem(file.Line, "%s and %s_file are both set: remove one", about+key, key)
	case r.WithoutSecrets && inFile:
		if r.text(file, about+key+"_file") == "" {
			return ""
		}
		return Unknown
	case r.WithoutSecrets && inPlace && strings.Contains(inline.Value, "${"):
		return Unknown
	case inPlace:
		return Secret(strings.TrimSpace(r.expand(inline, about+key)))
	case inFile:
		path := r.inFolder(r.expand(file, about+key+"_file"))
		if path == "" {
			return ""
		}
		r.files = append(r.files, path)
		content, err := readFile(path)
		if err != nil {
			r.problem(file.Line, "%s_file: %s", about+key, err)
		} else if len(bytes.TrimSpace(content)) == 0 {
			r.problem(file.Line, "%s_file: %s is empty", about+key, path)
		}
		return Secret(bytes.TrimSpace(content))
	}
	return ""
}

// expand reads a string and replaces ${NAME} by the environment variable of that name, and $${
// by ${.
func (r *configReader) expand(node *yaml.Node, what string) string {
	rest, b := r.text(node, what), strings.Builder{}
	for {
		before, after, found := strings.Cut(rest, "${")
		if !found {
			b.WriteString(rest)
			return b.String()
		}
		if literal, escaped := strings.CutSuffix(before, "$"); escaped {
			b.WriteString(literal + "${")
			rest = after
			continue
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed {
			r.problem(node.Line, "%s has ${ without }: write $${ for a literal ${", what)
			return ""
		}
		value := r.Getenv(name)
		if value == "" {
			r.problem(node.Line, "%s needs the environment variable %s, which is not set", what, name)
		}
		b.WriteString(before + value)
		rest = tail
	}
}
