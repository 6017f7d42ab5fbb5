package rules

import (
	"bytes"
	"sort"
	"unicode/utf8"
)

// Span is a half-open range of byte offsets in a file's source.
type Span struct{ Start, End int }

// IsZero tells whether the span stands for "nowhere".
func (s Span) IsZero() bool { return s == Span{} }

// Len is the number of bytes the span covers.
func (s Span) Len() int { return s.End - s.Start }

// Position is a place in a file as editors count it: both numbers start at 1, and Column
// counts characters, not bytes.
type Position struct{ Line, Column int }

// PositionOf returns the place of a byte offset in src. An offset outside src is moved to
// its nearest end.
func PositionOf(src []byte, offset int) Position {
	offset = min(max(offset, 0), len(src))
	before := src[:offset]
	lineStart := bytes.LastIndexByte(before, '\n') + 1
	return Position{
		Line:   bytes.Count(before, []byte{'\n'}) + 1,
		Column: utf8.RuneCount(before[lineStart:]) + 1,
	}
}

// Scalar is a YAML scalar: the value it stands for and where it was written.
type Scalar struct {
	// Value is the decoded value.
	Value string
	// Span covers the scalar in the source: for a plain scalar exactly its text, for a quoted
	// one the text with its quotes, for a block scalar (| or >) its lines without the header.
	Span Span

	// pieces map the value to the source. They are nil where the way back is not certain.
	pieces []piece
}

// piece says where a part of a scalar's value was written. The part starts at byte value and
// ends where the next piece starts. With width 0 it stands in the source as it is, from byte
// source on; otherwise the whole part was written as width bytes there: an escape, a folded
// line break. 32 bits hold every offset, for MaxFileSize is below 2 GiB.
type piece struct{ value, source, width int32 }

// IsZero tells whether the scalar is absent from the file.
func (s Scalar) IsZero() bool { return s.Span.IsZero() && s.Value == "" }

// Exact tells whether every place in the value can be found in the source.
func (s Scalar) Exact() bool { return s.pieces != nil || s.Value == "" }

// Locate returns where the bytes start to end of the value are in the source. A range that
// touches an escape covers all of the escape. Where the place is not certain it is the span
// of the whole scalar, never a wrong place.
func (s Scalar) Locate(start, end int) Span {
	if s.pieces == nil || start < 0 || end < start || end > len(s.Value) {
		return s.Span
	}
	if start == end {
		if start == len(s.Value) {
			at := s.lastByte(start).End
			return Span{at, at}
		}
		at := s.firstByte(start)
		return Span{at, at}
	}
	return Span{s.firstByte(start), s.lastByte(end).End}
}

// firstByte is the source offset at which value byte i was written.
func (s Scalar) firstByte(i int) int {
	p := s.pieces[s.pieceAt(i)]
	if p.width > 0 {
		return int(p.source)
	}
	return int(p.source) + i - int(p.value)
}

// lastByte is the span in the source of the value byte before i.
func (s Scalar) lastByte(i int) Span {
	p := s.pieces[s.pieceAt(i-1)]
	if p.width > 0 {
		return Span{int(p.source), int(p.source + p.width)}
	}
	at := int(p.source) + i - 1 - int(p.value)
	return Span{at, at + 1}
}

// pieceAt is the index of the piece that holds value byte i.
func (s Scalar) pieceAt(i int) int {
	if len(s.pieces) == 1 {
		return 0
	}
	return sort.Search(len(s.pieces), func(k int) bool { return int(s.pieces[k].value) > i }) - 1
}

// through returns p, the pieces of a scalar written inside s.Value, as pieces of the source
// that s was written in. length is the length of the inner value.
func (s Scalar) through(p []piece, length int) []piece {
	if s.pieces == nil {
		return nil
	}
	var out []piece
	for k, in := range p {
		end := length
		if k+1 < len(p) {
			end = int(p[k+1].value)
		}
		if in.width > 0 {
			where := s.Locate(int(in.source), int(in.source+in.width))
			out = append(out, piece{in.value, int32(where.Start), int32(where.Len())})
			continue
		}
		out = s.appendRange(out, in, end-int(in.value))
	}
	return out
}

// appendRange appends what stands for n value bytes written as they are at in.source.
func (s Scalar) appendRange(out []piece, in piece, n int) []piece {
	for done := 0; done < n; {
		at := int(in.source) + done
		k := s.pieceAt(at)
		outer, outerEnd := s.pieces[k], len(s.Value)
		if k+1 < len(s.pieces) {
			outerEnd = int(s.pieces[k+1].value)
		}
		next := piece{in.value + int32(done), outer.source, outer.width}
		if outer.width == 0 {
			next.source += int32(at) - outer.value
		}
		out = append(out, next)
		done += outerEnd - at
	}
	return out
}
