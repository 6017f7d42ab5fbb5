package scrape

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Scrape is what was served at one time.
type Scrape struct {
	// At is when it was recorded; zero in a file that does not say.
	At       time.Time
	Families []Family
	// OpenMetrics tells that it is in that format.
	OpenMetrics bool
}

// MaxScrapes is the most scrapes that a recording may have: a day, with one every ten seconds.
const MaxScrapes = 8640

// Load reads a recording from a file.
func Load(path string) ([]Scrape, error) {
	source, err := ReadFile(path)
	if err != nil {
		return nil, err
	}
	scrapes, err := ParseRecording(source)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return scrapes, nil
}

// ReadFile reads a file that is not larger than a scrape may be, unpacked if its name ends with
// .gz.
func ReadFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder, want a file", path)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: not a regular file", path)
	case info.Size() > MaxSize:
		return nil, fmt.Errorf("%s: %d bytes, more than the %d that a scrape may have", path, info.Size(), MaxSize)
	case filepath.Ext(path) != ".gz":
		return os.ReadFile(path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	source, err := io.ReadAll(io.LimitReader(plain, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(source) > MaxSize {
		return nil, fmt.Errorf("%s: unpacked it is more than the %d bytes that a scrape may have", path, MaxSize)
	}
	return source, nil
}

// ParseRecording reads scrapes of one exporter that follow each other, each after a comment
// line that tells its time:
//
//	# scraped 2026-01-05T08:00:00Z
//
// A text without such lines is one scrape. The error names the line that cannot be read.
func ParseRecording(src []byte) ([]Scrape, error) {
	src, err := clean(src)
	if err != nil {
		return nil, err
	}
	parts, err := split(src)
	if err != nil {
		return nil, err
	}
	scrapes := make([]Scrape, 0, len(parts))
	for _, p := range parts {
		families, err := parse(p.text, p.before)
		if err != nil {
			return nil, err
		}
		switch {
		case !p.at.IsZero() && !hasSamples(families):
			return nil, fmt.Errorf("line %d: the scrape of %s is empty", p.before, p.at.Format(time.RFC3339))
		case p.at.IsZero() && len(parts) > 1 && len(families) > 0:
			return nil, fmt.Errorf(`line 1: there are metrics before the first line "# scraped"`)
		case p.at.IsZero() && len(parts) > 1:
			continue
		}
		scrapes = append(scrapes, Scrape{At: p.at, Families: families, OpenMetrics: isOpenMetrics(p.text)})
	}
	return scrapes, nil
}

// part is the text of one scrape, which begins after that many lines of the recording.
type part struct {
	at     time.Time
	text   []byte
	before int
}

var mark = []byte("# scraped")

// split parts a recording at the lines that tell times, which must grow. The first part is what
// comes before the first of them, and has no time.
func split(src []byte) ([]part, error) {
	parts := []part{{text: src}}
	line, start, offset := 0, 0, 0
	for text := range bytes.Lines(src) {
		line++
		begin := offset
		offset += len(text)
		written, ok := bytes.CutPrefix(bytes.TrimRight(text, " \t\n"), mark)
		if !ok || len(written) > 0 && written[0] != ' ' && written[0] != '\t' {
			continue
		}
		at, err := time.Parse(time.RFC3339, string(bytes.TrimSpace(written)))
		if err != nil || at.Unix() < 0 {
			const longest = 40
			written = bytes.TrimSpace(written)
			return nil, fmt.Errorf(`line %d: want a time after "# scraped", such as 2026-01-05T08:00:00Z, not %q`, line, written[:min(len(written), longest)])
		}
		last := &parts[len(parts)-1]
		if !last.at.IsZero() && !at.After(last.at) {
			return nil, fmt.Errorf("line %d: a scrape of %s follows one of %s: the times must grow", line, at.Format(time.RFC3339), last.at.Format(time.RFC3339))
		}
		if len(parts) > MaxScrapes {
			return nil, fmt.Errorf("line %d: the recording has more than %d scrapes", line, MaxScrapes)
		}
		last.text, start = src[start:begin], offset
		parts = append(parts, part{at: at.UTC(), text: src[start:], before: line})
	}
	return parts, nil
}

func hasSamples(families []Family) bool {
	for _, f := range families {
		if len(f.Samples) > 0 {
			return true
		}
	}
	return false
}
