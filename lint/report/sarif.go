package report

import (
	"bytes"
	"cmp"
	"io"
	"net/url"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/rulekit/rulekit/lint"
	"github.com/rulekit/rulekit/rules"
)

func init() { formats["sarif"] = func(Options) Printer { return sarifPrinter{} } }

// The parts of SARIF 2.1.0 that are written
// (https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html).
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version,omitempty"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID            string       `json:"id"`
		Short         sarifText    `json:"shortDescription"`
		Help          sarifText    `json:"help"`
		Configuration sarifDefault `json:"defaultConfiguration"`
	}
	sarifDefault struct {
		Level string `json:"level"`
	}
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Related      []sarifLocation   `json:"relatedLocations,omitempty"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Fixes        []sarifFix        `json:"fixes,omitempty"`
	}
	sarifLocation struct {
		ID       int           `json:"id,omitempty"`
		Physical sarifPhysical `json:"physicalLocation"`
		Message  *sarifText    `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndLine     int `json:"endLine"`
		EndColumn   int `json:"endColumn"`
	}
	sarifFix struct {
		Description sarifText     `json:"description"`
		Changes     []sarifChange `json:"artifactChanges"`
	}
	sarifChange struct {
		Artifact     sarifArtifact      `json:"artifactLocation"`
		Replacements []sarifReplacement `json:"replacements"`
	}
	sarifReplacement struct {
		Deleted  sarifRegion `json:"deletedRegion"`
		Inserted sarifText   `json:"insertedContent"`
	}
)

var sarifLevels = map[lint.Severity]string{lint.Error: "error", lint.Warning: "warning", lint.Info: "note"}

// sarifFingerprint names how fingerprints are made; a change of that needs another number.
const sarifFingerprint = "rulekit/v1"

type sarifPrinter struct{}

func (sarifPrinter) Print(w io.Writer, result *lint.Result) error {
	run := sarifRun{
		Tool:       sarifTool{sarifDriver{Name: "rulekit", Version: version(), InformationURI: "https://github.com/rulekit/rulekit"}},
		ColumnKind: "utf16CodeUnits",
		Results:    make([]sarifResult, len(result.Diagnostics)),
	}
	var index map[string]int
	run.Tool.Driver.Rules, index = sarifRules(result)
	known := sources{}
	fingerprints := lint.Fingerprints(result)
	for i := range result.Diagnostics {
		run.Results[i] = sarifResultOf(known, &result.Diagnostics[i])
		run.Results[i].RuleIndex = index[result.Diagnostics[i].Check]
		run.Results[i].Fingerprints = map[string]string{sarifFingerprint: fingerprints[i]}
	}
	return writeJSON(w, sarifLog{
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0", Runs: []sarifRun{run},
	})
}

// version is the version of the running binary, or "".
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return info.Main.Version
}

// sarifRules describes the checks that found something, and gives the place of each in the list.
func sarifRules(result *lint.Result) ([]sarifRule, map[string]int) {
	var names []string
	for i := range result.Diagnostics {
		names = append(names, result.Diagnostics[i].Check)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	rules, index := make([]sarifRule, len(names)), make(map[string]int, len(names))
	for i, name := range names {
		check, err := lint.Lookup(name)
		if err != nil {
			check = &lint.Check{Name: name, Summary: name}
		}
		why := cmp.Or(strings.TrimSpace(check.Why), check.Summary)
		rules[i] = sarifRule{
			ID: name, Short: sarifText{Text: check.Summary}, Help: sarifText{Text: why, Markdown: why},
			Configuration: sarifDefault{sarifLevels[check.Severity]},
		}
		index[name] = i
	}
	return rules, index
}

func sarifResultOf(known sources, d *lint.Diagnostic) sarifResult {
	out := sarifResult{
		RuleID: d.Check, Level: sarifLevels[d.Severity], Message: sarifText{Text: described(d)},
		Locations: []sarifLocation{{Physical: sarifPlace(known, d.File, d.Span)}},
	}
	for i, r := range d.Related {
		out.Related = append(out.Related, sarifLocation{
			ID: i + 1, Physical: sarifPlace(known, r.File, r.Span), Message: &sarifText{Text: r.Message},
		})
	}
	if len(d.Edits) == 0 {
		return out
	}
	change := sarifChange{Artifact: sarifArtifact{sarifURI(d.File.Path)}}
	for _, e := range d.Edits {
		change.Replacements = append(change.Replacements, sarifReplacement{
			Deleted: sarifRegionOf(known, d.File, e.Span), Inserted: sarifText{Text: e.New},
		})
	}
	out.Fixes = []sarifFix{{Description: sarifText{Text: cmp.Or(d.Hint, d.Message)}, Changes: []sarifChange{change}}}
	return out
}

func sarifPlace(known sources, f *rules.File, span rules.Span) sarifPhysical {
	return sarifPhysical{sarifArtifact{sarifURI(f.Path)}, sarifRegionOf(known, f, span)}
}

// sarifURI is a path as a URI: relative to the root of the repository, unless it is absolute.
func sarifURI(path string) string {
	slashes := repositoryPath(path)
	if filepath.IsAbs(path) {
		return (&url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(slashes, "/")}).String()
	}
	return (&url.URL{Path: slashes}).String()
}

func sarifRegionOf(known sources, f *rules.File, span rules.Span) sarifRegion {
	line, _ := known.of(f).Position(span.Start)
	endLine, _ := known.of(f).Position(span.End)
	return sarifRegion{line, utf16Column(f.Source, span.Start), endLine, utf16Column(f.Source, span.End)}
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// utf16Column is the column of a byte in UTF-16 code units, from 1. SARIF does not count a byte
// order mark.
func utf16Column(source []byte, offset int) int {
	before := source[:min(max(offset, 0), len(source))]
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	if len(line) == len(before) {
		line = bytes.TrimPrefix(line, byteOrderMark)
	}
	column := 1
	for len(line) > 0 {
		r, size := utf8.DecodeRune(line)
		column += utf16.RuneLen(r)
		line = line[size:]
	}
	return column
}
