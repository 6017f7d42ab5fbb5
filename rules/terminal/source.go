package terminal

import (
	"bytes"
	"sort"
	"unicode/utf8"
)

// Source is a source text that knows where its lines begin, so that many snippets of it are
// made at little cost.
type Source struct {
	text   []byte
	starts []int
}

// NewSource looks through a text for its lines. The text must not be changed afterwards.
func NewSource(text []byte) *Source {
	starts := []int{0}
	for i := 0; ; {
		next := bytes.IndexByte(text[i:], '\n')
		if next < 0 {
			return &Source{text, starts}
		}
		i += next + 1
		starts = append(starts, i)
	}
}

// Position is the line and the column of a byte offset as editors count them: from 1, and
// columns in characters.
func (x *Source) Position(offset int) (line, column int) {
	offset = min(max(offset, 0), len(x.text))
	n := x.line(offset)
	return n + 1, utf8.RuneCount(x.text[x.starts[n]:offset]) + 1
}

// line is the number, from 0, of the line that a byte is in.
func (x *Source) line(offset int) int {
	return sort.SearchInts(x.starts, offset+1) - 1
}

func (x *Source) bounds(n int) (start, end int) {
	start, end = x.starts[n], len(x.text)
	if n+1 < len(x.starts) {
		end = x.starts[n+1] - 1
	}
	if end > start && x.text[end-1] == '\r' {
		end--
	}
	return start, end
}
