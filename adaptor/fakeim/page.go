package fakeim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// policy lets the page load and run nothing but its own files, and be shown in no other page.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// guard keeps other pages of the browser away from what is for people: they can neither send
// requests in its name, nor read an answer by giving a name of their own to this machine.
func guard(next http.Handler) http.Handler {
	checked := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-store")
		if !ownName(r) {
			say(w, http.StatusMisdirectedRequest, "open this page by the address that it listens on, such as http://127.0.0.1")
			return
		}
		checked.ServeHTTP(w, r)
	})
}

// ownName tells whether a request that came by way of the loopback interface was made to this
// machine under a name that nobody else can give it.
func ownName(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok || !local.IP.IsLoopback() {
		return true
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text)
}

func serveAsset(name, kind string) http.HandlerFunc {
	content, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic(err)
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind+"; charset=utf-8")
		_, _ = w.Write(content)
	}
}

// serveStyle serves the page's style, with that of each messenger behind it.
func serveStyle(w http.ResponseWriter, r *http.Request) {
	serveAsset("page.css", "text/css")(w, r)
	for _, name := range Channels() {
		_, _ = fmt.Fprint(w, protocols[name].style)
	}
}

// tab shows the messages of one messenger, or of all.
type tab struct {
	Channel, Title, Link string
	Count                int
	Current              bool
}

func (s *Server) servePage(w http.ResponseWriter, r *http.Request) {
	channel := r.URL.Query().Get("channel")
	if channel != "" && protocols[channel] == nil {
		say(w, http.StatusNotFound, fmt.Sprintf("there is no messenger %q, only %s", cut(channel, 50), strings.Join(Channels(), ", ")))
		return
	}
	now := s.since(0, channel)
	var config bytes.Buffer
	fmt.Fprintln(&config, "receivers:")
	for _, receiver := range s.Receivers("http://" + r.Host) {
		fmt.Fprintln(&config, receiver.YAML())
	}
	total := 0
	for _, n := range now.counts {
		total += n
	}
	tabs := []tab{{Title: "All", Link: "/", Count: total, Current: channel == ""}}
	for _, name := range Channels() {
		tabs = append(tabs, tab{Channel: name, Title: protocols[name].title, Link: "/?channel=" + name, Count: now.counts[name], Current: name == channel})
	}
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, "page", map[string]any{
		"Channel": channel, "Tabs": tabs, "Entries": now.entries, "Last": now.last, "Keep": s.options.Keep,
		"Config": config.String(), "Channels": Channels(), "Troubles": TroubleKinds,
	}); err != nil {
		say(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = page.WriteTo(w)
}

// serveEvents sends the messages that come, as server-sent events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html).
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request) {
	channel := r.URL.Query().Get("channel")
	after, err := strconv.ParseUint(r.URL.Query().Get("after"), 10, 64)
	if err != nil {
		after = 0
	}
	if id, err := strconv.ParseUint(r.Header.Get("Last-Event-ID"), 10, 64); err == nil {
		after = id
	}
	w.Header().Set("Content-Type", "text/event-stream")
	control := http.NewResponseController(w)
	// A page that has seen more than there is comes from before a restart.
	now := s.since(after, channel)
	cleared, reset := now.cleared, after > now.last
	for {
		var b bytes.Buffer
		for _, e := range now.entries {
			fmt.Fprintf(&b, "id: %d\n%s\n", e.ID, dataLines(string(e.HTML)))
		}
		if reset || now.cleared != cleared {
			fmt.Fprint(&b, "event: reset\ndata: \n\n")
		}
		after, cleared, reset = now.last, now.cleared, false
		counts, _ := json.Marshal(withTotal(now.counts))
		fmt.Fprintf(&b, "event: counts\ndata: %s\n\n", counts)
		if control.SetWriteDeadline(time.Now().Add(30*time.Second)) != nil {
			return
		}
		if _, err := b.WriteTo(w); err != nil || control.Flush() != nil {
			return
		}
		// Something is sent every now and then, to learn whether anybody still listens.
		timer := time.NewTimer(20 * time.Second)
		select {
		case <-now.changed:
		case <-timer.C:
		case <-now.ends:
			timer.Stop()
			return
		case <-r.Context().Done():
			timer.Stop()
			return
		}
		timer.Stop()
		now = s.since(after, channel)
	}
}

// dataLines writes a text as the data of an event.
func dataLines(text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r", "\n"), "\n") {
		fmt.Fprintf(&b, "data: %s\n", line)
	}
	return b.String()
}

// withTotal adds the number of all messages, by the empty name.
func withTotal(counts map[string]int) map[string]int {
	total := 0
	for _, n := range counts {
		total += n
	}
	counts[""] = total
	return counts
}

// message is a request in JSON.
type message struct {
	ID       uint64    `json:"id"`
	At       time.Time `json:"at"`
	Channel  string    `json:"channel"`
	URL      string    `json:"url"`
	Body     string    `json:"body"`
	Text     string    `json:"text"`
	Status   int       `json:"status"`
	Answer   string    `json:"answer"`
	Accepted bool      `json:"accepted"`
	Injected bool      `json:"injected,omitempty"`
	Note     string    `json:"note,omitempty"`
}

// messages are requests in JSON.
type messages struct {
	Version  int       `json:"version"`
	Messages []message `json:"messages"`
}

func (s *Server) serveMessages(w http.ResponseWriter, r *http.Request) {
	all := []message{}
	for _, e := range s.since(0, r.URL.Query().Get("channel")).entries {
		all = append(all, message{e.ID, e.At, e.Channel, e.URL, e.Body, e.Text, e.Status, e.Answer, e.OK, e.Injected, e.Note})
	}
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(messages{1, all})
}

func (s *Server) serveFault(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		say(w, http.StatusBadRequest, err.Error())
		return
	}
	values := url.Values{}
	for name, given := range r.Form {
		// An empty field of a form is one that was not filled in.
		if given = slices.DeleteFunc(given, func(value string) bool { return value == "" }); len(given) > 0 {
			values[name] = given
		}
	}
	trouble, err := troubleOf(values)
	if err == nil {
		err = s.Make(trouble)
	}
	if err != nil {
		say(w, http.StatusBadRequest, err.Error())
		return
	}
	say(w, http.StatusOK, trouble.String())
}
