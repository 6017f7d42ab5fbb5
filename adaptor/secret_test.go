package adaptor

import (
	"strings"
	"testing"
)

// TestRedact: whatever form a secret is quoted in, it is not seen, and the rest of the text is.
func TestRedact(t *testing.T) {
	tests := []struct{ name, url, secret, text, want string }{
		{"nothing to say", "https://h/hook/token-of-a-bot", "", "", ""},
		{"password alone", "https://bob:hunter22@h/x", "", "wrong password hunter22 for h", "wrong password <secret> for h"},
		{"password decoded", "https://bob:hunt%40er22@h/x", "", "wrong password hunt@er22", "wrong password <secret>"},
		{"password as written", "https://bob:hunt%40er22@h/x", "", "wrong password hunt%40er22", "wrong password <secret>"},
		{"user alone", "https://token-of-a-bot@h/x", "", "no user token-of-a-bot", "no user <secret>"},
		{"authorization header", "https://bob:hunter22@h/x", "", "Authorization: Basic Ym9iOmh1bnRlcjIy", "Authorization: Basic <secret>"},
		{"query decoded", "https://h/x?key=ab%2fcd%7Eef", "", "bad key ab/cd~ef", "bad key <secret>"},
		{"query as written", "https://h/x?key=ab%2fcd%7Eef", "", "bad key ab%2fcd%7Eef", "bad key <secret>"},
		{"query encoded anew", "https://h/x?key=ab%2fcd%7Eef", "", "bad key ab%2Fcd~ef", "bad key <secret>"},
		{"path as written", "https://h/hook/token%2dof-a-bot", "", "no hook token%2dof-a-bot", "no hook <secret>"},
		{"JSON", "https://h/x", `ab<>cd"ef`, `{"msg":"bad key ab\u003c\u003ecd\"ef"}`, `{"msg":"bad key <secret>"}`},
		{"JSON without HTML escapes", "https://h/x", `ab<>cd"ef`, `{"msg":"bad key ab<>cd\"ef"}`, `{"msg":"bad key <secret>"}`},
		{"JSON with escaped slashes", "https://h/x", "ab/cd/ef", `{"msg":"bad key ab\/cd\/ef"}`, `{"msg":"bad key <secret>"}`},
		{"address in JSON", "https://h/x?a=some&b=more", "", `{"url":"https://h/x?a=some\u0026b=more"}`, `{"url":"<secret>"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Target{URL: Secret(test.url), Secret: Secret(test.secret)}.redact(test.text)
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// FuzzRedact: no address is too odd, and no form of a signing key is left in a text.
func FuzzRedact(f *testing.F) {
	f.Add("https://bob:hunter22@h/x?key=a%2Fb", "ab<>cd")
	f.Add(":// no address", "SEC\"\\/")
	f.Fuzz(func(t *testing.T, address, secret string) {
		const redacted = "[" + hidden + "]"
		target := Target{URL: Secret(address), Secret: Secret(secret)}
		for _, form := range quotedForms(secret) {
			if got := target.redact("[" + form + "]"); len(form) >= 4 && strings.Contains(got, form) && !strings.Contains(redacted, form) {
				t.Errorf("%q is in %q", form, got)
			}
		}
	})
}
