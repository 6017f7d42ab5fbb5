package params

import (
	"bytes"

	"github.com/rulekit/rulekit/rules"
)

// Keep returns the file with only the rules that keep tells to keep, and without groups that
// have none left. The comments above a rule go with it.
func Keep(file *rules.File, wanted func(*rules.Rule) bool) *rules.File {
	var gone []bool
	for _, rule := range file.Rules() {
		gone = append(gone, !wanted(rule))
	}
	return keep(file, gone)
}

// keep drops the rules that are gone, counted through the file.
func keep(file *rules.File, gone []bool) *rules.File {
	var edits []rules.Edit
	at := 0
	for _, group := range file.Groups {
		var dropped []*rules.Rule
		for _, rule := range group.Rules {
			if gone[at] {
				dropped = append(dropped, rule)
			}
			at++
		}
		switch {
		case len(dropped) == 0:
		case len(dropped) == len(group.Rules):
			edits = append(edits, rules.Edit{Span: lines(file.Source, group.Span, nil)})
		default:
			for _, rule := range dropped {
				edits = append(edits, rules.Edit{Span: lines(file.Source, rule.Span, rule.CommentsAbove())})
			}
		}
	}
	if len(edits) == 0 {
		return file
	}
	source, err := rules.Apply(file.Source, edits)
	if err != nil {
		panic("rules of one file overlap: " + err.Error())
	}
	return rules.Parse(file.Path, source, rules.Options{})
}

// lines is the whole lines that a span and the comments above it stand on, with the empty ones
// after it.
func lines(source []byte, span rules.Span, above []rules.Comment) rules.Span {
	if len(above) > 0 {
		span.Start = above[0].Span.Start
	}
	span.Start = bytes.LastIndexByte(source[:span.Start], '\n') + 1
	for span.End < len(source) {
		end := bytes.IndexByte(source[span.End:], '\n')
		if end < 0 {
			return rules.Span{Start: span.Start, End: len(source)}
		}
		next := span.End + end + 1
		if len(bytes.TrimSpace(source[span.End:next])) > 0 && source[max(span.End-1, 0)] == '\n' {
			break
		}
		span.End = next
	}
	return span
}
