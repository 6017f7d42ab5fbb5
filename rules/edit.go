package rules

import (
	"cmp"
	"fmt"
	"slices"
)

// Edit replaces a span of a file's source.
type Edit struct {
	Span Span
	New  string
}

// Apply returns the source with the edits made. Edits that overlap, or lie outside the source,
// are an error. Equal edits are made once.
func Apply(source []byte, edits []Edit) ([]byte, error) {
	sorted := slices.Clone(edits)
	slices.SortStableFunc(sorted, func(a, b Edit) int {
		return cmp.Or(cmp.Compare(a.Span.Start, b.Span.Start), cmp.Compare(a.Span.End, b.Span.End))
	})
	sorted = slices.Compact(sorted)
	var out []byte
	last := 0
	for _, e := range sorted {
		if e.Span.Start < last || e.Span.End < e.Span.Start || e.Span.End > len(source) {
			return nil, fmt.Errorf("edit of bytes %d to %d overlaps another or lies outside the file", e.Span.Start, e.Span.End)
		}
		out = append(append(out, source[last:e.Span.Start]...), e.New...)
		last = e.Span.End
	}
	return append(out, source[last:]...), nil
}
