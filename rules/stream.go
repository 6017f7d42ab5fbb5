package rules

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// documents splits a text at the lines that part YAML documents. A line that starts with ---
// or ... and a blank is such a marker wherever it stands, so that one broken document does not
// hide the ones after it.
func (t *text) documents() []*text {
	var cuts []int
	begun := false // the current document has its --- line or content
	for k, l := range t.lines {
		end := len(t.src)
		if k+1 < len(t.lines) {
			end = t.lines[k+1].start
		}
		switch content := t.src[l.start:end]; {
		case isMarker(content, "---"):
			if begun {
				cuts = append(cuts, l.start)
			}
			begun = true
		case isMarker(content, "..."):
			cuts = append(cuts, end)
			begun = false
		case !begun && len(content) > 0 && content[0] != '%' && content[0] != '#':
			begun = len(bytes.TrimSpace(content)) > 0
		}
	}
	if len(cuts) == 0 {
		return []*text{t}
	}
	var all []*text
	start := 0
	for _, cut := range append(cuts, len(t.src)) {
		if part := t.src[start:cut]; len(bytes.TrimSpace(part)) > 0 {
			all = append(all, newText(part, t.shift+start, t.origin))
			all[len(all)-1].editable = t.editable
		}
		start = cut
	}
	return all
}

func isMarker(content []byte, marker string) bool {
	if !bytes.HasPrefix(content, []byte(marker)) {
		return false
	}
	return len(content) == 3 || isBlank(content[3]) || isBreak(content, 3)
}

// parseYAML returns the document in src, or nil if there is none, and why it cannot be read.
// The YAML parser panics where it meets a fault of its own; such a file is not YAML to us.
func parseYAML(src []byte) (root *yaml.Node, message string) {
	defer func() {
		if r := recover(); r != nil {
			root, message = nil, fmt.Sprint("the YAML parser failed: ", r)
		}
	}()
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	var n, rest yaml.Node
	if err := decoder.Decode(&n); errors.Is(err, io.EOF) {
		return nil, ""
	} else if err != nil {
		return nil, err.Error()
	}
	if err := decoder.Decode(&rest); err == nil {
		return nil, "line " + strconv.Itoa(rest.Line) + ": a second document starts without a --- line"
	} else if !errors.Is(err, io.EOF) {
		return nil, err.Error()
	}
	if len(n.Content) == 0 {
		return nil, ""
	}
	return n.Content[0], ""
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?`)

// yamlProblem finds the place of a message of the YAML parser.
func (t *text) yamlProblem(message string) *Problem {
	at := yamlLine.FindStringSubmatch(message)
	what := strings.TrimPrefix(message, at[0])
	if bad := t.badByte(); bad >= 0 {
		return &Problem{Kind: BadYAML, Span: t.span(bad, bad+1), Message: describeByte(t.src[bad:])}
	}
	number, _ := strconv.Atoi(at[1])
	if strings.HasPrefix(what, "did not find expected") {
		// The parser names the line where the enclosing list or mapping starts.
		number = t.failingLine(what, number)
	}
	return &Problem{Kind: BadYAML, Span: t.lineSpan(number), Message: "not valid YAML: " + what + t.yamlHint(what, number)}
}

// yamlHint is what a person can do about a message of the YAML parser, or "".
func (t *text) yamlHint(what string, number int) string {
	n := min(max(number, 1), len(t.lines)) - 1
	switch broken := t.src[t.lines[n].start:]; {
	case helmTemplate.Match(t.src):
		return " (this looks like a template of a Helm chart: render it with helm template first)"
	case what == "found character that cannot start any token" && len(broken) > 0 && leadsWithTab(broken):
		return " (YAML allows no tabs for indentation)"
	case strings.HasPrefix(what, "mapping values are not allowed"):
		return " (this line is indented more than the one it belongs to, or a value with a colon needs quotes)"
	case strings.HasPrefix(what, "did not find expected key"), strings.HasPrefix(what, "did not find expected '-'"):
		return " (the indentation does not fit the lines above)"
	case what == "found unexpected end of stream":
		return " (a quote is opened here and never closed)"
	}
	return ""
}

func leadsWithTab(line []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(line, " "), []byte("\t")) }

var helmTemplate = regexp.MustCompile(`\{\{-?\s*(\.Values|\.Release|include|if|range|with|template|toYaml|end)\b`)

// maxBisect bounds the text, in bytes, that is parsed again and again to find a broken line.
const maxBisect = 1 << 20

// failingLine is the first line with which the text fails to parse in the given way.
func (t *text) failingLine(what string, reported int) int {
	if len(t.src) > maxBisect {
		return reported
	}
	n := sort.Search(len(t.lines), func(k int) bool {
		end := len(t.src)
		if k+1 < len(t.lines) {
			end = t.lines[k+1].start
		}
		_, message := parseYAML(t.src[:end])
		return strings.HasSuffix(message, what)
	})
	return n + 1
}

// badByte is the first byte that no YAML file may hold, or -1.
func (t *text) badByte() int {
	for i := 0; i < len(t.src); {
		r, size := utf8.DecodeRune(t.src[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return i
		case r == '\t' || r == '\n' || r == '\r' || r == 0x85:
		case r < 0x20 || r >= 0x7F && r < 0xA0 || r == 0xFFFE || r == 0xFFFF:
			return i
		}
		i += size
	}
	return -1
}

func describeByte(src []byte) string {
	if r, size := utf8.DecodeRune(src); r != utf8.RuneError || size > 1 {
		return fmt.Sprintf("control character %#U is not allowed in YAML", r)
	}
	return fmt.Sprintf("byte 0x%02x is not valid UTF-8: save the file as UTF-8", src[0])
}
