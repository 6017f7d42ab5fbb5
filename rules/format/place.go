package format

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/rules"
)

// place is where and how an expression is written.
type place struct {
	source []byte
	// span is that of the expression's scalar.
	span rules.Span
	// flow tells that the rule is written in braces: there are no blocks there.
	flow bool
	// key is the column of the key expr, from 0, and colon the offset behind its colon.
	key, colon int
	// header is the header of a block scalar, such as |-, up to its comment; otherwise empty.
	header rules.Span
	// lineEnd is how the lines of the file end.
	lineEnd string
}

// What may stand before an expression: its key, in a line of its own or behind the dashes of a
// list, and for a block scalar its header. An anchor or a tag is none of it: what is written
// with one may be used elsewhere too, or is read otherwise.
var (
	beforeBlock = regexp.MustCompile(`(?:^|\n)((?: |- )*)(?:expr|"expr"|'expr') *:[ \t]+([|>][-+1-9]{0,2})(?:[ \t]+#[^\n]*|[ \t]*)\r?\n[ \r\n]*$`)
	beforeValue = regexp.MustCompile(`(?:^|\n)((?: |- )*)(?:expr|"expr"|'expr') *:[ \t\r\n]+$`)
	beforeFlow  = regexp.MustCompile(`(?:[{,\s])(?:expr|"expr"|'expr')[ \t]*:[ \t]*$`)
	afterValue  = regexp.MustCompile(`^(?:[ \t]+#[^\r\n]*|[ \t]*)(?:\r?\n|$)`)
)

// maxLead bounds how far before an expression its key may be, in bytes.
const maxLead = 1024

// locate finds out how a rule's expression is written, or returns false where it does not know.
func locate(source []byte, rule *rules.Rule) (place, bool) {
	p := place{source: source, span: rule.Expr.Span, flow: source[rule.Span.Start] == '{', lineEnd: "\n"}
	from := bytes.LastIndexByte(source[:rule.Span.Start], '\n') + 1
	if near := p.span.Start - maxLead; near > from {
		next := bytes.IndexByte(source[near:p.span.Start], '\n')
		if next < 0 {
			return p, false
		}
		from = near + next + 1
	}
	lead := source[from:p.span.Start]
	if p.flow {
		return p, beforeFlow.Match(lead) && p.oneLine()
	}
	at := beforeBlock.FindSubmatchIndex(lead)
	if at != nil {
		p.header = rules.Span{Start: from + at[4], End: from + at[5]}
	} else if at = beforeValue.FindSubmatchIndex(lead); at == nil {
		return p, false
	}
	p.key = at[3] - at[2]
	p.colon = from + at[3] + bytes.IndexByte(lead[at[3]:], ':') + 1
	if end := bytes.IndexByte(source[p.colon:], '\n'); end > 0 && source[p.colon+end-1] == '\r' {
		p.lineEnd = "\r\n"
	}
	return p, true
}

// oneLine tells whether the expression is written in one line.
func (p place) oneLine() bool { return !bytes.ContainsAny(p.source[p.span.Start:p.span.End], "\r\n") }

// write says what to replace so that the scalar reads value, but for a line break at its end.
func (p place) write(value string) (rules.Span, string, bool) {
	switch {
	case !p.header.IsZero():
		return p.rewriteBlock(value)
	case strings.Contains(value, "\n"):
		return p.newBlock(value)
	}
	text, ok := p.quote(value)
	return p.span, text, ok
}

// quote writes a value of one line in the style of the scalar. What cannot be written without
// quotes gets single ones.
func (p place) quote(value string) (string, bool) {
	if strings.ContainsFunc(value, func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }) {
		return "", false
	}
	single := "'" + strings.ReplaceAll(value, "'", "''") + "'"
	switch p.source[p.span.Start] {
	case '"':
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`, true
	case '\'':
		return single, true
	}
	if p.plain(value) {
		return value, true
	}
	return single, true
}

// plain tells whether a value can be written without quotes.
func (p place) plain(value string) bool {
	document := "expr: " + value + "\n"
	if p.flow {
		document = "{expr: " + value + ", x: y}"
	}
	var root yaml.Node
	if yaml.Unmarshal([]byte(document), &root) != nil || len(root.Content) != 1 {
		return false
	}
	content := root.Content[0].Content
	return len(content) >= 2 && content[1].Kind == yaml.ScalarNode && content[1].Style == 0 && content[1].Value == value
}

// rewriteBlock writes new lines below the header of a block scalar.
func (p place) rewriteBlock(value string) (rules.Span, string, bool) {
	header := string(p.source[p.header.Start:p.header.End])
	style := header[:1]
	if strings.Contains(value, "\n") {
		style = "|"
	}
	chomp := strings.Trim(header[1:], "123456789")
	lineStart := bytes.LastIndexByte(p.source[:p.span.Start], '\n') + 1
	margin := p.source[lineStart:p.span.Start]
	deeper := len(margin) - p.key
	if deeper < 1 || deeper > 9 || len(bytes.Trim(margin, " ")) > 0 {
		deeper = 2
	}
	headerEnd := p.header.End + bytes.IndexByte(p.source[p.header.End:], '\n')
	comment := strings.TrimSuffix(string(p.source[p.header.End:headerEnd]), "\r")
	text := style + p.indicator(value, deeper) + chomp + comment + p.lines(value, deeper)
	return rules.Span{Start: p.header.Start, End: p.span.End}, text, true
}

// newBlock makes a literal block of what is written in another style. A comment behind the
// value moves behind the header.
func (p place) newBlock(value string) (rules.Span, string, bool) {
	rest := afterValue.Find(p.source[p.span.End:])
	if rest == nil || p.deeperComment(p.source[p.span.End+len(rest):]) {
		return rules.Span{}, "", false
	}
	comment := strings.TrimRight(string(rest), " \t\r\n")
	text := " |" + p.indicator(value, 2) + comment + p.lines(value, 2)
	return rules.Span{Start: p.colon, End: p.span.End + len(strings.TrimRight(string(rest), "\r\n"))}, text, true
}

// deeperComment tells whether the source goes on with a comment that a block would swallow.
func (p place) deeperComment(source []byte) bool {
	for line := range bytes.Lines(source) {
		text := bytes.TrimLeft(line, " ")
		switch {
		case len(bytes.TrimSpace(text)) == 0:
		case text[0] != '#':
			return false
		case len(line)-len(text) > p.key:
			return true
		}
	}
	return false
}

// indicator tells YAML how far a block is indented, where its first line does not show it.
func (p place) indicator(value string, deeper int) string {
	if strings.HasPrefix(value, " ") {
		return strconv.Itoa(deeper)
	}
	return ""
}

// lines are the lines of a block, each after the end of the one before it.
func (p place) lines(value string, deeper int) string {
	margin := p.lineEnd + strings.Repeat(" ", p.key+deeper)
	return margin + strings.ReplaceAll(value, "\n", margin)
}
