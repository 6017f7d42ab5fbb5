package fakeim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

func init() {
	register(&protocol{
		name:      "webhook",
		title:     "Webhook",
		hosts:     []string{"webhook.example"},
		paths:     []string{webhookPath},
		examples:  []example{{name: "webhook", path: webhookPath + "demo"}},
		token:     func(u *url.URL) string { return strings.TrimPrefix(u.Path, webhookPath) },
		answer:    answerWebhook,
		throttled: later(textAnswer(http.StatusTooManyRequests, "too many requests\n"), 0),
		refusals: []refusal{
			{"500", textAnswer(http.StatusInternalServerError, "internal error\n")},
			{"400", textAnswer(http.StatusBadRequest, "bad request\n")},
			{"401", textAnswer(http.StatusUnauthorized, "unauthorized\n")},
			{"413", textAnswer(http.StatusRequestEntityTooLarge, "too large\n")},
		},
		view:  viewWebhook,
		style: webhookStyle,
	})
}

// webhookPath is where the command serves webhooks; on a host of its own, any path will do.
const webhookPath = "/webhook/"

// answerWebhook takes any POST, as a receiver does that people have written themselves.
func answerWebhook(im *IM, r *http.Request, _ []byte) answer {
	if r.Method != http.MethodPost {
		return textAnswer(http.StatusMethodNotAllowed, "want POST\n")
	}
	if _, exists := im.bot(im.protocol.token(r.URL)); !exists {
		return notFound()
	}
	return accepted(textAnswer(http.StatusOK, "ok\n"))
}

// viewWebhook shows a body as it is, JSON with its parts on lines of their own.
func viewWebhook(body []byte) (*view, error) {
	if len(body) == 0 {
		return nil, errors.New("not a message: the body is empty")
	}
	if !utf8.Valid(body) {
		return nil, errors.New("not a message: the body is not UTF-8")
	}
	text := string(body)
	var indented bytes.Buffer
	if json.Valid(body) && depth(body) <= maxIndent {
		if err := json.Indent(&indented, body, "", "  "); err != nil {
			return nil, fmt.Errorf("not a message: %w", err)
		}
		text = indented.String()
	}
	b := block{Kind: textBlock}
	for part := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		b.Lines = append(b.Lines, line{Shape: codeLine, Spans: []span{{Text: part}}})
	}
	return &view{Blocks: []block{b}}, nil
}

// maxIndent is how deep JSON may be to be shown with its parts on lines of their own: the lines of
// deeper parts are mostly indentation.
const maxIndent = 32

// depth is how deep the parts of valid JSON are in each other.
func depth(source []byte) int {
	deep, deepest := 0, 0
	decoder := json.NewDecoder(bytes.NewReader(source))
	for {
		token, err := decoder.Token()
		if err != nil {
			return deepest
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			deep++
			deepest = max(deepest, deep)
		case json.Delim('}'), json.Delim(']'):
			deep--
		}
	}
}

const webhookStyle = `
.im-webhook .avatar { background: #6b7280; }
`
