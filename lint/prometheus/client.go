package prometheus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// MaxAnswer is the largest answer that is read, in bytes.
const MaxAnswer = 64 << 20

// client asks a server. Each question is asked once: a server that does not answer now is not
// asked again.
type client struct {
	http    *http.Client
	address *url.URL
	timeout time.Duration
}

// statusError is an answer that says no.
type statusError struct {
	code    int
	message string
}

func (e *statusError) Error() string { return e.message }

var errTooLarge = fmt.Errorf("the answer is larger than %d MiB", MaxAnswer>>20)

// get asks for a path of the API and decodes the data of the answer. The error names what was
// asked, but no parameters.
func (c *client) get(ctx context.Context, path string, query url.Values, data any) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	at := c.address.JoinPath("api/v1", path)
	at.RawQuery = query.Encode()
	err := c.ask(ctx, at, data)
	if err == nil {
		return nil
	}
	if within := (*url.Error)(nil); errors.As(err, &within) {
		err = within.Err
	}
	switch {
	case errors.Is(err, context.Canceled):
		err = context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("no answer within %s", c.timeout)
	}
	return fmt.Errorf("ask %s: %w", withoutQuery(at), err)
}

func (c *client) ask(ctx context.Context, at *url.URL, data any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer := struct {
		Status string          `json:"status"`
		Error  string          `json:"error"`
		Data   json.RawMessage `json:"data"`
	}{}
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if kind == "application/json" {
		err = json.NewDecoder(&limited{response.Body, MaxAnswer}).Decode(&answer)
	}
	switch {
	case response.StatusCode != http.StatusOK:
		return refusal(response, answer.Error)
	case kind != "application/json":
		return fmt.Errorf("the answer is not JSON but %s: is this the address of a Prometheus?", oneLine(kind))
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errTooLarge):
		return err
	case err != nil:
		return fmt.Errorf("the answer is broken: %s", oneLine(err.Error()))
	case answer.Status != "success":
		return fmt.Errorf("the answer is not one of Prometheus: its status is %q", oneLine(answer.Status))
	}
	if err := json.Unmarshal(answer.Data, data); err != nil {
		return fmt.Errorf("the answer is not one of Prometheus: %s", oneLine(err.Error()))
	}
	return nil
}

// refusal is the error of an answer that is not 200.
func refusal(response *http.Response, reason string) error {
	e := &statusError{code: response.StatusCode}
	e.message = fmt.Sprintf("the answer is %d %s", e.code, http.StatusText(e.code))
	location, err := response.Location()
	switch {
	case err == nil:
		e.message += fmt.Sprintf(" to %s: give the address that it leads to", oneLine(withoutUser(location)))
	case reason != "":
		e.message += ": " + oneLine(reason)
	case e.code == http.StatusUnauthorized || e.code == http.StatusForbidden:
		e.message += ": a token or a password is missing, or not the right one"
	default:
		e.message += ": is this the address of a Prometheus?"
	}
	return e
}

// oneLine cuts what a server says to a short line.
func oneLine(text string) string {
	const longest = 200
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " ")
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest]) + "…"
	}
	return text
}

// limited reads no more than a number of bytes. Unlike io.LimitReader it says so.
type limited struct {
	from io.Reader
	left int64
}

func (l *limited) Read(into []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTooLarge
	}
	n, err := l.from.Read(into[:min(int64(len(into)), l.left)])
	l.left -= int64(n)
	return n, err
}
