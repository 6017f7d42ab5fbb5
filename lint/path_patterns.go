package lint

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// PathPatterns choose files by their path. In a pattern * and ? stand for what is in one name, []
// for one of several characters, and ** for any number of folders. A pattern of a folder
// chooses all that is below it.
type PathPatterns struct {
	// Text are the patterns as written.
	Text []string

	folder   string // where they start, absolute
	compiled []*regexp.Regexp
}

// NewPathPatterns compiles patterns whose paths start at a folder. The error names the pattern
// that is wrong.
func NewPathPatterns(folder string, text []string) (PathPatterns, error) {
	absolute, err := filepath.Abs(folder)
	if err != nil {
		return PathPatterns{}, fmt.Errorf("find the folder %s: %w", folder, err)
	}
	p := PathPatterns{Text: text, folder: absolute}
	for _, pattern := range text {
		compiled, err := compilePattern(pattern)
		if err != nil {
			return PathPatterns{}, err
		}
		p.compiled = append(p.compiled, compiled)
	}
	return p, nil
}

// Match tells whether one of the patterns chooses the file. The path is as seen from the
// current folder.
func (p PathPatterns) Match(name string) bool {
	if len(p.compiled) == 0 {
		return false
	}
	absolute, err := filepath.Abs(name)
	if err != nil {
		return false
	}
	relative, err := filepath.Rel(p.folder, absolute)
	if err != nil {
		return false
	}
	relative = filepath.ToSlash(relative)
	for _, pattern := range p.compiled {
		if pattern.MatchString(relative) {
			return true
		}
	}
	return false
}

// compilePattern makes a regular expression of a pattern, whose cost is linear in the path,
// also with many stars.
func compilePattern(pattern string) (*regexp.Regexp, error) {
	slashed := path.Clean(filepath.ToSlash(pattern))
	_, err := path.Match(slashed, "")
	if err != nil || pattern == "" || path.IsAbs(slashed) {
		return nil, fmt.Errorf("%q: want a pattern of paths that start at the folder of %s, such as rules/vendor/**", pattern, ConfigName)
	}
	var b strings.Builder
	b.WriteString(`\A`)
	parts := strings.Split(slashed, "/")
	for i, part := range parts {
		last := i == len(parts)-1
		switch {
		case part == "." && last:
			b.WriteString(`[^.].*`)
		case part == "**" && last:
			b.WriteString(`.*`)
		case part == "**":
			b.WriteString(`(?:[^/]+/)*`)
		default:
			b.WriteString(namePattern(part))
			if !last {
				b.WriteString("/")
			}
		}
	}
	b.WriteString(`(?:/.*)?\z`)
	compiled, err := regexp.Compile(b.String())
	if err != nil {
		return nil, fmt.Errorf("%q: not a valid pattern of paths", pattern)
	}
	return compiled, nil
}

// namePattern is the regular expression of one name of a pattern, which path.Match has found
// to be well-formed.
func namePattern(part string) string {
	var b strings.Builder
	for i := 0; i < len(part); i++ {
		switch c := part[i]; {
		case c == '*':
			b.WriteString(`[^/]*`)
		case c == '?':
			b.WriteString(`[^/]`)
		case c == '[':
			end := i + 1 + strings.IndexByte(part[i+1:], ']')
			b.WriteString(part[i : end+1])
			i = end
		case c == '\\' && i+1 < len(part):
			i++
			b.WriteString(regexp.QuoteMeta(part[i : i+1]))
		case c < 0x80:
			b.WriteString(regexp.QuoteMeta(part[i : i+1]))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
