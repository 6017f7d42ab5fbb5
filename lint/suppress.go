package lint

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/rulekit/rulekit/rules"
)

// A comment "# rulekit:disable check[,check] reason" keeps findings from being reported: for
// the rule, the group or the file that it stands in or right above.

// maxSuppression is the longest comment that is read, in bytes.
const maxSuppression = 4 << 10

// everyCheck stands for all checks in a suppression.
const everyCheck = "all"

// suppression is one such comment.
type suppression struct {
	file *rules.File
	span rules.Span
	// names are the checks it names, in their order.
	names  []suppressedName
	reason string
	// mistake says what is wrong with a comment that suppresses nothing because of the way it
	// is written; right is how to write it, if that is certain.
	mistake, right string
	// scope is what it is for: a rule, a group, a document or the file.
	scope rules.Span
	// noEdit tells that the comment is part of a value.
	noEdit bool
}

type suppressedName struct {
	name string
	span rules.Span
	// used is shared by all that name the check for the same scope.
	used *bool
}

var (
	marker        = []byte("rulekit:")
	wellFormed    = regexp.MustCompile(`^# rulekit:disable((?:[ \t]|$).*)`)
	nearlyFormed  = regexp.MustCompile(`^#+[ \t]*rulekit:(?:[ \t]*(?i:disable)[:=]?(?:[ \t]+(.*))?$|([^ \t]\S*))`)
	suppressNames = regexp.MustCompile(`^[ \t]*([^ \t,]+(?:[ \t]*,[ \t]*[^ \t,]+)*)[ \t,]*(.*)$`)
)

// suppressions are the comments of a file that are meant to suppress findings.
func suppressions(file *rules.File) []*suppression {
	if !bytes.Contains(file.Source, marker) {
		return nil
	}
	comments := file.Comments
	if len(file.Documents) == 0 && len(comments) == 0 {
		comments = headComments(file.Source)
	}
	var all []*suppression
	var place *placer
	for _, comment := range comments {
		if s := readSuppression(comment.Text, func(start, end int) rules.Span {
			return rules.Span{Start: comment.Span.Start + start, End: comment.Span.Start + end}
		}); s != nil {
			if place == nil {
				place = newPlacer(file)
			}
			s.file, s.scope = file, place.scope(comment.Span)
			all = append(all, s)
		}
	}
	for _, rule := range file.Rules() {
		all = append(all, inExpression(rule)...)
	}
	return all
}

// headComments are the comments above all else of a file whose comments were not read, because
// it is no rule file.
func headComments(source []byte) []rules.Comment {
	var all []rules.Comment
	start := 0
	for line := range bytes.Lines(source[:firstContent(source)]) {
		if text := bytes.TrimSpace(line); len(text) > 0 {
			at := start + bytes.IndexByte(line, '#')
			all = append(all, rules.Comment{Text: string(text), Span: rules.Span{Start: at, End: at + len(text)}})
		}
		start += len(line)
	}
	return all
}

// inExpression are the suppressions in the comments of PromQL itself. They are for the rule.
func inExpression(rule *rules.Rule) []*suppression {
	if !strings.Contains(rule.Expr.Value, string(marker)) {
		return nil
	}
	var all []*suppression
	lexer := parser.Lex(rule.Expr.Value)
	var item parser.Item
	for lexer.NextItem(&item); item.Typ != parser.EOF && item.Typ != parser.ERROR; lexer.NextItem(&item) {
		if item.Typ != parser.COMMENT {
			continue
		}
		from := int(item.Pos)
		if s := readSuppression(item.Val, func(start, end int) rules.Span {
			return rule.Expr.Locate(from+start, from+end)
		}); s != nil {
			s.file, s.scope, s.noEdit = rule.File(), rule.Span, true
			all = append(all, s)
		}
	}
	return all
}

// readSuppression reads a comment. It returns nil for one that has nothing to do with us.
func readSuppression(text string, locate func(start, end int) rules.Span) *suppression {
	text = strings.TrimRight(text, " \t\r\n")
	s := &suppression{span: locate(0, len(text))}
	if strings.HasPrefix(text, "# rulekit:") && len(text) > maxSuppression {
		s.mistake = fmt.Sprintf("the comment is not read, since it is longer than %d bytes", maxSuppression)
		return s
	}
	m := wellFormed.FindStringSubmatchIndex(text)
	if m == nil {
		near := nearlyFormed.FindStringSubmatch(text)
		switch {
		case near == nil:
			return nil
		case near[2] != "":
			s.mistake = "no comment of rulekit starts with rulekit:" + near[2]
		default:
			s.mistake = "the comment suppresses nothing, since it is not written as # rulekit:disable"
			s.right = strings.TrimRight("# rulekit:disable "+near[1], " ")
		}
		return s
	}
	parts := suppressNames.FindStringSubmatchIndex(text[m[2]:])
	if parts == nil {
		s.mistake = "the comment names no check, so that it suppresses nothing"
		return s
	}
	from := m[2] + parts[2]
	for _, name := range strings.SplitAfter(text[from:m[2]+parts[3]], ",") {
		trimmed := strings.Trim(name, " \t,")
		at := from + strings.Index(name, trimmed)
		s.names = append(s.names, suppressedName{name: trimmed, span: locate(at, at+len(trimmed))})
		from += len(name)
	}
	s.reason = strings.TrimLeft(text[m[2]+parts[4]:], " \t-:")
	return s
}
