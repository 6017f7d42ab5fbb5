package scrape

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

var compareLabels = cmp.Comparer(func(a, b labels.Labels) bool { return labels.Equal(a, b) })

func TestParseTextFormat(t *testing.T) {
	got, err := Parse([]byte(`# HELP pg_up Whether the last scrape was able to connect to the server.
# TYPE pg_up gauge
pg_up 1
# just a comment

# TYPE wait_seconds histogram
wait_seconds_bucket{le="0.1"} 3
wait_seconds_bucket{le="+Inf"} 5
wait_seconds_sum 0.7
wait_seconds_count 5
bare_total{a="x \"y\" \\ \n"} 4 1700000000123
`))
	if err != nil {
		t.Fatal(err)
	}
	at := int64(1700000000123)
	want := []Family{
		{Name: "pg_up", Type: model.MetricTypeGauge, Help: "Whether the last scrape was able to connect to the server.",
			Samples: []Sample{{Labels: labels.FromStrings("__name__", "pg_up"), Value: 1}}},
		{Name: "wait_seconds", Type: model.MetricTypeHistogram, Samples: []Sample{
			{Labels: labels.FromStrings("__name__", "wait_seconds_bucket", "le", "0.1"), Value: 3},
			{Labels: labels.FromStrings("__name__", "wait_seconds_bucket", "le", "+Inf"), Value: 5},
			{Labels: labels.FromStrings("__name__", "wait_seconds_sum"), Value: 0.7},
			{Labels: labels.FromStrings("__name__", "wait_seconds_count"), Value: 5},
		}},
		{Name: "bare_total", Type: model.MetricTypeUnknown, Samples: []Sample{
			{Labels: labels.FromStrings("__name__", "bare_total", "a", "x \"y\" \\ \n"), Value: 4, Timestamp: &at}}},
	}
	if diff := cmp.Diff(want, got, compareLabels); diff != "" {
		t.Errorf("families (-want +got):\n%s", diff)
	}
}

func TestParseOpenMetrics(t *testing.T) {
	got, err := Parse([]byte(`# TYPE sent_bytes counter
# UNIT sent_bytes bytes
# HELP sent_bytes Bytes sent.
sent_bytes_total{to="a"} 7 1700000000.5
# TYPE build info
build_info{version="1"} 1
# EOF
`))
	if err != nil {
		t.Fatal(err)
	}
	at := int64(1700000000500)
	want := []Family{
		{Name: "sent_bytes", Type: model.MetricTypeCounter, Help: "Bytes sent.", Unit: "bytes",
			Samples: []Sample{{Labels: labels.FromStrings("__name__", "sent_bytes_total", "to", "a"), Value: 7, Timestamp: &at}}},
		{Name: "build", Type: model.MetricTypeInfo,
			Samples: []Sample{{Labels: labels.FromStrings("__name__", "build_info", "version", "1"), Value: 1}}},
	}
	if diff := cmp.Diff(want, got, compareLabels); diff != "" {
		t.Errorf("families (-want +got):\n%s", diff)
	}
}

func TestParseKeepsOddValuesAndLineEnds(t *testing.T) {
	got, err := Parse([]byte("\xef\xbb\xbfa NaN\r\nb +Inf\r\nc -1e-3"))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || !math.IsNaN(got[0].Samples[0].Value) || !math.IsInf(got[1].Samples[0].Value, 1) || got[2].Samples[0].Value != -1e-3 {
		t.Errorf("got %+v", got)
	}
}

func TestParseErrors(t *testing.T) {
	for _, test := range []struct{ name, src, want string }{
		{"not a scrape", "<html>\n<body>no such page</body>", `line 1: expected a valid start token, got "<" ("INVALID")`},
		{"truncated", "a 1\n\n# comment\nb{x=\"y", "line 4: "},
		{"no value", "a 1\nb\n", "line 2: "},
		{"bad value", "a 1\nb one\n", "line 2: "},
		{"bad type", "# TYPE a thing\na 1\n", `line 1: invalid metric type "thing"`},
		{"binary", "a 1\nb\x00\n", "line 2: the scrape is binary: it has a zero byte"},
		{"not UTF-8", "a 1\nb{x=\"\xff\"} 1\n", "line 2: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse([]byte(test.src))
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got error %v, want %s...", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("the error has more than one line: %q", err)
			}
		})
	}
}

func TestParseNothing(t *testing.T) {
	for _, src := range []string{"", "\n\n", "# EOF", "# EOF\n", "# nothing here\n"} {
		if got, err := Parse([]byte(src)); err != nil || len(got) != 0 {
			t.Errorf("Parse(%q) = %v, %v", src, got, err)
		}
	}
}

func FuzzScrape(f *testing.F) {
	for _, seed := range []string{
		"# HELP a b\n# TYPE a counter\na{b=\"c\"} 1 2\n",
		"# TYPE a histogram\na_bucket{le=\"1\"} 1\na_sum 1\na_count 1\n# EOF\n",
		"{\"a b\",c=\"d\"} 1\n", "a NaN\r\n", "# TYPE a info\na_info 1\n# EOF",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		families, err := Parse(src)
		if err != nil {
			if strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "line ") {
				t.Errorf("the error is not one line with a place: %q", err)
			}
			return
		}
		seen := map[string]bool{}
		for _, family := range families {
			if seen[family.Name] {
				t.Errorf("family %q comes twice", family.Name)
			}
			seen[family.Name] = true
			for _, s := range family.Samples {
				if name := s.Labels.Get("__name__"); !strings.HasPrefix(name, family.Name) {
					t.Errorf("sample %q is in family %q", name, family.Name)
				}
			}
		}
	})
}
