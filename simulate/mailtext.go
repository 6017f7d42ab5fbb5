package simulate

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// mailDelivery makes a delivery of a mail as Alertmanager sent it. What differs from run to
// run without meaning anything (message id, boundary, order of the headers) is made equal.
func mailDelivery(raw string) Delivery {
	raw = strings.ToValidUTF8(raw, "\uFFFD")
	d := Delivery{Channel: "email", Body: raw, Text: raw}
	message, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		d.Error = fmt.Sprintf("not a mail: %s", err)
		return d
	}
	body, err := io.ReadAll(message.Body)
	if err != nil {
		d.Error = fmt.Sprintf("not a mail: %s", err)
		return d
	}
	d.URL = "mailto:" + decodeHeader(message.Header.Get("To"))
	d.Body = normalMail(raw, message, string(body))
	d.Text = mailText(message, body)
	return d
}

// generatedID is a Message-Id as Alertmanager makes them: time, random number, host name.
var generatedID = regexp.MustCompile(`^<\d+\.\d+@[^>]*>$`)

// normalMail is the mail with its headers sorted, its date in UTC, a fixed boundary and a fixed
// message id, unless the user's own configuration sets the id.
func normalMail(raw string, message *mail.Message, body string) string {
	head, _, _ := strings.Cut(strings.ReplaceAll(raw, "\r\n", "\n"), "\n\n")
	body = strings.ReplaceAll(body, "\r\n", "\n")
	if _, params, err := mime.ParseMediaType(message.Header.Get("Content-Type")); err == nil && params["boundary"] != "" {
		const boundary = "simulated-boundary"
		head = strings.ReplaceAll(head, params["boundary"], boundary)
		body = strings.ReplaceAll(body, params["boundary"], boundary)
	}
	if id := message.Header.Get("Message-Id"); generatedID.MatchString(id) {
		head = strings.ReplaceAll(head, id, "<simulated@alertmanager>")
	}
	if date, err := message.Header.Date(); err == nil {
		head = strings.ReplaceAll(head, message.Header.Get("Date"), date.UTC().Format(time.RFC1123Z))
	}
	// A line that begins with white space belongs to the one before it.
	var headers []string
	for _, line := range strings.Split(head, "\n") {
		if len(headers) > 0 && (strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")) {
			headers[len(headers)-1] += "\n" + line
			continue
		}
		headers = append(headers, line)
	}
	slices.Sort(headers)
	return strings.Join(headers, "\n") + "\n\n" + body
}

// mailText is the mail as a person sees it: subject, an empty line, and the plain text or,
// where there is none, the text of the HTML.
func mailText(message *mail.Message, body []byte) string {
	plain, markup := mailParts(message.Header.Get("Content-Type"), message.Header.Get("Content-Transfer-Encoding"), body)
	if strings.TrimSpace(plain) == "" {
		plain = htmlText(markup)
	}
	text := strings.TrimSpace(decodeHeader(message.Header.Get("Subject"))) + "\n\n" + strings.TrimSpace(plain) + "\n"
	return strings.ToValidUTF8(text, "\uFFFD")
}

// mailParts returns the plain and the HTML text of a mail.
func mailParts(contentType, encoding string, body []byte) (plain, markup string) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		text := decodeBody(encoding, body)
		if kind == "text/html" {
			return "", text
		}
		return text, ""
	}
	parts := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err != nil {
			return plain, markup
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return plain, markup
		}
		text := decodeBody(part.Header.Get("Content-Transfer-Encoding"), content)
		if kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); kind == "text/html" {
			markup += text
		} else {
			plain += text
		}
	}
}

func decodeBody(encoding string, body []byte) string {
	if strings.EqualFold(encoding, "quoted-printable") {
		if decoded, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(body))); err == nil {
			body = decoded
		}
	}
	return strings.ReplaceAll(string(body), "\r\n", "\n")
}

func decodeHeader(value string) string {
	if decoded, err := new(mime.WordDecoder).DecodeHeader(value); err == nil {
		return decoded
	}
	return value
}

// lineEnds are the elements of HTML after which a new line of text begins.
var lineEnds = map[string]bool{
	"br": true, "div": true, "h1": true, "h2": true, "h3": true, "h4": true, "hr": true,
	"li": true, "p": true, "table": true, "td": true, "th": true, "tr": true, "ul": true,
}

// htmlText is the text of an HTML document, without styles and scripts, and without the empty
// lines and indentation of its source.
func htmlText(document string) string {
	var lines []string
	var line strings.Builder
	endLine := func() {
		if text := strings.Join(strings.Fields(line.String()), " "); text != "" {
			lines = append(lines, text)
		}
		line.Reset()
	}
	hidden := ""
	tokens := html.NewTokenizer(strings.NewReader(document))
	for {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			endLine()
			return strings.Join(lines, "\n")
		}
		token := tokens.Token()
		switch {
		case hidden != "":
			if kind == html.EndTagToken && token.Data == hidden {
				hidden = ""
			}
		case kind == html.StartTagToken && (token.Data == "style" || token.Data == "script" || token.Data == "title"):
			hidden = token.Data
		case kind == html.TextToken:
			line.WriteString(token.Data)
		case lineEnds[token.Data]:
			endLine()
		}
	}
}
