package lint

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/rulekit/rulekit/rules"
)

// MaxBaselineSize is the largest baseline that is read, in bytes.
const MaxBaselineSize = 64 << 20

// baselineVersion is that of the form of the file.
const baselineVersion = 1

// Baseline are findings that are known, so that only new ones are reported. Paths in it start
// at the folder of its file, so that it holds wherever lint is started.
type Baseline struct {
	Version  int             `json:"version"`
	Findings []BaselineEntry `json:"findings"`

	folder string // of its file, absolute
}

// BaselineEntry is one known finding. Its fingerprint tells which; the rest is for people.
type BaselineEntry struct {
	Fingerprint string `json:"fingerprint"`
	Check       string `json:"check"`
	Path        string `json:"path"`
	Rule        string `json:"rule,omitempty"`
	Message     string `json:"message"`
	// Related are the other files that it has to do with. It is not mended where they were not
	// looked at.
	Related []string `json:"related,omitempty"`
}

// NewBaseline returns an empty baseline that is to be kept in a file of that path.
func NewBaseline(path string) (*Baseline, error) {
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("find the folder of %s: %w", path, err)
	}
	return &Baseline{Version: baselineVersion, Findings: []BaselineEntry{}, folder: folder}, nil
}

// LoadBaseline reads a baseline. Where there is no file the error is fs.ErrNotExist.
func LoadBaseline(path string) (*Baseline, error) {
	source, err := readLimited(path, MaxBaselineSize)
	if err != nil {
		return nil, fmt.Errorf("read the baseline %s: %w", path, err)
	}
	return ParseBaseline(path, source)
}

// ParseBaseline reads the source of a baseline. The error names the path.
func ParseBaseline(path string, source []byte) (*Baseline, error) {
	b, err := NewBaseline(path)
	if err != nil {
		return nil, err
	}
	b.Version = 0
	decoder := json.NewDecoder(bytes.NewReader(source))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(b); err != nil {
		return nil, fmt.Errorf("%s: not a baseline: %w", path, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: not a baseline: something stands behind its end", path)
	}
	if b.Version != baselineVersion {
		return nil, fmt.Errorf("%s: a baseline of version %d, and this rulekit reads version %d", path, b.Version, baselineVersion)
	}
	for i, e := range b.Findings {
		if e.Fingerprint == "" {
			return nil, fmt.Errorf("%s: not a baseline: finding %d has no fingerprint", path, i+1)
		}
	}
	return b, nil
}

// Source is the baseline as it is written to a file: sorted, so that two people who change it
// seldom meet.
func (b *Baseline) Source() ([]byte, error) {
	slices.SortFunc(b.Findings, func(a, c BaselineEntry) int {
		return cmp.Or(
			cmp.Compare(a.Path, c.Path), cmp.Compare(a.Rule, c.Rule),
			cmp.Compare(a.Check, c.Check), cmp.Compare(a.Fingerprint, c.Fingerprint),
		)
	})
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(b); err != nil {
		return nil, fmt.Errorf("encode the baseline: %w", err)
	}
	return out.Bytes(), nil
}

// Looked is where a run looked: what it did not find there is not there.
type Looked struct {
	Files  []*rules.File
	Checks []*Check
}

// Refresh makes the findings of a result those that are known. Entries stay where the run did
// not look.
func (b *Baseline) Refresh(result *Result, looked Looked) {
	gone := b.gone(looked)
	findings := []BaselineEntry{}
	seen := map[string]bool{}
	for i, fingerprint := range b.fingerprints(result) {
		d := &result.Diagnostics[i]
		seen[fingerprint] = true
		findings = append(findings, BaselineEntry{
			Fingerprint: fingerprint, Check: d.Check, Path: b.path(d.File.Path), Rule: d.RuleName(), Message: d.Message,
			Related: b.relatedPaths(d),
		})
	}
	for _, e := range b.Findings {
		if !seen[e.Fingerprint] && !gone(e) {
			findings = append(findings, e)
		}
	}
	b.Findings = findings
}

// Filter takes the findings out of a result that the baseline knows. It returns how many these
// are, and how many entries of the baseline do not occur any more where the run looked.
func (b *Baseline) Filter(result *Result, looked Looked) (known, mended int) {
	gone := b.gone(looked)
	entries := map[string]bool{}
	for _, e := range b.Findings {
		entries[e.Fingerprint] = true
	}
	found := map[string]bool{}
	var kept []Diagnostic
	for i, fingerprint := range b.fingerprints(result) {
		if found[fingerprint] = true; !entries[fingerprint] {
			kept = append(kept, result.Diagnostics[i])
		}
	}
	known = len(result.Diagnostics) - len(kept)
	result.Diagnostics = kept
	for _, e := range b.Findings {
		if !found[e.Fingerprint] && gone(e) {
			mended++
		}
	}
	return known, mended
}

// path is a path as it is kept in the baseline.
func (b *Baseline) path(name string) string {
	absolute, err := filepath.Abs(name)
	if err != nil {
		return filepath.ToSlash(filepath.Clean(name))
	}
	relative, err := filepath.Rel(b.folder, absolute)
	if err != nil {
		return filepath.ToSlash(absolute)
	}
	return filepath.ToSlash(relative)
}

// relatedPaths are the paths of the other files that a finding has to do with.
func (b *Baseline) relatedPaths(d *Diagnostic) []string {
	var all []string
	for _, related := range d.Related {
		if related.File != d.File {
			all = append(all, b.path(related.File.Path))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// fingerprints are those of the findings if lint were started in the folder of the baseline.
func (b *Baseline) fingerprints(result *Result) []string {
	moved := map[*rules.File]*rules.File{}
	there := &Result{Diagnostics: slices.Clone(result.Diagnostics)}
	for i := range there.Diagnostics {
		d := &there.Diagnostics[i]
		if moved[d.File] == nil {
			moved[d.File] = &rules.File{Path: b.path(d.File.Path), Source: d.File.Source}
		}
		d.File = moved[d.File]
	}
	return Fingerprints(there)
}

// gone tells of entries that were not found whether they are mended: the run looked where they
// were, at all files that they have to do with, or their file is no more.
func (b *Baseline) gone(looked Looked) func(BaselineEntry) bool {
	paths, checks, exists := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, file := range looked.Files {
		paths[b.path(file.Path)] = true
	}
	for _, check := range looked.Checks {
		checks[check.Name] = true
	}
	isThere := func(path string) bool {
		there, known := exists[path]
		if !known {
			_, err := os.Stat(filepath.Join(b.folder, filepath.FromSlash(path)))
			there = !errors.Is(err, fs.ErrNotExist)
			exists[path] = there
		}
		return there
	}
	notLooked := func(path string) bool { return !paths[path] && isThere(path) }
	return func(e BaselineEntry) bool {
		if !paths[e.Path] {
			return !isThere(e.Path)
		}
		return checks[e.Check] && !slices.ContainsFunc(e.Related, notLooked)
	}
}
