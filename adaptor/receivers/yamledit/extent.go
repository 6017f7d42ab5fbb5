package yamledit

import (
	"bytes"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/rulekit/rulekit/rules"
)

// errUnclear means that the text is not where the node says it is. It never reaches a caller.
var errUnclear = errors.New("the text is written in a way that is not edited")

// end is where the text of a node ends: the YAML parser only knows where it starts.
func (d *Document) end(n *yaml.Node) (int, error) {
	start := d.offset(n)
	switch {
	case n.Kind == yaml.AliasNode:
		return start + 1 + len(n.Value), nil
	case isBlockCollection(n) && len(n.Content) > 0:
		return d.end(n.Content[len(n.Content)-1])
	case isEmpty(n):
		end := d.skipProperties(start, false)
		if end == start && (start == 0 || d.source[start-1] != ':' && d.source[start-1] != '-') {
			// The value of a key after a question mark is said to be anywhere.
			return 0, errUnclear
		}
		return end, nil
	}
	start = d.skipProperties(start, true)
	if start >= len(d.source) {
		return 0, errUnclear
	}
	switch c := d.source[start]; {
	case n.Kind != yaml.ScalarNode:
		flow, err := d.flow(start)
		return flow.closing + 1, err
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		if c != '"' && c != '\'' {
			return 0, errUnclear
		}
		return d.quotedEnd(start)
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return d.blockScalarEnd(start, strings.Trim(n.Value, "\n") == "")
	}
	return d.plainEnd(start, n.Value)
}

// skipProperties steps over the anchor and the tag before a value, which may stand on the line
// above it.
func (d *Document) skipProperties(i int, overLines bool) int {
	for i < len(d.source) && (d.source[i] == '&' || d.source[i] == '!') {
		for i < len(d.source) && !isBlank(d.source[i]) && breakWidth(d.source, i) == 0 {
			i++
		}
		if overLines {
			i = d.skipSpace(i)
			continue
		}
		if next := d.skipBlanks(i); next < len(d.source) && (d.source[next] == '&' || d.source[next] == '!') {
			i = next
		}
	}
	return i
}

// skipBlanks steps over blanks.
func (d *Document) skipBlanks(i int) int {
	for i < len(d.source) && isBlank(d.source[i]) {
		i++
	}
	return i
}

// skipSpace steps over blanks, line breaks and comments.
func (d *Document) skipSpace(i int) int {
	for i < len(d.source) {
		width := breakWidth(d.source, i)
		switch {
		case width > 0:
			i += width
		case isBlank(d.source[i]):
			i++
		case d.source[i] == '#':
			i = d.lineEnd(i)
		default:
			return i
		}
	}
	return i
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// lineStart is where the line of an offset starts.
func (d *Document) lineStart(i int) int { return d.lines[d.lineIndex(i)] }

// lineIndex is the index of the line of an offset.
func (d *Document) lineIndex(i int) int {
	low, high := 0, len(d.lines)
	for low+1 < high {
		if middle := (low + high) / 2; d.lines[middle] <= i {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// lineEnd is where the line of an offset ends, without its line break.
func (d *Document) lineEnd(i int) int {
	for i < len(d.source) && breakWidth(d.source, i) == 0 {
		i++
	}
	return i
}

// plainEnd is the end of a scalar without quotes: its characters stand there as they are, with
// blanks and line breaks between them.
func (d *Document) plainEnd(i int, value string) (int, error) {
	end := i
	for _, r := range value {
		if unicode.IsSpace(r) {
			continue
		}
		for i < len(d.source) {
			s, size := utf8.DecodeRune(d.source[i:])
			if !unicode.IsSpace(s) {
				break
			}
			i += size
		}
		if !bytes.HasPrefix(d.source[i:], []byte(string(r))) {
			return 0, errUnclear
		}
		i += utf8.RuneLen(r)
		end = i
	}
	return end, nil
}

func (d *Document) quotedEnd(start int) (int, error) {
	quote := d.source[start]
	for i := start + 1; i < len(d.source); i++ {
		switch c := d.source[i]; {
		case c == '\\' && quote == '"':
			i++
		case c != quote:
		case quote == '\'' && i+1 < len(d.source) && d.source[i+1] == quote:
			i++
		default:
			return i + 1, nil
		}
	}
	return 0, errUnclear
}

// blockScalarEnd is the end of a literal or folded scalar: its lines are those that are indented
// at least as its first one, if it has any. With a + in its header the empty lines after it belong
// to it.
func (d *Document) blockScalarEnd(start int, empty bool) (int, error) {
	end := d.lineEnd(start)
	header, _, _ := strings.Cut(string(d.source[start:end]), "#")
	if strings.ContainsAny(header, "123456789") {
		return 0, errUnclear
	}
	least := -1
	for k := d.lineIndex(start) + 1; k < len(d.lines); k++ {
		line := d.lines[k]
		text := line
		for text < len(d.source) && d.source[text] == ' ' {
			text++
		}
		switch blank := text >= len(d.source) || breakWidth(d.source, text) > 0; {
		case blank && !strings.Contains(header, "+"):
			continue
		case blank:
		case empty:
			return end, nil
		case least < 0:
			least = text - line
		case text-line < least:
			return end, nil
		}
		end = d.lineEnd(text)
	}
	return end, nil
}

// flowParts is where the parts of a flow collection are.
type flowParts struct {
	// entries are what stands between the commas.
	entries []rules.Span
	// closing is the place of the closing bracket.
	closing int
}

// flow finds the parts of the list or mapping whose opening bracket is at i.
func (d *Document) flow(i int) (flowParts, error) {
	found := flowParts{}
	entry := rules.Span{Start: -1}
	depth := 0
	// A quote only opens a quoted scalar where a value may start; after one, or after a bracket, a
	// colon needs no blank.
	fresh, closed := true, false
	take := func(to int, nowFresh, nowClosed bool) {
		if depth > 0 && entry.Start < 0 {
			entry.Start = i
		}
		i, entry.End, fresh, closed = to, to, nowFresh, nowClosed
	}
	for i < len(d.source) {
		switch c := d.source[i]; {
		case isBlank(c) || breakWidth(d.source, i) > 0,
			c == '#' && (closed || i == d.lineStart(i) || isBlank(d.source[i-1])):
			i = d.skipSpace(i)
		case (c == '"' || c == '\'') && fresh:
			end, err := d.quotedEnd(i)
			if err != nil {
				return found, err
			}
			take(end, false, true)
		case c == '[' || c == '{':
			take(i+1, true, false)
			if depth++; depth == 1 {
				entry.Start = -1
			}
		case c == ']' || c == '}':
			if depth--; depth == 0 {
				if entry.Start >= 0 {
					found.entries = append(found.entries, entry)
				}
				found.closing = i
				return found, nil
			}
			take(i+1, false, true)
		case c == ',' && depth == 1:
			found.entries = append(found.entries, entry)
			entry = rules.Span{Start: -1}
			i, fresh, closed = i+1, true, false
		case c == ',':
			take(i+1, true, false)
		case c == ':' && (closed || d.endsToken(i+1)), c == '?' && fresh && d.endsToken(i+1):
			take(i+1, true, false)
		case (c == '&' || c == '!') && fresh:
			end := i
			for end < len(d.source) && !d.endsToken(end) {
				end++
			}
			take(end, true, false)
		default:
			take(i+1, false, false)
		}
	}
	return found, errUnclear
}

// endsToken tells whether a scalar without quotes cannot go on at i in a flow collection.
func (d *Document) endsToken(i int) bool {
	return i >= len(d.source) || isBlank(d.source[i]) || breakWidth(d.source, i) > 0 || strings.IndexByte(",[]{}", d.source[i]) >= 0
}
