package lint

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/rulekit/rulekit/rules"
)

// TestPolicyOptions proves that options that cannot be meant are refused, and say which.
func TestPolicyOptions(t *testing.T) {
	minute, hour := model.Duration(time.Minute), model.Duration(time.Hour)
	broken := map[string]string{"team": "("}
	for _, test := range []struct {
		options interface{ Validate() error }
		want    string
	}{
		{requiredLabels{}, ""},
		{requiredLabels{Labels: map[string]string{"team": "a|b", "shop": ""}}, ""},
		{requiredLabels{Labels: broken}, "team"},
		{requiredAnnotations{Annotations: broken}, "team"},
		{forbiddenLabels{Labels: map[string]string{"a|b": ""}}, ""},
		{forbiddenLabels{Labels: broken}, "team"},
		{forbiddenLabels{Annotations: map[string]string{"(": ""}}, "("},
		{allowedSeverities{Label: "severity"}, "at least one"},
		{forBounds{Min: hour, Max: minute}, "min 1h is more than max 1m"},
		{forBounds{Min: hour}, ""},
		{namePatterns{Group: "["}, "group"},
		{selectorPolicy{Metrics: "["}, "metrics"},
		{selectorPolicy{Required: broken}, "team"},
		{selectorPolicy{Forbidden: broken}, "team"},
		{rangeBounds{Min: hour, Max: minute}, "min 1h"},
		{groupLimits{MaxRules: -1}, "max_rules"},
		{groupLimits{MinInterval: hour, MaxInterval: minute}, "min 1h"},
		{aggregateLabels{Names: "("}, "names"},
		{forbiddenFunctions{Functions: []string{"rate", "topk"}}, ""},
		{forbiddenFunctions{Functions: []string{"irat"}}, `"irat"`},
		{brokenLink{}, "timeout"},
		{brokenLink{Timeout: minute, Hosts: "("}, "hosts"},
	} {
		err := test.options.Validate()
		if (err != nil) != (test.want != "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: got %v, want %q", test.options, err, test.want)
		}
	}
}

// TestPatternMatchesAll proves that patterns match whole values, of several lines too.
func TestPatternMatchesAll(t *testing.T) {
	for _, test := range []struct {
		pattern, value string
		want           bool
	}{
		{"a|b", "a", true}, {"a|b", "ab", false}, {"a|b", "bc", false}, {"", "", false}, {"", "x\ny", true}, {"a.*", "a\nb", true},
	} {
		compiled, err := anchored(test.pattern)
		if err != nil || compiled.MatchString(test.value) != test.want {
			t.Errorf("%q on %q: want %t, %v", test.pattern, test.value, test.want, err)
		}
	}
}

// TestBrokenLink asks a server that answers in the ways that servers do.
func TestBrokenLink(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/get-only":
			if r.Method == http.MethodHead {
				w.WriteHeader(http.StatusNotFound)
			}
		case "/no-head":
			if r.Method == http.MethodHead {
				w.WriteHeader(http.StatusMethodNotAllowed)
			}
		case "/login":
			w.WriteHeader(http.StatusUnauthorized)
		case "/gone":
			w.WriteHeader(http.StatusGone)
		case "/failing":
			w.WriteHeader(http.StatusBadGateway)
		case "/moved":
			http.Redirect(w, r, "/there", http.StatusMovedPermanently)
		case "/there":
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	found := func(text, hosts string) string {
		source := fmt.Sprintf("groups:\n- name: a\n  rules:\n  - alert: A\n    expr: up == 0\n    annotations: {text: %q}\n", text)
		check, err := Lookup("broken-link")
		if err != nil {
			t.Fatal(err)
		}
		options := brokenLink{Timeout: model.Duration(10 * time.Second), Hosts: hosts}
		result, err := Run(context.Background(), []*rules.File{rules.Parse("a.yaml", []byte(source), rules.Options{})}, Options{
			Checks: []*Check{check}, Settings: map[string]Setting{"broken-link": {Options: options}},
		})
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, d := range result.Diagnostics {
			all = append(all, d.Message)
		}
		return strings.Join(all, "; ")
	}
	for path, want := range map[string]string{
		"/there": "", "/get-only": "", "/no-head": "", "/login": "", "/moved": "", "/gone": "410 Gone", "/failing": "502 Bad Gateway", "/missing": "404 Not Found",
	} {
		got := found(fmt.Sprintf("see [the page](%s%s).", server.URL, path), "")
		if got != "" && want == "" || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	if got := found(server.URL+"/missing", `wiki\.example\.com`); got != "" {
		t.Errorf("other hosts: %s", got)
	}
	if got := found(server.URL+"/missing", regexpQuoted(server.URL)); !strings.Contains(got, "404") {
		t.Errorf("that host: %q", got)
	}
}

func regexpQuoted(url string) string { return strings.ReplaceAll(hostOf(url), ".", `\.`) }
