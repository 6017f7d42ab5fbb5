package scrape

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestParseRecording(t *testing.T) {
	for _, test := range []struct {
		name, src string
		// want has, of each scrape, its time and its samples.
		want []string
	}{
		{"one scrape without a time", "# TYPE a gauge\na 1\nb 2\n", []string{"- a 1 b 2"}},
		{"nothing", "", []string{"-"}},
		{"one with a time", "# scraped 2026-01-05T08:00:00Z\na 1\n", []string{"08:00:00 a 1"}},
		{
			"several",
			"# scraped 2026-01-05T08:00:00Z\n# TYPE a counter\na 1\nb 1\n# scraped 2026-01-05T08:00:15Z\n# TYPE a counter\na 2\n\n# scraped 2026-01-05T08:00:31Z\na 3",
			[]string{"08:00:00 a 1 b 1", "08:00:15 a 2", "08:00:31 a 3"},
		},
		{
			"other zone, line ends and comments",
			"\xef\xbb\xbf\n# by hand\r\n# scraped  2026-01-05T10:00:00+02:00 \r\na 1\r\n# scrapedby me\r\n# scraped 2026-01-05T08:00:00.5Z\r\na 2\r\n",
			[]string{"08:00:00 a 1", "08:00:00.5 a 2"},
		},
		{
			"OpenMetrics",
			"# scraped 2026-01-05T08:00:00Z\n# TYPE a counter\na_total 1\n# EOF\n# scraped 2026-01-05T08:00:15Z\n# TYPE a counter\na_total 2\n# EOF\n",
			[]string{"08:00:00 om a_total 1", "08:00:15 om a_total 2"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			scrapes, err := ParseRecording([]byte(test.src))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range scrapes {
				got = append(got, inShort(s))
			}
			if strings.Join(got, "\n") != strings.Join(test.want, "\n") {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func inShort(s Scrape) string {
	text := "-"
	if !s.At.IsZero() {
		text = s.At.Format("15:04:05.999")
	}
	if s.OpenMetrics {
		text += " om"
	}
	for _, f := range s.Families {
		for _, sample := range f.Samples {
			text += fmt.Sprintf(" %s %g", sample.Labels.Get("__name__"), sample.Value)
		}
	}
	return text
}

func TestBrokenRecordings(t *testing.T) {
	const first = "# scraped 2026-01-05T08:00:00Z\na 1\n"
	for _, test := range []struct{ name, src, want string }{
		{"no time", "# scraped\na 1\n", `line 1: want a time after "# scraped", such as 2026-01-05T08:00:00Z, not ""`},
		{"not a time", first + "# scraped yesterday\na 1\n", `line 3: want a time after "# scraped", such as 2026-01-05T08:00:00Z, not "yesterday"`},
		{"no zone", "# scraped 2026-01-05T08:00:00\na 1\n", `line 1: want a time after`},
		{"before all time", "# scraped 0001-01-01T00:00:00Z\na 1\n", `line 1: want a time after`},
		{"long nonsense", "# scraped " + strings.Repeat("x", 100) + "\n", `line 1: want a time after "# scraped", such as 2026-01-05T08:00:00Z, not "` + strings.Repeat("x", 40) + `"`},
		{"backwards", first + "# scraped 2026-01-05T07:59:59Z\na 2\n", "line 3: a scrape of 2026-01-05T07:59:59Z follows one of 2026-01-05T08:00:00Z: the times must grow"},
		{"twice", first + first, "line 3: a scrape of"},
		{"empty", first + "# scraped 2026-01-05T08:00:15Z\n# scraped 2026-01-05T08:00:30Z\na 2\n", "line 3: the scrape of 2026-01-05T08:00:15Z is empty"},
		{"empty at the end", first + "# scraped 2026-01-05T08:00:15Z\n# TYPE a gauge\n", "line 3: the scrape of 2026-01-05T08:00:15Z is empty"},
		{"metrics before it", "a 1\n" + first, `line 1: there are metrics before the first line "# scraped"`},
		{"a bad line", first + "# scraped 2026-01-05T08:00:15Z\n\na 2\nb one\n", "line 6: "},
		{"binary", first + "\x00", "line 3: the scrape is binary"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParseRecording([]byte(test.src))
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got error %v, want %s...", err, test.want)
			}
		})
	}
}

func TestTooManyScrapes(t *testing.T) {
	var src bytes.Buffer
	at := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	for range MaxScrapes {
		fmt.Fprintf(&src, "# scraped %s\na 1\n", at.Format(time.RFC3339))
		at = at.Add(time.Second)
	}
	if scrapes, err := ParseRecording(src.Bytes()); err != nil || len(scrapes) != MaxScrapes {
		t.Errorf("%d scrapes, %v", len(scrapes), err)
	}
	fmt.Fprintf(&src, "# scraped %s\na 1\n", at.Format(time.RFC3339))
	if _, err := ParseRecording(src.Bytes()); err == nil || !strings.HasPrefix(err.Error(), "line 17281: the recording has more than 8640 scrapes") {
		t.Errorf("got error %v", err)
	}
}

func TestLoad(t *testing.T) {
	folder := t.TempDir()
	write := func(name string, source []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, source, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte("# scraped 2026-01-05T08:00:00Z\na 1\n")); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	scrapes, err := Load(write("a.prom.gz", packed.Bytes()))
	if err != nil || len(scrapes) != 1 || inShort(scrapes[0]) != "08:00:00 a 1" {
		t.Errorf("%v, %v", scrapes, err)
	}
	for path, want := range map[string]string{
		write("cut.prom.gz", packed.Bytes()[:packed.Len()-9]): "cut.prom.gz: unexpected EOF",
		write("plain.prom.gz", []byte("a 1\n")):               "plain.prom.gz: ",
		write("bad.prom", []byte("a 1\nb\n")):                 "bad.prom: line 2: ",
		filepath.Join(folder, "nosuch.prom"):                  "no such file",
		folder:                                                "is a folder, want a file",
	} {
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want %s", path, err, want)
		}
	}
}

func FuzzRecording(f *testing.F) {
	for _, seed := range []string{
		"a 1\n", "# scraped 2026-01-05T08:00:00Z\na 1\n# scraped 2026-01-05T08:00:15Z\na 2\n",
		"# scraped 2026-01-05T08:00:00Z\n# TYPE a counter\na_total 1\n# EOF\n# scraped 9999-12-31T23:59:59+23:59\na 2",
		"# scraped\n", "x 1\n# scraped 2026-01-05T08:00:00Z\r\na 1\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		scrapes, err := ParseRecording(src)
		if err != nil {
			if strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "line ") {
				t.Errorf("the error is not one line with a place: %q", err)
			}
			return
		}
		if len(scrapes) == 0 {
			t.Error("no scrape, and no error")
		}
		for i, s := range scrapes {
			if s.At.IsZero() && len(scrapes) > 1 {
				t.Errorf("scrape %d has no time", i)
			}
			if i > 0 && !s.At.After(scrapes[i-1].At) {
				t.Errorf("scrape %d is not after the one before", i)
			}
			if !s.At.IsZero() && !hasSamples(s.Families) {
				t.Errorf("scrape %d is empty", i)
			}
		}
	})
}
