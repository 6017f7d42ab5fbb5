package simulate

import (
	"net/url"
	"regexp"
	"strings"
)

// redacted stands where a secret was.
const redacted = "***"

// secretQuery are the names of query parameters whose values are secrets.
var secretQuery = map[string]bool{
	"access_token": true, "key": true, "token": true, "secret": true, "corpsecret": true,
	"apikey": true, "api_key": true, "auth": true, "password": true, "sign": true, "signature": true,
	"sig": true, "user": true,
}

// secretPath matches the paths of webhooks whose last part lets anybody post: the part that is
// kept is in the first group.
var secretPath = []*regexp.Regexp{
	regexp.MustCompile(`^(/services/).+`),                       // Slack: https://api.slack.com/messaging/webhooks
	regexp.MustCompile(`^(/open-apis/bot/(?:v2/)?hook/).+`),     // Feishu and Lark custom bots
	regexp.MustCompile(`^(/api/(?:v\d+/)?webhooks/[^/]+/).+`),   // Discord
	regexp.MustCompile(`^(/hooks/).+`),                          // Mattermost, Rocket.Chat
	regexp.MustCompile(`^(/webhookb2/).+`),                      // Microsoft Teams
	regexp.MustCompile(`^(/(?:file/)?bot)[^/]+`),                // Telegram
	regexp.MustCompile(`^(/integrations/generic/\d+/alert/).+`), // VictorOps
}

// redactURL hides the parts of a URL that are secrets. A URL that does not parse is hidden.
func redactURL(raw string) string {
	if raw == "" || strings.HasPrefix(raw, "mailto:") {
		return raw
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return redacted
	}
	text := u.Scheme + "://"
	if u.User != nil {
		text += redacted + "@"
	}
	text += u.Host + redactPath(u.EscapedPath())
	if u.RawQuery != "" {
		text += "?" + redactQuery(u.RawQuery)
	}
	return text
}

// redactBeyondHost hides everything of a URL but where it leads.
func redactBeyondHost(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return redacted
	}
	if u.RequestURI() == "/" {
		return u.Scheme + "://" + u.Host + "/"
	}
	return u.Scheme + "://" + u.Host + "/" + redacted
}

func redactPath(path string) string {
	for _, pattern := range secretPath {
		if match := pattern.FindStringSubmatchIndex(path); match != nil {
			return path[:match[3]] + redacted + path[match[1]:]
		}
	}
	return path
}

func redactQuery(query string) string {
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		if name, _, found := strings.Cut(pair, "="); found && secretQuery[strings.ToLower(name)] {
			pairs[i] = name + "=" + redacted
		}
	}
	return strings.Join(pairs, "&")
}

var (
	urlInText    = regexp.MustCompile("https?://[^\\s\"'`<>]+")
	parsedInText = regexp.MustCompile(`parse "(?:[^"\\]|\\.)*"`)
)

// redact hides the secrets of the URLs in a text, and values that did not parse as URLs.
func redact(text string) string {
	text = parsedInText.ReplaceAllString(text, `parse "`+redacted+`"`)
	return urlInText.ReplaceAllStringFunc(text, redactURL)
}
