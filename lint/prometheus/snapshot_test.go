package prometheus_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/lint/prometheus"
)

// answers are the data of a server's answers, by the path that is asked for and its match[].
type answers map[string]any

func (a answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := strings.TrimPrefix(r.URL.Path, "/api/v1/")
	if match := r.URL.Query().Get("match[]"); match != "" {
		key += " " + match
	}
	data, ok := a[key]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": data})
}

type declared map[string][]map[string]string

var depot = answers{
	"label/__name__/values": []string{"parcel_depot_parcels", "parcel_scan_seconds_bucket", "parcel_lost_total", "up", "depot:parcels:sum"},
	"metadata": declared{
		"parcel_depot_parcels": {{"type": "gauge", "help": "Parcels in the depot."}},
		"parcel_scan_seconds":  {{"type": "histogram", "help": "How long a scan takes.", "unit": "seconds"}},
		"parcel_lost":          {{"type": "counter"}, {"type": "gauge"}},
	},
	"status/config": map[string]string{"yaml": "global: {scrape_interval: 15s, evaluation_interval: 20s}\nscrape_configs:\n- job_name: depot\n"},
	`labels {__name__="parcel_depot_parcels"}`:            []string{"__name__", "depot", "instance", "size"},
	`labels {__name__="parcel_scan_seconds_bucket"}`:      []string{"__name__", "le"},
	`labels {__name__="parcel_lost_total"}`:               []string{"__name__"},
	`label/size/values {__name__="parcel_depot_parcels"}`: []string{"small", "large"},
}

func TestFetch(t *testing.T) {
	server := httptest.NewServer(depot)
	defer server.Close()
	snapshot, err := prometheus.Fetch(context.Background(), prometheus.Options{URL: server.URL + "/"}, map[string][]string{
		"parcel_depot_parcels": {"size", "sise"}, "parcel_scan_seconds_bucket": nil, "parcel_lost_total": nil, "parcel_found_total": {"size"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if snapshot.ScrapeInterval != 15*time.Second || snapshot.EvaluationInterval != 20*time.Second {
		t.Errorf("intervals %s, %s", snapshot.ScrapeInterval, snapshot.EvaluationInterval)
	}
	for name, want := range map[string]lint.Metric{
		"parcel_depot_parcels": {Type: "gauge", Help: "Parcels in the depot.", Source: lint.Live, LabelsKnown: true,
			Labels: []string{"__name__", "depot", "instance", "size"}, Values: map[string][]string{"size": {"large", "small"}}},
		"parcel_scan_seconds_bucket": {Type: "histogram", Help: "How long a scan takes.", Unit: "seconds", Source: lint.Live,
			LabelsKnown: true, Labels: []string{"__name__", "le"}, Values: map[string][]string{}},
		"parcel_lost_total": {Type: "unknown", Source: lint.Live, LabelsKnown: true, Labels: []string{"__name__"}, Values: map[string][]string{}},
		"depot:parcels:sum": {Type: "unknown", Source: lint.Live},
	} {
		got, ok := snapshot.Metric(name)
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("%s: %t (-want +got):\n%s", name, ok, diff)
		}
	}
	if _, ok := snapshot.Metric("parcel_found_total"); ok || snapshot.Claims("parcel_found_total") != lint.Live {
		t.Error("a metric that the server has not is known")
	}
	if near := snapshot.Nearest("parcel_depot_parcel"); near != "parcel_depot_parcels" {
		t.Errorf("nearest is %q", near)
	}
}

// TestFetchFromLess proves that a server which has only a part of the API is enough.
func TestFetchFromLess(t *testing.T) {
	server := httptest.NewServer(answers{"label/__name__/values": []string{"up"}, `labels {__name__="up"}`: []string{"__name__"}})
	defer server.Close()
	snapshot, err := prometheus.Fetch(context.Background(), prometheus.Options{URL: server.URL}, map[string][]string{"up": {"job"}})
	if err != nil || snapshot.ScrapeInterval != 0 {
		t.Fatalf("%v, %v", snapshot, err)
	}
	if metric, ok := snapshot.Metric("up"); !ok || metric.Type != "unknown" {
		t.Errorf("%+v, %t", metric, ok)
	}
}

func TestFetchFailures(t *testing.T) {
	stopped := make(chan struct{})
	defer close(stopped)
	answer := func(code int, kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(code)
			fmt.Fprint(w, body)
		}
	}
	const form = "application/json"
	for _, test := range []struct {
		name   string
		server http.HandlerFunc
		want   string
	}{
		{"not found", http.NotFound, "/api/v1/label/__name__/values: the answer is 404 Not Found: is this the address of a Prometheus?"},
		{"refused", answer(422, form, `{"status":"error","errorType":"execution","error":"too many\nseries"}`), "values: the answer is 422 Unprocessable Entity: too many series"},
		{"no token", answer(401, "text/plain", "no"), "values: the answer is 401 Unauthorized: a token or a password is missing, or not the right one"},
		{"broken down", answer(500, "text/html", "<html>"), "values: the answer is 500 Internal Server Error: is this the address of a Prometheus?"},
		{"a page", answer(200, "text/html; charset=utf-8", "<html>"), "values: the answer is not JSON but text/html: is this the address of a Prometheus?"},
		{"garbage", answer(200, form, "{]"), "values: the answer is broken: invalid character ']' looking for beginning of object key string"},
		{"empty", answer(200, form, ""), "values: the answer is broken: EOF"},
		{"truncated", answer(200, form, `{"status":"success","data":["u`), "values: the answer is broken: unexpected EOF"},
		{"other JSON", answer(200, form, `{"status":"green"}`), `values: the answer is not one of Prometheus: its status is "green"`},
		{"other data", answer(200, form, `{"status":"success","data":{"a":1}}`), "values: the answer is not one of Prometheus: json: cannot unmarshal object into Go value of type []string"},
		{"no metrics", answer(200, form, `{"status":"success","data":[]}`), " has no metrics of the last 24h0m0s: it has only just started, or is not the right server"},
		{"moved", http.RedirectHandler("http://user:hunter2@other.example/login?token=hunter2", http.StatusFound).ServeHTTP,
			"values: the answer is 302 Found to http://other.example/login: give the address that it leads to"},
		{"huge", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", form)
			fmt.Fprint(w, `{"status":"success","data":["`)
			chunk := strings.Repeat("x", 1<<20)
			for range prometheus.MaxAnswer>>20 + 2 {
				fmt.Fprint(w, chunk)
			}
		}, "values: the answer is larger than 64 MiB"},
		{"slow", func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-stopped:
			}
		}, "values: no answer within 100ms"},
	} {
		t.Run(test.name, func(t *testing.T) {
			asked := atomic.Int32{}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				test.server(w, r)
			}))
			defer server.Close()
			o := prometheus.Options{URL: server.URL}
			if test.name == "slow" {
				o.Timeout = 100 * time.Millisecond
			}
			_, err := prometheus.Fetch(context.Background(), o, nil)
			if err == nil || !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\n")) {
				t.Errorf("the error tells a secret or has several lines: %v", err)
			}
			if n := asked.Load(); n != 1 {
				t.Errorf("the server was asked %d times", n)
			}
		})
	}
}

// TestFetchFailsLater proves that a failure after the first answers is told too.
func TestFetchFailsLater(t *testing.T) {
	server := httptest.NewServer(answers{"label/__name__/values": []string{"up"}})
	defer server.Close()
	_, err := prometheus.Fetch(context.Background(), prometheus.Options{URL: server.URL}, map[string][]string{"up": nil})
	if err == nil || !strings.Contains(err.Error(), "/api/v1/labels: the answer is 404") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := prometheus.Fetch(ctx, prometheus.Options{URL: server.URL}, nil); err == nil || !strings.HasSuffix(err.Error(), "context canceled") {
		t.Errorf("got %v", err)
	}
}

func TestOptionsErrors(t *testing.T) {
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "http.yml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const at = "http://127.0.0.1:1"
	for _, test := range []struct {
		name    string
		options prometheus.Options
		want    string
	}{
		{"no address", prometheus.Options{}, "must start with http:// or https://"},
		{"no scheme", prometheus.Options{URL: "localhost:9090"}, "must start with http:// or https://"},
		{"password without scheme", prometheus.Options{URL: "joe:hunter2@host"}, "must start with http:// or https://"},
		{"password", prometheus.Options{URL: "http://joe:hunter2@host"}, "http://host: the address of Prometheus holds a user or password"},
		{"no URL", prometheus.Options{URL: "http://joe:hunter2@host\x00"}, "is not a URL"},
		{"query", prometheus.Options{URL: "http://host/?token=hunter2"}, "must end before the ?"},
		{"no token file", prometheus.Options{URL: at, BearerTokenFile: "/no/such/token"}, "/no/such/token"},
		{"two ways in", prometheus.Options{URL: at, BearerTokenFile: "/a", PasswordFile: "/b"}, "at most one of"},
		{"no CA", prometheus.Options{URL: at, CAFile: "/no/such/ca"}, "/no/such/ca"},
		{"no settings", prometheus.Options{URL: at, HTTPFile: "/no/such/http.yml"}, "/no/such/http.yml"},
		{"settings twice", prometheus.Options{URL: at, HTTPFile: file(""), Insecure: true}, "choose one"},
		{"unknown key", prometheus.Options{URL: at, HTTPFile: file("basic_auht: {}")}, "field basic_auht not found"},
		{"wrong type", prometheus.Options{URL: at, HTTPFile: file("tls_config: hunter2")}, "cannot unmarshal !!str a value into"},
		{"nobody there", prometheus.Options{URL: at}, "connection refused"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := prometheus.Fetch(context.Background(), test.options, nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
}

func TestAuthentication(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(filepath.Dir(secret), "http.yml")
	if err := os.WriteFile(settings, []byte("authorization: {credentials_file: secret}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, options := range map[string]prometheus.Options{
		"token":    {BearerTokenFile: secret},
		"password": {Username: "joe", PasswordFile: secret},
		"settings": {HTTPFile: settings},
		"insecure": {BearerTokenFile: secret, Insecure: true},
	} {
		t.Run(name, func(t *testing.T) {
			handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				user, password, _ := r.BasicAuth()
				if r.Header.Get("Authorization") != "Bearer hunter2" && (user != "joe" || password != "hunter2") {
					http.Error(w, "no", http.StatusUnauthorized)
					return
				}
				depot.ServeHTTP(w, r)
			})
			server := httptest.NewServer(handler)
			if options.Insecure {
				server.Close()
				server = httptest.NewTLSServer(handler)
			}
			defer server.Close()
			options.URL = server.URL
			if _, err := prometheus.Fetch(context.Background(), options, nil); err != nil {
				t.Error(err)
			}
		})
	}
}
