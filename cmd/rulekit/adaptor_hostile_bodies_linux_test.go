package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// hostileBodies: what can never be delivered is refused with 400 and a line that says why, and
// what can be made sense of is delivered.
func hostileBodies(t *testing.T, h *hostile) {
	one := `{"labels":{"alertname":"X"}}`
	refused := map[string]string{
		"nothing":           "",
		"truncated":         `{"alerts":[{"labels":{"alertname":"X"`,
		"number as status":  `{"status":5,"alerts":[` + one + `]}`,
		"number as alert":   `{"alerts":[5]}`,
		"no alerts":         `{}`,
		"empty alerts":      `{"alerts":[]}`,
		"null":              `null`,
		"a list":            `[` + one + `]`,
		"two values":        `{"alerts":[` + one + `]}{}`,
		"binary":            "\x00\x01\x02\xff",
		"deep lists":        strings.Repeat("[", 1<<20),
		"deep objects":      `{"alerts":[` + one + `],"x":` + strings.Repeat(`{"x":`, 1<<20),
		"count over 64 bit": `{"truncatedAlerts":18446744073709551616,"alerts":[` + one + `]}`,
		"infinite count":    `{"truncatedAlerts":1e999,"alerts":[` + one + `]}`,
		"time of no year":   `{"alerts":[{"labels":{},"startsAt":"99999-01-01T00:00:00Z"}]}`,
		"NaN":               `{"alerts":[` + one + `],"x":NaN}`,
	}
	for name, body := range refused {
		status, answer, _ := h.request(t, "/api/v1/notify/slack", strings.NewReader(body))
		if status != http.StatusBadRequest || answer == "" || strings.Contains(answer, "\n") || len(answer) > 500 {
			t.Errorf("%s: %d %q", name, status, clipped(answer))
		}
	}
	taken := map[string]string{
		"as it should be":      `{"alerts":[{"labels":{"alertname":"NAME"}}]}`,
		"keys twice":           `{"status":"firing","status":"resolved","alerts":[` + one + `],"alerts":[{"labels":{"alertname":"X","alertname":"NAME"}}]}`,
		"invalid UTF-8":        "{\"alerts\":[{\"labels\":{\"alertname\":\"NAME\",\"\xff\":\"\xc3\x28\xa0\"}}]}",
		"half a surrogate":     `{"alerts":[{"labels":{"alertname":"NAME","a":"\ud800","b":"\udc00\ud800"}}]}`,
		"NUL":                  `{"alerts":[{"labels":{"alertname":"NAME","a":"\u0000"}}]}`,
		"deep in what is new":  `{"alerts":[{"labels":{"alertname":"NAME"}}],"new":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`,
		"numbers in the new":   `{"alerts":[{"labels":{"alertname":"NAME"}}],"new":1e999999,"newer":` + strings.Repeat("9", 100_000) + `}`,
		"the most of all":      `{"truncatedAlerts":18446744073709551615,"alerts":[{"labels":{"alertname":"NAME"}}]}`,
		"a long group key":     `{"groupKey":"` + strings.Repeat("k", 1<<20) + `","alerts":[{"labels":{"alertname":"NAME"}}]}`,
		"a label of megabytes": `{"alerts":[{"labels":{"alertname":"NAME","a":"` + strings.Repeat("漢", 1<<20) + `"}}]}`,
		"many labels":          `{"alerts":[{"labels":{` + manyLabels(50_000) + `"alertname":"NAME"}}]}`,
		"white space":          strings.Repeat(" \n", 1<<20) + `{"alerts":[{"labels":{"alertname":"NAME"}}]}`,
		"the year 9999":        `{"alerts":[{"labels":{"alertname":"NAME"},"status":"resolved","startsAt":"0000-01-01T00:00:00Z","endsAt":"9999-12-31T23:59:59Z"}]}`,
		"a status of its own":  `{"status":"on fire","alerts":[{"labels":{"alertname":"NAME"},"status":"on fire"}]}`,
	}
	for what, body := range taken {
		_, name := h.alert()
		status, answer, _ := h.request(t, "/api/v1/notify/slack", strings.NewReader(strings.Replace(body, "NAME", name, 1)))
		if status != http.StatusOK {
			t.Errorf("%s: %d %s", what, status, answer)
		}
		h.expect(name)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(make([]byte, 100<<20))
	_ = w.Close()
	if status, answer, _ := h.request(t, "/api/v1/notify/slack", &packed, "Content-Encoding", "gzip"); status != http.StatusUnsupportedMediaType {
		t.Errorf("gzip: %d %s", status, answer)
	}
}

func manyLabels(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"label%d":"%d",`, i, i)
	}
	return b.String()
}

// hostileLargeBodies: what is over a bound is refused with 413, soon; what is just below it is
// taken, also many at once, of which some may have to be posted again.
func hostileLargeBodies(t *testing.T, h *hostile) {
	list := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `{"status":"firing","labels":{"alertname":"LoadTest","severity":"warning","pod":"pod-%05d"},"annotations":{"summary":"A summary of some length"}},`, i)
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	tooLarge := map[string]string{
		"50 MB":         `{"alerts":[{"labels":{"a":"` + strings.Repeat("x", 50<<20) + `"}}]}`,
		"48000 alerts":  `{"alerts":[` + list(48_000) + `]}`,
		"8 MB of {}":    `{"alerts":[{}` + strings.Repeat(",{}", 2<<20) + `]}`,
		"8 MB of spans": `{"alerts":[{}` + strings.Repeat(", {}", 2_000_000) + `]}`,
	}
	for name, body := range tooLarge {
		if status, answer, _ := h.request(t, "/api/v1/notify/slack", strings.NewReader(body)); status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %d %s", name, status, answer)
		}
	}
	bodies := []string{`{"labels":{"a":"` + strings.Repeat("x", 7<<20) + `"}}`, list(50) + strings.Repeat(" ", 7<<20), list(9_999)}
	var posts sync.WaitGroup
	for i := range 12 {
		posts.Go(func() {
			_, name := h.alert()
			kind := min(i, len(bodies)-1) // the first becomes many messages
			body := fmt.Sprintf(`{"groupKey":%q,"alerts":[{"labels":{"alertname":%[1]q}},%s]}`, name, bodies[len(bodies)-1-kind])
			for status := 0; status != http.StatusOK; {
				var answer string
				status, answer, _ = h.request(t, "/api/v1/notify/feishu", strings.NewReader(body))
				if status != http.StatusOK && status != http.StatusServiceUnavailable {
					t.Errorf("%s: %d %s", name, status, answer)
					return
				} else if status != http.StatusOK {
					<-time.After(200 * time.Millisecond) // Alertmanager takes its time, too
				}
			}
			h.expect(name)
		})
	}
	posts.Wait()
}

// hostileNames: whatever stands for a receiver is a name that nobody has, and nothing of it gets
// into the answer's headers or into a line of its own in the log.
func hostileNames(t *testing.T, h *hostile) {
	for _, name := range []string{
		"../../../../etc/passwd", "..", ".", "slack/", "slack/../slack", "sl\x00ack", "slack\r\nX-Injected: yes", "\r\ntime=now level=INFO msg=injected",
		"SLACK", " slack", "slack ", "%2e%2e", "slack;x", "slack?x", "${HOSTILE}", "{{.}}", strings.Repeat("a", 10_000), "\u202eslack", "漢字",
	} {
		body, _ := h.alert()
		status, answer, header := h.request(t, "/api/v1/notify/"+url.PathEscape(name), strings.NewReader(body))
		if status != http.StatusNotFound || len(answer) > 500 || strings.ContainsAny(answer, "\r\n\x00") || header.Get("X-Injected") != "" {
			t.Errorf("%q: %d %q %v", clipped(name), status, clipped(answer), header)
		}
	}
}

// hostileTokens: only the token opens, and it is asked for before the body is read.
func hostileTokens(t *testing.T, h *hostile) {
	for _, authorization := range []string{
		"", "Bearer", "Bearer ", "Bearer wrong", hostileToken, "Basic " + hostileToken, "Bearer " + hostileToken + "x",
		"Bearer " + hostileToken[:len(hostileToken)-1], "Bearer " + strings.ToUpper(hostileToken), "Bearer " + hostileToken + "\t" + hostileToken,
		"Bearer " + strings.Repeat("x", 10_000),
	} {
		body, _ := h.alert()
		status, answer, header := h.request(t, "/api/v1/notify/guarded", strings.NewReader(body), "Authorization", authorization)
		if status != http.StatusUnauthorized || header.Get("WWW-Authenticate") == "" || strings.Contains(answer, hostileToken) {
			t.Errorf("%q: %d %s", clipped(authorization), status, answer)
		}
	}
	body, name := h.alert()
	status, answer, _ := h.request(t, "/api/v1/notify/guarded", strings.NewReader(body), "Authorization", "Bearer "+hostileToken)
	if status != http.StatusOK {
		t.Errorf("with the token: %d %s", status, answer)
	}
	h.expect(name)
}
