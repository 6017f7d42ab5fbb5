package lint

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// Fingerprint tells a finding from others, also in later runs: it stays the same when lines are
// added above, rules change places, or the file is indented otherwise, and changes when the
// mistake does. It is 32 hexadecimal digits. Findings that are alike in all of this have the
// same one: see Fingerprints.
func (d *Diagnostic) Fingerprint() string {
	hash := sha256.New()
	for _, part := range []string{
		d.Check, filepath.ToSlash(filepath.Clean(d.File.Path)), d.GroupName(), d.RuleName(),
		d.messageWithoutPlaces(), d.text(),
	} {
		// The length keeps "ab", "c" apart from "a", "bc".
		fmt.Fprintf(hash, "%d:%s\n", len(part), part)
	}
	return hex.EncodeToString(hash.Sum(nil)[:16])
}

// Fingerprints are the fingerprints of the findings of a run, in their order. No two are the
// same: the second of findings that are alike ends in -2, and so on.
func Fingerprints(result *Result) []string {
	all := make([]string, len(result.Diagnostics))
	seen := map[string]int{}
	for i := range result.Diagnostics {
		all[i] = result.Diagnostics[i].Fingerprint()
		if seen[all[i]]++; seen[all[i]] > 1 {
			all[i] = fmt.Sprintf("%s-%d", all[i], seen[all[i]])
		}
	}
	return all
}

// places are the parts of a message that change though the mistake does not: line numbers, the
// :12:3 behind the path of a file, and how many rules it has to do with. The path of another file changes with the folder that lint is
// started in.
var places = regexp.MustCompile(`\blines? \d+|:\d+(?::\d+)?\b|\b\d+ (?:alerts|rules)\b`)

func (d *Diagnostic) messageWithoutPlaces() string {
	message := d.Message
	for _, related := range d.Related {
		if related.File != d.File {
			message = strings.ReplaceAll(message, related.File.Path, "#")
		}
	}
	return places.ReplaceAllString(message, "#")
}

// maxFingerprintText bounds how much of the source one fingerprint reads, in bytes.
const maxFingerprintText = 4 << 10

// text is the source under the finding, with one blank for all white space.
func (d *Diagnostic) text() string {
	source := d.File.Source
	start := min(max(d.Span.Start, 0), len(source))
	end := min(max(d.Span.End, start), len(source))
	var text bytes.Buffer
	for word := range bytes.FieldsSeq(source[start:end]) {
		if text.Len() > maxFingerprintText {
			break
		}
		text.Write(word)
		text.WriteByte(' ')
	}
	return text.String()
}
